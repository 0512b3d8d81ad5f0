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
from cccc.ir.sse import SseDecoder
from cccc.proxy.tap import sniff
from cccc.proxy.translation import Translation

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

    def refused(self, ours: Headers) -> tuple[Headers, bytes]:
        """Head and body of an error that goes to the client as it is."""
        return Headers([*to_client(self.headers), *ours.raw]), self.body

    def delivered(self, translation: Translation, ours: Headers, *, stream: bool) -> tuple[Headers, bytes]:
        """Head and body of the answer in the form that was asked for, as ``stream`` or not, for the client."""
        head = translation.head(self.headers)
        if stream:
            return stream_head(head, ours), translation.unfolded(self.body)
        if self.kind is BodyKind.SSE:
            decoder = SseDecoder()
            body = translation.folded([*decoder.feed(self.body), *decoder.close()])
        else:
            body = translation.whole(self.body)
        if translation.converted or self.kind is BodyKind.SSE:
            head = _typed(head, _JSON)
        return Headers([*head, *ours.raw]), body


def understood(status: int, headers: Headers, body: bytes, codec: Codec, *, folds: bool) -> WholeAnswer:
    """Read a whole body. ``folds``: a stream in it is an answer too.

    Raises ``BadAnswer`` for a stream with an event that is larger than we accept.
    """
    answer = WholeAnswer(status, headers, body, ReplyFacts(valid=False), sniff(body, headers.get("content-type")))
    if answer.kind is BodyKind.JSON:
        return replace(answer, facts=codec.reply_facts(body))
    return _scanned(answer, codec) if answer.kind is BodyKind.SSE and answer.good and folds else answer


def stream_head(headers: list[RawHeader], ours: Headers) -> Headers:
    """The head of a stream for the client; a relay that mislabels its stream is put right."""
    return Headers([*_typed(headers, _EVENTS), *ours.raw])


def _scanned(answer: WholeAnswer, codec: Codec) -> WholeAnswer:
    decoder, scanner = SseDecoder(), codec.scanner()
    for event in (*decoder.feed(answer.body), *decoder.close()):
        scanner.feed(event)
    return replace(answer, facts=scanner.facts)


def _typed(headers: list[RawHeader], kind: bytes) -> list[RawHeader]:
    """The fields with a content type that begins with ``kind``."""
    right = any(name == b"content-type" and value.startswith(kind) for name, value in headers)
    return headers if right else [*(one for one in headers if one[0] != b"content-type"), (b"content-type", kind)]
