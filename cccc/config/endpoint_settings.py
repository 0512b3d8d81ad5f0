"""One entry of ``endpoints`` as the user writes it. ``build`` turns it into the core's ``Endpoint``."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from cccc.config.fields import Absent, Duration, Section, complaint, complaint_about, complaint_found, live
from cccc.config.urls import check_url
from cccc.domain.endpoint import AuthType, ClientType, WireFormat

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FRAMING = {"host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect"}
_JSON_INTEGERS = range(-(2**63), 2**64)


def _readable_name(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise complaint_found("holds control characters or outer spaces; expected 1 to 100 printable characters")
    if name == "auto":
        raise complaint("is what ends a choice (cccc use auto); choose another name")
    return name


def _header_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise complaint("is not the name of an HTTP header")
    if name.lower() in _FRAMING:
        raise complaint("belongs to the connection and cannot be overridden; remove it")
    return name


def _header_value(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if any(not (" " <= c <= "~" or "\xa0" <= c <= "\xff") for c in text) or text != text.strip():
        raise complaint("is not the value of an HTTP header; expected one line of Latin-1 without outer spaces")
    return value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _json(value: Any, depth: int = 0) -> Any:
    """Only what can be written as JSON: TOML and YAML know dates and infinities as well."""
    match value:
        case None | bool() | str():
            return value
        case int() if value in _JSON_INTEGERS:
            return value
        case float() if math.isfinite(value):
            return value
        case list() | tuple() if depth < 50:
            return [_json(item, depth + 1) for item in value]
        case dict() if depth < 50:
            return {str(key): _json(item, depth + 1) for key, item in value.items()}
        case _:
            raise complaint_found(
                "is not a value that JSON can hold; expected text, number, true, false, list or mapping"
            )


def _proxy(value: object) -> object:
    return {"type": "none"} if value == "none" else value


HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[SecretStr, BeforeValidator(_as_text), AfterValidator(_header_value)]
Url = Annotated[str | None, Absent]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class ModelRuleSettings(Section):
    """One rule of ``model_rewrite``."""

    source_pattern: Word = live("Model asked for", "Shell wildcards; * matches / too.")
    target_model: Word = live("Model sent", "The model asked of the endpoint instead.")


class ModelRewriteSettings(Section):
    """Model names that this endpoint knows under another name."""

    enabled: bool = live("Rewrite models", "Whether the rules apply.", default=False)
    rules: tuple[ModelRuleSettings, ...] = live("Rules", "In order; the first that matches wins.", default=())


class EgressSettings(Section):
    """A proxy between CCCC and the endpoint; the word ``none`` instead of a mapping: never one."""

    type: Literal["http", "socks5", "none"] = live("Type", "http, socks5, or none for never a proxy.")
    address: str | None = live("Address", "host:port of the proxy.", default=None)
    username: Annotated[str | None, Absent] = live("User", "User name at the proxy.", default=None)
    password: Annotated[SecretStr | None, Absent] = live("Password", "Password at the proxy.", default=None)

    @model_validator(mode="after")
    def _has_address(self) -> EgressSettings:
        if self.type == "none":
            return self
        if self.address is None:
            raise complaint_about("address", "is missing; expected host:port of the proxy")
        host, _, port = self.address.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535 or "/" in host:
            raise complaint_about("address", "is not an address; expected host:port such as 127.0.0.1:1080")
        return self


class EndpointTimeoutSettings(Section):
    """Timeouts of this endpoint that differ from the section ``timeouts``."""

    connect: Duration | None = live("Connect", "Until the connection stands.", default=None)
    tls_handshake: Duration | None = live("TLS handshake", "Until TLS is agreed.", default=None)
    response_header: Duration | None = live("Response header", "Until a streaming answer's head.", default=None)
    first_event: Duration | None = live("First event", "Until a stream's first event with content.", default=None)
    stream_idle: Duration | None = live("Silence in a stream", "Between two events of a stream.", default=None)
    total: Duration | None = live("Whole answer", "For requests that do not stream.", default=None)
    idle_connection: Duration | None = live("Idle connection", "How long it is kept.", default=None)
    health_check_timeout: Duration | None = live("Probe", "For one probe or test.", default=None)


class OAuthSettings(Section):
    """An OAuth login: its tokens and how they are renewed."""

    access_token: Annotated[SecretStr | None, Absent] = live("Access token", "The token sent.", default=None)
    refresh_token: Annotated[SecretStr | None, Absent] = live("Refresh token", "Renews it.", default=None)
    expires_at: int | None = live("Expires", "End of the access token, in ms since 1970.", default=None, ge=0)
    token_url: Url = live("Token address", "Where tokens are renewed.", default=None)
    client_id: Annotated[str | None, Absent] = live("Client", "Client id of the login.", default=None)
    scopes: tuple[str, ...] = live("Scopes", "Scopes asked for.", default=())
    auto_refresh: bool = live("Renew", "Renew before the token ends.", default=True)

    @field_validator("token_url")
    @classmethod
    def _token_url(cls, url: str | None) -> str | None:
        return None if url is None else check_url(url, allow_insecure=False)


class EndpointSettings(Section):
    """One endpoint of the pool."""

    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_readable_name)] = live(
        "Name", "Unique, 1 to 100 characters."
    )
    allow_insecure: bool = live(
        "Allow plain http", "Accept http:// to an address that is neither loopback nor private.", default=False
    )
    url_anthropic: Url = live("Anthropic address", "Full URL (…/messages) or base.", default=None)
    url_openai: Url = live("OpenAI address", "Full URL (…/responses, …/chat/completions) or base.", default=None)
    url_gemini: Url = live("Gemini address", "Full URL or base; not used for requests yet.", default=None)
    auth_type: Annotated[AuthType | None, Absent] = live(
        "Kind of key",
        "api_key (the header of the endpoint's format), auth_token (Bearer), oauth, or auto (learned).",
        default=AuthType.AUTO,
    )
    auth_value: Annotated[SecretStr | None, Absent] = live(
        "Key", "The key itself, ${ENV_NAME}, env:NAME or file:PATH; required unless auth_type is oauth.", default=None
    )
    enabled: bool = live("Enabled", "Whether requests may go there.", default=True)
    priority: int = live("Priority", "Smaller is tried first.", default=1, ge=-1_000_000, le=1_000_000)
    client_type: Annotated[ClientType | None, Absent] = live(
        "Client", "claude_code, codex, openai or gemini only; empty: every client.", default=None
    )
    native_format: bool = live("Native", "With false it ranks as converted even where formats agree.", default=True)
    target_format: Annotated[WireFormat | None, Absent] = live(
        "Format",
        "Format used when a request must be converted, and what a base url_openai speaks; absent: from the URLs.",
        default=None,
    )
    openai_preference: Annotated[Literal["auto", "responses", "chat_completions"] | None, Absent] = live(
        "OpenAI API", "Which OpenAI API a base url_openai speaks; auto: learned.", default="auto"
    )
    supports_responses: bool | None = live(
        "Has the Responses API", "Whether a base url_openai speaks Responses; absent: learned.", default=None
    )
    tags: tuple[Word, ...] = live("Tags", "Serve requests with these tags.", default=())
    model_rewrite: ModelRewriteSettings = live(
        "Model names", "Names under which models are asked for here.", default=ModelRewriteSettings()
    )
    models: tuple[Word, ...] = live("Models", "Wildcards for what it can serve; empty: any.", default=())
    header_overrides: dict[HeaderName, HeaderValue] = live(
        "Headers", 'Upstream headers to set, or with "" to delete.', default={}
    )
    parameter_overrides: dict[str, Annotated[Any, BeforeValidator(_json)]] = live(
        "Parameters", 'Top-level keys of the body to set, or with "" to delete.', default={}
    )
    max_tokens_field_name: Annotated[
        Literal["max_tokens", "max_completion_tokens", "max_output_tokens"] | None, Absent
    ] = live(
        "Name of the token limit", "In the OpenAI formats; absent: as the client says, or by format.", default=None
    )
    proxy: Annotated[EgressSettings | None, BeforeValidator(_proxy)] = live(
        "Proxy", "Proxy on the way; absent: from the environment; none: never.", default=None
    )
    timeouts: EndpointTimeoutSettings = live(
        "Timeouts", "Those that differ from the section timeouts.", default=EndpointTimeoutSettings()
    )
    max_concurrency: int | None = live(
        "Requests at once", "More wait 5s, then go elsewhere; absent: no limit.", default=None, ge=1, le=100_000
    )
    context_window: int | None = live(
        "Context window", "Tokens; longer requests are not sent there; absent: learned.", default=None, ge=1
    )
    oauth_config: OAuthSettings | None = live("OAuth", "The login for auth_type oauth.", default=None)
    count_tokens_enabled: bool | None = live(
        "Counts tokens", "Whether it has count_tokens; absent: learned.", default=None
    )
    enhanced_protection: bool = live(
        "Leave early", "Leave it as soon as its rate-limit status is allowed_warning.", default=False
    )
    reorder_system_messages_first: bool = live(
        "System messages first",
        "One system message, at the beginning: for chat upstreams that insist on it.",
        default=False,
    )
    reasoning: Literal["auto", "keep", "drop"] = live(
        "Reasoning", "keep: reasoning_content becomes thinking; drop: it is left out.", default="auto"
    )

    @field_validator("url_anthropic", "url_openai", "url_gemini")
    @classmethod
    def _urls(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None:
            return None
        return check_url(url, allow_insecure=bool(info.data.get("allow_insecure")), key=info.field_name)

    @model_validator(mode="after")
    def _complete(self) -> EndpointSettings:
        if self.url_anthropic is None and self.url_openai is None and self.url_gemini is None:
            raise complaint("has no address; expected url_anthropic, url_openai or url_gemini")
        if self.auth_type is AuthType.OAUTH:
            if self.auth_value is None and (self.oauth_config is None or self.oauth_config.access_token is None):
                raise complaint_about("oauth_config", "is missing; auth_type oauth needs oauth_config.access_token")
        elif self.auth_value is None:
            raise complaint_about(
                "auth_value", "is missing; expected a key, ${ENV_NAME} or file:PATH (or auth_type: oauth)"
            )
        return self
