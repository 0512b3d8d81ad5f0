"""Which client is it? The path decides; headers and body only refine; the reason is logged (routing.md §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cccc.domain.answers import Audience
from cccc.domain.endpoint import Action, ClientType, WireFormat


@dataclass(frozen=True, slots=True)
class Client:
    """The client of one request.

    ``name`` is the program as it names itself (``claude-cli/2.1.197``), for the log. ``confidence`` is 1.0 when path
    and headers agree. ``session_header`` is the session id that a header carries.
    """

    client_type: ClientType
    wire_format: WireFormat
    audience: Audience
    name: str
    reason: str
    confidence: float
    session_header: str | None = None


def detect(wire_format: WireFormat | None, action: Action, headers: Mapping[str, str]) -> Client:
    """Name the client. ``wire_format`` is that of the path's codec, ``None`` for paths that all formats share."""
    raise NotImplementedError
