"""Foreign text made fit for our own messages: one line, ASCII, no URL, nothing that looks like a key.

What upstreams write in errors goes into logs, screens and other programs' error messages, so it is cut down here, in
one place. Of an HTML page (a content delivery network's error, a captive portal) only the title is of use.
"""

from __future__ import annotations

import html
import re
from http import HTTPStatus

_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,12}://\S+|\bwww\.\S+", re.IGNORECASE)
_KEY = re.compile(
    r"\b(?:sk|pk|ak|rk|key|token|xai|gsk|ghp|hf|AIza|Bearer)[-_ ]?(?=[\w.*-]*\d)[\w.*-]{12,}|\b[A-Za-z0-9+/_*]{32,}=*",
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_SPACE = re.compile(r"\s+")

# Statuses that http.HTTPStatus does not know.
_PHRASES = {
    520: "Unknown Error",
    521: "Web Server Is Down",
    522: "Connection Timed Out",
    523: "Origin Is Unreachable",
    524: "A Timeout Occurred",
    525: "TLS Handshake Failed",
    526: "Invalid TLS Certificate",
    527: "Railgun Error",
    529: "Overloaded",
    530: "Origin DNS Error",
}


def plain(text: str, limit: int = 160) -> str:
    """``text`` as one ASCII line of at most ``limit`` characters, without URLs and keys.

    Empty where most of it cannot be written in ASCII: half a sentence says less than none.
    """
    cleaned = _KEY.sub("[key]", _URL.sub("[url]", text))
    ascii_only = "".join(char for char in cleaned if char.isascii() and (char.isprintable() or char.isspace()))
    line = _SPACE.sub(" ", ascii_only).strip()
    if len(ascii_only) * 2 < len(cleaned):
        return ""
    return line if len(line) <= limit else f"{line[: limit - 3].rstrip()}..."


def page_title(page: str) -> str:
    """The title of an HTML page, made plain; empty where it has none. Text that is no page is its own title."""
    found = _TITLE.search(page)
    if found is None:
        return "" if "<" in page else plain(page, 80)
    return plain(html.unescape(found.group(1)), 80)


def status_line(status: int) -> str:
    """``502`` as ``502 Bad Gateway``; a status nobody knows stays a number."""
    phrase = _PHRASES.get(status)
    if phrase is None:
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            return str(status)
    return f"{status} {phrase}"


def span(seconds: float) -> str:
    """A waiting time for people: ``12 s``, ``5 min``, ``3 h``; never rounded down to nothing."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    if seconds < 100 * 60:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"
