"""Tool names that a target takes, and the way back to the client's own.

The map is made from one request, from its tools and the calls in its history, and the same request always gives the
same map. A name that is legal stays as it is. A namespace is put in front; a name that had to be changed beyond that
ends in a digest of what it was, so that it depends on no other name, and two long names never become one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from cccc.ir.digest import digest
from cccc.ir.target import Abilities

_DIGEST_LENGTH = 8
_SEPARATOR = "__"
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]")


def legal_name(name: str, length: int) -> str:
    """As much of a name as fits, in letters that every vendor takes in names."""
    return _ILLEGAL.sub("_", name)[:length]


class ToolName(NamedTuple):
    """What the client calls a tool."""

    name: str
    namespace: str = ""


class Names:
    """The names of one request, both ways. ``stay``: the target takes all of them as they are."""

    def __init__(self, names: Iterable[ToolName], abilities: Abilities) -> None:
        self._abilities = abilities
        self._targets: dict[ToolName, ToolName] = {}
        self._clients: dict[ToolName, ToolName] = {}
        changed: list[ToolName] = []
        for name in dict.fromkeys(names):  # most are called more often than once
            if self._plain(name):
                self._map(name, name)
            else:
                changed.append(name)
        for name in changed:
            if name not in self._targets:
                self._map(name, self._made(name))
        self.stay = not changed

    def target(self, name: ToolName) -> ToolName:
        """What the target is told."""
        return self._targets.get(name, name)

    def client(self, name: ToolName) -> ToolName:
        """What the client knows by that; a name that the model invented is returned as it is."""
        return self._clients.get(name, name)

    def _map(self, client: ToolName, target: ToolName) -> None:
        self._targets[client] = target
        self._clients[target] = client

    def _plain(self, name: ToolName) -> bool:
        return self._fits(name.name) and (self._abilities.namespaces or not name.namespace)

    def _made(self, name: ToolName) -> ToolName:
        namespace = name.namespace if self._abilities.namespaces else ""
        flat = name.name if namespace or not name.namespace else f"{name.namespace}{_SEPARATOR}{name.name}"
        made = ToolName(flat, namespace)
        if self._fits(flat) and made not in self._clients:
            return made
        for length in range(_DIGEST_LENGTH, 64):
            tail = "_" + digest(f"{name.namespace}\0{name.name}", length)
            made = ToolName(self._cut(flat, tail), namespace)
            if made not in self._clients:
                return made
        raise AssertionError("two names of one digest")

    def _cut(self, flat: str, tail: str) -> str:
        """As much of the name as is legal and leaves room for the tail."""
        legal = legal_name(flat, self._abilities.tool_name_length - len(tail))
        return legal + tail if self._fits(legal + tail) else "tool" + tail

    def _fits(self, name: str) -> bool:
        abilities = self._abilities
        return len(name) <= abilities.tool_name_length and bool(abilities.tool_name.fullmatch(name))
