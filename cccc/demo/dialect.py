"""What a simulated provider needs from a wire format, and the few helpers that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from typing import Any, Protocol

import orjson

from cccc.demo.ask import Ask, Reply
from cccc.domain.endpoint import Action, WireFormat

Json = dict[str, Any]


class Stage(Enum):
    """Where in an answer an event stands."""

    PREAMBLE = "preamble"
    CONTENT = "content"
    CLOSING = "closing"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream as bytes, its blank line included."""

    data: bytes
    stage: Stage


class Ids:
    """Makes the ids of one answer: different for every ``label``, the same every time."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._made = 0

    def fixed(self, prefix: str, length: int = 24) -> str:
        """The one id of this kind in an answer."""
        digest = blake2b(f"{self._label}/{prefix}".encode()).hexdigest()
        return prefix + digest[:length]

    def make(self, prefix: str, length: int = 24) -> str:
        """A new id."""
        self._made += 1
        digest = blake2b(f"{self._label}/{prefix}/{self._made}".encode()).hexdigest()
        return prefix + digest[:length]


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error in words: ``kind`` is the vendor's type or code where the usual one of the status does not fit."""

    status: int
    message: str
    kind: str | None = None


class Dialect(Protocol):
    """One wire format as a vendor speaks it."""

    wire_format: WireFormat
    paths: Mapping[str, Action]
    """POST paths below the API's version prefix."""
    asides: Mapping[Action, Callable[[Ask, Ids], Json]]
    """The answers to POSTs that are not turns: ``count_tokens``, ``compact``."""
    request_id_header: str

    def read(self, body: Json) -> Ask:
        """Understand a request. May raise ``KeyError``, ``TypeError`` or ``AttributeError`` on a body that
        ``complaint`` has not accepted."""
        ...

    def complaint(self, body: Json, action: Action, /) -> str | None:
        """Why the vendor would answer 400, in its words; ``None`` for a good body."""
        ...

    def events(self, ask: Ask, reply: Reply, ids: Ids) -> Iterator[Event]:
        """The answer as a stream."""
        ...

    def whole(self, ask: Ask, reply: Reply, ids: Ids) -> Json:
        """The answer as one JSON body."""
        ...

    def error(self, complaint: Complaint, ids: Ids, /) -> Json:
        """The body of an error."""
        ...

    def error_event(self, complaint: Complaint, ask: Ask, ids: Ids, sent: int, /) -> bytes:
        """An error within a stream after ``sent`` events."""
        ...

    def key_complaint(self, presented: str | None) -> Complaint:
        """What the vendor says about a wrong (``presented``) or missing key."""
        ...

    def model_complaint(self, model: str) -> Complaint:
        """What the vendor says about a model that it does not have."""
        ...

    def models(self, names: tuple[str, ...]) -> Json:
        """The model list."""
        ...


def pieces(text: str, size: int = 12) -> Iterator[str]:
    """A text in the portions in which it is streamed."""
    for start in range(0, len(text), size):
        yield text[start : start + size]


def sse(data: Json, name: str | None = None) -> bytes:
    """One event of a stream."""
    line = b"data: " + orjson.dumps(data) + b"\n\n"
    return line if name is None else b"event: " + name.encode() + b"\n" + line


def size_of(body: Json) -> int:
    """The tokens of a request, roughly."""
    return max(1, len(orjson.dumps(body)) // 4)


def texts(content: Any, *kinds: str) -> list[str]:
    """The texts in a message's content: a string, or a list of parts of the given types."""
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or () if part.get("type") in kinds]
