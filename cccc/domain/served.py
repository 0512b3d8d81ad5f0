"""Was the model served that was asked for? Relays swap models quietly (features F130)."""

from __future__ import annotations

import re

_RELEASE = re.compile(
    r"(?:[-@:._]?(?:20\d{6}|20\d\d-\d\d-\d\d|\d{4})|[-:@](?:latest|default|preview)|\[1m\]|-v\d+(?::\d+)?)+$"
)


def swapped(sent: str | None, came: str | None) -> bool:
    """Whether the name that came back is another model's: not the same with a date, a vendor's prefix, another case."""
    if not sent or not came or sent == came:
        return False
    return _bare(sent) != _bare(came)


def _bare(name: str) -> str:
    last = name.strip().casefold().rsplit("/", 1)[-1]
    return _RELEASE.sub("", last).replace("_", "-").replace(".", "-")
