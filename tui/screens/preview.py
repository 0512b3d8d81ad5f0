"""The preview under the log: one request in five lines, what it asked, where it was tried, what was lost and said.

The row's own facts stand at once; what the log knows beyond them is read from its record in a thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from cccc.control.api import AttemptRecord, Outcome, RequestRecord
from tui import format as fmt
from tui.inspector.answer import Answer
from tui.inspector.losses import grouped
from tui.screens.request_line import duration, mark
from tui.state import Row
from tui.widgets.facts import Fact, fact

if TYPE_CHECKING:
    from tui.app import CcccApp

_SAID = 500


@dataclass(frozen=True, slots=True)
class Preview:
    """What a record says besides its row. Counts are ``None`` where the body was not kept."""

    record: RequestRecord
    messages: int | None = None
    tools: int | None = None
    said: str = ""


def preview_of(record: RequestRecord) -> Preview:
    """Read a record's bodies. May take a while."""
    try:
        asked = orjson.loads(record.request_body or b"{}")
    except ValueError:
        asked = {}
    asked = asked if isinstance(asked, dict) else {}
    talk = next((asked[name] for name in ("messages", "input") if isinstance(asked.get(name), list)), None)
    tools = asked.get("tools")
    return Preview(
        record=record,
        messages=None if talk is None else len(talk),
        tools=len(tools) if isinstance(tools, list) else None,
        said=_said(record.attempts[-1].response_body) if record.attempts else "",
    )


def _said(body: bytes | None) -> str:
    parts = Answer.of(body or b"").parts
    texts = [part.text.strip() for part in parts if part.kind == "text"]
    calls = [f"{part.name} {part.text}" for part in parts if part.kind == "tool_use"]
    return next(filter(None, (*texts, *calls)), "")[:_SAID]


def preview_facts(row: Row, known: Preview | None, now: float, app: CcccApp) -> list[Fact]:
    """The lines of the preview; ``known`` is ``None`` while the log has not said more."""
    dot = f" {app.glyphs.dot} "
    glyph, meaning = mark(row, app)
    word = row.verdict.value.replace("_", " ") if row.verdict is not None else "in flight"
    status = f" {row.status}" if row.status is not None else ""
    lines = [
        fact("asked", *_asked(row, known, dot)),
        fact("tries", *(_tries(known.record, app) if known is not None else _so_far(row))),
    ]
    if known is not None and (lost := grouped(known.record.losses)):
        lines.append(fact("lost", (fmt.safe(dot.join(f"{one.what} x{len(one.paths)}" for one in lost)), "warning")))
    if row.error:
        lines.append(fact("error", (fmt.safe(row.error), "error")))
    elif known is not None and known.said:
        lines.append(fact("said", fmt.safe(" ".join(known.said.split()))))
    times = f"{dot}ttfb {fmt.milliseconds(row.ttft_ms)}{dot}total {fmt.milliseconds(duration(row, now))}"
    return [*lines, fact("verdict", (f"{glyph} {word}{status}", meaning), times)]


def _asked(row: Row, known: Preview | None, dot: str) -> Iterator[str]:
    yield fmt.safe(row.model or "no model")
    sent = known.record.attempts[-1].model_sent if known is not None and known.record.attempts else None
    if sent is not None and sent != row.model:
        yield f"{dot}sent {fmt.safe(sent)}"
    yield f"{dot}{'stream' if row.stream else 'whole'}"
    if known is not None and known.messages is not None:
        yield f"{dot}{fmt.counted(known.messages, 'message')}"
    if known is not None and known.tools:
        yield f"{dot}{fmt.counted(known.tools, 'tool')}"
    if row.usage is not None:
        yield f"{dot}{fmt.tokens(row.usage.prompt)} tok in (cached {fmt.tokens(row.usage.cache_read or 0)})"


def _so_far(row: Row) -> Iterator[str | tuple[str, str]]:
    yield fmt.safe(row.endpoint) if row.endpoint else ("nobody yet", "dim")
    if row.attempts > 1:
        yield f"  try {row.attempts}"


def _tries(record: RequestRecord, app: CcccApp) -> Iterator[str | tuple[str, str]]:
    if not record.attempts:
        yield ("sent to nobody", "dim")
    for at, attempt in enumerate(record.attempts, 1):
        yield f"{'    ' if at > 1 else ''}{at} {fmt.safe(attempt.endpoint)} "
        yield _came_to(attempt, app)


def _came_to(attempt: AttemptRecord, app: CcccApp) -> tuple[str, str]:
    status = f"{attempt.status} " if attempt.status is not None else ""
    if attempt.outcome is Outcome.OK:
        return f"{status or 'ok'}".strip(), "success"
    word = fmt.cut(fmt.safe(attempt.error or attempt.outcome.value.replace("_", " ")), 32, app.glyphs.ellipsis)
    return f"{status}{word} {fmt.milliseconds(attempt.duration_ms)}", "error"
