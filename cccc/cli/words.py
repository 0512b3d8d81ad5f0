"""How the command line says things: states, lengths of time, sizes, sums. Pure; every state has a glyph and a word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from cccc.cli.table import Cell
from cccc.control.api import Breaker, Candidate, EndpointView, Standing, Verdict, WireFormat

NOTHING = "-"

_STANDING: Mapping[Standing, Cell] = MappingProxyType(
    {
        Standing.HEALTHY: Cell("● healthy", "green"),
        Standing.RECOVERING: Cell("◐ recovering", "yellow"),
        Standing.DEGRADED: Cell("◐ degraded", "yellow"),
        Standing.UNUSABLE: Cell("✗ unusable", "red"),
    }
)

VERDICT_MARKS: Mapping[Verdict, Cell] = MappingProxyType(
    {
        Verdict.OK: Cell("✓", "green"),
        Verdict.OK_AFTER_FAILOVER: Cell("!", "yellow"),
        Verdict.CLIENT_ERROR: Cell("✗", "red"),
        Verdict.CLIENT_GONE: Cell("⊘"),
        Verdict.UPSTREAM_ERROR: Cell("✗", "red"),
        Verdict.INCOMPLETE: Cell("✗", "red"),
        Verdict.EMPTY: Cell("✗", "red"),
        Verdict.INVALID: Cell("✗", "red"),
    }
)
"""The marks of the request log: ✓ ok, ! ok but not on the first endpoint, ✗ failed, ⊘ the client went away."""

_LETTERS: Mapping[WireFormat, str] = MappingProxyType(
    {
        WireFormat.ANTHROPIC: "A",
        WireFormat.OPENAI_CHAT: "C",
        WireFormat.OPENAI_RESPONSES: "R",
        WireFormat.GEMINI: "G",
    }
)

_PLACED_BY: Mapping[str, str] = MappingProxyType(
    {
        "choice": "not the endpoint that a person chose (cccc use)",
        "tags": "tags: the one above carries the request's tags",
        "native": "native format: here the request must be converted",
        "priority": "priority",
        "health": "health",
        "warm": "warm session: the one above holds its cache",
        "response_time": "response time",
        "in_flight": "more requests in flight",
        "position": "later in the configuration",
    }
)


def said(name: str) -> str:
    """An enum's value as words."""
    return name.replace("_", " ")


def standing(value: Standing) -> Cell:
    """Layer 3 as glyph and word."""
    return _STANDING[value]


def state(view: EndpointView, now: float) -> Cell:
    """An endpoint's state in one cell: off, open, cooling down, half-open, or its health."""
    if not view.enabled:
        return Cell("○ off")
    if view.breaker is Breaker.OPEN:
        return Cell(f"✗ open{_left(view.cooldown_until, now)}", "red")
    if view.cooldown_until is not None and view.cooldown_until > now:
        return Cell(f"◌ cooling down{_left(view.cooldown_until, now)}", "yellow")
    if view.breaker is Breaker.HALF_OPEN:
        return Cell("◐ half-open", "yellow")
    return _STANDING[view.health]


def _left(until: float | None, now: float) -> str:
    return "" if until is None or until <= now else f" {clock_length(until - now)}"


def letters(formats: tuple[WireFormat, ...]) -> str:
    """A Anthropic Messages, C OpenAI Chat, R OpenAI Responses, G Gemini."""
    return " ".join(_LETTERS[one] for one in formats)


def path(asked: WireFormat, target: WireFormat | None) -> str:
    """``A`` where the bytes passed untouched, ``A→C`` where they were converted."""
    if target is None or target is asked:
        return _LETTERS[asked]
    return f"{_LETTERS[asked]}→{_LETTERS[target]}"


def placed_by(candidate: Candidate, above: Candidate | None) -> str:
    """Why a candidate stands where it stands: the first layer that differs from the one above."""
    if above is None or candidate.decided_by is None:
        return "best in every layer"
    reason = _PLACED_BY.get(candidate.decided_by, said(candidate.decided_by))
    match candidate.decided_by:
        case "priority":
            return f"{reason}: {candidate.key.priority} here, {above.key.priority} above"
        case "health":
            return f"{reason}: {candidate.standing.name.lower()} here, {above.standing.name.lower()} above"
        case "response_time" if candidate.ttft_ms is not None and above.ttft_ms is not None:
            return f"{reason}: {milliseconds(candidate.ttft_ms - above.ttft_ms)} slower"
        case _:
            return reason


def milliseconds(ms: float | None) -> str:
    """A measured time: ``612 ms``, ``1.12 s``, ``14.0 s``, ``2 m 05 s``."""
    if ms is None:
        return NOTHING
    if round(ms) < 1000:
        return f"{ms:.0f} ms"
    for largest, digits in ((10, 2), (100, 1)):
        seconds = round(ms / 1000, digits)
        if seconds < largest:
            return f"{seconds:.{digits}f} s"
    minutes, rest = divmod(round(ms / 1000), 60)
    return f"{minutes} m {rest:02} s"


def clock_length(seconds: float) -> str:
    """A time to wait: ``0:41``, ``12:05``, ``3:00:00``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def wall(seconds: float, now: float, *, precise: bool = False) -> str:
    """A wall time in local time: ``14:32:00`` today, else with its date."""
    then, today = (datetime.fromtimestamp(moment, UTC).astimezone() for moment in (seconds, now))
    text = then.isoformat(" ", "milliseconds" if precise else "seconds")[:23]
    text = text if precise else text[:19]
    return text[11:] if then.date() == today.date() else text


def count(number: int | None) -> str:
    """A number of things with thin groups: ``18 220``."""
    return NOTHING if number is None else f"{number:,}".replace(",", " ")


def counted(number: int, what: str) -> str:
    """A number with its noun: ``1 warning``, ``2 warnings``, ``no warnings``."""
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def share(part: float | None) -> str:
    """A share as percent."""
    return NOTHING if part is None else f"{part:.1%}"


def dollars(amount: float | None) -> str:
    """A cost in USD: cents where it is large, fractions where it is small."""
    if amount is None:
        return NOTHING
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def size(count_of_bytes: int) -> str:
    """``512 B``, ``71.0 KiB``, ``3.2 MiB``."""
    amount, unit = float(count_of_bytes), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
