"""TOML 1.0 as a ``Document``: ``tomllib`` reads the values, a small scanner finds where they stand.

``tomllib`` keeps no positions. The scanner runs only over texts that ``tomllib`` has accepted, so it needs to know
where keys, strings and brackets end, and nothing about what is allowed.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator

from cccc.config.document import Document, Place, Places, Span
from cccc.config.problems import Path, masked
from cccc.errors import ConfigError

_BLANK = re.compile(r"[ \t]*")
_VOID = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'", re.DOTALL
)
_ATOM = re.compile(r"[^,\]}#\r\n]+")
_ERROR_AT = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


def parse_toml(text: str, name: str) -> Document:
    """Read a TOML document. Raises ``ConfigError`` where it is not TOML."""
    places = Places(name)
    try:
        data = tomllib.loads(text)
        _Scanner(text, places).document()
    except tomllib.TOMLDecodeError as error:
        match = _ERROR_AT.fullmatch(str(error))
        what, line, column = match.groups() if match else (str(error), None, None)
        where = f"{line}:{column}" if line else f"{text.count(chr(10)) + 1}:1"
        raise ConfigError([f"{name}:{where}: cannot be read as TOML ({masked(what)})"]) from None
    except (RecursionError, ValueError):
        raise ConfigError([f"{name}: cannot be read as TOML (nested too deeply, or a number too large)"]) from None
    return Document(name, data, places.found)


class _Scanner:
    def __init__(self, text: str, places: Places) -> None:
        self.text = text
        self.places = places
        self.at = 0
        self.lengths: dict[Path, int] = {}
        self.lines = [0, *(m.end() for m in re.finditer("\n", text))]

    def document(self) -> None:
        table: Path = ()
        while self.skip(_VOID) < len(self.text):
            start = self.at
            if self.text.startswith("[", start):
                listed = self.text.startswith("[[", start)
                self.at += 2 if listed else 1
                table = self.header(tuple(key for key, _ in self.key()), listed=listed)
                self.at += 2 if listed else 1
                span = self.span(start, self.at)
                self.places.add(table, Place(span, span))
            else:
                self.pair(table)

    def header(self, keys: tuple[str, ...], *, listed: bool) -> Path:
        """The full path of a table header: below a list of tables it continues that list's last item."""
        path: Path = ()
        for i, key in enumerate(keys):
            path = (*path, key)
            if listed and i == len(keys) - 1:
                self.lengths[path] = self.lengths.get(path, 0) + 1
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        return path

    def pair(self, table: Path) -> None:
        path = table
        spans = []
        for key, span in self.key():
            path = (*path, key)
            spans.append((path, span))
        self.at += 1  # the equals sign
        self.skip(_BLANK)
        start = self.at
        self.value(path)
        value = self.span(start, self.at)
        for prefix, span in spans:
            self.places.add(prefix, Place(span, value))

    def key(self) -> Iterator[tuple[str, Span]]:
        """A dotted key; leaves the scanner at what follows it."""
        while True:
            start = self.skip(_BLANK)
            quoted = _STRING.match(self.text, start)
            match = quoted or _BARE.match(self.text, start)
            if match is None:  # pragma: no cover - tomllib accepted the text
                raise AssertionError("a key was expected")
            self.at = match.end()
            yield (_unquoted(match[0]) if quoted else match[0]), self.span(start, self.at)
            if not self.text.startswith(".", self.skip(_BLANK)):
                return
            self.at += 1

    def value(self, path: Path) -> None:
        match self.text[self.at]:
            case "[":
                self.array(path)
            case "{":
                self.inline_table(path)
            case '"' | "'":
                self.skip(_STRING)
            case _:
                atom = _ATOM.match(self.text, self.at)
                self.at += len(atom[0].rstrip()) if atom else 1

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.text[self.skip(_VOID)] != "]":
            start = self.at
            self.value((*path, index))
            span = self.span(start, self.at)
            self.places.add((*path, index), Place(span, span))
            index += 1
            if self.text[self.skip(_VOID)] == ",":
                self.at += 1
        self.at += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        while self.text[self.skip(_VOID)] != "}":
            self.pair(path)
            if self.text[self.skip(_VOID)] == ",":
                self.at += 1
        self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def span(self, start: int, end: int) -> Span:
        line = bisect_right(self.lines, start)
        return Span(line, start - self.lines[line - 1] + 1, start, end)


def _unquoted(key: str) -> str:
    value = tomllib.loads(f"x = {key}")["x"]
    return str(value)
