"""The page itself: an introduction, a table for each group, and the reasons as footnotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations
from types import MappingProxyType

from cccc.domain.endpoint import WireFormat
from cccc.formats.reference.outcome import Feature, Kind, Outcome, reply_outcome, request_outcome
from cccc.formats.reference.replies import REPLIES
from cccc.formats.reference.requests import REQUESTS
from cccc.formats.registry import CODECS

_INTRODUCTION = """\
# Conversion between formats

Where a client and an endpoint speak the same format, nothing is converted: the bytes pass as they are. Where they do
not, CCCC says the request in the endpoint's words and its answer in the client's, event by event. Most of it arrives
as it was meant. This page says what does not, for every pair of Anthropic Messages (**A**), OpenAI Chat Completions
(**C**) and OpenAI Responses (**R**).

`A → C` is a client of Anthropic's format on an endpoint of OpenAI's Chat format; requests go along the arrow, answers
come back against it.

| word | meaning |
|---|---|
| **kept** | The endpoint is asked for exactly this. |
| **mapped** | It is said in the other format's way, and means the same or the nearest there is. |
| **partly** | Some of it arrives; the loss of the rest is on record. |
| **lost** | It cannot be said and is left out. In a request, the loss is on record. |
| **refused** | It must not be left out: another endpoint is tried, and if none can say it, the client gets a 400. |
| **not sent** | It changes nothing in the answer, so there is nothing to lose. |
| ★ | What becomes of it on the vendor's own host, where that differs from other endpoints of the same format. |

An empty cell: the client's format cannot ask for it. What a request lost is shown by `cccc show ID`, and what an
endpoint's requests lost by `cccc stats`. Some models are known to take less or more than is said here (a highest
effort, a temperature); what nobody knows is learned from their refusals.

Always the client's own: the model's name, the names and ids of its tools, the shape of the answer (a stream is never
answered with JSON, nor the reverse) and its ids. Thinking goes back to its maker only; in between it travels sealed.

This page is written by converting (`python -m cccc.formats.reference`), not by hand.
"""

_LETTERS: Mapping[WireFormat, str] = MappingProxyType(
    {WireFormat.ANTHROPIC: "A", WireFormat.OPENAI_CHAT: "C", WireFormat.OPENAI_RESPONSES: "R"}
)
_PAIRS = tuple(permutations(CODECS, 2))
"""Client and endpoint."""


class _Footnotes:
    """The reasons, each with one number however often it is given."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def marks(self, reasons: tuple[str, ...]) -> str:
        """The references to these reasons."""
        return "".join(f"[^{self._numbers.setdefault(why, len(self._numbers) + 1)}]" for why in reasons)

    def lines(self) -> Iterator[str]:
        """The notes themselves."""
        for why, number in self._numbers.items():
            yield f"[^{number}]: {why[:1].upper()}{why[1:]}.\n"


def page() -> str:
    """The whole page."""
    notes = _Footnotes()
    sections = [_INTRODUCTION, "## What is asked\n"]
    sections += [_table(title, features, notes, _request_cell) for title, features in REQUESTS.items()]
    sections.append("## What is answered\n")
    sections += [_table(title, features, notes, _reply_cell) for title, features in REPLIES.items()]
    return "\n".join([*sections, "## Why\n", "".join(notes.lines())])


def _table(title: str, features: tuple[Feature, ...], notes: _Footnotes, cell: _Cell) -> str:
    heads = " | ".join(f"{_LETTERS[client]} → {_LETTERS[upstream]}" for client, upstream in _PAIRS)
    rows = [f"### {title}\n", f"| | {heads} |", "|---|" + "---|" * len(_PAIRS)]
    for feature in features:
        cells = " | ".join(cell(client, upstream, feature, notes) for client, upstream in _PAIRS)
        rows.append(f"| {feature.name} | {cells} |")
    return "\n".join(rows) + "\n"


def _request_cell(client: WireFormat, upstream: WireFormat, feature: Feature, notes: _Footnotes) -> str:
    if client not in feature.said:
        return ""
    usual, own = (request_outcome(client, upstream, feature, official=official) for official in (False, True))
    return _words(usual, notes) if own == usual else f"{_words(usual, notes)} ★ {_words(own, notes)}"


def _reply_cell(client: WireFormat, upstream: WireFormat, feature: Feature, notes: _Footnotes) -> str:
    if upstream not in feature.said:
        return ""
    return _words(reply_outcome(client, upstream, feature, stream=False), notes)


def _words(outcome: Outcome, notes: _Footnotes) -> str:
    word = f"**{outcome.kind.value}**" if outcome.kind in _LOUD else outcome.kind.value
    return word + notes.marks(outcome.why)


_Cell = Callable[[WireFormat, WireFormat, Feature, _Footnotes], str]

_LOUD = frozenset({Kind.LOST, Kind.REFUSED, Kind.PARTLY})
"""What a reader looks for."""
