"""Request ids: ``req_`` and a ULID, so that ids sort by time."""

from __future__ import annotations

from ulid import ULID


def request_id(now: float) -> str:
    """A new id for a request that arrived at wall time ``now``."""
    return f"req_{ULID.from_timestamp(now)}"
