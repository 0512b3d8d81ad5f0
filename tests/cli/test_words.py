"""How things are said; every enum has its words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cccc.cli import words
from cccc.control.api import Breaker, SortKey, Standing, Verdict, WireFormat
from tests.control import world


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "-"),
        (0.4, "0 ms"),
        (612.4, "612 ms"),
        (999.9, "1.00 s"),
        (1_120, "1.12 s"),
        (9_996, "10.0 s"),
        (14_000, "14.0 s"),
        (99_960, "1 m 40 s"),
        (119_900, "2 m 00 s"),
        (125_000, "2 m 05 s"),
    ],
)
def test_measured_times(ms: float | None, text: str) -> None:
    assert words.milliseconds(ms) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (41, "0:41"), (725.4, "12:05"), (10_800, "3:00:00"), (-5, "0:00")]
)
def test_times_to_wait(seconds: float, text: str) -> None:
    assert words.clock_length(seconds) == text


def test_wall_times_carry_their_date_when_it_is_not_today() -> None:
    assert words.wall(world.NOW, world.NOW) == "12:32:00"
    assert words.wall(world.NOW - 86_400, world.NOW) == "2026-06-30 12:32:00"
    assert words.wall(world.NOW + 0.25, world.NOW, precise=True) == "12:32:00.250"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "● healthy"),
        ({"health": Standing.DEGRADED}, "◐ degraded"),
        ({"health": Standing.RECOVERING}, "◐ recovering"),
        ({"health": Standing.UNUSABLE}, "✗ unusable"),
        ({"breaker": Breaker.HALF_OPEN}, "◐ half-open"),
        ({"breaker": Breaker.OPEN}, "✗ open"),
        ({"breaker": Breaker.OPEN, "cooldown_until": world.NOW + 41}, "✗ open 0:41"),
        ({"cooldown_until": world.NOW + 41}, "◌ cooling down 0:41"),
        ({"cooldown_until": world.NOW - 1}, "● healthy"),
        ({"enabled": False, "breaker": Breaker.OPEN}, "○ off"),
    ],
)
def test_states_have_a_glyph_and_a_word(change: dict[str, object], text: str) -> None:
    assert words.state(replace(world.ALPHA, **change), world.NOW).text == text  # type: ignore[arg-type]


def test_every_enum_has_its_words() -> None:
    assert set(words.VERDICT_MARKS) == set(Verdict)
    assert all(words.standing(one).text for one in Standing)
    assert words.letters(tuple(WireFormat)) == "A C R G"


def test_every_layer_has_its_words() -> None:
    above, here = world.RANKING.order
    said = {name: words.placed_by(replace(here, decided_by=name), above) for name in SortKey._fields}
    assert said["priority"] == "priority: 2 here, 1 above"
    assert said["health"] == "health: degraded here, healthy above"
    assert said["response_time"] == "response time: 508 ms slower"
    assert words.placed_by(replace(here, decided_by="response_time", ttft_ms=None), above) == "response time"
    assert len(set(said.values())) == len(SortKey._fields)
    assert words.placed_by(above, None) == "best in every layer"


def test_paths() -> None:
    assert words.path(WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT) == "A→C"
    assert words.path(WireFormat.ANTHROPIC, WireFormat.ANTHROPIC) == "A"
    assert words.path(WireFormat.OPENAI_RESPONSES, None) == "R"


def test_sums() -> None:
    assert [words.count(n) for n in (None, 0, 18_220)] == ["-", "0", "18 220"]
    assert [words.dollars(n) for n in (None, 0, 0.0213, 1234.5)] == ["-", "$0.00", "$0.0213", "$1,234.50"]
    assert [words.size(n) for n in (512, 71_000, 3 * 2**20, 5 * 2**30)] == ["512 B", "69.3 KiB", "3.0 MiB", "5.0 GiB"]
    assert [words.share(n) for n in (None, 0.714)] == ["-", "71.4%"]
