"""The whole configuration as one model: its sections, defaults and bounds (interface.md, Configuration).

The entries of ``endpoints`` are in ``endpoint_settings``, the taggers in ``tagger_settings``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from cccc.config.endpoint_settings import EndpointSettings
from cccc.config.fields import Absent, Duration, Section, Size, complaint_found, complaint_plain, live, restart
from cccc.config.tagger_settings import TaggerSettings
from cccc.config.urls import Reach, reach

Body = Literal["none", "truncated", "full"]
_MIB = 1024 * 1024


def _host_name(name: str) -> str:
    if not name or any(c in name for c in "/@:?#[] \\*") or not name.isascii() or not name.isprintable():
        raise complaint_found("is not a host name; expected a name such as cccc.lan, without scheme, port and wildcard")
    return name.lower()


def _origin(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator or not scheme.isalnum() or not rest or any(c in rest for c in "/?#@* \\"):
        raise complaint_found("is not an origin; expected scheme://host or scheme://host:port")
    return text.lower()


def _listen_host(host: str) -> str:
    if not host or any(c in host for c in "/@?#[] \\") or not host.isascii() or not host.isprintable():
        raise complaint_found("is not an address to listen on; expected an IP address or a host name without port")
    return host


HostName = Annotated[str, AfterValidator(_host_name)]
Origin = Annotated[str, AfterValidator(_origin)]


class ServerSettings(Section):
    """Where the proxy listens and who may use it."""

    host: Annotated[str, AfterValidator(_listen_host)] = restart(
        "Address", "Address to listen on. Anything but a loopback address needs auth_token.", default="127.0.0.1"
    )
    port: int = restart("Port", "Port to listen on; 0 takes a free one.", default=8080, ge=0, le=65535)
    auth_token: Annotated[SecretStr | None, Absent] = live(
        "Token",
        "Key that clients must send: a value, ${ENV_NAME}, env:NAME, file:PATH, or auto (generated, shown by "
        "cccc token). Without one any key is accepted on loopback.",
        default=None,
    )
    auto_sort_endpoints: bool = live(
        "Sort by health and response time",
        "Let health and response time take part in the order; with false the order is native format, priority, file.",
        default=True,
    )
    allowed_hosts: tuple[HostName, ...] = live(
        "Host names", "Names besides localhost, 127.0.0.1 and ::1 under which clients may call.", default=()
    )
    allowed_origins: tuple[Origin, ...] = live(
        "Origins", "Origins of web and Electron clients that may call; they need the token.", default=()
    )
    max_request_bytes: Annotated[Size, Field(ge=1024, le=1024 * _MIB)] = live(
        "Largest request", "Largest body of a request, on the wire and decoded.", default=64 * _MIB
    )

    restore_clients_on_stop: bool = live(
        "Restore clients when stopping",
        "Undo the set-up of clients that point here when the proxy stops, so that they work without it.",
        default=False,
    )

    @model_validator(mode="after")
    def _token_off_loopback(self) -> ServerSettings:
        if self.auth_token is None and reach(self.host) is not Reach.LOOPBACK:
            host = f"[{self.host}]" if ":" in self.host else self.host
            raise complaint_plain(
                f"listen {host}:{self.port}: refused, no token is set. "
                "Set server.auth_token (auto makes one), or use 127.0.0.1"
            )
        return self


class LoggingSettings(Section):
    """What is kept of the requests."""

    level: Literal["debug", "info", "warn", "warning", "error"] = live(
        "Level", "How much the program says about itself.", default="info"
    )
    log_directory: Annotated[str | None, Absent] = restart(
        "Folder of log files",
        "Files of the log go there when set; a relative path is taken from this file's folder.",
        default=None,
    )
    log_request_types: Literal["all", "failed", "success"] = live(
        "Requests logged", "Which requests get a row.", default="all"
    )
    log_request_body: Body = live(
        "Request bodies", "How much of request bodies is kept; truncated keeps 64 KiB.", default="full"
    )
    log_response_body: Body = live(
        "Response bodies", "How much of response bodies is kept; truncated keeps 64 KiB.", default="full"
    )
    body_retention_days: float = live("Days bodies are kept", "Bodies older than this are removed.", default=3, ge=0)
    exclude_paths: tuple[str, ...] = live(
        "Paths not logged", "Requests to these paths get no row.", default=("/v1/messages/count_tokens",)
    )
    retention_days: float = live("Days rows are kept", "Rows older than this are removed.", default=30, ge=0)
    max_size_mb: int = live(
        "Largest database", "Oldest rows go when the database is larger, in MB.", default=1024, ge=1
    )


class TimeoutSettings(Section):
    """How long each phase of an attempt may take, and how ill endpoints are probed."""

    connect: Duration = live("Connect", "Until the connection stands.", default=10.0)
    tls_handshake: Duration = live("TLS handshake", "Until TLS is agreed.", default=10.0)
    response_header: Duration = live(
        "Response header",
        "Until a streaming answer's head; three times as long when no other candidate is left.",
        default=60.0,
    )
    first_event: Duration = live(
        "First event",
        "Until a stream's first event with content; a third of it while another candidate is left.",
        default=180.0,
    )
    stream_idle: Duration = live("Silence in a stream", "Between two events of a stream.", default=270.0)
    total: Duration = live(
        "Whole answer",
        "For requests that do not stream, over all attempts; half of what is left while another candidate is left.",
        default=600.0,
    )
    idle_connection: Duration = live("Idle connection", "How long an unused connection is kept.", default=90.0)
    health_check_timeout: Duration = live("Probe", "For one probe or test of an endpoint.", default=30.0)
    check_interval: Duration = live(
        "Longest wait between probes", "Probes of an ill endpoint start after 5s and double up to this.", default=30.0
    )
    recovery_threshold: int = live(
        "Good probes", "Good probes in a row before an endpoint gets a request again.", default=1, ge=1, le=100
    )


class BlacklistSettings(Section):
    """Which failures take an endpoint out. A safe class of failure does not count against it."""

    enabled: bool = live("Breaker", "Take failing endpoints out at all.", default=True)
    auto_blacklist: bool = live("Automatic", "Take them out without being asked.", default=True)
    business_error_safe: bool = live("Business errors safe", "Quota, rate and refusal do not count.", default=True)
    config_error_safe: bool = live("Configuration errors safe", "401, 403 and wrong paths do not count.", default=False)
    server_error_safe: bool = live("Server errors safe", "5xx, network and timeouts do not count.", default=False)
    sse_validation_safe: bool = live("Stream errors safe", "Invalid or incomplete streams do not count.", default=False)


class RoutingSettings(Section):
    """How endpoints are tried."""

    sticky_sessions: bool = live(
        "Warm sessions", "Keep a session on the endpoint whose prompt cache it filled, among equals.", default=True
    )
    max_attempts: int = live("Attempts", "Upstream requests for one client request.", default=6, ge=1, le=50)
    gate_timeout: Duration = live(
        "Gate", "Silence after which a streaming client gets headers and keep-alives.", default=20.0
    )


class TaggingSettings(Section):
    """What requests look like decides which tagged endpoints serve them."""

    pipeline_timeout: Duration = live("Time for taggers", "A tagger that is later gives no tag.", default=5.0)
    taggers: tuple[TaggerSettings, ...] = live("Taggers", "Rules that give tags to requests.", default=())


class JsonFixingSettings(Section):
    """Repair of tool arguments that a model wrote as Python instead of JSON."""

    enabled: bool = live("Repair", "Repair tool arguments written as Python.", default=True)
    target_tools: tuple[str, ...] = live("Tools", "Tools whose arguments are repaired.", default=("TodoWrite",))
    max_attempts: int = live("Attempts", "Repairs tried for one call.", default=3, ge=1, le=10)


class ValidationSettings(Section):
    """How answers are checked and mended."""

    python_json_fixing: JsonFixingSettings = live(
        "Python-style JSON", "Repair of tool arguments written as Python.", default=JsonFixingSettings()
    )


class UiSettings(Section):
    """How the screens look."""

    theme: Annotated[str | None, Absent] = live("Theme", "Name of a theme of the screens.", default=None)
    glyphs: Literal["unicode", "ascii"] = live("Glyphs", "Characters used for states and lines.", default="unicode")
    keymap: dict[str, str] = live("Keys", "Own keys by binding id, such as endpoints.test: t.", default={})
    language: Annotated[str | None, Absent] = live(
        "Language", "Has no effect: the screens speak English only.", default=None
    )


class Settings(Section):
    """Everything that can be configured."""

    server: ServerSettings = live("Server", "Where the proxy listens and who may use it.", default=ServerSettings())
    endpoints: tuple[EndpointSettings, ...] = live("Endpoints", "The pool, in order.", default=())
    logging: LoggingSettings = live("Logging", "What is kept of the requests.", default=LoggingSettings())
    timeouts: TimeoutSettings = live("Timeouts", "How long things may take.", default=TimeoutSettings())
    blacklist: BlacklistSettings = live("Blacklist", "Which failures count.", default=BlacklistSettings())
    routing: RoutingSettings = live("Routing", "How endpoints are tried.", default=RoutingSettings())
    tagging: TaggingSettings = live("Tagging", "Tags for requests.", default=TaggingSettings())
    validation: ValidationSettings = live("Validation", "How answers are checked.", default=ValidationSettings())
    ui: UiSettings = live("Screens", "How the screens look.", default=UiSettings())
