"""What the user wants logged and for how long (section ``logging`` of the configuration)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cccc.domain.record import RequestRecord
from cccc.domain.verdict import Verdict

FAILED = frozenset(Verdict) - {Verdict.OK, Verdict.OK_AFTER_FAILOVER, Verdict.CLIENT_GONE}
"""What the filter word ``failed`` means. A client that left is neither a success nor a failure."""

ERRORS = frozenset({Verdict.UPSTREAM_ERROR, Verdict.INCOMPLETE, Verdict.EMPTY, Verdict.INVALID})
"""What statistics count as errors: what went wrong on the side of the endpoints."""

TRUNCATED_BYTES = 64 * 1024
_MARK_BYTES = 64
_HALF = (TRUNCATED_BYTES - _MARK_BYTES) // 2
_MEGABYTE = 1024 * 1024


class RequestTypes(StrEnum):
    """``log_request_types``."""

    ALL = "all"
    FAILED = "failed"
    SUCCESS = "success"


class BodyLog(StrEnum):
    """``log_request_body`` and ``log_response_body``."""

    NONE = "none"
    TRUNCATED = "truncated"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """The settings, with the configuration's own defaults."""

    request_types: RequestTypes = RequestTypes.ALL
    request_body: BodyLog = BodyLog.FULL
    response_body: BodyLog = BodyLog.FULL
    exclude_paths: frozenset[str] = frozenset({"/v1/messages/count_tokens"})
    retention_days: float = 30.0
    body_retention_days: float = 3.0
    max_size_mb: float = 1024.0

    @property
    def max_bytes(self) -> int:
        """How large the database may grow."""
        return int(self.max_size_mb * _MEGABYTE)

    def wants(self, record: RequestRecord) -> bool:
        """Whether a request is logged at all. One that the client left counts as not successful here."""
        if record.path.partition("?")[0] in self.exclude_paths:
            return False
        if self.request_types is RequestTypes.ALL:
            return True
        succeeded = record.verdict in (Verdict.OK, Verdict.OK_AFTER_FAILOVER)
        return succeeded is (self.request_types is RequestTypes.SUCCESS)


DEFAULTS = LogPolicy()


def kept(body: bytes | None, log: BodyLog) -> bytes | None:
    """The part of a body that is kept.

    ``TRUNCATED`` keeps 64 KiB: the beginning, where a request says what it is, and the end, where the newest message
    and the end of a stream stand, with a line between them that counts what was left out.
    """
    if body is None or log is BodyLog.NONE:
        return None
    if log is BodyLog.FULL or len(body) <= TRUNCATED_BYTES:
        return body
    return body[:_HALF] + _mark(len(body)) + body[-_HALF:]


def place_kept(place: int, size: int) -> int:
    """Where a place of a body of ``size`` bytes is in what ``TRUNCATED`` keeps; in the gap: at the mark's end."""
    if place <= _HALF:
        return place
    return _HALF + len(_mark(size)) + max(0, place - (size - _HALF))


def _mark(size: int) -> bytes:
    return b"\n[... %d bytes left out ...]\n" % (size - 2 * _HALF)
