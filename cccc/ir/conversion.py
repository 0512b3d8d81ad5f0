"""One request in another wire format, and its answer back: decode, adapt, encode, and the same way home.

    client body ──decode──► Request ──adapt──► what the target can say ──encode──► upstream body
    client bytes ◄─encode── the client's own tools ◄─back── one part at a time ◄─decode── upstream bytes

Same format never comes here, but for a compaction that an endpoint has no path for. Everything is pure; one
``Conversion`` belongs to one attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import orjson

from cccc.ir import json
from cccc.ir.adapt import adapt
from cccc.ir.codec import Codec, Front, ReplyFacts
from cccc.ir.events import Event
from cccc.ir.fold import fold
from cccc.ir.loss import Loss, Losses
from cccc.ir.messages import Request
from cccc.ir.sequence import Sequence
from cccc.ir.sse import SseEvent
from cccc.ir.target import Target
from cccc.ir.unfold import unfold


class StreamConversion:
    """One stream on its way to the client, event by event."""

    def __init__(self, conversion: Conversion) -> None:
        self._decoder = conversion.upstream.stream_decoder()
        self._home = conversion.home()
        self._encoder = conversion.client.stream_encoder(conversion.front)

    def feed(self, event: SseEvent) -> bytes:
        """What an event of the endpoint's says, in the client's format; empty where that is nothing yet."""
        return b"".join(map(self._encoder.feed, self._home(self._decoder.feed(event))))

    def close(self) -> bytes:
        """The rest of a whole answer, behind the endpoint's terminal event and the end of its stream."""
        return b"".join(map(self._encoder.feed, self._home(self._decoder.close())))

    @property
    def seen(self) -> ReplyFacts:
        """What the client has seen so far, for the frame that ends a stream which breaks off."""
        return self._encoder.seen


class Conversion:
    """A request of the ``client``'s format for an endpoint that speaks ``upstream``'s.

    ``body`` is the request as the endpoint gets it, ``losses`` what it cost. Raises ``NotConvertible`` where the target
    cannot say something that may not be dropped.
    """

    def __init__(self, client: Codec, upstream: Codec, request: Request, target: Target, front: Front) -> None:
        losses = Losses()
        adapted = adapt(request, upstream.abilities, target, losses)
        self.client = client
        self.upstream = upstream
        self.front = front
        self.back = adapted.back
        self.body = orjson.dumps(upstream.encode_request(adapted.request, target, losses))
        self.losses: tuple[Loss, ...] = losses.all

    def stream(self) -> StreamConversion:
        """A fresh way home for one streamed answer."""
        return StreamConversion(self)

    def whole(self, body: bytes) -> bytes:
        """A whole answer of the endpoint's as a whole answer for the client."""
        return self._reply(unfold(self.upstream.decode_reply(json.obj(json.peek(body)))))

    def folded(self, events: Iterable[SseEvent]) -> bytes:
        """A streamed answer as a whole one, where the client asked for one."""
        decoder = self.upstream.stream_decoder()
        decoded = [one for event in events for one in decoder.feed(event)]
        return self._reply([*decoded, *decoder.close()])

    def unfolded(self, body: bytes) -> bytes:
        """A whole answer as the events of a stream, where the client asked for one."""
        encoder = self.client.stream_encoder(self.front)
        return b"".join(map(encoder.feed, self.home()(unfold(self.upstream.decode_reply(json.obj(json.peek(body)))))))

    def home(self) -> Callable[[Iterable[Event]], list[Event]]:
        """A fresh way home for the neutral events of one answer."""
        in_turn, back = Sequence().feed, self.back.stream(self.front.id).feed
        return lambda events: [own for event in events for one in in_turn(event) for own in back(one)]

    def _reply(self, events: Iterable[Event]) -> bytes:
        return orjson.dumps(self.client.encode_reply(fold(self.home()(events)), self.front))
