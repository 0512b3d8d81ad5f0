"""What stands between a client and the endpoint of one attempt: nothing where both speak one format, else a conversion.

Whoever sends the request, reads the answer and passes it on asks this and knows no formats. What the endpoint says is
read by its own codec (gate, verdict, usage); what goes to the client is in the client's format, down to the frame that
ends a stream which broke off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cccc.domain.endpoint import FORMAT_HEADERS, Action
from cccc.domain.loss import Loss
from cccc.http.headers import to_client, to_other_format, to_upstream
from cccc.http.messages import Headers, RawHeader, RequestHead
from cccc.ir.codec import Codec, ReplyFacts, Weight
from cccc.ir.conversion import Conversion, StreamConversion
from cccc.ir.splice import splice_string
from cccc.ir.sse import SseDecoder, SseEvent


class Translation(Protocol):
    """One attempt's way to an endpoint and back. Used once."""

    codec: Codec
    """The endpoint's format."""
    converted: bool
    touched: bool
    """Whether anything that was passed since this was last made false is other than the endpoint's own bytes."""
    action: Action
    """What the endpoint is asked for: a conversion asks for a turn, whatever the client called it."""
    body: bytes
    losses: tuple[Loss, ...]

    def accompanied(self, head: RequestHead) -> tuple[list[RawHeader], str]:
        """The fields of the client's head and the query that go along with the body."""
        ...

    def passed(self, event: SseEvent) -> bytes:
        """What an event of the endpoint's is for the client; empty where it says nothing yet."""
        ...

    def rest(self) -> bytes:
        """What only the end of a whole answer makes certain. Nothing the second time."""
        ...

    @property
    def shows_content(self) -> bool:
        """Whether what has been passed shows the client something of the answer, once the endpoint has sent some."""
        ...

    def seen(self, facts: ReplyFacts) -> ReplyFacts:
        """What the client has seen of a stream, of which the endpoint has sent ``facts``."""
        ...

    @property
    def mended(self) -> bool:
        """Whether broken arguments of a call have become whole ones on the way."""
        ...

    def passes_error(self, event: SseEvent) -> bool:
        """Whether the endpoint's own error event may end the client's stream."""
        ...

    def tail(self, pending: bytes) -> bytes:
        """Bytes behind the last whole event of an answer that is whole."""
        ...

    def whole(self, body: bytes) -> bytes:
        """A whole answer as one."""
        ...

    def folded(self, events: Iterable[SseEvent]) -> bytes:
        """A streamed answer as a whole one."""
        ...

    def unfolded(self, body: bytes) -> bytes:
        """A whole answer as the events of a stream."""
        ...

    def head(self, headers: Headers) -> list[RawHeader]:
        """What of the answer's head is for the client."""
        ...


class Same:
    """One format: the client's bytes go out, the endpoint's come back, both under the model's name that is right there.

    ``model_sent`` is another name than was asked for, else ``None``. ``asked_model`` is put back letter for letter:
    Claude Code drops signed thinking where it differs. ``usage`` as in ``RequestFacts.stream_usage``.
    """

    converted = False
    losses: tuple[Loss, ...] = ()
    shows_content = True
    mended = False

    def __init__(
        self,
        codec: Codec,
        action: Action,
        body: bytes,
        *,
        asked_model: str | None,
        model_sent: str | None,
        usage: bool,
    ) -> None:
        self.codec = codec
        self.action = action
        self.body = body if model_sent is None else splice_string(body, ("model",), model_sent)
        self.touched = False
        self._asked_model = asked_model
        self._usage = usage

    def accompanied(self, head: RequestHead) -> tuple[list[RawHeader], str]:
        return to_upstream(head.headers), head.query

    def passed(self, event: SseEvent) -> bytes:
        raw, asked = event.raw, self._asked_model
        if asked is None or b'"model"' not in raw:
            return raw
        restored = self.codec.restore_model(event, asked)
        self.touched |= restored is not raw
        return restored

    def rest(self) -> bytes:
        return b""

    def seen(self, facts: ReplyFacts) -> ReplyFacts:
        return facts

    def passes_error(self, event: SseEvent) -> bool:
        return self.codec.passes_error(event)

    def tail(self, pending: bytes) -> bytes:
        return pending  # nothing of ours can follow a whole answer, so it need not end an event

    def whole(self, body: bytes) -> bytes:
        asked = self._asked_model
        return body if asked is None else splice_string(body, self.codec.model_path, asked)

    def folded(self, events: Iterable[SseEvent]) -> bytes:
        return self.whole(self.codec.fold(events))

    def unfolded(self, body: bytes) -> bytes:
        return self.codec.unfold(self.whole(body), usage=self._usage)

    def head(self, headers: Headers) -> list[RawHeader]:
        return to_client(headers)


class Converted:
    """A turn in the endpoint's words, whatever the client's were. ``before`` was lost in reading its request."""

    converted = True
    action = Action.TURN

    def __init__(self, conversion: Conversion, before: tuple[Loss, ...]) -> None:
        self.codec = conversion.upstream
        self.body = conversion.body
        self.losses = (*before, *conversion.losses)
        self.touched = True
        self._conversion = conversion
        self._stream: StreamConversion | None = None
        self._over = False
        self._shown = False
        self._decoder = SseDecoder()
        self._scanner = conversion.client.scanner()

    def accompanied(self, head: RequestHead) -> tuple[list[RawHeader], str]:
        own = FORMAT_HEADERS.get(self.codec.wire_format, {})
        demanded = [(name.encode("ascii"), value.encode("ascii")) for name, value in own.items()]
        return [*to_other_format(head.headers), *demanded], ""

    def passed(self, event: SseEvent) -> bytes:
        if self._over:
            return b""  # what comes behind the end changes nothing any more
        if self._stream is None:
            self._stream = self._conversion.stream()
        out = self._stream.feed(event)
        if out and not self._shown:
            self._look_at(out)
        return out

    def rest(self) -> bytes:
        if self._over or self._stream is None:
            return b""
        self._over = True
        return self._stream.close()

    @property
    def shows_content(self) -> bool:
        return self._shown

    def _look_at(self, out: bytes) -> None:
        """Endpoints may send much that this client is never shown: reasoning that is dropped, a call that waits."""
        weights = map(self._scanner.feed, self._decoder.feed(out))
        self._shown = any(weight is Weight.CONTENT for weight in weights)

    def seen(self, facts: ReplyFacts) -> ReplyFacts:  # noqa: ARG002 - those are the endpoint's
        return ReplyFacts() if self._stream is None else self._stream.seen

    @property
    def mended(self) -> bool:
        return self._conversion.back.mended

    def passes_error(self, event: SseEvent) -> bool:  # noqa: ARG002 - no client knows the errors of another format
        return False

    def tail(self, pending: bytes) -> bytes:  # noqa: ARG002 - no event of the client's
        return b""

    def whole(self, body: bytes) -> bytes:
        return self._conversion.whole(body)

    def folded(self, events: Iterable[SseEvent]) -> bytes:
        return self._conversion.folded(events)

    def unfolded(self, body: bytes) -> bytes:
        return self._conversion.unfolded(body)

    def head(self, headers: Headers) -> list[RawHeader]:  # noqa: ARG002 - limits and ids that are about another format
        return []
