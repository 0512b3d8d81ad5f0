"""The types of ``control.api`` as JSON: one place for the admin API, the remote control and every ``--json``.

The shapes are those of the interface (requests, rank, why, endpoints, stats, health). They carry a little more than
it promises, so that the same text reads back into the same values: ``from_json(T, to_json(value)) == value``.
Both directions follow the dataclasses' own annotations (``control.jsoncodec``); the tables below hold the exceptions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeVar, cast

from cccc.control.api import (
    AttemptRecord,
    AuthType,
    Candidate,
    Check,
    ClientAnswered,
    ClientAsked,
    ClientGot,
    ClientPlan,
    ClientType,
    EndpointChanged,
    EndpointDraft,
    Event,
    EventsLost,
    FlowEnded,
    FlowLost,
    FlowPiece,
    FormatProbe,
    ImportPlan,
    ProbeReport,
    Ranking,
    RequestFinished,
    RequestProgress,
    RequestRecord,
    RequestStarted,
    Secret,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from cccc.control.jsoncodec import Json, JsonCodec, Mismatch
from cccc.errors import (
    BadFilter,
    BadRequest,
    CcccError,
    ConfigError,
    ControlError,
    StorageError,
    UnknownEndpoint,
    UnknownRequest,
)

T = TypeVar("T")
TIMES = frozenset({"time", "started", "since", "until", "cooldown_until", "last_error_at", "rate_limited_until"})
"""Fields that are wall times; every other float is a plain number."""

_NAMES: Mapping[tuple[type, str], str] = MappingProxyType(
    {
        (Candidate, "standing"): "health",
        (AttemptRecord, "failure_class"): "class",
        (AttemptRecord, "wire_format"): "format",
        (RequestRecord, "wire_format"): "format",
    }
)
"""Fields whose public name differs from the one in the code."""

_codec = JsonCodec(
    times=TIMES,
    names=_NAMES,
    derived={
        Candidate: {"priority": lambda candidate: candidate.key.priority},
        ClientPlan: {"changes": lambda plan: plan.changes},
        ImportPlan: {"changes": lambda plan: plan.changes},
        FormatProbe: {"ok": lambda found: found.ok},
        ProbeReport: {"ok": lambda report: report.ok},
    },
)

_EVENTS: Mapping[str, type] = MappingProxyType(
    {
        "request_started": RequestStarted,
        "request_progress": RequestProgress,
        "request_finished": RequestFinished,
        "endpoint_changed": EndpointChanged,
        "events_lost": EventsLost,
    }
)

_PIECES: Mapping[str, type] = MappingProxyType(
    {
        "client_asked": ClientAsked,
        "upstream_asked": UpstreamAsked,
        "upstream_answered": UpstreamAnswered,
        "upstream_said": UpstreamSaid,
        "upstream_ended": UpstreamEnded,
        "client_answered": ClientAnswered,
        "client_got": ClientGot,
        "lost": FlowLost,
        "ended": FlowEnded,
    }
)

_BULKY = frozenset({"request_headers", "response_headers", "request_body", "response_body", "response_pace"})

_ROW = (
    "id", "time", "client", "client_type", "format", "model", "endpoint", "target_format", "converted", "stream",
    "status", "verdict", "ttft_ms", "duration_ms", "usage", "cost_usd", "session", "error",
    "client_reason", "method", "path", "model_served", "stop_reason", "tags", "losses", "notes",
)  # fmt: skip

_UNPRINTABLE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def dumps(value: Json, *, indent: int | None = None) -> str:
    """JSON that may go to a terminal: control, bidirectional and surrogate characters are escaped, other text stays.

    ``indent=None`` gives one line without a line end.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def to_json(value: object) -> Json:
    """A value of ``control.api`` (or a tuple or a mapping of them) as what ``dumps`` takes."""
    if isinstance(value, Mapping):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return [to_json(item) for item in value]
    return _codec.of(type(value)).write(value)


def from_json(wanted: type[T], value: Json) -> T:
    """The reverse of ``to_json`` for one type; ``tuple[X, ...]`` for listings. Unknown keys are ignored.

    Raises ``ControlError`` that names the place where the text is not as expected.
    """
    try:
        return cast("T", _codec.of(wanted).read(value))
    except Mismatch as error:
        raise ControlError(
            f"the proxy's answer is not as expected ({error}); it may be of another version than this command"
        ) from None


def given(wanted: type[T], value: Json) -> T:
    """The same for what somebody sends us. Raises ``ValueError`` that names the place."""
    try:
        return cast("T", _codec.of(wanted).read(value))
    except Mismatch as error:
        raise ValueError(f"not as expected ({error})") from None


def event_to_json(event: Event) -> Json:
    """An event with its kind in ``type``."""
    return _named(_EVENTS, event)


def event_from_json(value: Json) -> Event | None:
    """The reverse; ``None`` for kinds that this version does not know."""
    return cast("Event | None", _of_its_kind(_EVENTS, value))


