"""Was this turn usable? One function looks at the evidence; its word drives health, log and screen alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from cccc.domain.answers import Failure
from cccc.domain.outcome import Outcome


class Verdict(StrEnum):
    """The end of one client request (routing: Verdict)."""

    OK = "ok"
    OK_AFTER_FAILOVER = "ok_after_failover"
    CLIENT_ERROR = "client_error"
    CLIENT_GONE = "client_gone"
    UPSTREAM_ERROR = "upstream_error"
    INCOMPLETE = "incomplete"
    EMPTY = "empty"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Turn:
    """How one client request went, in the words of the tables it has already been through.

    ``outcome`` is that of the last attempt, ``None`` where none was made; ``failed_before`` counts the attempts
    that failed before it, free repeats left out. ``refusal`` is what the client was told where the answer was ours.
    ``client_gone``: the client left before the end of its answer.
    """

    outcome: Outcome | None = None
    failed_before: int = 0
    refusal: Failure | None = None
    client_gone: bool = False


_OF_OUTCOME: Mapping[Outcome, Verdict] = MappingProxyType(
    dict.fromkeys(Outcome, Verdict.UPSTREAM_ERROR)
    | {
        Outcome.OK: Verdict.OK,
        Outcome.BAD_REQUEST: Verdict.CLIENT_ERROR,
        Outcome.CONTEXT_TOO_LONG: Verdict.CLIENT_ERROR,
        Outcome.NOT_ACCEPTED: Verdict.CLIENT_ERROR,
        Outcome.TOO_LARGE: Verdict.CLIENT_ERROR,
        Outcome.CUT: Verdict.INCOMPLETE,
        Outcome.CUT_BEFORE_CONTENT: Verdict.INCOMPLETE,
        Outcome.STALLED: Verdict.INCOMPLETE,
        Outcome.SHUTDOWN: Verdict.INCOMPLETE,
        Outcome.EMPTY: Verdict.EMPTY,
        Outcome.INVALID: Verdict.INVALID,
        Outcome.CLIENT_GONE: Verdict.CLIENT_GONE,
    }
)

_CLIENTS_FAULT = frozenset(
    {
        Failure.WRONG_TOKEN,
        Failure.FORBIDDEN_ORIGIN,
        Failure.UNKNOWN_PATH,
        Failure.UNKNOWN_METHOD,
        Failure.WEBSOCKET,
        Failure.BAD_JSON,
        Failure.BAD_ENCODING,
        Failure.TOO_LARGE,
        Failure.NOT_CONVERTIBLE,
        Failure.NO_MODEL,
        Failure.CONTEXT_TOO_LONG,
    }
)


def verdict(turn: Turn) -> Verdict:
    """The one word for a turn. A client that left after the whole answer had been read from upstream is no failure."""
    if turn.outcome is Outcome.OK:
        return Verdict.OK_AFTER_FAILOVER if turn.failed_before else Verdict.OK
    if turn.client_gone:
        return Verdict.CLIENT_GONE
    if turn.outcome is not None:
        return _OF_OUTCOME[turn.outcome]
    return Verdict.CLIENT_ERROR if turn.refusal in _CLIENTS_FAULT else Verdict.UPSTREAM_ERROR
