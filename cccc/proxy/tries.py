"""The attempts for one client request: the loop that carries out what ``domain.trying`` decides.

Each attempt's consequences go to the roster once per endpoint, when the request leaves it: two attempts of one request
are one record in the breaker's window.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import anyio

from cccc.domain.endpoint import Action
from cccc.domain.failover import Outcome
from cccc.domain.ranking import Ranking, Unsayable
from cccc.domain.record import AttemptRecord
from cccc.domain.telling import tell_none
from cccc.domain.trying import Ask, Deliver, Drop, End, Step, Trying, next_step, no_network
from cccc.domain.trying import Attempt as Tried
from cccc.domain.whatif import NOTHING, WhatIfs
from cccc.errors import NotConvertible
from cccc.proxy.asked import Asked
from cccc.proxy.attempt import Attempt, Bounds
from cccc.proxy.context import Context
from cccc.proxy.cures import Cures
from cccc.proxy.lineup import Lineup, Option
from cccc.proxy.remedies import Kind, Remedy, demanded
from cccc.proxy.reply import Reply
from cccc.proxy.roster import Admission
from cccc.proxy.targets import translation
from cccc.proxy.translation import Translation
from cccc.proxy.upstream import outgoing
from cccc.proxy.watching import Watched


class Tries:
    """Asks endpoints until one has answered or nothing is left. Used once: ``rank``, then ``run``.

    ``attempt`` is the one at hand or the last one; ``records`` are those that have ended. ``failed_before`` counts the
    failed ones that were followed by another, ``notes`` are remarks for the log. ``ttft_ms`` runs from the request's
    arrival. ``ranking`` is the one that was made first, less those that turned out unable to take the request.
    """

    def __init__(
        self, context: Context, asked: Asked, reply: Reply, watched: Watched, what_if: WhatIfs = NOTHING
    ) -> None:
        self._context = context
        self._asked = asked
        self._reply = reply
        self._watched = watched
        self._what_if = what_if
        self._cures = Cures(context.roster, asked.session, asked.action, asked.prompt, stored=asked.facts.stored)
        self._unsayable: dict[str, Unsayable] = {}
        self._unjudged: list[tuple[int, Attempt]] = []
        self.ranking: Ranking | None = None
        self.attempt: Attempt | None = None
        self.records: list[AttemptRecord] = []
        self.failed_before = 0
        self.ttft_ms: float | None = None
        self.notes: dict[str, str] = {}

    def rank(self) -> Ranking:
        """The order of endpoints for this request, now."""
        roster, asked = self._context.roster, self._asked
        holder = roster.holders.endpoint(asked.facts.state_ref)
        ranking = roster.rank(asked.need(holder=holder), asked.session, asked.prompt, self._what_if)
        for name, unsayable in self._unsayable.items():
            ranking = ranking.without(name, unsayable)
        self.ranking = self.ranking or ranking
        return ranking

    async def run(self, ranking: Ranking) -> Deliver | End | Drop:
        """Ask one endpoint after the other; returns how to end. A stream has by then gone to the client."""
        roster = self._context.roster
        order = ranking.order
        resort = not order and self._asked.counts and ranking.last_resort is not None and roster.last_resort()
        if resort and ranking.last_resort is not None:
            order = (ranking.last_resort,)
        if not order:
            return self._nobody(ranking)
        lineup = Lineup(roster, self._asked.prompt)
        trying = Trying((), self._asked.audience, self._context.settings.max_attempts)
        trying = lineup.extend(trying, order, repeats=not resort)
        full = False
        step = self._next_step(trying)
        while isinstance(step, Ask):
            if step.delay:
                await anyio.sleep(step.delay)
            option, before = lineup[step.endpoint], self.attempt
            if step.remedied:
                self._cures.take(step.endpoint)
            remedies = self._remedies(option)
            translation = self._translation(option, remedies)
            admission = Admission.UNUSABLE
            if translation is not None:
                admission = await roster.admit(
                    option.member, option.candidate.model_sent, last=step.last_candidate, resort=resort
                )
            if translation is not None and admission is Admission.ADMITTED:
                with roster.in_use(option.member, counts=self._asked.counts):
                    trying = trying.after(await self._ask(step, option, translation, remedies))
            else:
                full |= admission is Admission.FULL
                trying = trying.without(step.endpoint)
                if step.repeat and before is not None:
                    self._judge(before)
            step = self._next_step(trying)
            if not resort and _fails(step, trying):
                # Time has passed: somebody who was cooling down when this request came may be well by now.
                trying = lineup.extend(trying, self.rank().order)
                step = self._next_step(trying)
            if self.attempt is not before and self.attempt is not None:
                self._observe(self.attempt, step, trying)
        return step if trying.attempts or full else self._nobody(self.rank())

    def interrupted(self, *, client_gone: bool) -> None:
        """The request was cancelled: by its client, or by our own end. What was going on is an attempt all the same."""
        attempt = self.attempt
        if attempt is None or attempt.classification is not None:
            return
        attempt.interrupted(client_gone=client_gone)
        if attempt.whole:
            self._learn(attempt, leaving=True)
        self._time(attempt)
        self.records.append(attempt.record(None))

    def _nobody(self, ranking: Ranking) -> End:
        now, asked = self._context.clock.now(), self._asked
        model, tokens = asked.facts.model, asked.prompt.tokens
        return End(tell_none(ranking, asked.audience, model=model, prompt_tokens=tokens, now=now))

    def _next_step(self, trying: Trying) -> Step:
        jitter = random.random()  # noqa: S311  (spreads pauses; no secret)
        return next_step(trying, now=self._context.clock.now(), jitter=jitter, headers_sent=self._reply.begun)

    def _translation(self, option: Option, remedies: Sequence[Remedy]) -> Translation | None:
        """What an endpoint is sent; ``None`` where its format cannot say the request, which the ranking then tells."""
        context, asked, candidate = self._context, self._asked, option.candidate
        endpoint = option.member.endpoint
        try:
            return translation(
                asked,
                endpoint,
                candidate,
                remedies,
                context.settings.repair,
                lambda: context.roster.calibration.tokens(endpoint.name, candidate.model_sent, asked.prompt.tokens),
                compacts=context.roster.learning.compacts(endpoint),
            )
        except NotConvertible as refusal:
            unsayable = Unsayable(refusal.path, refusal.reason)
            self._unsayable[endpoint.name] = unsayable
            if self.ranking is not None:
                self.ranking = self.ranking.without(endpoint.name, unsayable)
            return None

    def _remedies(self, option: Option) -> tuple[Remedy, ...]:
        candidate, asked = option.candidate, self._asked
        known = self._cures.of(option.member.endpoint, candidate.target_format, candidate.model_sent)
        if candidate.target_format is not asked.codec.wire_format:
            return known
        # First what the configuration wants, so that a refusal can teach better.
        known = (*demanded(option.member.endpoint, candidate.target_format), *known)
        if asked.neutral is not None and asked.neutral.holds_ours:
            return (*known, Remedy(Kind.WITHOUT_OURS))
        return known

    async def _ask(self, ask: Ask, option: Option, translation: Translation, remedies: Sequence[Remedy]) -> Tried:
        """One attempt at an endpoint that has a place for it."""
        cures = self._cures
        self.attempt = attempt = self._prepared(ask, option, translation, remedies)
        self._watched.attempt = len(self.records) + 1
        await attempt.run(self._context.transport, self._reply.stream, self._reply.headers(option.member, translation))
        seen = cures.after(attempt)
        remedy = cures.offers(attempt) or cures.compact_by_turn or self._turned(option)
        same = not translation.converted
        return Tried(ask.endpoint, seen, attempt.started, attempt.ended, same_format=same, remedy=remedy)

    def _turned(self, option: Option) -> bool:
        """Whether a base that lacks the format it was asked in is asked in its other one, from now on."""
        other, asked = self._cures.other_format, self._asked
        if other is None or (other is not asked.codec.wire_format and other not in asked.need(holder=None).convertible):
            return False
        option.candidate = replace(option.candidate, target_format=other, native=other is asked.codec.wire_format)
        return True

    def _prepared(self, ask: Ask, option: Option, translation: Translation, remedies: Sequence[Remedy]) -> Attempt:
        context, asked, candidate = self._context, self._asked, option.candidate
        head_s, bounds = self._bounds(ask, option)
        return Attempt(
            option.member,
            candidate,
            outgoing(
                option.member.endpoint,
                candidate.target_format,
                translation,
                asked.request,
                remedies=remedies,
                instance=context.instance,
                fresh=ask.fresh,
                response_header_s=head_s,
            ),
            translation,
            streaming=asked.streaming,
            turn=translation.action is Action.TURN,
            bounds=bounds,
            clock=context.clock,
            redactor=context.redactor,
            copy_limit=context.settings.response_copy_limit,
            watched=self._watched,
        )

    def _bounds(self, ask: Ask, option: Option) -> tuple[float, Bounds]:
        """Seconds until the answer's head must have come, and the bounds of the rest."""
        timeouts = option.member.endpoint.timeouts
        if self._asked.streaming:
            first_event = timeouts.first_event if ask.last_candidate else timeouts.first_event / 3
            head = timeouts.response_header * 3 if ask.last_candidate else timeouts.response_header
            return head, Bounds(first_event=first_event, total=None)
        # Half of the time is kept for the next candidate: a turn must not fail because the first one hangs.
        elapsed = self._context.clock.monotonic() - self._asked.start
        left = max(0.0, timeouts.total - elapsed) / (1 if ask.last_candidate else 2)
        return left, Bounds(first_event=left, total=left)

    def _observe(self, attempt: Attempt, step: Step, trying: Trying) -> None:
        """Let the roster learn from an attempt: once per endpoint, when the request leaves it."""
        seen = attempt.classification
        if seen is None:
            return
        if isinstance(step, Ask) and not seen.free:
            self.failed_before += 1
        leaving = not (isinstance(step, Ask) and step.endpoint == attempt.endpoint)
        cut_off = no_network(trying.attempts)
        if leaving and cut_off:
            # Held against the endpoint only once another one has shown that the network is there.
            self._unjudged.append((len(self.records), attempt))
        until = self._learn(attempt, leaving=leaving and not cut_off)
        self.records.append(attempt.record(until))
        if not cut_off:
            for place, earlier in self._unjudged:
                self.records[place] = earlier.record(self._judge(earlier))
            self._unjudged.clear()

    def _learn(self, attempt: Attempt, *, leaving: bool) -> float | None:
        """What an attempt shows about its endpoint; returns until when that cools down now, if it does."""
        roster, member, seen = self._context.roster, attempt.member, attempt.classification
        if seen is None:
            return None
        until = None
        if self._asked.counts:
            roster.spend(member, ok=seen.outcome is Outcome.OK)
            roster.observe_limits(member, attempt.limits)
            if leaving:
                until = self._judge(attempt)
        if seen.outcome is Outcome.OK:
            self.notes |= self._cures.answered(attempt)
            if self._asked.counts:
                roster.measured(member, attempt.response_time_ms)
                roster.completed(self._asked.session, attempt.endpoint)
                self._calibrate(attempt)
        self._time(attempt)
        return until

    def _calibrate(self, attempt: Attempt) -> None:
        """Compare the tokens that an endpoint has counted with our estimate."""
        usage, model, known = attempt.facts.usage, attempt.candidate.model_sent, self._context.roster.calibration
        if usage is not None and not usage.estimated and known.wants(attempt.endpoint, model):
            known.counted(attempt.endpoint, model, self._asked.prompt.tokens, usage.prompt)

    def _time(self, attempt: Attempt) -> None:
        if attempt.first_content_at is not None:
            self.ttft_ms = (attempt.first_content_at - self._asked.start) * 1000.0

    def _judge(self, attempt: Attempt) -> float | None:
        """Let the endpoint's health know; returns until when it cools down now, if it does."""
        seen = attempt.classification
        if seen is None or not self._asked.counts:
            return None
        return self._context.roster.observe(attempt.member, self._asked.id, attempt.candidate.model_sent, seen)


def _fails(step: Step, trying: Trying) -> bool:
    """Whether the request would fail with this step, for whatever reason but a client that has gone."""
    good = bool(trying.attempts) and trying.attempts[-1].classification.outcome is Outcome.OK
    return isinstance(step, Deliver | End) and not good