def piece_to_json(piece: FlowPiece) -> Json:
    """A piece of what flows for a request, with its kind in ``type``."""
    return _named(_PIECES, piece)


def piece_from_json(value: Json) -> FlowPiece | None:
    """The reverse; ``None`` for kinds that this version does not know."""
    return cast("FlowPiece | None", _of_its_kind(_PIECES, value))


def _named(kinds: Mapping[str, type], value: object) -> Json:
    kind = next(name for name, cls in kinds.items() if isinstance(value, cls))
    return {"type": kind, **to_json(value)}


def _of_its_kind(kinds: Mapping[str, type], value: Json) -> object | None:
    kind = kinds.get(value.get("type", "")) if isinstance(value, dict) else None
    return None if kind is None else from_json(kind, value)


def draft_json(draft: EndpointDraft) -> Json:
    """A draft on its way to the proxy that is to have it: the one value of this surface that carries a key."""
    return {
        "name": draft.name,
        "urls": dict(draft.urls),
        "auth_type": draft.auth_type.value,
        "key": None if draft.key is None else draft.key.reveal(),
        "key_reference": draft.key_reference,
        "settings": dict(draft.settings),
    }


def draft_from_json(value: Json) -> EndpointDraft:
    """The reverse. Raises ``ValueError`` that names the place and never the key."""
    read = given(_Draft, value)
    return EndpointDraft(
        name=read.name,
        urls=read.urls,
        auth_type=read.auth_type,
        key=None if read.key is None else Secret(read.key),
        key_reference=read.key_reference,
        settings=read.settings,
    )


class _Draft(NamedTuple):
    name: str
    urls: Mapping[str, str]
    auth_type: AuthType
    key: str | None
    key_reference: str | None
    settings: Mapping[str, str]


def probe_json(reports: Sequence[ProbeReport]) -> Json:
    """``probe --json``: one object for each endpoint, its checks in one list, and everything else that was found."""
    return [
        {
            **to_json(report),
            "checks": [{**to_json(check), "name": name} for name, check in checks_of(report)],
            "timings": {name: check.ms for name, check in checks_of(report) if check.ms is not None},
        }
        for report in reports
    ]


def checks_of(report: ProbeReport) -> tuple[tuple[str, Check], ...]:
    """Everything that was tried, by a name that says in which format."""
    by_format = (
        (f"{one.wire_format.value} {check.name}", check)
        for one in report.formats
        for check in (one.plain, one.stream, one.tools)
    )
    others = ((check.name, check) for check in (report.count_tokens, report.models) if check is not None)
    return (*by_format, *others)


def rank_json(ranking: Ranking, client_type: ClientType, model: str | None) -> Json:
    """``rank --json``."""
    return {"client_type": client_type.value, "model": model, **to_json(ranking)}


def why_json(record: RequestRecord) -> Json:
    """``why --json``: the decision and what came of it, without headers and bodies."""
    full = to_json(record)
    attempts = [{name: value for name, value in one.items() if name not in _BULKY} for one in full["attempts"]]
    ranking = record.ranking
    return {
        "request": {**{name: full[name] for name in _ROW}, "attempts": len(attempts)},
        "ranking": None if ranking is None else rank_json(ranking, record.client_type, record.model),
        "attempts": attempts,
        "verdict": full["verdict"],
    }


def error_json(error: CcccError) -> tuple[int, Json]:
    """The HTTP status and the body of a refusal of the admin API."""
    more: dict[str, Json]
    match error:
        case UnknownEndpoint():
            status, more = 404, {"type": "unknown_endpoint", "name": error.name, "nearest": error.nearest}
        case UnknownRequest():
            status, more = 404, {"type": "unknown_request", "id": error.request_id, "ambiguous": error.ambiguous}
        case ConfigError():
            status, more = 422, {"type": "config", "problems": list(error.problems)}
        case BadFilter():
            status, more = 400, {"type": "filter"}
        case BadRequest():
            status, more = error.status, {"type": "request"}
        case StorageError():
            status, more = 503, {"type": "storage"}
        case _:
            status, more = 409, {"type": "refused"}
    return status, {"error": {"message": str(error), **more}}


def error_from_json(value: Json) -> CcccError:
    """The exception that ``error_json`` wrote; a ``ControlError`` for everything that is not one of ours."""
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return ControlError("the proxy refused without a reason")
    match error:
        case {"type": "unknown_endpoint", "name": str(name), "nearest": (str() | None) as nearest}:
            return UnknownEndpoint(name, nearest)
        case {"type": "unknown_request", "id": str(request_id)}:
            return UnknownRequest(request_id, ambiguous=error.get("ambiguous") is True)
        case {"type": "config", "problems": list(problems)}:
            return ConfigError([str(problem) for problem in problems])
        case {"type": "filter", "message": message}:
            return BadFilter(str(message))
        case {"type": "storage", "message": message}:
            return StorageError(str(message))
        case _:
            return ControlError(str(error.get("message", "the proxy refused without a reason")))
