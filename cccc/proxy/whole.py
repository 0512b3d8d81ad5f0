"""An answer that came whole: what it is, and the form in which its client asked for it.

Some relays answer a request for a stream with one JSON body and a request for JSON with a stream. Both are answers:
they are delivered in the form that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cccc.domain.failover import BodyKind
from cccc.http.headers import to_client
from cccc.http.messages import Headers, RawHeader
from cccc.ir.codec import Codec, ReplyFacts
from cccc.ir.splice import splice_string
from cccc.ir.sse import SseDecoder
from cccc.proxy.tap import sniff

_JSON, _EVENTS = b"application/json", b"text/event-stream"


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """An answer that came whole and has not been shown to the client."""

    status: int
    headers: Headers
    body: bytes
    facts: ReplyFacts
    kind: BodyKind

    @property
    def good(self) -> bool:
        """Whether its status says that it is an answer."""
        return 200 <= self.status < 300

    def named(self, codec: Codec, model: str | None) -> WholeAnswer:
        """The same under the model's name that the client asked for."""
        if model is None or self.facts.model is None:
            return self
        return replace(self, body=splice_string(self.body, codec.model_path, model))

    def head(self, ours: Headers) -> Headers:
        """Its fields for the client, and ``ours``."""
        return Headers([*to_client(self.headers), *ours.raw])


def understood(status: int, headers: Headers, body: bytes, codec: Codec, *, folds: bool) -> WholeAnswer:
    """Read a whole body. ``folds``: a stream in it is an answer too, and becomes the JSON that was asked for.

    Raises ``BadAnswer`` for a stream with an event that is larger than we accept.
    """
    answer = WholeAnswer(status, headers, body, ReplyFacts(valid=False), sniff(body, headers.get("content-type")))
    if answer.kind is BodyKind.JSON:
        return replace(answer, facts=codec.reply_facts(body))
    return _folded(answer, codec) if answer.kind is BodyKind.SSE and answer.good and folds else answer


def stream_head(headers: Headers, ours: Headers) -> Headers:
    """The head of a stream for the client; a relay that mislabels its stream is put right."""
    return Headers([*_typed(to_client(headers), _EVENTS), *ours.raw])


def _folded(answer: WholeAnswer, codec: Codec) -> WholeAnswer:
    decoder, scanner = SseDecoder(), codec.scanner()
    events = [*decoder.feed(answer.body), *decoder.close()]
    for event in events:
        scanner.feed(event)
    facts = scanner.facts
    if not (facts.terminal and facts.valid) or facts.fault:
        return replace(answer, facts=facts)
    headers = Headers(_typed(answer.headers.raw, _JSON))
    return WholeAnswer(answer.status, headers, codec.fold(events), facts, BodyKind.JSON)


def _typed(headers: list[RawHeader] | tuple[RawHeader, ...], kind: bytes) -> list[RawHeader]:
    """The fields with a content type that begins with ``kind``."""
    right = any(name == b"content-type" and value.startswith(kind) for name, value in headers)
    return list(headers) if right else [*(one for one in headers if one[0] != b"content-type"), (b"content-type", kind)]
