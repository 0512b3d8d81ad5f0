"""Looks: tables are total, ASCII is ASCII, every theme knows every meaning."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from textual.app import App
from textual.color import Color

from cccc.control.api import Breaker, Standing, Verdict, WireFormat
from tests.control import world
from tui import theme
from tui.theme import ASCII, FAILED, GLYPHS, LETTERS, MARKS, UNICODE, Palette, contrast, state


def test_every_verdict_has_a_mark_and_every_format_a_letter() -> None:
    assert set(MARKS) == set(Verdict)
    assert set(LETTERS) == set(WireFormat)
    assert {glyph for glyph, _ in MARKS.values()} <= {field.name for field in fields(UNICODE)}
    assert frozenset(Verdict) - {Verdict.OK, Verdict.OK_AFTER_FAILOVER, Verdict.CLIENT_GONE} == FAILED


def test_ascii_glyphs_are_ascii_and_as_wide() -> None:
    for field in fields(ASCII):
        assert getattr(ASCII, field.name).isascii()
        if field.name != "border":
            assert len(getattr(ASCII, field.name)) == len(getattr(UNICODE, field.name))
    assert GLYPHS == {"unicode": UNICODE, "ascii": ASCII}


@pytest.mark.parametrize(
    ("changes", "said", "meaning"),
    [
        ({}, "● healthy", "success"),
        ({"enabled": False}, "○ off", "dim"),
        ({"breaker": Breaker.OPEN, "cooldown_until": world.NOW + 41}, "✗ open 0:41", "error"),
        ({"breaker": Breaker.OPEN}, "✗ open", "error"),
        ({"cooldown_until": world.NOW + 41}, "◌ cooling 0:41", "warning"),
        ({"cooldown_until": world.NOW - 1}, "● healthy", "success"),
        ({"breaker": Breaker.HALF_OPEN}, "◐ half-open", "warning"),
        *(({"health": health}, None, None) for health in Standing),
    ],
)
def test_states(changes: dict[str, object], said: str | None, meaning: str | None) -> None:
    shown = state(replace(world.ALPHA, **changes), world.NOW, UNICODE)  # type: ignore[arg-type]
    assert said is None or shown == (said, meaning)
    assert len(shown[0]) <= 14, "the column's width"


@pytest.mark.parametrize("name", [each.name for each in theme.themes()])
def test_every_theme_knows_every_meaning(name: str) -> None:
    app: App[None] = App()
    for each in theme.themes():
        app.register_theme(each)
    app.theme = name
    app.get_css_variables()
    palette = Palette(app.theme_variables)
    for meaning in ("success", "warning", "error", "accent", "primary", "native", "convert"):
        color = palette[meaning].color
        assert color is not None, meaning
        background = Color.parse(app.theme_variables["background"])
        if background.ansi is None:
            assert contrast(Color.from_rich_color(color), background) >= 3, f"{meaning} cannot be read"


def test_contrast_is_as_in_the_guidelines() -> None:
    black, white = Color.parse("#000000"), Color.parse("#ffffff")
    assert (contrast(black, white), contrast(white, white)) == (pytest.approx(21), 1)
    assert contrast(Color.parse("#777777"), white) == pytest.approx(4.48, abs=0.01)


def test_a_path_says_whether_it_was_converted() -> None:
    assert UNICODE.path(WireFormat.ANTHROPIC, WireFormat.ANTHROPIC) == "A"
    assert UNICODE.path(WireFormat.ANTHROPIC, None) == "A"
    assert ASCII.path(WireFormat.OPENAI_RESPONSES, WireFormat.OPENAI_CHAT) == "R>C"
