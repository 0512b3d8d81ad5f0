"""Which client is it? The path decides; headers and body only refine; the reason is logged (routing.md §1)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cccc.domain.answers import Audience
from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.wording import plain


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


_OF_FORMAT: Mapping[WireFormat, ClientType] = MappingProxyType(
    {
        WireFormat.ANTHROPIC: ClientType.CLAUDE_CODE,
        WireFormat.OPENAI_RESPONSES: ClientType.CODEX,
        WireFormat.OPENAI_CHAT: ClientType.OPENAI,
        WireFormat.GEMINI: ClientType.GEMINI,
    }
)
"""A path's wire format names the kind of client that endpoints are reserved for."""

_FORMAT_OF: Mapping[ClientType, WireFormat] = MappingProxyType({kind: form for form, kind in _OF_FORMAT.items()})

# Beginnings of user agents, in lower case, that name a client beyond doubt.
_AGENTS: tuple[tuple[str, ClientType], ...] = (
    ("claude-cli", ClientType.CLAUDE_CODE),
    ("claude-code", ClientType.CLAUDE_CODE),
    ("codex", ClientType.CODEX),
)

_SESSION_HEADERS = ("x-claude-code-session-id", "session-id", "session_id", "thread-id", "conversation_id")

_TELLING = 16 * 1024
"""Characters at either end of how a session began."""


def detect(wire_format: WireFormat | None, action: Action, headers: Mapping[str, str]) -> Client:
    """Name the client. ``wire_format`` is that of the path's codec, ``None`` for paths that all formats share.

    ``headers`` are lower-case. On a shared path (model lists) Anthropic's headers or the user agent decide.
    """
    agent = headers.get("user-agent", "").strip()
    named = _named(agent, headers.get("originator", ""))
    if wire_format is not None:
        client_type, reason, confidence = _by_path(wire_format, named)
    else:
        client_type, reason, confidence = _by_headers(named, headers)
        wire_format = _FORMAT_OF[client_type]
    return Client(
        client_type=client_type,
        wire_format=wire_format,
        audience=_audience(wire_format, named),
        name=plain(agent.split(" ", 1)[0], 80) or "unknown",
        reason=f"{reason} ({action.value})",
        confidence=confidence,
        session_header=next((headers[name] for name in _SESSION_HEADERS if headers.get(name)), None),
    )


def session_key(session: str | None, opening: str) -> str | None:
    """The key under which a session stays with its endpoint: the client's own id, else a hash of how it began.

    ``opening`` is the system prompt and the first user message. ``None`` where there is neither. Of a long one length,
    beginning and end tell enough.
    """
    if session:
        return session
    if not opening:
        return None
    if len(opening) > 2 * _TELLING:
        opening = f"{len(opening)} {opening[:_TELLING]}{opening[-_TELLING:]}"
    return f"opening-{hashlib.sha256(opening.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _named(agent: str, originator: str) -> ClientType | None:
    for text in (agent.lower(), originator.strip().lower()):
        for beginning, client_type in _AGENTS:
            if text.startswith(beginning):
                return client_type
    return None


def _by_path(wire_format: WireFormat, named: ClientType | None) -> tuple[ClientType, str, float]:
    client_type = _OF_FORMAT[wire_format]
    if named is client_type:
        return client_type, f"path and user agent are those of {client_type.value}", 1.0
    if named is None:
        return client_type, f"path of {wire_format.value}", 0.8
    return client_type, f"path of {wire_format.value}, though the user agent is that of {named.value}", 0.5


def _by_headers(named: ClientType | None, headers: Mapping[str, str]) -> tuple[ClientType, str, float]:
    for header in ("anthropic-version", "x-api-key"):
        if header in headers:
            return ClientType.CLAUDE_CODE, f"shared path with {header}", 0.8
    if named is ClientType.CODEX:
        return ClientType.CODEX, "shared path with Codex's user agent", 0.8
    return ClientType.OPENAI, "shared path without a header that tells", 0.5


def _audience(wire_format: WireFormat, named: ClientType | None) -> Audience:
    if wire_format is WireFormat.ANTHROPIC:
        return Audience.ANTHROPIC
    if wire_format is WireFormat.OPENAI_RESPONSES and named is ClientType.CODEX:
        return Audience.CODEX
    return Audience.OPENAI
