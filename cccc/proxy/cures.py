"""The remedies of one client request: what is applied up front, what is tried next, what has helped.

The exchange asks ``of`` before each attempt, ``after`` and ``offers`` after it, ``take`` when the next one is to use
what was offered, and ``helped`` after a good answer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from cccc.domain.endpoint import Action, Endpoint, WireFormat
from cccc.domain.failover import Classification
from cccc.domain.outcome import Outcome
from cccc.ir import json
from cccc.proxy.attempt import Attempt
from cccc.proxy.learning import Learning
from cccc.proxy.mending import betas, digest
from cccc.proxy.prompt import Prompt
from cccc.proxy.remedies import REFUSALS, Kind, Refused, Remedy, remedies, signatures
from cccc.proxy.signatures import Signatures

NOT_IMPLEMENTED = 501


@dataclass(slots=True)
class Cures:
    """For one client request. ``session`` is the session's key."""

    learning: Learning
    signatures: Signatures
    session: str | None
    action: Action
    prompt: Prompt
    _taken: dict[str, list[Remedy]] = field(default_factory=lambda: defaultdict(list))
    _offered: tuple[Remedy, ...] = ()
    _stripped: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def of(self, endpoint: Endpoint, wire_format: WireFormat, model: str | None) -> tuple[Remedy, ...]:
        """What the next request to this endpoint is changed by."""
        known = self.learning.remedies(endpoint, wire_format, model)
        foreign = self.signatures.foreign(self.session, endpoint, wire_format)
        if foreign:
            known = (*known, Remedy(Kind.WITHOUT_SIGNED, " ".join(sorted(foreign))))
        return (*known, *self._taken[endpoint.name])

    def after(
        self, endpoint: Endpoint, wire_format: WireFormat, model: str | None, seen: Classification
    ) -> Classification:
        """Learn from an attempt what the endpoint lacks; the classification with what we know better."""
        if seen.outcome is Outcome.PATH_MISSING or (seen.status == NOT_IMPLEMENTED and self._counting):
            if self._counting:
                self.learning.counts_no_tokens(endpoint)
            elif self.action is Action.TURN and self.learning.lacks(endpoint, wire_format):
                # It is well, it only speaks the other format.
                return replace(seen, health_weight=0, opens=None)
        if seen.overflow is not None:
            context = self.prompt.context_of(model)
            self.learning.takes_at_most(endpoint, context, seen.overflow.maximum)
            window = self.learning.known(endpoint, context).context_window
            return replace(seen, overflow=seen.overflow.completed(self.prompt.tokens, window))
        return seen

    @property
    def _counting(self) -> bool:
        return self.action is Action.COUNT_TOKENS

    def offers(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Whether something may cure this refusal that was not in the request that was refused."""
        if outcome not in REFUSALS:
            return False
        endpoint, wire_format, sent = attempt.member.endpoint, attempt.candidate.target_format, attempt.sent
        refused = Refused(
            outcome=outcome,
            message=attempt.words,
            wire_format=wire_format,
            body=json.obj(json.peek(sent.body)),
            betas=betas(sent.headers.raw),
            key_header=self._other_header(endpoint, wire_format),
        )
        self._offered = remedies(refused)
        if any(one.kind is Kind.WITHOUT_SIGNED for one in self._offered):
            self._stripped[endpoint.name] |= set(map(digest, signatures(refused.body)))
        return bool(self._offered)

    def take(self, endpoint: str) -> None:
        """The next request to this endpoint uses what was offered."""
        self._taken[endpoint] += self._offered
        self._offered = ()

    def helped(self, attempt: Attempt) -> None:
        """The endpoint answered: what was taken on the way is remembered, and what it signed."""
        endpoint, candidate = attempt.member.endpoint, attempt.candidate
        wire_format = candidate.target_format
        self.learning.speaks(endpoint, wire_format)
        self.learning.cured(endpoint, wire_format, candidate.model_sent, self._taken[endpoint.name])
        self.signatures.refused(self.session, self._stripped.pop(endpoint.name, ()), endpoint, wire_format)
        self.signatures.signed(self.session, map(digest, attempt.facts.signatures), endpoint, wire_format)

    def _other_header(self, endpoint: Endpoint, wire_format: WireFormat) -> str | None:
        """The header that the key was not sent in; ``None`` where there is none or both were tried."""
        if any(one.kind is Kind.KEY_HEADER for one in self._taken[endpoint.name]):
            return None
        used = self.learning.key_style(endpoint, wire_format)
        return next((style.value for style in endpoint.auth.styles(wire_format) if style is not used), None)
