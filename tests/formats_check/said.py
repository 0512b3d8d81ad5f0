"""What all readers share: the meaning of an answer, the events of a stream, and counts that must be counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tool:
    """A tool call. ``arguments`` is JSON text, or the free text of a custom tool."""

    id: str
    name: str
    arguments: str
    custom: bool = False
    namespace: str | None = None


@dataclass
class Said:
    """An answer's meaning. ``stop`` is in the format's own words; ``usage`` likewise."""

    model: str
    id: str
    text: str = ""
    thinking: str = ""
    refusal: str = ""
    tools: list[Tool] = field(default_factory=list)
    stop: str | None = None
    usage: dict[str, Any] | None = None
    events: list[str] = field(default_factory=list)


@dataclass
class Frame:
    """One server-sent event: the ``event:`` line and the parsed data (``[DONE]`` stays text)."""

    name: str | None
    data: Any


def frames(raw: bytes) -> list[Frame]:
    """The events of a stream as our own providers and encoders write them: LF or CRLF, no partial event at the end."""
    text = raw.decode("utf-8").replace("\r\n", "\n")
    assert text == "" or text.endswith("\n\n"), f"the stream ends within an event: {text[-60:]!r}"
    found = []
    for block in filter(None, text.split("\n\n")):
        name: str | None = None
        data: list[str] = []
        for line in block.split("\n"):
            if line.startswith(":"):
                continue
            key, colon, value = line.partition(":")
            assert colon, f"a line that is no field: {line!r}"
            value = value.removeprefix(" ")
            match key:
                case "event":
                    assert name is None, f"two event lines: {block!r}"
                    name = value
                case "data":
                    data.append(value)
                case _:
                    raise AssertionError(f"unknown field {key!r}")
        if data:
            joined = "\n".join(data)
            found.append(Frame(name, joined if joined == "[DONE]" else json.loads(joined)))
    return found


def counts(usage: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """``usage``, once each of ``names`` is a count."""
    for name in names:
        value = usage[name]
        assert isinstance(value, int), f"{name} is {value!r}"
        assert value >= 0, f"{name} is {value!r}"
    return dict(usage)


def totals(usage: Mapping[str, Any], given: str, made: str) -> dict[str, Any]:
    """``usage``, once what was given and what was made add up to the total."""
    checked = counts(usage, given, made, "total_tokens")
    assert checked[given] + checked[made] == checked["total_tokens"], f"usage does not add up: {checked}"
    return checked
