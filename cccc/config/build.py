"""From settings to what the core works with: endpoints, taggers, the breaker's policy, the token.

Everything that depends on more than one setting or on the world outside the file (variables, key files, the own
address) is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path as FilePath
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import SecretStr

from cccc.config import references
from cccc.config.egress import from_environment
from cccc.config.endpoint_settings import EndpointSettings
from cccc.config.problems import Path, Problem, shown
from cccc.config.references import Unset, Unusable, resolve
from cccc.config.settings import BlacklistSettings, ServerSettings, Settings, TimeoutSettings
from cccc.config.urls import Reach, ascii_host, ascii_url, notes, reach, shown_url
from cccc.domain.endpoint import Auth, AuthType, EgressProxy, EgressType, Endpoint, ModelRule, Timeouts, WireFormat
from cccc.domain.failover import FailureClass
from cccc.domain.health import HealthPolicy
from cccc.domain.secret import Secret
from cccc.domain.tags import Tagger
from cccc.domain.vendors import is_official_url


class AutoToken(Enum):
    """``auth_token: auto``: the program makes the token and keeps it in the state folder."""

    AUTO = references.AUTO


AUTO = AutoToken.AUTO

_SAFE_SWITCHES: Mapping[str, FailureClass] = {
    "business_error_safe": FailureClass.BUSINESS,
    "config_error_safe": FailureClass.CONFIG,
    "server_error_safe": FailureClass.SERVER,
    "sse_validation_safe": FailureClass.SSE,
}
_TIMEOUT_FIELDS = {"health_check_timeout": "health_check"}
_PREFERENCE = {"responses": WireFormat.OPENAI_RESPONSES, "chat_completions": WireFormat.OPENAI_CHAT}
_OPENAI = (WireFormat.OPENAI_RESPONSES, WireFormat.OPENAI_CHAT)


@dataclass(frozen=True, slots=True)
class World:
    """What lies outside the file: the folder that relative paths start from, and the environment."""

    folder: FilePath
    environ: Mapping[str, str]


@dataclass(slots=True)
class Built:
    """The result. With ``problems`` the rest must not be used."""

    endpoints: tuple[Endpoint, ...] = ()
    taggers: tuple[Tagger, ...] = ()
    auth_token: Secret | AutoToken | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)


def build(settings: Settings, world: World) -> Built:
    """Everything that the settings describe, and what is wrong or odd about it."""
    built = Built()
    builders = [
        _EndpointBuilder(entry, position, settings, world, built) for position, entry in enumerate(settings.endpoints)
    ]
    endpoints = [builder.endpoint() for builder in builders]
    built.endpoints = tuple(endpoint for endpoint in endpoints if endpoint is not None)
    if settings.endpoints and not built.endpoints and not built.problems:
        # Every entry was left out: what were warnings are now the reason why nothing can start.
        built.problems, built.warnings = built.warnings, []
    if settings.ui.language not in (None, "en"):
        built.warnings.append(Problem(("ui", "language"), "has no effect: the screens speak English only"))
    built.taggers = taggers(settings)
    built.auth_token = _auth_token(settings.server, world, built)
    return built


def taggers(settings: Settings) -> tuple[Tagger, ...]:
    """The enabled taggers."""
    return tuple(
        Tagger(entry.name or entry.tag, entry.tagger_type, entry.tag, MappingProxyType(entry.params))
        for entry in settings.tagging.taggers
        if entry.enabled
    )


def health_policy(blacklist: BlacklistSettings, timeouts: TimeoutSettings) -> HealthPolicy:
    """The breaker's policy; ``enhanced_protection`` is a matter of each endpoint."""
    return HealthPolicy(
        enabled=blacklist.enabled and blacklist.auto_blacklist,
        ignored=frozenset(which for switch, which in _SAFE_SWITCHES.items() if getattr(blacklist, switch)),
        recovery_threshold=timeouts.recovery_threshold,
        longest_probe_wait=timeouts.check_interval,
    )


def _auth_token(server: ServerSettings, world: World, built: Built) -> Secret | AutoToken | None:
    if server.auth_token is None:
        return None
    text = server.auth_token.get_secret_value()
    if text == AUTO.value:
        return AUTO
    path: Path = ("server", "auth_token")
    match resolve(text, folder=world.folder, environ=world.environ):
        case Secret() as token:
            return token
        case Unset(variable):
            built.problems.append(
                Problem(path, f"${{{variable}}} is not set in this environment. Set it, or use auto.")
            )
        case Unusable(reason):
            built.problems.append(Problem(path, reason))
    return None


def openai_formats(entry: EndpointSettings) -> tuple[WireFormat, ...]:
    """Which OpenAI APIs ``url_openai`` speaks: by its ending, by what the user says, else both until learned."""
    path = urlsplit(entry.url_openai or "").path.rstrip("/")
    if path.endswith("/responses"):
        return (WireFormat.OPENAI_RESPONSES,)
    if path.endswith("/chat/completions"):
        return (WireFormat.OPENAI_CHAT,)
    if entry.target_format in _OPENAI:
        return (entry.target_format,)
    if entry.openai_preference in _PREFERENCE:
        return (_PREFERENCE[entry.openai_preference],)
    if entry.supports_responses is not None:
        return (WireFormat.OPENAI_RESPONSES if entry.supports_responses else WireFormat.OPENAI_CHAT,)
    # Everybody has Chat, and few but its maker have Responses: the likelier one is tried first.
    official = is_official_url(entry.url_openai or "", WireFormat.OPENAI_RESPONSES)
    return _OPENAI if official else _OPENAI[::-1]


