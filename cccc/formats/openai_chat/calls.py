"""Which call of an answer a streamed fragment belongs to, however its vendor tells calls apart.

OpenAI numbers calls with ``index`` and gives id and name once. Others repeat id and name, make a new id for every
fragment, use one index for all calls, or give no index at all. What they have in common: a call begins with its name,
and nothing follows arguments that are a whole JSON object.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import orjson

from cccc.ir import json

_NOTHING_YET = frozenset({"", "{}", "null"})


@dataclass(slots=True, eq=False)
class Call:
    """A call while its fragments come. ``id`` and ``name`` as the vendor gave them, empty where it gave none."""

    id: str = ""
    name: str = ""
    custom: bool = False
    part: int = -1
    """Its number among the answer's parts; -1 while its name has not come."""
    closed: bool = False
    """Whether its end was told, which some vendors do after every call."""
    _arguments: list[str] = field(default_factory=list)
    _empty_object: bool = False

    @property
    def arguments(self) -> str:
        """What came so far; an empty object at the beginning is not counted, since more may follow it."""
        return "".join(self._arguments)

    def add(self, fragment: str) -> str:
        """More arguments: what is new in them. Whole arguments that are told a second time are not."""
        arguments = self._arguments
        if not arguments and fragment.strip() in _NOTHING_YET:
            self._empty_object |= bool(fragment.strip())
            return ""
        if arguments and fragment.lstrip()[:1] == "{" and self.whole:
            return ""
        if fragment:
            arguments.append(fragment)
        return fragment

    @property
    def whole(self) -> bool:
        """Whether the arguments are a JSON object, to which nothing can be added."""
        if not self._arguments:
            return self._empty_object
        return self._arguments[-1].rstrip().endswith("}") and isinstance(json.peek(self.arguments), dict)

    def continued_by(self, call_id: str, name: str) -> bool:
        """Whether a fragment under the same number goes on with this call instead of beginning another."""
        if not name or not self.name:
            return True
        if name != self.name:
            return False
        if call_id and call_id == self.id:
            return True
        if self.closed or (call_id and not self._arguments):
            return False
        return not self.whole


class Calls:
    """The calls of one answer."""

    def __init__(self) -> None:
        self.all: list[Call] = []
        self._at: dict[Hashable, Call] = {}

    def take(self, fragment: dict[str, Any]) -> tuple[Call, str]:
        """The call that a fragment belongs to, and what is new in its arguments."""
        custom = isinstance(fragment.get("custom"), dict)
        inner = json.obj(fragment.get("custom" if custom else "function"))
        call_id, name = json.text(fragment.get("id")) or "", json.text(inner.get("name")) or ""
        index = fragment.get("index")
        key: Hashable = index if isinstance(index, int) else call_id
        call = self._at.get(key)
        if key == "" and self.all:
            call = self.all[-1]
        if call is None or not call.continued_by(call_id, name):
            call = Call(call_id, name, custom)
            self.all.append(call)
            self._at[key] = call
            if call_id:
                self._at.setdefault(call_id, call)
        call.id = call.id or call_id
        call.name = call.name or name
        more = inner.get("input" if custom else "arguments")
        if isinstance(more, dict):
            more = orjson.dumps(more).decode()
        return call, call.add(more) if isinstance(more, str) else ""
