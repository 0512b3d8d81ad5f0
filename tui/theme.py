"""How it looks: themes, the meaning of colours, and the characters for states and lines.

Colour never stands alone: every state has a glyph and a word. Screens name a meaning (``native``, ``warning``) and get
the style of the theme in force; ``glyphs: ascii`` is for terminals that draw the others two cells wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from cccc.control.api import Breaker, EndpointView, Standing, Verdict, WireFormat
from tui.format import waiting

DEFAULT_THEME = "textual-dark"

LETTERS: Mapping[WireFormat, str] = {
    WireFormat.ANTHROPIC: "A",
    WireFormat.OPENAI_CHAT: "C",
    WireFormat.OPENAI_RESPONSES: "R",
    WireFormat.GEMINI: "G",
}
"""Wire formats in one letter: A Anthropic Messages, C OpenAI Chat, R OpenAI Responses, G Gemini."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that differ between ``ui.glyphs`` unicode and ascii."""

    ok: str = "✓"
    after_failover: str = "!"
    failed: str = "✗"
    gone: str = "⊘"
    live: str = "▸"
    healthy: str = "●"
    half: str = "◐"
    off: str = "○"
    cooling: str = "◌"
    arrow: str = "→"
    dot: str = "·"
    bar: str = "│"
    rule: str = "─"
    ellipsis: str = "…"
    cursor: str = "▶"
    bars: str = "▁▂▃▄▅▆▇█"
    minutes: str = "█▒░·"
    """A minute in which all went well, some did not, the breaker was open, nothing was asked."""
    border: str = "round"
    waiting: str = "···"
    shades: str = "█▓▒░"
    corner: str = "└"
    point: str = "·"
    curve: str = "⣿"
    folded: str = "▸"
    opened: str = "▾"

    def path(self, asked: WireFormat, target: WireFormat | None) -> str:
        """``A`` where the bytes passed untouched, ``A→C`` where they were converted."""
        if target is None or target is asked:
            return LETTERS[asked]
        return f"{LETTERS[asked]}{self.arrow}{LETTERS[target]}"


UNICODE = Glyphs()
ASCII = Glyphs(
    ok="+",
    failed="x",
    gone="o",
    live=">",
    healthy="*",
    half="~",
    off="-",
    cooling="z",
    arrow=">",
    dot="-",
    bar="|",
    rule="-",
    ellipsis="~",
    cursor=">",
    bars=".:-=+*#@",
    minutes="#+x.",
    border="ascii",
    waiting="...",
    shades="#%=:",
    corner="+",
    point=".",
    curve="*",
    folded=">",
    opened="v",
)
GLYPHS: Mapping[str, Glyphs] = {"unicode": UNICODE, "ascii": ASCII}


@dataclass(frozen=True, slots=True)
class Look:
    """The ``ui`` section of the configuration as the screens take it."""

    theme: str | None = None
    glyphs: str = "unicode"
    keymap: Mapping[str, str] | None = None


def themes() -> tuple[Theme, ...]:
    """The built-in themes, each with our own variables: ``$native`` passed untouched, ``$convert`` converted."""
    return tuple(_with_meanings(theme) for theme in BUILTIN_THEMES.values())


def _with_meanings(theme: Theme) -> Theme:
    native, convert = theme.success or theme.primary, theme.accent or theme.secondary or theme.primary
    return replace(theme, variables={"native": native, "convert": convert, **theme.variables})


_LEGIBLE = 3.0
"""The least contrast to the background, as WCAG 2.2 (1.4.11) asks of what carries a meaning."""


class Palette:
    """Styles by meaning, from the variables of the theme in force."""

    def __init__(self, theme_variables: Mapping[str, str]) -> None:
        self._variables = theme_variables
        self._styles: dict[str, Style] = {"": Style.null(), "dim": Style(dim=True), "bold": Style(bold=True)}

    def __getitem__(self, meaning: str) -> Style:
        """The style of ``success``, ``native``, …; nothing special where a theme does not know the meaning."""
        style = self._styles.get(meaning)
        if style is None:
            style = self._styles[meaning] = _style(self._variables.get(meaning), self._variables.get("background"))
        return style


def _style(value: str | None, background: str | None) -> Style:
    if value is None:
        return Style.null()
    color = Color.parse(value)
    return Style(color=(color if background is None else legible(color, Color.parse(background))).rich_color)


def legible(color: Color, background: Color) -> Color:
    """The colour, or one towards black or white that can be read: a theme's own may be as light as its background.

    Colours that the terminal chooses (ANSI) are left to it.
    """
    if color.ansi is not None or background.ansi is not None:
        return color
    while contrast(color, background) < _LEGIBLE:
        color = color.blend(background.get_contrast_text(1.0), 0.1)
    return color


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of two colours as WCAG 2.2 defines it: from 1, the same, to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    parts = [part / 255 for part in color.rgb]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


MARKS: Mapping[Verdict, tuple[str, str]] = {
    Verdict.OK: ("ok", "success"),
    Verdict.OK_AFTER_FAILOVER: ("after_failover", "warning"),
    Verdict.CLIENT_ERROR: ("failed", "error"),
    Verdict.CLIENT_GONE: ("gone", "dim"),
    Verdict.UPSTREAM_ERROR: ("failed", "error"),
    Verdict.INCOMPLETE: ("failed", "error"),
    Verdict.EMPTY: ("failed", "error"),
    Verdict.INVALID: ("failed", "error"),
}
"""The mark of a request in the log as (name of its glyph, meaning)."""

FAILED = frozenset(verdict for verdict, (glyph, _) in MARKS.items() if glyph == "failed")

STANDINGS: Mapping[Standing, tuple[str, str, str]] = {
    Standing.HEALTHY: ("healthy", "healthy", "success"),
    Standing.RECOVERING: ("half", "recovering", "warning"),
    Standing.DEGRADED: ("half", "degraded", "warning"),
    Standing.UNUSABLE: ("failed", "unusable", "error"),
}


def state(view: EndpointView, now: float, glyphs: Glyphs) -> tuple[str, str]:
    """An endpoint's state as (glyph and word, meaning): off, open, cooling down, half-open, or its health."""
    left = f" {waiting(view.cooldown_until - now)}" if view.cooldown_until and view.cooldown_until > now else ""
    if not view.enabled:
        return f"{glyphs.off} off", "dim"
    if view.breaker is Breaker.OPEN:
        return f"{glyphs.failed} open{left}", "error"
    if left:
        return f"{glyphs.cooling} cooling{left}", "warning"
    if view.breaker is Breaker.HALF_OPEN:
        return f"{glyphs.half} half-open", "warning"
    glyph, word, meaning = STANDINGS[view.health]
    return f"{getattr(glyphs, glyph)} {word}", meaning
