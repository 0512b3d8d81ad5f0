"""Values in the languages of shells: each quoted so that the shell reads back exactly the value, or refused.

Every quoter takes a value and gives the text that stands for it. Values come from a person or a configuration and end
up in files that are run, so what cannot be quoted beyond doubt is refused (security.md §6).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType

_PLAIN = re.compile(r"[A-Za-z0-9._:/@%+,=-]*")
_SAFEST = re.compile(r"[A-Za-z0-9._:/-]+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_POWERSHELL_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")


class Unquotable(ValueError):
    """A value that cannot be written into this language beyond doubt."""


def posix(value: str) -> str:
    """For sh, dash, bash and zsh."""
    return shlex.quote(_printable(value))


def fish(value: str) -> str:
    """For fish: within single quotes only the quote and the backslash are special."""
    escaped = _printable(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def powershell(value: str) -> str:
    """For PowerShell: it takes typographic quotes for quotes, and doubles mean themselves."""
    return "'" + _POWERSHELL_QUOTES.sub(r"\1\1", _printable(value)) + "'"


def cmd(value: str) -> str:
    """For ``set NAME=value`` of Windows' cmd, which has no quoting worth the name."""
    return _within(_SAFEST, value)


def dotenv(value: str) -> str:
    """For ``.env`` files, whose readers agree on plain words and little else."""
    if _PLAIN.fullmatch(value) and value:
        return value
    if re.search(r"['\\$`]", _printable(value)):
        raise Unquotable("cannot be written into a .env file")
    return f"'{value}'"


QUOTERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"sh": posix, "bash": posix, "zsh": posix, "fish": fish, "powershell": powershell, "cmd": cmd, "dotenv": dotenv}
)


def _printable(value: str) -> str:
    if _CONTROL.search(value):
        raise Unquotable("holds control characters")
    return value


def _within(alphabet: re.Pattern[str], value: str) -> str:
    if not alphabet.fullmatch(value):
        raise Unquotable("holds characters that this shell would read as its own")
    return value
