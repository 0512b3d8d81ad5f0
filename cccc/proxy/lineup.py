"""The endpoints that one request may ask: what the ranking says of each, and what it needs to ask them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cccc.domain.endpoint import AuthStyle
from cccc.domain.ranking import Candidate
from cccc.domain.trying import Place, Trying
from cccc.proxy.roster import Member, Roster


@dataclass(slots=True)
class Option:
    """One endpoint. ``styles`` are the headers still to be tried for its key, the first one next."""

    candidate: Candidate
    member: Member
    styles: list[AuthStyle]

    @property
    def place(self) -> Place:
        """The endpoint as the trying sees it."""
        return Place(self.candidate.name, self.member.endpoint.context_window)


class Lineup:
    """Grows while a request is tried: what becomes usable meanwhile is asked after all the others."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._options: dict[str, Option] = {}

    def __getitem__(self, name: str) -> Option:
        return self._options[name]

    def extend(self, trying: Trying, candidates: Iterable[Candidate], *, repeats: bool = True) -> Trying:
        """``trying`` with those candidates that are new. Without ``repeats`` each of them is asked only once."""
        new: list[Option] = []
        for candidate in candidates:
            if candidate.name not in self._options:
                member = self._roster.member(candidate.name)
                styles = self._roster.styles(member, candidate.target_format)
                new.append(Option(candidate, member, list(styles)))
        if not new:
            return trying
        self._options.update((option.candidate.name, option) for option in new)
        budgets = {option.candidate.name: option.member.retry_tokens if repeats else 0.0 for option in new}
        return trying.with_more([option.place for option in new], budgets)
