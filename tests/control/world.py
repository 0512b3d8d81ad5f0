"""A small fixed world for everything that shows or carries the control surface's values.

Three endpoints and five requests of the afternoon of 1 July 2026: one went well, one after a failover, one failed at
every endpoint, one client left, and one carries what an attacker would send.
"""

from __future__ import annotations

from dataclasses import replace

from cccc.control.api import (
    AttemptRecord,
    Breaker,
    Candidate,
    Check,
    ClientOptions,
    ClientPlan,
    ClientSetting,
    ClientState,
    ClientType,
    ClientView,
    ConfigField,
    ConfigForm,
    ConfigProblem,
    ConfigSection,
    ConfigValue,
    ConfigView,
    ConversionCount,
    EndpointActivity,
    EndpointDetail,
    EndpointView,
    Excluded,
    FailureClass,
    FieldKind,
    FormatProbe,
    Found,
    ImportPlan,
    Learned,
    Lost,
    ModelRule,
    Outcome,
    Overview,
    PlannedFile,
    PlannedReason,
    ProbeReport,
    Proof,
    ProofState,
    Ranking,
    RequestRecord,
    RequestSummary,
    Saved,
    SortKey,
    Standing,
    StatsGroup,
    StatsKey,
    StatsView,
    Usage,
    Verdict,
    WireFormat,
)
from cccc.domain.endpoint import Action
from cccc.domain.loss import Loss
from cccc.domain.record import Pace

NOW = 1_782_909_120.0
"""2026-07-01T12:32:00Z."""

OVERVIEW = Overview(
    version="0.1.0",
    address="http://127.0.0.1:8080",
    pid=4711,
    started=NOW - 11_520,
    endpoints_total=3,
    endpoints_usable=2,
    in_flight=1,
    requests_dropped_from_log=0,
)

ALPHA = EndpointView(
    name="alpha",
    enabled=True,
    client_type=ClientType.CLAUDE_CODE,
    formats=(WireFormat.ANTHROPIC,),
    urls=("https://api.alpha.example/v1/messages",),
    auth="api_key …4f2a",
    priority=1,
    native_format=True,
    tags=(),
    models=("claude-*",),
    health=Standing.HEALTHY,
    breaker=Breaker.CLOSED,
    cooldown_until=None,
    reason=None,
    ttft_ms=612.0,
    success_rate=0.991,
    in_flight=1,
    last_error=None,
    last_error_at=None,
)

BETA = replace(
    ALPHA,
    name="beta",
    client_type=None,
    formats=(WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES),
    urls=("https://beta.example/v1",),
    auth="auth_token …",
    priority=2,
    models=(),
    health=Standing.UNUSABLE,
    cooldown_until=NOW + 41,
    reason="rate limited (429)",
    ttft_ms=1_120.0,
    success_rate=0.5,
    in_flight=0,
    last_error="429 Too Many Requests",
    last_error_at=NOW - 19,
    causes=("req_01JZ8Q4T0000000000000000B2",),
)

GAMMA = replace(
    ALPHA,
    name="gamma",
    enabled=False,
    client_type=None,
    urls=("https://gamma.example",),
    auth="auto …",
    priority=5,
    models=(),
    reason="switched off in the configuration",
    ttft_ms=None,
    success_rate=None,
    in_flight=0,
)

ENDPOINTS = (ALPHA, BETA, GAMMA)

RANKING = Ranking(
    order=(
        Candidate(
            name="alpha",
            rank=1,
            key=SortKey(1, 0, 0, 1, 0, 1, 67, 1, 0),
            decided_by=None,
            native=True,
            target_format=WireFormat.ANTHROPIC,
            model_sent="claude-opus-4-5",
            standing=Standing.HEALTHY,
            ttft_ms=612.0,
        ),
        Candidate(
            name="beta",
            rank=2,
            key=SortKey(1, 0, 1, 2, 2, 1, 74, 0, 1),
            decided_by="native",
            native=False,
            target_format=WireFormat.OPENAI_CHAT,
            model_sent="gpt-5.2",
            standing=Standing.DEGRADED,
            ttft_ms=1_120.0,
        ),
    ),
    excluded=(
        Excluded(
            name="gamma",
            reason="switched off in the configuration",
            would_be=2,
            key=SortKey(1, 0, 0, 5, 0, 1, 70, 0, 2),
        ),
    ),
)

