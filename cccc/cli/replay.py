"""``cccc replay``: a captured request again, to whom one likes, and how the answers compare."""

from __future__ import annotations

from contextlib import aclosing

import click

from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.cli.table import Column, Row, table
from cccc.cli.words import NOTHING, VERDICT_MARKS, count, dollars, milliseconds, path
from cccc.control.api import Control, RequestRecord
from cccc.control.wire import to_json

_COLUMNS = (
    Column("", least=1),
    Column("id", drop=4),
    Column("endpoint", shrinks=True),
    Column("path", drop=5),
    Column("code", right=True),
    Column("first", right=True),
    Column("total", right=True),
    Column("in", right=True),
    Column("cached", right=True, drop=2),
    Column("out", right=True),
    Column("cost", right=True, drop=3),
    Column("stop", drop=1),
    Column("error", shrinks=True),
)


@click.command(
    cls=Command,
    examples=[
        ("cccc replay ID", "to whoever comes first now"),
        ("cccc replay ID --endpoint glm --endpoint relay", "to each of them"),
        ("cccc replay ID --json", "the records, the original first"),
    ],
)
@click.argument("request_id", metavar="ID")
@click.option("--endpoint", "endpoints", metavar="NAME", multiple=True, help="To this one; may be given again.")
@pass_session
def replay(session: Session, request_id: str, endpoints: tuple[str, ...]) -> None:
    """Send a request of the log again and compare the answers. Needs the running proxy, and costs what a request costs.

    The request goes through the same pipeline, under your keys; its answer goes to nobody but the log. The first row
    is the original.
    """

    async def ask(control: Control) -> list[RequestRecord]:
        original = await control.request(request_id)
        again = [await control.replay(original.id, endpoint=endpoint) for endpoint in endpoints or (None,)]
        return [original, *[await _ended(control, one) for one in again]]

    records = session.ask(ask, running=True)
    if session.json:
        session.say_json([to_json(record.without_contents()) for record in records])
    else:
        session.say(table(_COLUMNS, [_row(record) for record in records], session.width()))


async def _ended(control: Control, request_id: str) -> RequestRecord:
    """The record of a request, as soon as there is one."""
    async with aclosing(control.watch(request_id)) as flow:
        async for _ in flow:
            pass
    return await control.request(request_id)


def _row(record: RequestRecord) -> Row:
    usage = record.usage
    return (
        VERDICT_MARKS[record.verdict],
        record.id,
        record.endpoint or NOTHING,
        path(record.wire_format, record.target_format),
        str(record.status),
        milliseconds(record.ttft_ms),
        milliseconds(record.duration_ms),
        count(None if usage is None else usage.prompt),
        count(None if usage is None else usage.cache_read),
        count(None if usage is None else usage.output),
        dollars(record.cost_usd),
        record.stop_reason or NOTHING,
        record.error or "",
    )
