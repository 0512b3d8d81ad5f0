"""``cccc show``: one request in full, without its bodies."""

from __future__ import annotations

import click

from cccc.cli import words
from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.cli.story import attempts, losses
from cccc.cli.text import safe_line
from cccc.cli.words import NOTHING, count, dollars, milliseconds, said, size, wall
from cccc.control.api import RequestRecord, Usage
from cccc.control.wire import to_json


@click.command(
    cls=Command,
    examples=[
        ("cccc show req_01JZ8Q4T0000000000000000A1", ""),
        ("cccc show req_01JZ8Q", "the beginning of the id is enough"),
        ("cccc show ID --json", "with headers and bodies"),
    ],
)
@click.argument("request_id", metavar="ID")
@pass_session
def show(session: Session, request_id: str) -> None:
    """One request: what was asked, what came back, every attempt with its times.

    Headers and bodies are in the JSON only.
    """
    record = session.ask(lambda control: control.request(request_id))
    if session.json:
        session.say_json(to_json(record))
    else:
        session.say(_lines(record, session.clock.now()))


def _lines(record: RequestRecord, now: float) -> list[str]:
    converted = "converted" if record.converted else "untouched"
    served = f", served as {record.model_served}" if record.model_served not in (None, record.model) else ""
    facts = (
        ("id", record.id),
        ("time", wall(record.time, now, precise=True)),
        ("client", f"{record.client}  ({record.client_type}: {record.client_reason})"),
        ("asked", f"{record.method} {record.path}{', streaming' if record.stream else ''}"),
        ("model", f"{record.model or NOTHING}{served}"),
        ("endpoint", record.endpoint or NOTHING),
        ("path", f"{words.path(record.wire_format, record.target_format)}  {converted}"),
        ("status", str(record.status)),
        ("verdict", f"{words.VERDICT_MARKS[record.verdict].text} {said(record.verdict)}"),
        ("first", milliseconds(record.ttft_ms)),
        ("total", milliseconds(record.duration_ms)),
        ("tokens", _tokens(record.usage)),
        ("cost", dollars(record.cost_usd)),
        ("stopped by", record.stop_reason or NOTHING),
        ("session", record.session or NOTHING),
        ("tags", ", ".join(record.tags) or NOTHING),
        ("bytes", f"{size(record.bytes_in)} in, {size(record.bytes_out)} out"),
        ("error", record.error or NOTHING),
        *record.notes.items(),
    )
    told = [f"{safe_line(label):<11} {safe_line(value)}" for label, value in facts]
    lost = ["", "lost in conversion", *losses(record)] if record.losses else []
    return [*told, *lost, "", "attempts", *attempts(record, now)]


def _tokens(usage: Usage | None) -> str:
    if usage is None:
        return NOTHING
    parts = [f"{count(usage.prompt)} in", f"{count(usage.output)} out"]
    details = (
        ("cached", usage.cache_read),
        ("written to the cache", usage.cache_write),
        ("reasoning", usage.reasoning),
    )
    parts += [f"{count(number)} {what}" for what, number in details if number]
    return ", ".join(parts) + (" (estimated)" if usage.estimated else "")