OK = RequestRecord(
    id="req_01JZ8Q4T0000000000000000A1",
    time=NOW - 120,
    client="claude-cli/2.1.197",
    client_type=ClientType.CLAUDE_CODE,
    client_reason="path /v1/messages",
    wire_format=WireFormat.ANTHROPIC,
    action=Action.TURN,
    method="POST",
    path="/v1/messages",
    stream=True,
    verdict=Verdict.OK,
    status=200,
    duration_ms=6_100.0,
    model="claude-opus-4-5",
    endpoint="alpha",
    target_format=WireFormat.ANTHROPIC,
    ttft_ms=598.0,
    usage=Usage(input=220, cache_read=18_000, output=402),
    cost_usd=0.0213,
    session="5f1c",
    bytes_in=71_000,
    bytes_out=4_096,
    ranking=RANKING,
    attempts=(
        AttemptRecord(
            endpoint="alpha",
            wire_format=WireFormat.ANTHROPIC,
            url="https://api.alpha.example/v1/messages",
            model_sent="claude-opus-4-5",
            started=NOW - 120,
            outcome=Outcome.OK,
            status=200,
            head_ms=410.0,
            ttft_ms=598.0,
            duration_ms=6_100.0,
        ),
    ),
    request_body=b'{"model":"claude-opus-4-5"}',
    response_body=b"\xff\x00",
)

FAILED_OVER = replace(
    OK,
    response_headers=(("content-type", "application/json"),),
    response_pace=Pace((1, 2), (900, 4_300)),
    id="req_01JZ8Q4T0000000000000000B2",
    time=NOW - 60,
    verdict=Verdict.OK_AFTER_FAILOVER,
    duration_ms=4_400.0,
    endpoint="beta",
    target_format=WireFormat.OPENAI_CHAT,
    converted=True,
    ttft_ms=850.5,
    usage=Usage(input=22_800, output=301),
    cost_usd=None,
    losses=(
        Loss("system[1].cache_control", "cache_control", "OpenAI Chat has no counterpart"),
        Loss("tools[0].cache_control", "cache_control", "OpenAI Chat has no counterpart"),
        Loss("messages[1].content[0]", "thinking signature", "only its maker can read it"),
    ),
    attempts=(
        replace(
            OK.attempts[0],
            started=NOW - 60,
            outcome=Outcome.OVERLOADED,
            failure_class=FailureClass.SERVER,
            status=529,
            error="overloaded_error: Overloaded",
            ttft_ms=None,
            head_ms=310.0,
            duration_ms=310.0,
            cooldown_until=NOW - 30,
        ),
        AttemptRecord(
            endpoint="beta",
            wire_format=WireFormat.OPENAI_CHAT,
            url="https://beta.example/v1/chat/completions",
            model_sent="gpt-5.2",
            started=NOW - 59.6875,
            outcome=Outcome.OK,
            status=200,
            ttft_ms=540.0,
            duration_ms=4_090.0,
        ),
    ),
)

FAILED = replace(
    OK,
    id="req_01JZ8Q4T0000000000000000C3",
    time=NOW - 45,
    client="codex_cli_rs/0.87.0",
    client_type=ClientType.CODEX,
    wire_format=WireFormat.OPENAI_RESPONSES,
    path="/v1/responses",
    verdict=Verdict.UPSTREAM_ERROR,
    status=503,
    duration_ms=60_000.0,
    model="gpt-5.2-codex",
    endpoint=None,
    target_format=None,
    ttft_ms=None,
    usage=None,
    cost_usd=None,
    session=None,
    error="beta: no answer within 60 s (response_header)",
    ranking=replace(RANKING, order=(replace(RANKING.order[1], rank=1, decided_by=None),), excluded=()),
    attempts=(
        AttemptRecord(
            endpoint="beta",
            wire_format=WireFormat.OPENAI_RESPONSES,
            url="https://beta.example/v1/responses",
            model_sent="gpt-5.2-codex",
            started=NOW - 45,
            outcome=Outcome.HEAD_TIMEOUT,
            failure_class=FailureClass.SERVER,
            error="no progress within 60 s (response_header)",
            duration_ms=60_000.0,
        ),
    ),
)

GONE = replace(
    OK,
    id="req_01JZ8Q4T0000000000000000D4",
    time=NOW - 30,
    verdict=Verdict.CLIENT_GONE,
    status=499,
    duration_ms=2_000.0,
    usage=None,
    cost_usd=None,
)

