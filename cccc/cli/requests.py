"""``cccc requests``: the log, newest last, and following it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import click

from cccc.cli import params
from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.cli.table import Column, Row, stream, table
from cccc.cli.words import NOTHING, VERDICT_MARKS, count, milliseconds, path, wall
from cccc.control import filters
from cccc.control.api import Control, RequestFilter, RequestSummary
from cccc.control.wire import to_json
from cccc.errors import NotRunning

POLL_SECONDS = 0.5
_AT_ONCE = 10_000

_COLUMNS = (
    Column("time", least=8),
    Column("", least=1),
    Column("id", least=30),
    Column("client", least=11, drop=6),
    Column("model", least=24, shrinks=True, narrowest=14),
    Column("endpoint", least=18, shrinks=True, narrowest=14),
    Column("path", least=4, drop=7),
    Column("code", right=True, least=4),
    Column("first", right=True, least=7, drop=4),
    Column("total", right=True, least=7, drop=5),
    Column("in", right=True, least=7, drop=2),
    Column("out", right=True, least=6, drop=3),
    Column("tries", right=True, least=5, drop=1),
    Column("error", shrinks=True, drop=8),
)
_FOLLOWED = _COLUMNS[:-1]


@click.command(
    cls=Command,
    examples=[
        ("cccc requests", "the newest 50"),
        ("cccc requests --filter failed", "what went wrong"),
        ("cccc requests -f", "follow it"),
        ("cccc requests -n 1000 --json", "for scripts"),
    ],
    epilog=f"\b\nWords of a filter:\n{filters.HELP}",
)
@click.option("--filter", "wanted", metavar="F", callback=params.wanted, help="Only these; see below.")
@click.option("-n", "limit", metavar="N", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("-f", "--follow", is_flag=True, help="Go on as requests come; with --json one object a line.")
@pass_session
def requests(session: Session, *, wanted: RequestFilter | None, limit: int, follow: bool) -> None:
    """The request log, newest last.

    ✓ ok, ! ok but not on the first endpoint, ✗ failed, ⊘ the client went away.
    Path: A Anthropic Messages, C OpenAI Chat, R OpenAI Responses; A→C was converted.
    """
    if follow:
        _follow(session, wanted or RequestFilter(), limit)
        return
    rows = session.ask(lambda control: control.requests(wanted or RequestFilter(), limit=limit))
    if session.json:
        session.say_json(to_json(rows))
    elif not rows:
        session.note("No request matches." if wanted else "No request yet.")
    else:
        now = session.clock.now()
        session.say(table(_COLUMNS, [(*_row(row, now), row.error or "") for row in rows], session.width()))


def _follow(session: Session, wanted: RequestFilter, limit: int) -> None:
    """Print rows as they come until interrupted."""
    import anyio

    try:
        anyio.run(print_rows, session, wanted, limit)
    except KeyboardInterrupt:
        pass  # the way to end it


async def print_rows(session: Session, wanted: RequestFilter, limit: int) -> None:
    layout = stream(_FOLLOWED, session.width())
    if not session.json:
        session.say(layout.header())
    async with aclosing(
        rows_as_they_come(session, wanted, limit)
    ) as rows:  # its connection, when nobody reads any more
        async for row in rows:
            if session.json:
                session.say_json(to_json(row), line=True)
            else:
                session.say(layout.line(_row(row, session.clock.now())))


async def rows_as_they_come(session: Session, wanted: RequestFilter, limit: int) -> AsyncGenerator[RequestSummary]:
    """The newest ``limit`` rows, then every later one. When the proxy stops, the database goes on telling."""
    import anyio

    last: int | None = None
    while True:
        try:
            async with session.control() as control:
                while True:
                    for row in await _newer(control, wanted, limit, last):
                        last = row.seq
                        yield row
                    last = last or 0
                    await anyio.sleep(POLL_SECONDS)
        except NotRunning:
            await anyio.sleep(POLL_SECONDS)


async def _newer(control: Control, wanted: RequestFilter, limit: int, last: int | None) -> tuple[RequestSummary, ...]:
    if last is None:
        return await control.requests(wanted, limit=limit)
    return await control.requests(wanted, limit=_AT_ONCE, after=last)


def _row(row: RequestSummary, now: float) -> Row:
    usage = row.usage
    return (
        wall(row.time, now),
        VERDICT_MARKS[row.verdict],
        row.id,
        row.client_type,
        row.model or NOTHING,
        row.endpoint or NOTHING,
        path(row.format, row.target_format),
        str(row.status),
        milliseconds(row.ttft_ms),
        milliseconds(row.duration_ms),
        count(None if usage is None else usage.prompt),
        count(None if usage is None else usage.output),
        str(row.attempts),
    )
