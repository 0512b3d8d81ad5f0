"""One client request, from its parsed body to its record.

The exchange is the thin shell around pure decisions: ``asked`` understands the request, ``domain.ranking`` gives the
order, ``tries`` asks one endpoint after the other as ``domain.trying`` decides, ``reply`` tells the client, and
``domain.verdict`` says what the turn was worth. Everything that happened becomes one ``RequestRecord``.
"""

from __future__ import annotations

from collections.abc import Iterator

import anyio

from cccc.control.api import ClientAsked, RequestFinished, RequestProgress, RequestRunning, RequestStarted
from cccc.domain import proof
from cccc.domain.answers import Failure
from cccc.domain.endpoint import Action
from cccc.domain.outcome import Outcome
from cccc.domain.record import RequestRecord
from cccc.domain.telling import Told
from cccc.domain.trying import Deliver, Drop, End
from cccc.domain.verdict import Turn, verdict
from cccc.domain.whatif import NOTHING, WhatIfs
from cccc.errors import ClientGone
from cccc.http.messages import Interruption, Request, Responder
from cccc.ir.codec import Codec, ReplyFacts
from cccc.proxy.asked import Unusable, arrived, understood
from cccc.proxy.context import Context
from cccc.proxy.reply import Reply
from cccc.proxy.tries import Tries
from cccc.proxy.watching import (
    CLIENT_GONE_STATUS,
    Piece,
    Watch,
    Watched,
    in_time,
    told_of_attempt,
    told_of_client,
)
from cccc.storage.policy import ERRORS

MOST_LOSSES = 200
"""Kept of one request: a long session loses the same thing again and again."""

LAST_WORDS_S = 1.0
"""How long the closing frame of a stopped stream may take."""


