"""How a complaint about a configuration is worded: where, which key, what was found, what was expected.

Whatever is quoted from a file passes through ``shown``: a key pasted into the wrong field must not come out again on
a screen or in a log.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
"""A place in the tree of settings: ``("endpoints", 1, "name")``."""

_SECRET_LOOKING = re.compile(
    r"(?:sk|pk|rk|ghp|gho|glpat|xox[a-z])[-_][\w-]{6,}|AIza[\w-]{10,}|eyJ[\w.-]{10,}|(?i:bearer)\s+\S+"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}"
)
"""Keys of known vendors, UUIDs, and long words of letters and digits. Model names and paths are none of these."""

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint. ``path`` is the key it is about; ``at_key`` points at the key itself instead of its value."""

    path: Path
    message: str
    at_key: bool = False


def dotted(path: Path) -> str:
    """The path as people write it: ``endpoints[1].url_anthropic``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown_key(part)}" if text else shown_key(part)
    return text


def looks_secret(text: str) -> bool:
    """Whether some part of the text could be a key."""
    return _SECRET_LOOKING.search(text) is not None


def masked(text: str) -> str:
    """The text with everything that looks like a key replaced, control characters escaped, and cut to one line."""
    clean = _SECRET_LOOKING.sub("…", text[: 4 * _LONGEST])
    clean = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in clean)
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…"


def shown_key(name: str) -> str:
    """A key's name; quoted where it is not a plain word."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name) and masked(name) == name else f'"{masked(name)}"'


def shown(value: Any) -> str:
    """A value from a file or the environment as it may be repeated to a person."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{masked(value)}"'
        case int() | float():
            return "a very large number" if isinstance(value, int) and abs(value) >= 10**18 else masked(repr(value))
        case None:
            return "nothing"
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"a {type(value).__name__}"


def kind_of(value: Any) -> str:
    """What sort of value it is, for values that must not be repeated."""
    match value:
        case bool() | list() | tuple() | dict() | None:
            return shown(value)
        case str():
            return "text"
        case int() | float():
            return "a number"
        case _:
            return f"a {type(value).__name__}"


def nearest(name: str, valid: Collection[str]) -> str | None:
    """The only valid name that begins so, else the most similar one."""
    longer = [one for one in valid if len(name) > 2 and one.startswith(name.lower())]
    if len(longer) == 1:
        return longer[0]
    return next(iter(difflib.get_close_matches(name.lower(), sorted(valid), n=1, cutoff=0.6)), None)


def suggestion(name: str, valid: Iterable[str]) -> str:
    """``did you mean "port"?``, or the list of what is valid when nothing is similar."""
    names = sorted(valid)
    near = nearest(name, names)
    return f"did you mean {json.dumps(near)}?" if near else f"valid here: {', '.join(names)}"
