"""Was this turn usable? One function looks at the evidence; its word drives health, log and screen alike."""

from __future__ import annotations

from enum import StrEnum


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


def verdict() -> Verdict:
    """See the brief."""
    raise NotImplementedError