class Exchange:
    """One client request. Used once: ``await Exchange(…).run()``. ``what_if`` is what its ranking is to suppose."""

    def __init__(
        self,
        context: Context,
        codec: Codec,
        action: Action,
        request: Request,
        responder: Responder,
        what_if: WhatIfs = NOTHING,
    ) -> None:
        self._context = context
        self._what_if = what_if
        self._responder = responder
        self._asked = arrived(codec, action, request, context.clock)
        self._watched = Watched(context.clock, self._asked.start)
        self._reply = Reply(context, self._asked, responder, self._watched)
        self._tries = Tries(context, self._asked, self._reply, self._watched, what_if)
        self._endpoint: str | None = None
        self._announced = False
        self._left = False
        self._proof = False

    @property
    def id(self) -> str:
        """The request's id."""
        return self._asked.id

    async def run(self) -> None:
        """Answer the request and record it. Lets cancellation through."""
        self._context.in_flight[self.id] = self
        try:
            await self._carry_out()
        except ClientGone:
            self._interrupted(client_gone=True)
        except anyio.get_cancelled_exc_class():
            shutdown = self._responder.interruption is Interruption.SHUTDOWN
            self._interrupted(client_gone=not shutdown)
            if shutdown:
                with anyio.move_on_after(LAST_WORDS_S, shield=True):
                    await self._last_words()
            raise
        finally:
            del self._context.in_flight[self.id]
            self._finish()

    async def _carry_out(self) -> None:
        asked = understood(self._asked, self._context.settings.taggers)
        if isinstance(asked, Unusable):
            await self._reply.tell(asked.told)
            return
        self._asked = asked
        self._reply = Reply(self._context, asked, self._responder, self._watched)
        self._tries = Tries(self._context, asked, self._reply, self._watched, self._what_if)
        if (words := self._proved()) is not None:
            self._proof = True
            await self._reply.say(words)
            return
        ranking = self._tries.rank()
        self._announce()
        if not asked.streaming and asked.counts and (told := self._context.verdicts.recall(asked.asker)) is not None:
            await self._reply.tell(told)
            return
        await self._end(await self._tries.run(ranking))

    def _proved(self) -> str | None:
        """What to say where a set-up's own prompt has arrived: no endpoint is asked for that."""
        context, asked = self._context, self._asked
        if context.owner is None or asked.action is not Action.TURN:
            return None
        return proof.answer(context.owner, context.clock.now(), asked.facts.last_user_text)

    async def _end(self, step: Deliver | End | Drop) -> None:
        attempt, reply = self._tries.attempt, self._reply
        if isinstance(step, Drop):
            return
        if attempt is None:
            if isinstance(step, End):
                await reply.tell(step.told)
        elif isinstance(step, Deliver):
            self._endpoint = attempt.endpoint
            if attempt.kept is not None:
                await reply.deliver(attempt.kept, attempt.member, attempt.translation)
            else:
                await reply.complete(attempt.translation.rest())
        elif attempt.error_passed or attempt.whole:
            # Behind an error that went through, or behind the answer's own end, no second end may follow.
            await reply.broken_off(step.told)
        else:
            await reply.tell(step.told, seen=attempt.seen)

    # what the ticker asks

    def needs_keep_alive(self, now: float, silence: float) -> bool:
        """Whether a streaming client has heard nothing for ``silence`` seconds, or waits for the gate too long."""
        stream = self._reply.stream
        if stream is None:
            return False
        return stream.needs_keep_alive(now, silence if stream.started else self._context.settings.gate_timeout)

    async def keep_alive(self) -> None:
        """Tell the client that we are still there. Raises ``ClientGone``."""
        if self._reply.stream is not None:
            await self._reply.stream.keep_alive()

    def progress(self) -> RequestProgress | None:
        """How far an answer is; ``None`` before any endpoint was asked."""
        tries = self._tries
        if tries.attempt is None:
            return None
        return RequestProgress(
            id=self._asked.id,
            endpoint=tries.attempt.endpoint,
            attempt=len(tries.records) + 1,
            ttft_ms=tries.ttft_ms,
            bytes_out=self._reply.bytes_out,
        )

    def running(self) -> RequestRunning | None:
        """How it began and how far it is; ``None`` before it is known what was asked."""
        return RequestRunning(self._started(), self.progress()) if self._announced else None

    def watch(self) -> Watch:
        """Everything that flows for this request: what has happened already, and then what happens."""
        return Watch(self._watched, self._context.redactor, self._told())

    def _told(self) -> Iterator[Piece]:
        head, given = self._asked.request.head, self._reply.given
        asked = ClientAsked(head.method, head.path, tuple(head.headers), self._asked.request.body)
        yield asked
        attempt = self._tries.attempt
        body = given.body(attempt.so_far if attempt is not None else b"")
        kept = body if len(body) == given.size else b""
        yield from in_time(
            self._told_of_attempts(asked), told_of_client(given.status, tuple(given.headers), kept, given.pace())
        )

    def _told_of_attempts(self, asked: ClientAsked) -> Iterator[Piece]:
        tries = self._tries
        for number, ended in enumerate(tries.records, start=1):
            yield from told_of_attempt(number, ended, asked, self._asked.time)
        if tries.attempt is not None and tries.attempt.classification is None:
            yield from tries.attempt.told(self._watched.attempt, self._asked.start)

    # interruptions

    def _interrupted(self, *, client_gone: bool) -> None:
        attempt = self._tries.attempt
        # Codex closes as soon as it has read the terminal event: for it and for us the turn is complete.
        whole = attempt is not None and attempt.whole
        if whole:
            self._reply.status = 200
        elif client_gone:
            self._left, self._reply.status = True, CLIENT_GONE_STATUS
        self._tries.interrupted(client_gone=client_gone)

    async def _last_words(self) -> None:
        """The end of an answer that the proxy's own end interrupts. One that is whole needs no more than its end."""
        stream, attempt = self._reply.stream, self._tries.attempt
        if stream is not None and attempt is not None and attempt.whole:
            if not stream.finished:
                await stream.finish(close=True)
        elif stream is None or not stream.ended:
            seen = attempt.seen if attempt is not None else None
            await self._reply.tell(Told(Failure.SHUTTING_DOWN, "the proxy is shutting down"), seen=seen)

    # recording

    def _announce(self) -> None:
        self._announced = True
        if self._context.bus.has_readers:
            self._context.bus.publish(self._started())

    def _started(self) -> RequestStarted:
        asked = self._asked
        return RequestStarted(
            asked.id,
            asked.time,
            asked.client.client_type,
            asked.codec.wire_format,
            asked.facts.model,
            asked.streaming,
        )

    def _finish(self) -> None:
        record = self._recorded()
        self._context.submit(record)
        if self._asked.counts:
            self._context.pulse.note(self._context.clock.steady(), error=record.verdict in ERRORS)
        if self._watched.readers:
            self._watched.end(record)
        if self._context.bus.has_readers:
            self._context.bus.publish(RequestFinished(record.without_contents()))

    def _recorded(self) -> RequestRecord:
        asked, reply, tries = self._asked, self._reply, self._tries
        attempt = tries.attempt
        seen = attempt.facts if attempt is not None else ReplyFacts()
        last = tries.records[-1] if tries.records else None
        classification = attempt.classification if attempt is not None else None
        if attempt is not None and attempt.committed:
            self._endpoint = attempt.endpoint
        request, keeps_bodies = asked.request, bool(self._context.settings.request_copy_limit)
        answered = (last.response_body if last is not None else None) or b""
        same = reply.given.same(answered, attempt.answer_size if attempt is not None else 0)
        return RequestRecord(
            id=asked.id,
            time=asked.time,
            client=asked.client.name,
            client_type=asked.client.client_type,
            client_reason=asked.client.reason,
            wire_format=asked.codec.wire_format,
            action=Action.PROOF if self._proof else asked.action,
            method=request.head.method,
            path=request.head.path,
            stream=asked.streaming,
            verdict=verdict(
                Turn(
                    outcome=last.outcome if last is not None else Outcome.OK if self._proof else None,
                    failed_before=tries.failed_before,
                    refusal=reply.refusal,
                    client_gone=self._left,
                )
            ),
            status=reply.status,
            duration_ms=(self._context.clock.monotonic() - asked.start) * 1000.0,
            model=asked.facts.model,
            model_served=seen.model,
            endpoint=self._endpoint,
            target_format=last.wire_format if last is not None and self._endpoint else None,
            converted=attempt is not None and self._endpoint is not None and attempt.translation.converted,
            ttft_ms=tries.ttft_ms,
            usage=seen.usage,
            session=asked.session,
            tags=tuple(sorted(asked.tags)),
            error=reply.error or (classification.message if classification and classification.failure else None),
            stop_reason=seen.stop_reason,
            bytes_in=len(request.body),
            bytes_out=reply.bytes_out,
            losses=attempt.translation.losses[:MOST_LOSSES] if attempt is not None else (),
            ranking=tries.ranking,
            attempts=tuple(tries.records),
            request_headers=tuple(request.head.headers),
            request_body=request.body if keeps_bodies else None,
            response_headers=tuple(reply.given.headers),
            response_body=None if same else reply.given.body(answered) or None,
            response_same=same,
            response_pace=reply.given.pace(),
            notes=tries.notes,
        )
