"""What vendors write inside a message: texts in parts, thoughts under several names, thoughts within tags.

Source: the vendors' references for ``reasoning_content`` (DeepSeek), ``reasoning`` and ``reasoning_details``
(OpenRouter), content in chunks (Mistral) and ``extra_content`` (Gemini).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from cccc.formats.openai_chat.tables import THINKING_KEYS
from cccc.ir import json

_THINKING_PARTS = frozenset({"thinking", "reasoning"})
_BESIDE_CALL = "extra_content"
_CONTINUED = frozenset({"text", "summary", "data"})


def joined_text(content: object) -> str:
    """A text, or the texts of its parts one after the other."""
    if isinstance(content, str):
        return content
    return "".join(json.text(json.obj(part).get("text")) or "" for part in json.items(content))


def thought_in(message: Mapping[str, Any]) -> str:
    """What a message or a delta says was thought, from the first field that says it."""
    for key in THINKING_KEYS:
        if isinstance(thought := message.get(key), str) and thought:
            return thought
    details = map(json.obj, json.items(message.get("reasoning_details")))
    return "".join(json.text(one.get("text")) or json.text(one.get("summary")) or "" for one in details)


def pieces_of(content: object) -> list[tuple[bool, str]]:
    """Content as pieces in order: whether they are thought, and the words."""
    if isinstance(content, str):
        return [(False, content)] if content else []
    pieces = []
    for part in map(json.obj, json.items(content)):
        if (kind := json.text(part.get("type"))) in _THINKING_PARTS:
            pieces.append((True, joined_text(part.get(kind)) or json.text(part.get("text")) or ""))
        else:
            pieces.append((False, json.text(part.get("text")) or ""))
    return [(thought, words) for thought, words in pieces if words]


def sealed_call(call: Mapping[str, Any]) -> str:
    """What stands beside a call and must go back with it, as text: Gemini signs its calls there."""
    extra = json.obj(call.get(_BESIDE_CALL))
    return orjson.dumps({_BESIDE_CALL: extra}).decode() if extra else ""


def unsealed_call(sealed: str) -> dict[str, Any]:
    """The fields of a call within what ``sealed_call`` gave; empty for anything else."""
    return {key: value for key, value in json.obj(json.peek(sealed)).items() if key == _BESIDE_CALL}


def unsealed_details(sealed: str) -> list[Any]:
    """The details within what ``Details.sealed`` gave; empty for anything else."""
    return json.items(json.peek(sealed))


class Details:
    """OpenRouter's ``reasoning_details`` while their pieces come: those of one index continue each other.

    They must go back as they came, or whoever signed them refuses the turn.
    """

    def __init__(self) -> None:
        self._all: list[dict[str, Any]] = []

    def take(self, details: object) -> None:
        """More of them."""
        for detail in map(json.obj, json.items(details)):
            last = self._all[-1] if self._all else {}
            if last and isinstance(last.get("index"), int) and _same(last, detail):
                for key, value in detail.items():
                    if key in _CONTINUED and isinstance(last.get(key), str) and isinstance(value, str):
                        last[key] += value
                    elif value is not None:
                        last[key] = value
            elif detail:
                self._all.append(dict(detail))

    def sealed(self) -> str:
        """Those that came since the last time as text, if anything in them is sealed; else empty."""
        found, self._all = self._all, []
        sealed = any(detail.get("signature") or detail.get("data") for detail in found)
        return orjson.dumps(found).decode() if sealed else ""


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("type", "index"))