@dataclass(slots=True)
class _EndpointBuilder:
    entry: EndpointSettings
    position: int
    settings: Settings
    world: World
    built: Built
    left_out: bool = False

    def path(self, *keys: str) -> Path:
        return ("endpoints", self.position, *keys)

    def problem(self, message: str, *keys: str) -> None:
        self.built.problems.append(Problem(self.path(*keys), message))

    def warn(self, message: str, *keys: str) -> None:
        self.built.warnings.append(Problem(self.path(*keys), message))

    def endpoint(self) -> Endpoint | None:
        """The endpoint, or ``None`` where a variable it needs is not set."""
        entry = self.entry
        urls = self.urls()
        auth = self.auth()
        headers = {
            name: self.secret(value, "header_overrides", name) if value.get_secret_value() else None
            for name, value in entry.header_overrides.items()
        }
        egress = self.egress(urls.values())
        if self.left_out:
            return None
        return Endpoint(
            name=entry.name,
            urls=MappingProxyType(urls),
            auth=auth,
            enabled=entry.enabled,
            priority=entry.priority,
            client_type=entry.client_type,
            native_format=entry.native_format,
            target_format=self.target_format(urls),
            tags=frozenset(entry.tags),
            model_rules=tuple(ModelRule(rule.source_pattern, rule.target_model) for rule in entry.model_rewrite.rules)
            if entry.model_rewrite.enabled
            else (),
            models=entry.models,
            header_overrides=MappingProxyType(
                {name: "" if value is None else value.reveal() for name, value in headers.items()}
            ),
            parameter_overrides=MappingProxyType(dict(entry.parameter_overrides)),
            max_tokens_field_name=entry.max_tokens_field_name,
            egress=egress,
            timeouts=self.timeouts(),
            max_concurrency=entry.max_concurrency,
            context_window=entry.context_window,
            count_tokens_enabled=entry.count_tokens_enabled,
            enhanced_protection=entry.enhanced_protection,
            reorder_system_messages_first=entry.reorder_system_messages_first,
            keep_reasoning={"keep": True, "drop": False}.get(entry.reasoning),
            position=self.position,
        )

    def urls(self) -> dict[WireFormat, str]:
        entry = self.entry
        urls: dict[WireFormat, str] = {}
        for key, url, formats in (
            ("url_anthropic", entry.url_anthropic, (WireFormat.ANTHROPIC,)),
            ("url_openai", entry.url_openai, openai_formats(entry)),
            ("url_gemini", entry.url_gemini, (WireFormat.GEMINI,)),
        ):
            if url is None:
                continue
            if self.is_own_address(url):
                self.problem(f"{shown_url(url)} is this proxy's own address; requests would go round in circles", key)
            for note in notes(url):
                self.warn(note, key)
            urls.update(dict.fromkeys(formats, ascii_url(url)))
        return urls

    def is_own_address(self, url: str) -> bool:
        parts = urlsplit(url)
        host = ascii_host(parts.hostname or "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        server = self.settings.server
        return port == server.port and (host == server.host.lower() or reach(host) is Reach.LOOPBACK)

    def auth(self) -> Auth:
        entry = self.entry
        kind = entry.auth_type or AuthType.AUTO
        if entry.auth_value is not None:
            return Auth(kind, self.secret(entry.auth_value, "auth_value"))
        if entry.oauth_config is not None and entry.oauth_config.access_token is not None:
            return Auth(kind, self.secret(entry.oauth_config.access_token, "oauth_config", "access_token"))
        return Auth(kind)

    def secret(self, value: SecretStr, *keys: str) -> Secret | None:
        text = value.get_secret_value()
        if keys[0] == "header_overrides" and not text.startswith(("${", "env:", "file:")):
            return Secret(text)  # a header's value may hold spaces; the model has checked it
        match resolve(text, folder=self.world.folder, environ=self.world.environ):
            case Secret() as secret:
                return secret
            case Unset(variable):
                self.left_out = True
                self.warn(
                    f"${{{variable}}} is not set in this environment; endpoint {shown(self.entry.name)} is left out. "
                    "Set it, or use file:PATH.",
                    *keys,
                )
            case Unusable(reason):
                self.problem(reason, *keys)
        return None

    def target_format(self, urls: Mapping[WireFormat, str]) -> WireFormat | None:
        wanted = self.entry.target_format
        if wanted is None or wanted in urls:
            return wanted
        spoken = ", ".join(urls)
        self.warn(
            f'"{wanted}" is ignored: this endpoint has no address in that format (it has {spoken})', "target_format"
        )
        return None

    def egress(self, urls: Iterable[str]) -> EgressProxy | None:
        proxy = self.entry.proxy
        if proxy is not None:
            if proxy.type == "none" or proxy.address is None:
                return None
            host, _, port = proxy.address.rpartition(":")
            password = None if proxy.password is None else self.secret(proxy.password, "proxy", "password")
            return EgressProxy(EgressType(proxy.type), host.strip("[]"), int(port), proxy.username, password)
        for url in urls:
            found = from_environment(url, self.world.environ)
            if isinstance(found, Unusable):
                self.problem(found.reason, "proxy")
            elif found is not None:
                return found
        return None

    def timeouts(self) -> Timeouts:
        common = self.settings.timeouts.model_dump(exclude={"check_interval", "recovery_threshold"})
        own = self.entry.timeouts.model_dump(exclude_none=True)
        return Timeouts(**{_TIMEOUT_FIELDS.get(name, name): value for name, value in {**common, **own}.items()})
