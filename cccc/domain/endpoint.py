"""An endpoint as the core sees it: where it is, what it speaks, how it wants to be asked.

``config`` builds these from the user's file; everything below the configuration works on them alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from cccc.domain.secret import Secret


class WireFormat(StrEnum):
    """The formats in which a turn can be written."""

    ANTHROPIC = "anthropic"
    OPENAI_CHAT = "openai_chat"
    OPENAI_RESPONSES = "openai_responses"
    GEMINI = "gemini"


class ClientType(StrEnum):
    """The kinds of client that an endpoint can be reserved for."""

    CLAUDE_CODE = "claude_code"
    CODEX = "codex"
    OPENAI = "openai"
    GEMINI = "gemini"


class Action(StrEnum):
    """What a request asks an endpoint for."""

    TURN = "turn"
    COUNT_TOKENS = "count_tokens"
    COMPACT = "compact"
    MODELS = "models"
    PROOF = "proof"
    """Nothing: the proxy answers by itself (``domain.proof``)."""


class AuthType(StrEnum):
    """How a key is sent; ``AUTO`` is learned."""

    API_KEY = "api_key"
    AUTH_TOKEN = "auth_token"
    OAUTH = "oauth"
    AUTO = "auto"


class AuthStyle(StrEnum):
    """The header that carries the key."""

    BEARER = "authorization"
    X_API_KEY = "x-api-key"
    X_GOOG_API_KEY = "x-goog-api-key"


KEY_HEADER: Mapping[WireFormat, AuthStyle] = MappingProxyType(
    {
        WireFormat.ANTHROPIC: AuthStyle.X_API_KEY,
        WireFormat.OPENAI_CHAT: AuthStyle.BEARER,
        WireFormat.OPENAI_RESPONSES: AuthStyle.BEARER,
        WireFormat.GEMINI: AuthStyle.X_GOOG_API_KEY,
    }
)
"""The header that each format's own API uses for keys (``auth_type: api_key``)."""


@dataclass(frozen=True, slots=True)
class Auth:
    """The key of an endpoint and how it is sent."""

    type: AuthType = AuthType.AUTO
    secret: Secret | None = None

    def styles(self, wire_format: WireFormat) -> tuple[AuthStyle, ...]:
        """The headers to try, in order; more than one only where the style is to be learned."""
        match self.type:
            case AuthType.API_KEY:
                return (KEY_HEADER[wire_format],)
            case AuthType.AUTH_TOKEN | AuthType.OAUTH:
                return (AuthStyle.BEARER,)
            case AuthType.AUTO:
                own = KEY_HEADER[wire_format]
                return (AuthStyle.BEARER,) if own is AuthStyle.BEARER else (AuthStyle.BEARER, own)

    def header(self, style: AuthStyle) -> tuple[str, str] | None:
        """The header for one style, or ``None`` where there is no key."""
        if self.secret is None:
            return None
        key = self.secret.reveal()
        return (style.value, f"Bearer {key}" if style is AuthStyle.BEARER else key)


@dataclass(frozen=True, slots=True)
class ModelRule:
    """One rewriting rule: requests for ``pattern`` (shell wildcards) are sent as ``target``."""

    pattern: str
    target: str


class EgressType(StrEnum):
    """Protocols of a proxy between us and an endpoint."""

    HTTP = "http"
    SOCKS5 = "socks5"


@dataclass(frozen=True, slots=True)
class EgressProxy:
    """A proxy between us and an endpoint."""

    type: EgressType
    host: str
    port: int
    username: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds of one attempt, in seconds (interface: section ``timeouts``)."""

    connect: float = 10.0
    tls_handshake: float = 10.0
    response_header: float = 60.0
    first_event: float = 180.0
    stream_idle: float = 270.0
    total: float = 600.0
    idle_connection: float = 90.0
    health_check: float = 30.0
    write: float = 30.0

    def with_response_header(self, seconds: float) -> Timeouts:
        """The same with another bound on the wait for the answer's head."""
        return replace(self, response_header=seconds)


PATHS: Mapping[tuple[WireFormat, Action], str] = MappingProxyType(
    {
        (WireFormat.ANTHROPIC, Action.TURN): "messages",
        (WireFormat.ANTHROPIC, Action.COUNT_TOKENS): "messages/count_tokens",
        (WireFormat.ANTHROPIC, Action.MODELS): "models",
        (WireFormat.OPENAI_CHAT, Action.TURN): "chat/completions",
        (WireFormat.OPENAI_CHAT, Action.MODELS): "models",
        (WireFormat.OPENAI_RESPONSES, Action.TURN): "responses",
        (WireFormat.OPENAI_RESPONSES, Action.COMPACT): "responses/compact",
        (WireFormat.OPENAI_RESPONSES, Action.MODELS): "models",
    }
)
"""The path of each action below an API's version prefix."""

FORMAT_HEADERS: Mapping[WireFormat, Mapping[str, str]] = MappingProxyType(
    {WireFormat.ANTHROPIC: MappingProxyType({"anthropic-version": "2023-06-01"})}
)
"""What a format demands in the head of every request that no client has written."""

_FULL_ENDINGS = ("/messages", "/responses", "/chat/completions")


def is_full_url(url: str) -> bool:
    """Whether a configured URL names the turn's own path and is to be used as it stands."""
    return urlsplit(url).path.rstrip("/").endswith(_FULL_ENDINGS)


def address(url: str, wire_format: WireFormat, action: Action) -> str:
    """The URL to ask for ``action``, from the configured full or base URL (interface: ``endpoints[]``).

    A full URL is used as it stands; its siblings (``count_tokens``, ``compact``, ``models``) lie beside it.
    To a base that ends in ``/vN`` the last part is added, to any other base the part with ``/v1``.
    """
    if action is Action.TURN and is_full_url(url):
        return url
    parts = urlsplit(url)
    part = PATHS[wire_format, action]
    base = parts.path.rstrip("/")
    for ending in _FULL_ENDINGS:
        if base.endswith(ending):
            return _with_path(parts, f"{base.removesuffix(ending)}/{part}")
    tail = base.rsplit("/", 1)[-1]
    versioned = tail[:1] == "v" and tail[1:].isdecimal()
    return _with_path(parts, f"{base}/{part}" if versioned else f"{base}/v1/{part}")


def _with_path(parts: SplitResult, path: str) -> str:
    """The URL with another path; a query in the configured URL (``?api-version=…``) stays."""
    return urlunsplit(parts._replace(path=path))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One entry of the pool.

    ``urls`` maps every format that the endpoint speaks to its configured URL (full or base); a base
    ``url_openai`` without a preference stands there under both OpenAI formats until the right one is learned.
    ``position`` is the place in the configuration file, the last of all tie-breakers.
    """

    name: str
    urls: Mapping[WireFormat, str]
    auth: Auth = Auth()
    enabled: bool = True
    priority: int = 1
    client_type: ClientType | None = None
    native_format: bool = True
    target_format: WireFormat | None = None
    tags: frozenset[str] = frozenset()
    model_rules: tuple[ModelRule, ...] = ()
    models: tuple[str, ...] = ()
    header_overrides: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    parameter_overrides: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    max_tokens_field_name: str | None = None
    egress: EgressProxy | None = None
    timeouts: Timeouts = Timeouts()
    max_concurrency: int | None = None
    context_window: int | None = None
    count_tokens_enabled: bool | None = None
    enhanced_protection: bool = False
    reorder_system_messages_first: bool = False
    keep_reasoning: bool | None = None
    position: int = 0
