"""What a route is, and the table that finds it: from method and path to a handler.

Literal paths are found with two dictionary look-ups; templates are tried after them, in the order of the table.
Matching works on the request target's path exactly as it was sent: nothing is folded, decoded or completed
before it, so that two spellings of one path can never meet different guards.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from urllib.parse import unquote

from cccc.domain.answers import Failure
from cccc.http.messages import Headers, Request, RequestHead, Responder

Handler = Callable[[Request, Responder], Awaitable[None]]
"""Answers one request. Raises only on a bug of ours; ``ClientGone`` and cancellation pass through."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A whole answer of ours, written before any handler runs."""

    status: int
    headers: Headers
    body: bytes
    close: bool = False


Refuse = Callable[[Failure, str, RequestHead], Refusal]
"""Puts a failure and its bare sentence into the words of whoever calls a path."""


class Guard(Enum):
    """Which token a route asks for."""

    NONE = "none"
    PROXY = "proxy"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    ``path`` is literal, or a template such as ``/v1/models/{id}`` whose fields are handed over in ``fields``:
    ``{id}`` is a part between two slashes, ``{id:path}`` the whole rest; both are percent-decoded.
    ``refuse`` puts a failure of the edge into the words of whoever calls this path (format and client decide).
    ``has_body``: POST routes read a JSON body; others refuse one.
    """

    method: str
    path: str
    handler: Handler
    refuse: Refuse
    guard: Guard = Guard.PROXY
    has_body: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A route that serves a request, with the values of its template."""

    route: Route
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class NoMatch:
    """No route serves a request. ``others`` are the routes that serve its path with another method."""

    others: tuple[Route, ...] = ()

    @property
    def allow(self) -> str:
        """The value of an ``Allow`` header."""
        return ", ".join(sorted({route.method for route in self.others}))


_FIELD = re.compile(r"\{([a-z_]+)(:path)?\}")
_SHOWN = re.compile(r"/v1/(?!v1/)|/health$|/help$")


def _compiled(template: str) -> re.Pattern[str]:
    pattern, end = "", 0
    for found in _FIELD.finditer(template):
        what = ".+" if found[2] else "[^/]+"
        pattern += f"{re.escape(template[end : found.start()])}(?P<{found[1]}>{what})"
        end = found.end()
    return re.compile(pattern + re.escape(template[end:]))


class Router:
    """The table of all routes. Raises ``ValueError`` where two rows serve the same method and path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._literal: dict[str, dict[str, Match]] = {}
        self._templates: dict[str, tuple[re.Pattern[str], dict[str, Route]]] = {}
        for route in self.routes:
            if _FIELD.search(route.path):
                methods = self._templates.setdefault(route.path, (_compiled(route.path), {}))[1]
                taken, methods[route.method] = route.method in methods, route
            else:
                row = self._literal.setdefault(route.path, {})
                taken, row[route.method] = route.method in row, Match(route)
            if taken:
                raise ValueError(f"two routes serve {route.method} {route.path}")

    def find(self, method: str, path: str) -> Match | NoMatch:
        """The route for a request, or what else serves its path."""
        others: tuple[Route, ...] = ()
        row = self._literal.get(path)
        if row is not None:
            match = row.get(method)
            if match is not None:
                return match
            others = tuple(other.route for other in row.values())
        for pattern, methods in self._templates.values():
            found = pattern.fullmatch(path)
            if found is None:
                continue
            route = methods.get(method)
            if route is not None:
                return Match(route, MappingProxyType({name: unquote(text) for name, text in found.groupdict().items()}))
            others += tuple(methods.values())
        return NoMatch(others)

    def served(self) -> str:
        """The paths that clients are meant to use, for whoever asked for another one."""
        paths = (_FIELD.sub(lambda found: found[1].upper(), route.path) for route in self.routes)
        return ", ".join(dict.fromkeys(path for path in paths if _SHOWN.match(path)))
