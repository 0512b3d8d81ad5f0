"""The remedies of one client request: what is applied up front, what is tried next, what has helped.

The exchange asks ``of`` before each attempt, ``after`` and ``offers`` after it, ``take`` when the next one is to use
what was offered, and ``answered`` after a good answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cccc.domain.endpoint import Action, Endpoint, WireFormat
from cccc.domain.failover import Classification
from cccc.domain.outcome import Outcome
from cccc.domain.served import swapped
from cccc.ir import json
from cccc.proxy.attempt import Attempt
from cccc.proxy.mending import betas, digest
from cccc.proxy.prompt import Prompt
from cccc.proxy.remedies import REFUSALS, Kind, Refused, Remedy, remedies, signatures
from cccc.proxy.roster import Roster

NOT_IMPLEMENTED = 501


@dataclass(slots=True)
class Cures:
    """For one client request. ``session`` is the session's key; ``stored``: its answer can be continued.

    ``other_format`` is what the endpoint asked last speaks instead of the format that it was asked in;
    ``compact_by_turn``: it has no path for compactions, but a turn may be asked for one.
    """

    roster: Roster
    session: str | None
    action: Action
    prompt: Prompt
    stored: bool = False
    other_format: WireFormat | None = None
    compact_by_turn: bool = False
    _taken: dict[str, list[Remedy]] = field(default_factory=lambda: defaultdict(list))
    _offered: tuple[Remedy, ...] = ()
    _stripped: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def of(self, endpoint: Endpoint, wire_format: WireFormat, model: str | None) -> tuple[Remedy, ...]:
        """What the next request to this endpoint is changed by."""
        known = self.roster.learning.remedies(endpoint, wire_format, model)
        foreign = self.roster.signatures.foreign(self.session, endpoint, wire_format)
        if foreign:
            known = (*known, Remedy(Kind.WITHOUT_SIGNED, " ".join(sorted(foreign))))
        return (*known, *self._taken[endpoint.name])

    def after(self, attempt: Attempt) -> Classification:
        """Learn from an ended attempt what its endpoint lacks; the classification with what we know better."""
        if attempt.classification is None:
            raise RuntimeError("an attempt is looked at after its end")
        self.other_format, self.compact_by_turn, self._offered = None, False, ()
        attempt.classification = self._looked_at(attempt, attempt.classification)
        return attempt.classification

    def _looked_at(self, attempt: Attempt, seen: Classification) -> Classification:
        endpoint, wire_format = attempt.member.endpoint, attempt.candidate.target_format
        if seen.outcome is Outcome.PATH_MISSING or (seen.status == NOT_IMPLEMENTED and self._counting):
            if self._counting:
                self.roster.learning.counts_no_tokens(endpoint)
            elif attempt.translation.action is Action.COMPACT:
                self.roster.learning.compacts_nothing(endpoint)
                self.compact_by_turn = True
            else:
                self.other_format = self.roster.learning.lacks(endpoint, wire_format)
            if self.compact_by_turn or self.other_format is not None:
                # It is well, it only has to be asked in another way.
                return replace(seen, health_weight=0, opens=None)
        if seen.overflow is not None:
            context = self.prompt.context_of(attempt.candidate.model_sent)
            self.roster.learning.takes_at_most(endpoint, context, seen.overflow.maximum)
            window = self.roster.learning.known(endpoint, context).context_window
            return replace(seen, overflow=seen.overflow.completed(self.prompt.tokens, window))
        return seen

    @property
    def _counting(self) -> bool:
        return self.action is Action.COUNT_TOKENS

    def offers(self, attempt: Attempt) -> bool:
        """Whether something may cure this refusal that was not in the request that was refused."""
        seen = attempt.classification
        if seen is None or seen.outcome not in REFUSALS:
            return False
        endpoint, wire_format, sent = attempt.member.endpoint, attempt.candidate.target_format, attempt.sent
        refused = Refused(
            outcome=seen.outcome,
            message=attempt.words,
            wire_format=wire_format,
            body=json.obj(json.peek(sent.body)),
            betas=betas(sent.headers.raw),
            key_header=self._other_header(endpoint, wire_format),
            converted=attempt.translation.converted,
        )
        self._offered = remedies(refused)
        if any(one.kind is Kind.WITHOUT_SIGNED for one in self._offered):
            self._stripped[endpoint.name] |= set(map(digest, signatures(refused.body)))
        return bool(self._offered)

    def take(self, endpoint: str) -> None:
        """The next request to this endpoint uses what was offered."""
        self._taken[endpoint] += self._offered
        self._offered = ()

    def answered(self, attempt: Attempt) -> Mapping[str, str]:
        """Remember what a good answer shows: what helped, who signed its thinking, who holds it. Notes for the log."""
        endpoint, candidate, seen = attempt.member.endpoint, attempt.candidate, attempt.facts
        wire_format, session, roster = candidate.target_format, self.session, self.roster
        roster.learning.speaks(endpoint, wire_format)
        roster.learning.cured(endpoint, wire_format, candidate.model_sent, self._taken[endpoint.name])
        roster.signatures.refused(session, self._stripped.pop(endpoint.name, ()), endpoint, wire_format)
        roster.signatures.signed(session, map(digest, seen.signatures), endpoint, wire_format)
        if self.stored and seen.response_id is not None:
            roster.holders.stored(seen.response_id, endpoint.name)
        notes = {}
        if attempt.losses:
            notes["sent with"] = "; ".join(attempt.losses)
        if swapped(candidate.model_sent, seen.model):
            notes["swapped"] = f"{candidate.model_sent} was asked for, {seen.model} answered"
        return notes

    def _other_header(self, endpoint: Endpoint, wire_format: WireFormat) -> str | None:
        """The header that the key was not sent in; ``None`` where there is none or both were tried."""
        if any(one.kind is Kind.KEY_HEADER for one in self._taken[endpoint.name]):
            return None
        used = self.roster.learning.key_style(endpoint, wire_format)
        return next((style.value for style in endpoint.auth.styles(wire_format) if style is not used), None)
