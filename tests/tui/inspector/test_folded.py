"""Two bodies in two columns: folded, opened, marked, and what belongs together in one line."""

from __future__ import annotations

import pytest

from tests.tui.inspector import case
from tui.inspector.changes import compare
from tui.inspector.folded import Folding, Marked, columns
from tui.inspector.lines import Joined, Line, Lines, as_text, line, text_of
from tui.theme import UNICODE


def folding(*opened: str, width: int = 56) -> Folding:
    return Folding("asked", width, {("model",): Marked("rewritten", "warning")}, frozenset(opened), UNICODE)


def texts(lines: list[Line]) -> list[str]:
    return [text_of(one.pieces) for one in lines]


def test_long_values_are_folded_and_the_newest_message_is_told_of() -> None:
    found = dict(folding().lines(case.ASKED))
    assert texts(found["tools"]) == ['  "tools": [ 14 tools ] ▸ 4.0 KiB']
    assert len(found["messages"]) == 2
    assert found["messages"][1].opens == 'asked["messages",2]'


@pytest.mark.parametrize("width", [20, 34, 56])
def test_a_mark_is_never_cut_off(width: int) -> None:
    (shown,) = dict(folding(width=width).lines({"model": "anthropic/claude-opus-4.5-and-more"}))["model"]
    assert text_of(shown.pieces).endswith("● rewritten")


def test_what_is_opened_shows_what_is_inside_and_folds_again_there() -> None:
    name = folding().name(("messages",))
    found = texts(dict(folding(name).lines(case.ASKED))["messages"])
    assert found[0].startswith('  "messages": [ 3 messages ] ▾')
    assert found[1:] == ['    0  {"role": "user", "content": "why does it fail?"}', *found[2:]]
    assert "▸" in found[-1]


def test_what_belongs_together_stands_together() -> None:
    changes = compare(case.ASKED, case.SENT, converted=True)
    rows = list(columns(folding().lines(case.ASKED), folding().lines(case.SENT), changes))
    beside = {text_of(row.pieces).split(":")[0].strip(): text_of(row.beside or ()) for row in rows if row.pieces}
    assert '"max_completion_tokens"' in beside['"max_tokens"']
    assert '"reasoning_effort"' in beside['"thinking"']
    assert beside['"service_tier"'] == ""
    alone = [text_of(row.beside or ()) for row in rows if not row.pieces]
    assert any('"stream_options"' in text for text in alone)


def test_documents_one_after_the_other() -> None:
    parts = [Lines([line("a"), line("b")]), Lines(), Lines([Line((("c", ""),), (("d", ""),))])]
    joined = Joined(parts)
    assert len(joined) == 3
    assert as_text(joined).split() == ["a", "b", "c", "|", "d"]
