"""What there is to say about one request: from its row at once, from its record when the log has given it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cccc.control.api import AttemptRecord, Outcome, RequestRecord
from tui import format as fmt
from tui.screens.request_line import duration, mark
from tui.state import Row
from tui.theme import LETTERS
from tui.widgets.facts import Fact, fact

if TYPE_CHECKING:
    from tui.app import CcccApp

_FORMAT_NAMES = {"A": "Anthropic Messages", "C": "OpenAI Chat", "R": "OpenAI Responses", "G": "Gemini"}


def request_facts(row: Row, record: RequestRecord | None, now: float, app: CcccApp) -> list[Fact]:
    """The facts; ``record`` is ``None`` while the log has not said more."""
    glyph, meaning = mark(row, app)
    dot = f" {app.glyphs.dot} "
    word = row.verdict.value.replace("_", " ") if row.verdict is not None else "in flight"
    status = f" {row.status}" if row.status is not None else ""
    lines = [
        fact("verdict", (f"{glyph} {word}{status}", meaning), f"{dot}{fmt.clock(row.time)}",
             f"{dot}ttfb {fmt.milliseconds(row.ttft_ms)}{dot}total {fmt.milliseconds(duration(row, now))}"),
        fact("asked", fmt.safe(row.model or "no model"), f"{dot}{_FORMAT_NAMES[LETTERS[row.format]]}",
             f"{dot}{'stream' if row.stream else 'whole'}{dot}by {fmt.safe(row.client)}"),
    ]  # fmt: skip
    if record is None:
        if row.endpoint:
            lines.append(fact("endpoint", fmt.safe(row.endpoint), f"{dot}{fmt.counted(row.attempts, 'try')}"))
    else:
        lines += [_attempt(at, attempt, dot) for at, attempt in enumerate(record.attempts, 1)]
    if row.usage is not None:
        usage = row.usage
        cached = f" ({fmt.tokens(usage.cache_read)} from cache)" if usage.cache_read else ""
        cost = f"{dot}{fmt.dollars(record.cost_usd)}" if record is not None and record.cost_usd is not None else ""
        lines.append(fact("tokens", f"{fmt.tokens(usage.prompt)} in{cached}{dot}{fmt.tokens(usage.output)} out{cost}"))
    if row.error:
        lines.append(fact("error", (fmt.safe(row.error), "error")))
    if record is not None:
        lines += [fact(fmt.cut(fmt.safe(name), 10), fmt.safe(said)) for name, said in record.notes.items()]
        lines.append(fact("client", fmt.safe(f"{record.client_type.value}: {record.client_reason}")))
    return lines


def _attempt(at: int, attempt: AttemptRecord, dot: str) -> Fact:
    fine = attempt.outcome is Outcome.OK
    said = attempt.error or attempt.outcome.value.replace("_", " ")
    status = f"{attempt.status} " if attempt.status is not None else ""
    return fact(
        "tries" if at == 1 else "",
        f"{at} {fmt.safe(attempt.endpoint)}  ",
        (f"{status}{fmt.safe(said)}", "success" if fine else "error"),
        f"{dot}{fmt.milliseconds(attempt.duration_ms)}{dot}sent {fmt.safe(attempt.model_sent or fmt.NOTHING)}",
    )