HOSTILE_TEXT = "\x1b]52;c;ZXZpbA==\x07\u202eevil\x9b2J\ud800\r\nnew line"
HOSTILE = replace(
    FAILED,
    id="req_01JZ8Q4T0000000000000000E5",
    time=NOW - 10,
    client=HOSTILE_TEXT,
    model=HOSTILE_TEXT,
    error=HOSTILE_TEXT,
    session=HOSTILE_TEXT,
)

RECORDS = (OK, FAILED_OVER, FAILED, GONE)

STATS = StatsView(
    since=NOW - 86_400,
    by=StatsKey.ENDPOINT,
    groups=(
        StatsGroup(
            key="alpha",
            requests=842,
            errors=7,
            failovers=5,
            ttft_p50_ms=640.0,
            ttft_p95_ms=2_400.0,
            usage=Usage(input=2_800_000, cache_read=7_000_000, output=214_000),
            cost_usd=31.4,
            cache_share=0.714,
        ),
        StatsGroup(
            key="beta",
            requests=3,
            errors=1,
            failovers=0,
            ttft_p50_ms=None,
            ttft_p95_ms=None,
            usage=Usage(),
            cost_usd=None,
            cache_share=None,
            losses=(Lost("cache_control", 41), Lost("thinking signature", 2)),
        ),
    ),
    conversions=(
        ConversionCount(WireFormat.ANTHROPIC, WireFormat.ANTHROPIC, 842),
        ConversionCount(WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, 2),
        ConversionCount(WireFormat.OPENAI_RESPONSES, WireFormat.OPENAI_CHAT, 1),
    ),
)

DETAIL = EndpointDetail(
    activity=EndpointActivity("alpha", (), 0.0, None, None),
    ttft_p50_ms=1_120.0,
    ttft_p95_ms=2_480.0,
    ttft_p99_ms=4_010.0,
    tokens_per_s=61.0,
    asked=184,
    left=3,
    recent=(),
    learned=(Learned("refuses context_management; requests go without it (anthropic)", NOW + 86_400),),
    key="sk-…4f2a",
    proxy="http://127.0.0.1:3128",
    model_rules=(ModelRule("claude-*", "claude-sonnet-4-5"),),
)

CONFIG = ConfigView(
    path="/home/me/.config/cccc/config.yaml",
    values=(
        ConfigValue("server.host", "127.0.0.1", "default"),
        ConfigValue("server.port", "8081", "file:3"),
        ConfigValue("endpoints[0].auth_value", "…4f2a", "file:11"),
    ),
    problems=(ConfigProblem("config.yaml:20:1: streaming: has no meaning here and is ignored", fatal=False),),
)

FORM = ConfigForm(
    path=CONFIG.path,
    toml=False,
    sections=(
        ConfigSection(
            "routing",
            "Routing",
            "How endpoints are tried.",
            (
                ConfigField(
                    key="routing.max_attempts",
                    title="Attempts",
                    help="Upstream requests for one client request.",
                    kind=FieldKind.NUMBER,
                    value="4",
                    default="6",
                    source="env CCCC_ROUTING__MAX_ATTEMPTS",
                    live=True,
                    least=1,
                    most=50,
                    overridden_by="env CCCC_ROUTING__MAX_ATTEMPTS",
                ),
            ),
        ),
    ),
)

SAVED = Saved(path="/home/me/.config/cccc/config.yaml", digest="00" * 32, backup="config.yaml.bak-0001")

IMPORTABLE = ImportPlan(
    kind="",
    found=(
        Found(
            "~/.claude/settings.json", "base url https://relay.example.eu/anthropic", "relay.example.eu", holds_key=True
        ),
        Found("~/.codex/auth.json", "ChatGPT login", note="a login belongs to its client and cannot be imported"),
        Found("environment", "OPENAI_API_KEY", "openai"),
    ),
    path="/home/me/.config/cccc/config.yaml",
    diff=(
        "--- config.yaml\n+++ config.yaml\n@@ -0,0 +1,9 @@\n+endpoints:\n+  - name: relay.example.eu\n"
        "+    url_anthropic: https://relay.example.eu/anthropic\n+    auth_type: auth_token\n+    auth_value: …7d1e\n"
        "+  - name: openai\n+    url_openai: https://api.openai.com/v1\n+    auth_type: auth_token\n"
        "+    auth_value: ${OPENAI_API_KEY}\n"
    ),
    problems=(),
    seen="77" * 32,
)

