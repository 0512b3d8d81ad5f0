"""An answer folded from its stream: what was thought, said, called, why it ended, and what it used.

Events are told apart by their own shape, so that the same fold reads the streams of all formats, and a body that is no
stream. What a part says is kept up to ``LONGEST`` characters and counted beyond; what cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

LONGEST = 256 * 1024
MOST_PARTS = 500


@dataclass(slots=True)
class Part:
    """A piece of the answer. ``kind``: thinking, text, tool_use, refusal; ``name`` is a tool's."""

    kind: str
    name: str = ""
    size: int = 0
    _texts: list[str] = field(default_factory=list)
    _kept: int = 0

    def add(self, text: str) -> None:
        """It goes on."""
        self.size += len(text)
        room = LONGEST - self._kept
        if room > 0 and text:
            self._texts.append(text[:room])
            self._kept += min(len(text), room)

    @property
    def text(self) -> str:
        """What is kept of it."""
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return self._texts[0] if self._texts else ""


class Answer:
    """Takes events in the order in which they came."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.stop: str | None = None
        self.usage: dict[str, int] = {}
        self.model: str | None = None
        self.error: str | None = None
        self._open: dict[object, Part] = {}

    @classmethod
    def of(cls, body: bytes) -> Answer:
        """The answer in a body as it came: a whole one, or a stream's bytes."""
        answer = cls()
        if body.lstrip().startswith(b"{"):
            answer.take(body)
        else:
            for line in body.splitlines():
                if line.startswith(b"data:"):
                    answer.take(line[5:].strip())
        return answer

    def take(self, data: bytes) -> None:
        """One event's data, or a body."""
        if data.startswith(b"[DONE]"):
            return
        try:
            said = orjson.loads(data)
        except ValueError:
            return
        if isinstance(said, dict):
            self._take(said)

    def _take(self, said: dict[str, Any]) -> None:
        kind = said.get("type")
        if said.get("error"):
            self.error = _message(said["error"])
        if isinstance(kind, str) and kind.startswith("response."):
            self._responses(kind, said)
        elif "choices" in said:
            self._chat(said)
        elif said.get("object") == "response":
            self._response(said)
        else:
            self._anthropic(kind, said)

    def _part(self, key: object, kind: str, name: str = "") -> Part:
        part = self._open.get(key)
        if part is None:
            part = self._open[key] = Part(kind, name)
            if len(self.parts) < MOST_PARTS:
                self.parts.append(part)
        elif name and not part.name:
            part.name = name
        return part

    # Anthropic Messages

    def _anthropic(self, kind: object, said: dict[str, Any]) -> None:
        match kind:
            case "message_start":
                message = _dict(said.get("message"))
                self.model = _str(message.get("model"))
                self._used(message.get("usage"))
            case "content_block_start":
                self._block(said.get("index"), _dict(said.get("content_block")))
            case "content_block_delta":
                delta = _dict(said.get("delta"))
                for name in ("text", "thinking", "partial_json"):
                    if isinstance(delta.get(name), str):
                        self._part(said.get("index"), _KINDS[name]).add(delta[name])
            case "message_delta":
                self.stop = _str(_dict(said.get("delta")).get("stop_reason")) or self.stop
                self._used(said.get("usage"))
            case "message":
                for at, block in enumerate(_list(said.get("content"))):
                    self._block(at, _dict(block))
                self.stop, self.model = _str(said.get("stop_reason")), _str(said.get("model"))
                self._used(said.get("usage"))

    def _block(self, index: object, block: dict[str, Any]) -> None:
        kind = _str(block.get("type")) or "text"
        part = self._part(index, "tool_use" if "tool_use" in kind else kind, _str(block.get("name")) or "")
        part.add(_str(block.get("text")) or _str(block.get("thinking")) or "")
        if block.get("input"):
            part.add(orjson.dumps(block["input"]).decode())

    # OpenAI Chat

    def _chat(self, said: dict[str, Any]) -> None:
        self.model = _str(said.get("model")) or self.model
        self._used(said.get("usage"))
        for choice in _list(said.get("choices")):
            choice = _dict(choice)
            self.stop = _str(choice.get("finish_reason")) or self.stop
            delta = _dict(choice.get("delta") or choice.get("message"))
            for name in ("reasoning_content", "reasoning", "content", "refusal"):
                if isinstance(delta.get(name), str) and delta[name]:
                    self._part(_KINDS[name], _KINDS[name]).add(delta[name])
            for at, call in enumerate(_list(delta.get("tool_calls"))):
                call = _dict(call)
                function = _dict(call.get("function"))
                part = self._part(("call", call.get("index", at)), "tool_use", _str(function.get("name")) or "")
                part.add(_str(function.get("arguments")) or "")

    # OpenAI Responses

    def _responses(self, kind: str, said: dict[str, Any]) -> None:
        item = _dict(said.get("item"))
        key = (said.get("output_index"), said.get("content_index"), said.get("summary_index"))
        if kind in _DELTAS:
            self._part((*key, _DELTAS[kind]), _DELTAS[kind]).add(_str(said.get("delta")) or "")
        elif kind == "response.output_item.added" and "call" in str(item.get("type")):
            self._part((key[0], None, None, "tool_use"), "tool_use", _str(item.get("name")) or str(item.get("type")))
        elif kind in ("response.completed", "response.incomplete", "response.failed"):
            self._ended(_dict(said.get("response")))
        elif kind == "response.created":
            self.model = _str(_dict(said.get("response")).get("model"))

    def _ended(self, response: dict[str, Any]) -> None:
        why = _dict(response.get("incomplete_details")).get("reason")
        self.stop = _str(why) or _str(response.get("status"))
        self.model = _str(response.get("model")) or self.model
        if response.get("error"):
            self.error = _message(response["error"])
        self._used(response.get("usage"))

    def _response(self, response: dict[str, Any]) -> None:
        for at, item in enumerate(_list(response.get("output"))):
            item = _dict(item)
            if "call" in str(item.get("type")):
                self._part((at, "call"), "tool_use", _str(item.get("name")) or "").add(
                    _str(item.get("arguments")) or _str(item.get("input")) or ""
                )
            for number, content in enumerate((*_list(item.get("summary")), *_list(item.get("content")))):
                kind = "thinking" if item.get("type") == "reasoning" else "text"
                self._part((at, number), kind).add(_str(_dict(content).get("text")) or "")
        self._ended(response)

    def _used(self, usage: object) -> None:
        for name, number in _dict(usage).items():
            known = _USAGE.get(name)
            if known is not None and isinstance(number, int):
                self.usage[known] = number


_KINDS: Mapping[str, str] = {
    "text": "text",
    "thinking": "thinking",
    "partial_json": "tool_use",
    "reasoning_content": "thinking",
    "reasoning": "thinking",
    "content": "text",
    "refusal": "refusal",
}
_DELTAS: Mapping[str, str] = {
    "response.output_text.delta": "text",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "thinking",
    "response.reasoning_summary_text.delta": "thinking",
    "response.function_call_arguments.delta": "tool_use",
    "response.custom_tool_call_input.delta": "tool_use",
}
_USAGE: Mapping[str, str] = {
    "input_tokens": "in",
    "prompt_tokens": "in",
    "output_tokens": "out",
    "completion_tokens": "out",
    "cache_read_input_tokens": "cached",
}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _str(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _message(error: object) -> str:
    said = _dict(error).get("message") or _dict(error).get("type") or error
    return said if isinstance(said, str) else orjson.dumps(said, default=str).decode()
