"""One attempt: one upstream request, from connecting to its classified end.

An attempt either hands over a whole answer (``kept``) for the exchange to deliver or discard, or, where an answer
streams, lets it through to the client once the gate has opened; from then on nothing may be tried elsewhere
(``committed``). Whatever happens, it ends with one row of the classification table.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import anyio

from cccc.clock import Clock
from cccc.control.api import UpstreamAnswered
from cccc.domain.failover import BodyKind, Classification, Evidence, Outcome, classify
from cccc.domain.ranking import Candidate
from cccc.domain.record import AttemptRecord
from cccc.domain.redact import Redactor
from cccc.errors import BadAnswer, BrokeMidBody, Phase, TimedOut, UpstreamError
from cccc.http.messages import Headers, Transport, UpstreamAnswer, UpstreamRequest
from cccc.ir.codec import ReplyFacts, Weight
from cccc.ir.sse import SseEvent
from cccc.proxy.client_stream import ClientStream
from cccc.proxy.gate import Decision, Gate
from cccc.proxy.member import Member
from cccc.proxy.tap import PAGE_BEGINNING, Copy, beginning, limit_headers, sniff
from cccc.proxy.translation import Translation
from cccc.proxy.upstream import Outgoing
from cccc.proxy.watchdog import Watchdog
from cccc.proxy.watching import Chunk, Piece, Watched, asked_upstream, told_of_answer
from cccc.proxy.whole import WholeAnswer, stream_head, understood

WHOLE_BODY_LIMIT = 64 * 1024 * 1024
ERROR_BODY_LIMIT = 64 * 1024
AFTER_TERMINAL_S = 2.0
"""How long a finished answer may keep its connection open before we stop waiting for the body's end."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long an attempt may take: until the first content, and in all (requests that do not stream)."""

    first_event: float
    total: float | None