PROBED = ProbeReport(
    endpoint="beta",
    formats=(
        FormatProbe(
            wire_format=WireFormat.OPENAI_CHAT,
            url="https://beta.example/v1",
            path="/v1/chat/completions",
            plain=Check("plain", True, 200, 640.0),
            stream=Check("stream", True, 200, 512.5, note="9 events"),
            tools=Check("tools", True, 200, 803.0),
            quirks=("tells no usage: tokens are estimated",),
        ),
        FormatProbe(
            wire_format=WireFormat.OPENAI_RESPONSES,
            url="https://beta.example/v1",
            path="/v1/responses",
            plain=Check("plain", False, 404, 88.0, "404 Not Found"),
            stream=Check("stream", None),
            tools=Check("tools", None),
        ),
    ),
    count_tokens=None,
    models=Check("models", True, 200, 120.0, note="42 models"),
    model_names=("gpt-5.2", "gpt-5.2-mini"),
    requests=5,
    tokens=61,
)


def summary(record: RequestRecord, seq: int) -> RequestSummary:
    """The row that the log shows of a record."""
    return RequestSummary(
        seq=seq,
        id=record.id,
        time=record.time,
        client=record.client,
        client_type=record.client_type,
        format=record.wire_format,
        model=record.model,
        endpoint=record.endpoint,
        target_format=record.target_format,
        converted=record.converted,
        stream=record.stream,
        status=record.status,
        verdict=record.verdict,
        ttft_ms=record.ttft_ms,
        duration_ms=record.duration_ms,
        attempts=len(record.attempts),
        usage=record.usage,
        cost_usd=record.cost_usd,
        session=record.session,
        error=record.error,
    )


CLIENTS = (
    ClientView(
        client=ClientType.CLAUDE_CODE,
        title="Claude Code",
        state=ClientState.NOT_SET_UP,
        files=("~/.claude/settings.json",),
        program="/usr/local/bin/claude",
        settings=(
            ClientSetting(
                "ANTHROPIC_BASE_URL", "https://relay.example.eu", "~/.claude/settings.json", leads_here=False
            ),
            ClientSetting("ANTHROPIC_AUTH_TOKEN", "••••7d1e", "~/.claude/settings.json", leads_here=True),
        ),
        warnings=(".claude/settings.local.json sets ANTHROPIC_BASE_URL, which wins: remove it there",),
    ),
    ClientView(
        client=ClientType.CODEX,
        title="Codex",
        state=ClientState.THROUGH_CCCC,
        files=("~/.codex/config.toml",),
        program=None,
        settings=(ClientSetting("model_provider", "cccc", "~/.codex/config.toml", leads_here=True),),
        restorable=True,
        backups=("/home/me/.local/state/cccc/clients/codex-config-toml.0001.bak",),
        proof=Proof(ProofState.OPEN, "the proxy is not running; the first request of Codex will show it", NOW - 60),
    ),
    ClientView(
        client=ClientType.OPENAI,
        title="OpenAI-compatible tools",
        state=ClientState.NOT_FOUND,
        files=("~/.config/cccc/env.sh",),
        program=None,
    ),
)

PROOF = Proof(ProofState.PROVED, "Claude Code was started once; its request arrived and cost nothing", NOW)


def client_plan(view: ClientView, options: ClientOptions) -> ClientPlan:
    """The plan for a client that is set up or not."""
    after = f'{{"env": {{"ANTHROPIC_BASE_URL": "{options.url or OVERVIEW.address}"}}}}\n'
    before = after if view.state is ClientState.THROUGH_CCCC else "{}\n"
    (path,) = view.files
    diff = "" if before == after else f"--- {path}\n+++ {path}\n@@ -1 +1 @@\n-{before}+{after}"
    reasons = (PlannedReason("env.ANTHROPIC_BASE_URL", "Claude Code sends its requests here"),)
    return ClientPlan(
        client=view.client,
        title=view.title,
        url=options.url or str(OVERVIEW.address),
        files=(PlannedFile(path, True, before, after, diff, reasons, "result parses, other keys equal"),),
        warnings=view.warnings,
        notes=(),
        seen=f"{before}{after}",
    )
