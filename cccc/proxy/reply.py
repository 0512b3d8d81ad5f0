"""The client's side of one request: an endpoint's answer, or one of ours, in the form and the words it understands."""

from __future__ import annotations

from dataclasses import replace

from cccc.domain.answers import Audience, Failure, answer
from cccc.domain.endpoint import Action
from cccc.domain.telling import Told
from cccc.http.messages import Headers, Responder
from cccc.ir.codec import ReplyFacts
from cccc.ir.estimate import estimated_tokens
from cccc.proxy.asked import Asked
from cccc.proxy.client_stream import ClientStream
from cccc.proxy.context import Context
from cccc.proxy.given import Given
from cccc.proxy.member import Member
from cccc.proxy.own_answers import answer_headers
from cccc.proxy.translation import Translation
from cccc.proxy.watching import Watched
from cccc.proxy.whole import WholeAnswer, stream_head


class Reply:
    """What the client gets, and what the record says of it.

    ``stream`` is where a streamed answer goes, ``None`` for a request that does not stream. ``given`` is what went out.
    ``status`` is what was sent (0: nothing yet); ``error`` the sentence and ``refusal`` the failure where the answer
    was ours.
    """

    def __init__(self, context: Context, asked: Asked, responder: Responder, watched: Watched) -> None:
        self._context = context
        self._asked = asked
        self._responder = responder
        self._watched = watched
        self.given = Given(context.settings.response_copy_limit, asked.start)
        self.status = 0
        self.error: str | None = None
        self.refusal: Failure | None = None
        self.stream: ClientStream | None = None
        if asked.streaming:
            self.stream = ClientStream(
                responder, asked.codec, context.clock, asked.id, watched, asked.client, self.given
            )

    @property
    def begun(self) -> bool:
        """Whether the head of a stream is out: then only a frame can say more."""
        return self.stream is not None and self.stream.started

    @property
    def bytes_out(self) -> int:
        """How much of the body has gone to the client."""
        return self.given.size

    def headers(self, member: Member, translation: Translation) -> Headers:
        """Our own fields of an endpoint's answer."""
        name = member.endpoint.name.encode("ascii", "replace")
        fields = [(b"x-cccc-request-id", self._asked.id.encode("ascii")), (b"x-cccc-endpoint", name)]
        if translation.converted:
            fields.append((b"x-cccc-converted", translation.codec.wire_format.encode("ascii")))
        return Headers(fields)

    async def deliver(self, whole: WholeAnswer, member: Member, translation: Translation) -> None:
        """An endpoint's whole answer in the form that was asked for, or its own error as it is."""
        ours = self.headers(member, translation)
        self.status = whole.status
        if not whole.good:
            await self._send(whole.status, *whole.refused(ours), untouched=True)
            return
        head, body = whole.delivered(translation, ours, stream=self.stream is not None)
        if self.stream is None:
            await self._send(whole.status, head, body, untouched=body is whole.body)
            return
        await self.stream.open(head)
        await self.stream.write(body)
        await self.stream.finish()

    async def say(self, text: str) -> None:
        """An answer of ours that is none of a failure's: ``text`` as a whole turn of the client's own format."""
        codec, facts = self._asked.codec, self._asked.facts
        body = codec.text_body(text, model=facts.model or "", request_id=self._asked.id)
        ours = Headers([(b"x-cccc-request-id", self._asked.id.encode("ascii"))])
        self.status = 200
        if self.stream is None:
            await self._send(200, Headers([(b"content-type", b"application/json"), *ours.raw]), body)
            return
        await self.stream.open(stream_head([], ours))
        await self.stream.write(codec.unfold(body, usage=facts.stream_usage))
        await self.stream.finish()

    async def complete(self, rest: bytes) -> None:
        """The clean end of a stream that is whole. ``rest``: what only that end makes certain."""
        if self.stream is not None:
            self.status = 200
            if rest:
                await self.stream.write(rest)
            await self.stream.finish()

    async def broken_off(self, told: Told) -> None:
        """The end behind an endpoint's own error event that went through: no second one follows."""
        if self.stream is not None:
            self.status, self.error = 200, told.message
            await self.stream.finish(close=True)

    async def tell(self, told: Told, *, seen: ReplyFacts | None = None) -> None:
        """An answer of ours: as a whole, or as the frame that ends a stream of which ``seen`` has gone out."""
        asked = self._asked
        if asked.action is Action.COUNT_TOKENS and told.failure not in (Failure.BAD_JSON, Failure.SHUTTING_DOWN):
            await self._estimate()
            return
        message = self._context.redactor.text(told.message)
        said = answer(
            told.failure,
            asked.audience,
            message,
            request_id=asked.id,
            stream=asked.streaming,
            retry_after=told.retry_after,
            param=told.param,
            status=told.status,
            headers_sent=self.begun,
        )
        self.error = message
        self.refusal = told.failure
        self.status = 200 if said.in_stream else said.status
        if said.in_stream and self.stream is not None:
            if asked.audience is Audience.ANTHROPIC:
                self._context.verdicts.remember(asked.asker, told)
            await self.stream.fail(said, seen or ReplyFacts())
            return
        if said.close:
            self._responder.close_after()
        if not self._responder.started:
            codec = asked.codec
            await self._send(said.status, answer_headers(said, codec.wire_format), codec.error_body(said))

    async def _estimate(self) -> None:
        """Claude Code sends paid requests where counting fails, so it gets our own count, marked as such."""
        self.status = 200
        tokens = self._estimated()
        headers = Headers.of(
            [
                ("content-type", "application/json"),
                ("x-cccc-request-id", self._asked.id),
                ("x-cccc-estimated", "true"),
            ]
        )
        await self._send(200, headers, b'{"input_tokens":%d}' % tokens)

    def _estimated(self) -> int:
        """Our count, as the endpoint that would get the turn counts."""
        asked, roster = self._asked, self._context.roster
        if asked.neutral is None:
            return estimated_tokens(asked.request.body)
        turn = replace(asked, action=Action.TURN).need(holder=None)
        first = next(iter(roster.rank(turn, asked.session, asked.prompt).order), None)
        if first is None:
            return asked.prompt.tokens
        return roster.calibration.tokens(first.name, first.model_sent, asked.prompt.tokens)

    async def _send(self, status: int, headers: Headers, body: bytes, *, untouched: bool = False) -> None:
        """An answer that does not stream; ``untouched``: its body is the endpoint's own."""
        if self.stream is not None:
            await self.stream.replace(status, headers, body)
        else:
            await self._responder.send(status, headers, body)
        self.given.head(status, headers)
        self.given.add(body, self._context.clock.monotonic(), untouched=untouched)
        if self._watched.readers:
            self._watched.client_is_answered(status, headers)
            self._watched.client_is_sent(body)
