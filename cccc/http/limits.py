"""How much and how long: every bound of our server's side of HTTP, as one value.

Numbers and answers are those of the security document's table "Limits"; tests use smaller ones.
"""

from __future__ import annotations

from dataclasses import dataclass

READ_SIZE = 64 * 1024
"""Bytes taken from a socket at once. All that one read gave is passed on in one write."""

BODY_READ_SIZE = 256 * 1024
"""The same for a request's body, of which nothing is passed on before all of it is there; no loop reads more."""

HEAD_READ_SIZE = 16 * 1024
"""The same while a request head is awaited, so that the limits of a head bite early."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. A value that is exactly at its limit passes."""

    request_line: int = 8 * 1024
    header_line: int = 16 * 1024
    header_block: int = 32 * 1024
    header_count: int = 100
    body_overhead: int = 64 * 1024
    """What chunked framing may add on the wire to the body's own limit."""
    pipelined: int = 64 * 1024
    """What is kept of a client's next requests while one is answered; then its socket is not read."""
    idle_seconds: float = 75.0
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    body_bytes_per_second: int = 256 * 1024
    """Every so many bytes received extend ``body_seconds`` by a second."""
    write_seconds: float = 60.0
    """A client that takes nothing for so long is let go."""
    linger_seconds: float = 2.0
    """How long bytes are discarded after a refusal, so that the client can read it before the reset."""


DEFAULT_LIMITS = Limits()
