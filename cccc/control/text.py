"""What a terminal would obey, made visible: control characters, direction marks, lone surrogates.

Everything that comes from outside (model names, errors, header values, file names) passes through here before any
surface shows it: a terminal obeys escape sequences, and a log viewer must not be a way in. How wide a text then is,
and where it is cut, is each surface's own matter.
"""

from __future__ import annotations

_DELETE = 0x7F


def _pictures() -> dict[int, str]:
    """Visible stand-ins: control pictures for C0 and DEL, escapes for C1, line ends, direction marks, surrogates."""
    pictures = {code: chr(0x2400 + code) for code in range(0x20)} | {_DELETE: "\u2421"}
    named = (*range(0x80, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
    return pictures | {code: f"\\u{code:04x}" for code in (*named, *range(0xD800, 0xE000))}


_LINE = _pictures()
_TEXT = {code: picture for code, picture in _LINE.items() if chr(code) not in "\n\t"}


def visible(text: str) -> str:
    """Text of several lines with everything visible that a terminal would obey; line feeds and tabs stay."""
    return text.translate(_TEXT)


def visible_line(text: str) -> str:
    """The same for one line: line ends and tabs become visible too."""
    return text.translate(_LINE)
