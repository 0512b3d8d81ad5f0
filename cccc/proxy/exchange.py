"""One client request, from its parsed body to its record.

The exchange is the thin shell around pure decisions: ``domain.client`` says who asks, ``domain.ranking`` gives the
order, ``domain.trying`` what to do after each attempt, ``domain.answers`` how an end is worded, ``domain.verdict`` what
the turn was worth. Here they are carried out, and everything that happened becomes one ``RequestRecord``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from urllib.parse import parse_qsl

import anyio

from cccc.control.api import RequestFinished, RequestProgress, RequestStarted
from cccc.domain.answers import Audience, Failure, answer
from cccc.domain.client import Client, detect, session_key
from cccc.domain.endpoint import Action
from cccc.domain.failover import Outcome
from cccc.domain.ranking import Candidate, Need, Ranking
from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.domain.tags import Tagged, tags
from cccc.domain.telling import Told, tell_none
from cccc.domain.trying import Ask, Deliver, Drop, End, Step, Trying, next_step, no_network
from cccc.domain.trying import Attempt as Tried
from cccc.domain.verdict import Turn, verdict
from cccc.errors import ClientGone, InvalidJson
from cccc.http.messages import Headers, Interruption, RawHeader, Request, Responder
from cccc.ir.codec import Codec, JsonObject, ReplyFacts, RequestFacts
from cccc.ir.estimate import estimated_tokens
from cccc.ir.json import parse
from cccc.proxy.attempt import Attempt, Bounds
from cccc.proxy.client_stream import ClientStream
from cccc.proxy.context import Context
from cccc.proxy.cures import Cures
from cccc.proxy.ids import request_id
from cccc.proxy.lineup import Lineup, Option
from cccc.proxy.own_answers import answer_headers
from cccc.proxy.prompt import NO_PROMPT, Prompt, asks_for_long_context
from cccc.proxy.roster import Admission, Member
from cccc.proxy.upstream import outgoing
from cccc.proxy.whole import WholeAnswer, stream_head

CLIENT_GONE_STATUS = 499
"""Logged as the status of a request whose client left first (as nginx does)."""

LAST_WORDS_S = 1.0
"""How long the closing frame of a stopped stream may take."""


class Exchange:
    """One client request. Used once: ``await Exchange(…).run()``."""

    def __init__(self, context: Context, codec: Codec, action: Action, request: Request, responder: Responder) -> None:
        self._context = context
        self._codec = codec
        self._action = action
        self._request = request
        self._responder = responder
        self._time = context.clock.now()
        self._start = context.clock.monotonic()
        self.id = request_id(self._time)
        self._headers: Mapping[str, str] = dict(request.head.headers)
        self._client: Client = detect(codec.wire_format, action, self._headers)
        self._facts = RequestFacts(model=None, stream=False)
        self._tags: frozenset[str] = frozenset()
        self._session: str | None = None
        self._prompt = NO_PROMPT
        self._cures = Cures(context.roster, None, action, NO_PROMPT)
        self._notes: dict[str, str] = {}
        self._ranking: Ranking | None = None
        self._attempt: Attempt | None = None
        self._attempts: list[AttemptRecord] = []
        self._unjudged: list[tuple[int, Attempt]] = []
        self._stream: ClientStream | None = None
        self._seen = ReplyFacts()
        self._endpoint: str | None = None
        self._status = 0
        self._ttft_ms: float | None = None
        self._error: str | None = None
        self._bytes_out = 0
        self._failed_before = 0
        self._refusal: Failure | None = None

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

    async def _last_words(self) -> None:
        """The end of an answer that the proxy's own end interrupts. One that is whole needs no more than its end."""
        stream, attempt = self._stream, self._attempt
        if stream is not None and attempt is not None and attempt.whole:
            if not stream.finished:
                await stream.finish(close=True)
        elif stream is None or not stream.ended:
            await self._tell(Told(Failure.SHUTTING_DOWN, "the proxy is shutting down"))

    # what the ticker asks

    def needs_keep_alive(self, now: float, silence: float) -> bool:
        """Whether a streaming client has heard nothing for ``silence`` seconds, or waits for the gate too long."""
        stream = self._stream
        if stream is None or stream.ended:
            return False
        patience = silence if stream.started else self._context.settings.gate_timeout
        return now - stream.last_write >= patience

    async def keep_alive(self) -> None:
        """Tell the client that we are still there. Raises ``ClientGone``."""
        if self._stream is not None:
            await self._stream.keep_alive()

    def progress(self) -> RequestProgress | None:
        """How far an answer is; ``None`` before any endpoint was asked."""
        if self._attempt is None:
            return None
        return RequestProgress(
            id=self.id,
            endpoint=self._attempt.endpoint,
            attempt=len(self._attempts) + 1,
            ttft_ms=self._ttft_ms,
            bytes_out=self._stream.bytes_out if self._stream is not None else 0,
        )

    # understanding the request

    async def _carry_out(self) -> None:
        try:
            body = parse(self._request.body)
        except InvalidJson as problem:
            await self._tell(Told(Failure.BAD_JSON, str(problem)))
            return
        if not isinstance(body, dict):
            await self._tell(Told(Failure.BAD_JSON, "body is not a JSON object"))
            return
        self._facts = self._codec.request_facts(body, self._headers)
        if self._facts.problem is not None:
            await self._tell(Told(Failure.BAD_JSON, self._facts.problem), param=self._facts.problem_param)
            return
        settings = self._context.settings
        if settings.taggers:
            self._tags = tags(settings.taggers, self._tagged(body))
        self._session = session_key(self._client.session_header or self._facts.session, self._facts.opening)
        self._prompt = Prompt(len(self._request.body), body, long_context=asks_for_long_context(self._headers))
        self._cures = Cures(self._context.roster, self._session, self._action, self._prompt, stored=self._facts.stored)
        self._ranking = self._rank()
        self._announce()
        if (told := self._just_told()) is not None:
            await self._tell(told)
            return
        if self._streaming:
            self._stream = ClientStream(
                self._responder, self._codec, self._context.clock, self.id, codex=self._audience is Audience.CODEX
            )
        await self._try(self._ranking)

    def _rank(self) -> Ranking:
        need = Need(
            wire_format=self._codec.wire_format,
            client_type=self._client.client_type,
            action=self._action,
            model=self._facts.model,
            tags=self._tags,
            holder=self._context.roster.holders.endpoint(self._facts.state_ref),
        )
        return self._context.roster.rank(need, self._session, self._prompt)

    def _just_told(self) -> Told | None:
        """The verdict with which the stream ended that this request is to replace."""
        return None if self._streaming or not self._counts else self._context.verdicts.recall(self._asker)

    @property
    def _asker(self) -> tuple[object, ...]:
        return (self._session or self._request.peer, self._facts.model)

    def _tagged(self, body: JsonObject) -> Tagged:
        head, thinking = self._request.head, self._facts.thinking
        return Tagged(
            method=head.method,
            path=head.path,
            headers=self._headers,
            query=dict(parse_qsl(head.query, keep_blank_values=True)),
            body=body,
            model=self._facts.model,
            last_user_text=self._facts.last_user_text,
            thinking_enabled=thinking is not None and thinking.mode != "disabled",
            thinking_budget=thinking.budget_tokens if thinking is not None else None,
        )

    @property
    def _audience(self) -> Audience:
        return self._client.audience

    @property
    def _streaming(self) -> bool:
        return self._facts.stream and self._action is Action.TURN

    @property
    def _counts(self) -> bool:
        """Whether this request says something about an endpoint's health (counting tokens does not)."""
        return self._action is not Action.COUNT_TOKENS

    # trying

    async def _try(self, ranking: Ranking) -> None:
        roster = self._context.roster
        order = ranking.order
        resort = not order and self._counts and ranking.last_resort is not None and roster.last_resort()
        if resort and ranking.last_resort is not None:
            order = (ranking.last_resort,)
        if not order:
            await self._tell_none(ranking)
            return
        lineup = Lineup(roster, self._prompt)
        trying = Trying((), self._audience, self._context.settings.max_attempts)
        trying = lineup.extend(trying, order, repeats=not resort)
        full = False
        step = self._next_step(trying)
        while isinstance(step, Ask):
            if step.delay:
                await anyio.sleep(step.delay)
            option, before = lineup[step.endpoint], self._attempt
            admission = await roster.admit(
                option.member, option.candidate.model_sent, last=step.last_candidate, resort=resort
            )
            if admission is Admission.ADMITTED:
                with roster.in_use(option.member, counts=self._counts):
                    trying = trying.after(await self._ask(step, option))
            else:
                full |= admission is Admission.FULL
                trying = trying.without(step.endpoint)
                if step.repeat and before is not None:
                    self._judge(before)
            step = self._next_step(trying)
            if not resort and _fails(step, trying):
                # Time has passed: somebody who was cooling down when this request came may be well by now.
                trying = lineup.extend(trying, self._rank().order)
                step = self._next_step(trying)
            if self._attempt is not before and self._attempt is not None:
                self._observe(self._attempt, step, trying)
        if trying.attempts or full:
            await self._end(step)
        else:
            await self._tell_none(self._rank())

    async def _ask(self, ask: Ask, option: Option) -> Tried:
        """One attempt at an endpoint that has a place for it."""
        cures = self._cures
        if ask.remedied:
            cures.take(ask.endpoint)
        self._attempt = attempt = self._prepared(ask, option.member, option.candidate)
        await attempt.run(self._context.transport, self._stream, self._our_headers(option.member))
        seen = cures.after(attempt)
        return Tried(ask.endpoint, seen, attempt.started, attempt.ended, remedy=cures.offers(attempt))

    def _next_step(self, trying: Trying) -> Step:
        begun = self._stream is not None and self._stream.started
        jitter = random.random()  # noqa: S311  (spreads pauses; no secret)
        return next_step(trying, now=self._context.clock.now(), jitter=jitter, headers_sent=begun)

    def _prepared(self, ask: Ask, member: Member, candidate: Candidate) -> Attempt:
        context, timeouts = self._context, member.endpoint.timeouts
        rewritten = candidate.model_sent != self._facts.model
        elapsed = context.clock.monotonic() - self._start
        if self._streaming:
            first_event = timeouts.first_event if ask.last_candidate else timeouts.first_event / 3
            head = timeouts.response_header * 3 if ask.last_candidate else timeouts.response_header
            bounds = Bounds(first_event=first_event, total=None)
        else:
            # Half of the time is kept for the next candidate: a turn must not fail because the first one hangs.
            left = max(0.0, timeouts.total - elapsed) / (1 if ask.last_candidate else 2)
            head, bounds = left, Bounds(first_event=left, total=left)
        return Attempt(
            member,
            candidate,
            outgoing(
                member.endpoint,
                candidate.target_format,
                self._action,
                self._request.head,
                self._request.body,
                model=candidate.model_sent if rewritten else None,
                remedies=self._cures.of(member.endpoint, candidate.target_format, candidate.model_sent),
                instance=context.instance,
                fresh=ask.fresh,
                response_header_s=head,
            ),
            codec=self._codec,
            streaming=self._streaming,
            turn=self._action is Action.TURN,
            asked_model=self._facts.model,
            bounds=bounds,
            clock=context.clock,
            redactor=context.redactor,
            copy_limit=context.settings.response_copy_limit,
        )

    def _observe(self, attempt: Attempt, step: object, trying: Trying) -> None:
        """Let the roster learn from an attempt: once per endpoint, when the request leaves it."""
        seen = attempt.classification
        if seen is None:
            return
        if isinstance(step, Ask) and not seen.free:
            self._failed_before += 1
        leaving = not (isinstance(step, Ask) and step.endpoint == attempt.endpoint)
        cut_off = no_network(trying.attempts)
        if leaving and cut_off:
            # Held against the endpoint only once another one has shown that the network is there.
            self._unjudged.append((len(self._attempts), attempt))
        until = self._learn(attempt, leaving=leaving and not cut_off)
        self._attempts.append(attempt.record(until))
        if not cut_off:
            for place, earlier in self._unjudged:
                self._attempts[place] = earlier.record(self._judge(earlier))
            self._unjudged.clear()

    def _learn(self, attempt: Attempt, *, leaving: bool) -> float | None:
        """What an attempt shows about its endpoint; returns until when that cools down now, if it does."""
        roster, member, seen = self._context.roster, attempt.member, attempt.classification
        if seen is None:
            return None
        until = None
        if self._counts:
            roster.spend(member, ok=seen.outcome is Outcome.OK)
            roster.observe_limits(member, attempt.limits)
            if leaving:
                until = self._judge(attempt)
        if seen.outcome is Outcome.OK:
            self._notes |= self._cures.answered(attempt)
            if self._counts:
                roster.measured(member, attempt.response_time_ms)
                roster.completed(self._session, attempt.endpoint)
        if attempt.first_content_at is not None:
            self._ttft_ms = (attempt.first_content_at - self._start) * 1000.0
        return until

    def _judge(self, attempt: Attempt) -> float | None:
        """Let the endpoint's health know; returns until when it cools down now, if it does."""
        seen = attempt.classification
        if seen is None or not self._counts:
            return None
        return self._context.roster.observe(attempt.member, self.id, attempt.candidate.model_sent, seen)

    # ending

    async def _end(self, step: Deliver | End | Drop) -> None:
        attempt = self._attempt
        if isinstance(step, Drop):
            return
        if attempt is None:
            if isinstance(step, End):
                await self._tell(step.told)
            return
        self._seen = attempt.facts
        if attempt.committed:
            self._endpoint = attempt.endpoint
        if isinstance(step, End):
            # Behind an error that went through, or behind the answer's own end, no second end may follow.
            if (attempt.error_passed or attempt.whole) and self._stream is not None:
                self._status, self._error = 200, step.told.message
                await self._stream.finish(close=True)
            else:
                await self._tell(step.told)
            return
        self._endpoint = attempt.endpoint
        if attempt.kept is not None:
            await self._deliver(attempt.kept, attempt.member)
        elif self._stream is not None:
            self._status = 200
            await self._stream.finish()

    async def _deliver(self, whole: WholeAnswer, member: Member) -> None:
        """An endpoint's whole answer in the form that was asked for, under the name of the model that was asked for."""
        whole, ours = whole.named(self._codec, self._facts.model), self._our_headers(member)
        self._status = whole.status
        if self._stream is None or not whole.good:
            await self._send(whole.status, whole.head(ours), whole.body)
            return
        await self._stream.open(stream_head(whole.headers, ours))
        await self._stream.write(self._codec.unfold(whole.body, usage=self._facts.stream_usage))
        await self._stream.finish()

    async def _send(self, status: int, headers: Headers, body: bytes) -> None:
        """An answer that does not stream."""
        self._bytes_out = len(body)
        if self._stream is not None:
            await self._stream.replace(status, headers, body)
        else:
            await self._responder.send(status, headers, body)

    def _our_headers(self, member: Member) -> Headers:
        headers: list[RawHeader] = [
            (b"x-cccc-request-id", self.id.encode("ascii")),
            (b"x-cccc-endpoint", member.endpoint.name.encode("ascii", "replace")),
        ]
        return Headers(headers)

    async def _tell_none(self, ranking: Ranking) -> None:
        if self._action is Action.COUNT_TOKENS:
            await self._estimate()
            return
        now = self._context.clock.now()
        await self._tell(
            tell_none(ranking, self._audience, model=self._facts.model, prompt_tokens=self._prompt.tokens, now=now)
        )

    async def _estimate(self) -> None:
        """Claude Code sends paid requests where counting fails, so it gets our own count, marked as such."""
        self._status = 200
        tokens = estimated_tokens(self._request.body)
        headers = Headers.of(
            [
                ("content-type", "application/json"),
                ("x-cccc-request-id", self.id),
                ("x-cccc-estimated", "true"),
            ]
        )
        await self._responder.send(200, headers, b'{"input_tokens":%d}' % tokens)

    async def _tell(self, told: Told, *, param: str | None = None) -> None:
        """An answer of ours, in the client's envelope: as a whole, or as the frame that ends a stream."""
        if self._action is Action.COUNT_TOKENS and told.failure not in (Failure.BAD_JSON, Failure.SHUTTING_DOWN):
            await self._estimate()
            return
        begun = self._stream is not None and self._stream.started
        message = self._context.redactor.text(told.message)
        said = answer(
            told.failure,
            self._audience,
            message,
            request_id=self.id,
            stream=self._streaming,
            retry_after=told.retry_after,
            param=param,
            status=told.status,
            headers_sent=begun,
        )
        self._error = message
        self._refusal = told.failure
        self._status = 200 if said.in_stream else said.status
        if said.in_stream and self._stream is not None:
            if self._audience is Audience.ANTHROPIC:
                self._context.verdicts.remember(self._asker, told)
            await self._stream.fail(said, self._seen)
            return
        if said.close:
            self._responder.close_after()
        if not self._responder.started:
            await self._send(said.status, answer_headers(said, self._codec.wire_format), self._codec.error_body(said))

    # recording

    def _interrupted(self, *, client_gone: bool) -> None:
        attempt = self._attempt
        # Codex closes as soon as it has read the terminal event: for it and for us the turn is complete.
        whole = attempt is not None and attempt.whole
        if whole or client_gone:
            self._status = 200 if whole else CLIENT_GONE_STATUS
        if attempt is None or attempt.classification is not None:
            return
        attempt.interrupted(client_gone=client_gone)
        self._seen = attempt.facts
        if attempt.committed:
            self._endpoint = attempt.endpoint
        if whole:
            self._learn(attempt, leaving=True)
        self._attempts.append(attempt.record(None))

    def _announce(self) -> None:
        if self._context.bus.has_readers:
            facts, client = self._facts, self._client
            self._context.bus.publish(
                RequestStarted(
                    self.id, self._time, client.client_type, self._codec.wire_format, facts.model, self._streaming
                )
            )

    def _finish(self) -> None:
        record = self._recorded()
        self._context.submit(record)
        if self._context.bus.has_readers:
            self._context.bus.publish(RequestFinished(record.without_contents()))

    def _recorded(self) -> RequestRecord:
        client, facts, seen, attempt = self._client, self._facts, self._seen, self._attempt
        last = self._attempts[-1] if self._attempts else None
        classification = attempt.classification if attempt is not None else None
        request, limit = self._request, self._context.settings.request_copy_limit
        return RequestRecord(
            id=self.id,
            time=self._time,
            client=client.name,
            client_type=client.client_type,
            client_reason=client.reason,
            wire_format=self._codec.wire_format,
            action=self._action,
            method=request.head.method,
            path=request.head.path,
            stream=self._streaming,
            verdict=verdict(
                Turn(
                    outcome=last.outcome if last is not None else None,
                    failed_before=self._failed_before,
                    refusal=self._refusal,
                    client_gone=self._status == CLIENT_GONE_STATUS,
                )
            ),
            status=self._status,
            duration_ms=(self._context.clock.monotonic() - self._start) * 1000.0,
            model=facts.model,
            model_served=seen.model,
            endpoint=self._endpoint,
            target_format=last.wire_format if last is not None and self._endpoint else None,
            ttft_ms=self._ttft_ms,
            usage=seen.usage,
            session=self._session,
            tags=tuple(sorted(self._tags)),
            error=self._error or (classification.message if classification and classification.failure else None),
            stop_reason=seen.stop_reason,
            bytes_in=len(request.body),
            bytes_out=self._stream.bytes_out if self._stream is not None else self._bytes_out,
            ranking=self._ranking,
            attempts=tuple(self._attempts),
            request_headers=tuple(request.head.headers),
            request_body=request.body if limit else None,
            notes=self._notes,
        )


def _fails(step: Step, trying: Trying) -> bool:
    """Whether the request would fail with this step, for whatever reason but a client that has gone."""
    good = bool(trying.attempts) and trying.attempts[-1].classification.outcome is Outcome.OK
    return isinstance(step, Deliver | End) and not good
