"""The endpoints that one request may ask: what the ranking says of each, and what it needs to ask them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cccc.domain.endpoint import Endpoint
from cccc.domain.ranking import Candidate
from cccc.domain.trying import Place, Trying
from cccc.proxy.member import Member
from cccc.proxy.prompt import Prompt
from cccc.proxy.roster import Roster


@dataclass(slots=True)
class Option:
    """One endpoint. ``known`` is it with what was learned about it."""

    candidate: Candidate
    member: Member
    known: Endpoint

    @property
    def place(self) -> Place:
        """The endpoint as the trying sees it."""
        return Place(self.candidate.name, self.known.context_window)


class Lineup:
    """Grows while a request is tried: what becomes usable meanwhile is asked after all the others."""

    def __init__(self, roster: Roster, prompt: Prompt) -> None:
        self._roster = roster
        self._prompt = prompt
        self._options: dict[str, Option] = {}

    def __getitem__(self, name: str) -> Option:
        return self._options[name]

    def extend(self, trying: Trying, candidates: Iterable[Candidate], *, repeats: bool = True) -> Trying:
        """``trying`` with those candidates that are new. Without ``repeats`` each of them is asked only once."""
        new: list[Option] = []
        for candidate in candidates:
            if candidate.name not in self._options:
                member = self._roster.member(candidate.name)
                known = self._roster.known(member, candidate.model_sent, self._prompt)
                new.append(Option(candidate, member, known))
        if not new:
            return trying
        self._options.update((option.candidate.name, option) for option in new)
        budgets = {option.candidate.name: option.member.retry_tokens if repeats else 0.0 for option in new}
        return trying.with_more([option.place for option in new], budgets)