class Attempt:
    """One upstream request for one client request. Used once."""

    def __init__(
        self,
        member: Member,
        candidate: Candidate,
        out: Outgoing,
        translation: Translation,
        *,
        streaming: bool,
        turn: bool,
        bounds: Bounds,
        clock: Clock,
        redactor: Redactor,
        copy_limit: int,
        watched: Watched,
    ) -> None:
        self.member = member
        self.candidate = candidate
        self.translation = translation
        self._out = out
        self._streaming = streaming
        self._turn = turn
        self._bounds = bounds
        self._clock = clock
        self._redactor = redactor
        self._watched = watched
        self._time = clock.now()
        self.started = clock.monotonic()
        self.ended = self.started
        self._answer: UpstreamAnswer | None = None
        self._head_ms: float | None = None
        self._copy = Copy(copy_limit, clock, self.started)
        self._gate: Gate | None = None
        self.kept: WholeAnswer | None = None
        self.committed = False
        self.error_passed = False
        self._terminal = False
        self._spoke = 0.0
        self.first_content_at: float | None = None
        self.ttft_ms: float | None = None
        self.duration_ms = 0.0
        self.classification: Classification | None = None
        self.words = ""
        """What the upstream said when it refused: its message and its code."""

    @property
    def endpoint(self) -> str:
        """Whose attempt this is."""
        return self.member.endpoint.name

    @property
    def sent(self) -> UpstreamRequest:
        """The request as the endpoint got it."""
        return self._out.request

    @property
    def losses(self) -> tuple[str, ...]:
        """What remedies took out of the request."""
        return self._out.losses

    @property
    def answer_size(self) -> int:
        """How many bytes of a body the endpoint has sent."""
        return self._copy.size

    @property
    def response_time_ms(self) -> float:
        """What layer 4 measures: time to the first content of a stream, to the end of anything else."""
        return self.duration_ms if self.ttft_ms is None or not self.committed else self.ttft_ms

    @property
    def facts(self) -> ReplyFacts:
        """What is known of the answer, whole or so far."""
        if self.kept is not None:
            return self.kept.facts
        return self._gate.facts if self._gate is not None else ReplyFacts()

    @property
    def seen(self) -> ReplyFacts:
        """What the client has seen of the answer, in its own format."""
        return self.translation.seen(self.facts)

    @property
    def limits(self) -> dict[str, str]:
        """The rate-limit fields of the answer; empty before its head."""
        return dict(limit_headers(self._answer.headers)) if self._answer is not None else {}

    async def run(self, transport: Transport, client: ClientStream | None, stream_headers: Headers) -> Classification:
        """Ask the endpoint. ``client`` takes a streamed answer; ``stream_headers`` are ours, added to its head.

        Raises ``ClientGone`` and lets cancellation through; every failure of the endpoint is in the classification.
        """
        error: UpstreamError | None = None
        if self._watched.readers:
            self._watched.upstream_asks(self.endpoint, self._out)
        try:
            with anyio.fail_after(self._bounds.total):
                answer = await transport.open(self._out.request)
                self._answer = answer
                self._head_ms = self._elapsed()
                if self._watched.readers:
                    self._watched.upstream_answers(answer.status, answer.headers)
                try:
                    if client is not None and 200 <= answer.status < 300:
                        await self._stream(answer, client, stream_headers)
                    else:
                        await self._whole(answer, b"")
                finally:
                    with anyio.CancelScope(shield=True):
                        await answer.aclose()
        except UpstreamError as caught:
            error = caught
        except TimeoutError:
            error = TimedOut(Phase.TOTAL, self._bounds.total or 0.0)
        return self._end(error)

    def interrupted(self, *, client_gone: bool) -> Classification:
        """The exchange was cancelled while this attempt ran: by the client that left, or by our own end."""
        gone, stopped = client_gone and not self.whole, not (client_gone or self.whole)
        return self._end(None, client_gone=gone, shutdown=stopped)

    @property
    def whole(self) -> bool:
        """Whether the client has the answer up to its terminal event."""
        return self.committed and self._terminal

    # an answer that is taken whole

    async def _whole(self, answer: UpstreamAnswer, first: bytes) -> None:
        good = 200 <= answer.status < 300
        limit = WHOLE_BODY_LIMIT if good else ERROR_BODY_LIMIT
        parts = [first] if first else []
        size = len(first)
        while chunk := await answer.read():
            size += len(chunk)
            if size > limit:
                if good:
                    raise BadAnswer(f"the answer is larger than {limit // 1024 // 1024} MiB")
                break
            parts.append(chunk)
        body = b"".join(parts)
        self._copy.add(body)
        if self._watched.readers:
            self._watched.upstream_sends(body)
        self.kept = understood(answer.status, answer.headers, body, self.translation.codec, folds=self._turn)
        if good and self.kept.facts.content:
            self.first_content_at = self._clock.monotonic()
            self.ttft_ms = self._elapsed()

    # an answer that streams

    async def _stream(self, answer: UpstreamAnswer, client: ClientStream, ours: Headers) -> None:
        gate = Gate(self.translation)
        try:
            with anyio.fail_after(self._bounds.first_event):
                first = await beginning(answer)
                if sniff(first, answer.headers.get("content-type")) is not BodyKind.SSE:
                    await self._whole(answer, first)
                    return
                self._gate = gate
                self._take(first)
                decision = gate.feed(first)
                while decision is Decision.HOLD:
                    chunk = await answer.read()
                    if not chunk:
                        return
                    self._take(chunk)
                    decision = gate.feed(chunk)
        except TimeoutError:
            raise TimedOut(Phase.FIRST_EVENT, self._bounds.first_event) from None
        if decision is Decision.REFUSE:
            return
        self.committed = True
        self.first_content_at = self._clock.monotonic()
        self.ttft_ms = self._elapsed()
        await client.open(stream_head(self.translation.head(answer.headers), ours))
        await client.write(b"".join(gate.held), untouched=not self.translation.touched, replaced=gate.taken)
        self.translation.touched = self.translation.converted
        gate.held.clear()
        self._terminal = gate.ended
        if await self._pass(gate.behind, client, gate):
            return
        await self._relay(answer, client, gate)

    async def _relay(self, answer: UpstreamAnswer, client: ClientStream, gate: Gate) -> None:
        idle = self.member.endpoint.timeouts.stream_idle
        self._spoke = anyio.current_time()
        with Watchdog() as watchdog:
            while True:
                watchdog.wait_until(anyio.current_time() + AFTER_TERMINAL_S if self._terminal else self._spoke + idle)
                try:
                    chunk = await answer.read()
                except BrokeMidBody:
                    if self._terminal:
                        return
                    raise
                watchdog.rest()
                if not chunk:
                    await self._pass(gate.decoder.close(), client, gate)
                    if self._terminal and (tail := self.translation.tail(gate.decoder.pending)):
                        await client.write(tail, untouched=True)
                    return
                self._take(chunk)
                if await self._pass(gate.decoder.feed(chunk), client, gate):
                    return
        if not self._terminal:
            raise TimedOut(Phase.STREAM_IDLE, idle)

    def _take(self, chunk: bytes) -> None:
        """Let those read along who only read: the copy for the log, and whoever watches."""
        self._copy.add(chunk)
        if self._watched.readers:
            self._watched.upstream_streams(chunk)

    async def _pass(self, events: list[SseEvent], client: ClientStream, gate: Gate) -> bool:
        """Let whole events through in one write. True when one of them breaks the answer off (an error, not JSON).

        An error goes on only where the client's program understands it; else the exchange words one.
        """
        if not events:
            return False
        out: list[bytes] = []
        failed = spoke = False
        terminal = self._terminal
        translation = self.translation
        passed = translation.passed
        for event in events:
            if terminal:  # what comes behind the end changes nothing any more
                out.append(passed(event))
                continue
            weight = gate.scanner.feed(event)
            if weight is Weight.CONTENT:  # by far the most
                spoke = True
                out.append(passed(event))
                continue
            if weight in (Weight.ERROR, Weight.BROKEN):
                failed = True
                self.error_passed = weight is Weight.ERROR and translation.passes_error(event)
                if self.error_passed:
                    out.append(passed(event))
                break
            spoke |= weight is not Weight.NOTHING
            if weight is not Weight.TERMINAL:
                out.append(passed(event))
            elif gate.facts.terminal:
                terminal = True
                out += (passed(event), translation.rest())
            else:  # Chat's [DONE] behind an answer that broke off
                failed = True
                break
        if data := b"".join(out):
            if translation.converted:
                await client.write(data, says=spoke)
            elif translation.touched:
                await client.write(data, says=spoke, replaced=sum([len(event.raw) for event in events]))
                translation.touched = False
            else:
                await client.write(data, says=spoke, untouched=True)
        self._terminal = terminal
        if spoke:  # comments and pings say nothing: they must not keep a dead answer alive
            self._spoke = anyio.current_time()
        return failed

    # the end

    def _elapsed(self) -> float:
        return (self._clock.monotonic() - self.started) * 1000.0

    def _end(self, error: UpstreamError | None, *, client_gone: bool = False, shutdown: bool = False) -> Classification:
        answer, kept = self._answer, self.kept
        facts = self.facts
        fault = facts.fault
        if kept is not None and fault is None and not 200 <= kept.status < 300:
            fault = self.translation.codec.fault(kept.body)
        self.words = " ".join(filter(None, (fault.message, fault.code))) if fault else ""
        kind = kept.kind if kept is not None else BodyKind.SSE if self._gate is not None else BodyKind.EMPTY
        self.classification = classify(
            Evidence(
                status=answer.status if answer is not None else None,
                error=error,
                body_kind=kind,
                fault_type=fault.type if fault else None,
                fault_code=fault.code if fault else None,
                fault_message=fault.message if fault else self._page(kind),
                headers=self.limits,
                streaming=self._streaming,
                committed=self.committed,
                valid=facts.valid,
                content=facts.content,
                terminal=facts.terminal,
                broken_tool=facts.broken_tool and not self._mended(),
                converted=self.translation.converted,
                stop_reason=facts.stop_reason,
                client_gone=client_gone,
                shutdown=shutdown,
            ),
            now=self._clock.now(),
            jitter=random.random(),  # noqa: S311  (spreads waits; no secret)
        )
        self.ended = self._clock.monotonic()
        self.duration_ms = (self.ended - self.started) * 1000.0
        if self._watched.readers:
            seen = self.classification
            self._watched.upstream_ends(None if seen.outcome is Outcome.OK else seen.message)
        return self.classification

    def _mended(self) -> bool:
        """Whether the client gets arguments that are whole although the endpoint's were not."""
        if self.kept is not None and self.translation.converted:
            self.kept.delivered(self.translation, Headers(), stream=False)
        return self.translation.mended

    def told(self, number: int, start: float) -> Iterator[Piece]:
        """What has happened so far, for somebody who begins to watch; ``start`` is when the client's request came."""
        at_ms = (self.started - start) * 1000.0
        yield asked_upstream(number, self.endpoint, self._out, at_ms)
        answer = self._answer
        if answer is None:
            return
        head_ms = None if self._head_ms is None else at_ms + self._head_ms
        yield UpstreamAnswered(number, answer.status, tuple(answer.headers), head_ms)
        so_far = self.so_far
        if self._copy.size > len(so_far):
            yield Chunk(number, b"", None, torn=True)
        elif so_far:
            kind = answer.headers.get("content-type")
            yield from told_of_answer(number, so_far, kind, self._copy.pace(), at_ms)

    @property
    def so_far(self) -> bytes:
        """What was kept of the answer's body."""
        return self._copy.value() or b""

    def _page(self, kind: BodyKind) -> str | None:
        """The beginning of a page that came instead of an answer: its title is all that is told of it."""
        if kind is not BodyKind.HTML or self.kept is None:
            return None
        return self.kept.body[:PAGE_BEGINNING].decode("utf-8", "replace")

    def record(self, cooldown_until: float | None) -> AttemptRecord:
        """What the log keeps of this attempt. ``cooldown_until``: the bench it brought the endpoint."""
        seen = self.classification
        if seen is None:
            raise RuntimeError("an attempt is recorded after its end")
        answer = self._answer
        return AttemptRecord(
            endpoint=self.member.endpoint.name,
            wire_format=self.candidate.target_format,
            url=self._out.url,
            model_sent=self.candidate.model_sent,
            started=self._time,
            outcome=seen.outcome,
            failure_class=seen.failure_class,
            status=answer.status if answer is not None else None,
            error=None if seen.outcome is Outcome.OK else self._redactor.text(seen.message),
            reused_connection=answer.reused if answer is not None else False,
            connect_ms=answer.connect_ms if answer is not None else None,
            head_ms=self._head_ms,
            ttft_ms=self.ttft_ms,
            duration_ms=self.duration_ms,
            cooldown_until=cooldown_until,
            request_headers=tuple(self._out.request.headers),
            response_headers=tuple(answer.headers) if answer is not None else (),
            request_body=self._out.changed_body,
            response_body=self._copy.value(),
            response_pace=self._copy.pace(),
        )
