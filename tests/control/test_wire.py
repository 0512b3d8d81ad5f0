"""JSON of the control surface: it reads back into the same values, and has the shapes that the interface promises."""

from __future__ import annotations

import json
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.control import api, wire
from cccc.control.jsoncodec import Mismatch, time_from_text, time_text
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
from tests.control import world

VIEWS = [
    api.Overview,
    api.Manual,
    api.EndpointView,
    api.RequestSummary,
    api.RequestRecord,
    api.Ranking,
    api.StatsView,
    api.SeriesView,
    api.EndpointActivity,
    api.EndpointDetail,
    api.WhatIf,
    api.Moves,
    api.WayUp,
    api.ConfigView,
    api.Preset,
    api.ProbeReport,
    api.ConfigForm,
    api.ImportPlan,
    api.ConfigDiff,
    api.Saved,
    api.ConfigProblem,
]
PIECES = [
    api.ClientAnswered,
    api.ClientAsked,
    api.UpstreamAsked,
    api.UpstreamAnswered,
    api.UpstreamSaid,
    api.UpstreamEnded,
    api.ClientGot,
    api.FlowLost,
    api.FlowEnded,
]
EVENTS = [api.RequestStarted, api.RequestProgress, api.RequestFinished, api.EndpointChanged, api.EventsLost]

_times = st.integers(0, 4_000_000_000_000_000).map(lambda microseconds: microseconds / 1e6)
_numbers = st.floats(allow_nan=False, allow_infinity=False)
_text = st.text(st.characters(), max_size=8)  # with lone surrogates: what comes from a broken client must pass


@cache
def values(hint: Any, name: str = "") -> st.SearchStrategy[Any]:
    """Every value that an annotation allows, wall times to the microsecond."""
    origin, args = get_origin(hint), get_args(hint)
    plain = {str: _text, bool: st.booleans(), int: st.integers(), bytes: st.binary(max_size=8)}
    if hint is float:
        return _times if name in wire.TIMES else _numbers
    if hint in plain:
        return plain[hint]
    if origin is UnionType or NoneType in args:
        return st.none() | values(next(arg for arg in args if arg is not NoneType), name)
    if origin is tuple:
        if args[-1] is Ellipsis:
            return st.lists(values(args[0]), max_size=2).map(tuple)
        return st.tuples(*map(values, args))
    if origin is not None:
        return st.dictionaries(_text, values(args[1]), max_size=2)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return st.builds(hint, **{field: values(kind, field) for field, kind in get_type_hints(hint).items()})


def through_text(value: Any) -> Any:
    return json.loads(wire.dumps(value).encode())


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
@given(data=st.data())
def test_every_view_reads_back_as_it_was(view: type, data: st.DataObject) -> None:
    value = data.draw(values(view))
    assert wire.from_json(view, through_text(wire.to_json(value))) == value


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_event_reads_back_as_it_was(kind: type, data: st.DataObject) -> None:
    event = data.draw(values(kind))
    assert wire.event_from_json(through_text(wire.event_to_json(event))) == event


@pytest.mark.parametrize("kind", PIECES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_piece_of_a_flow_reads_back_as_it_was(kind: type, data: st.DataObject) -> None:
    piece = data.draw(values(kind))
    assert wire.piece_from_json(through_text(wire.piece_to_json(piece))) == piece


def test_an_event_of_a_later_version_is_passed_over() -> None:
    assert wire.event_from_json({"type": "something_new", "n": 1}) is None
    assert wire.piece_from_json({"type": "something_new", "n": 1}) is None


def test_every_wall_time_is_declared() -> None:
    """A new float is a length, a share or money by its name, or it belongs into ``wire.TIMES``."""
    shares = {"success_rate", "cache_share", "ok_share", "error_share"}
    measures = shares | {"duration_ms", "cost_usd", "tokens_per_s", "per_minute"}
    for cls in {*VIEWS, *EVENTS, api.AttemptRecord, api.Candidate, api.Excluded, api.StatsGroup}:
        for name, hint in get_type_hints(cls).items():
            if hint is float or float in get_args(hint):
                assert name in wire.TIMES or name in measures or name.endswith("_ms"), f"{cls.__name__}.{name}"


def test_a_listing_is_an_array() -> None:
    rows = (world.summary(world.OK, 1), world.summary(world.FAILED, 2))
    assert wire.from_json(tuple[api.RequestSummary, ...], wire.to_json(rows)) == rows


# the shapes that interface.md promises


def test_the_shape_of_requests() -> None:
    row = wire.to_json(world.summary(world.FAILED_OVER, 2))
    assert {
        "id", "time", "client", "client_type", "format", "model", "endpoint", "target_format", "converted", "stream",
        "status", "verdict", "ttft_ms", "duration_ms", "attempts", "usage", "cost_usd", "session", "error",
    } <= set(row)  # fmt: skip
    assert {"input", "cache_read", "cache_write", "output", "reasoning"} <= set(row["usage"])
    assert (row["time"], row["verdict"], row["attempts"]) == ("2026-07-01T12:31:00Z", "ok_after_failover", 2)


def test_the_shape_of_rank() -> None:
    shown = wire.rank_json(world.RANKING, api.ClientType.CLAUDE_CODE, "claude-opus-4-5")
    assert {"client_type", "model", "order", "excluded"} <= set(shown)
    assert {"name", "rank", "native", "priority", "health", "ttft_ms", "decided_by", "key"} <= set(shown["order"][1])
    assert {"name", "reason", "until"} <= set(shown["excluded"][0])
    assert (shown["order"][1]["priority"], shown["order"][1]["health"]) == (2, "degraded")


def test_the_shape_of_why() -> None:
    shown = wire.why_json(world.FAILED_OVER)
    assert {"request", "ranking", "attempts", "verdict"} <= set(shown)
    attempt = {"endpoint", "started", "status", "outcome", "class", "ttft_ms", "error", "cooldown_until"}
    assert attempt <= set(shown["attempts"][0])
    assert (shown["attempts"][0]["class"], shown["request"]["attempts"]) == ("server", 2)
    assert "request_body" not in wire.dumps(shown)


def test_the_shape_of_endpoints() -> None:
    assert {
        "name", "enabled", "client_type", "formats", "priority", "health", "breaker", "cooldown_until", "ttft_ms",
        "success_rate", "in_flight", "last_error",
    } <= set(wire.to_json(world.BETA))  # fmt: skip


def test_the_shape_of_stats() -> None:
    shown = wire.to_json(world.STATS)
    assert {"since", "groups"} <= set(shown)
    assert {
        "key", "requests", "errors", "failovers", "ttft_p50_ms", "ttft_p95_ms", "usage", "cost_usd", "cache_share",
    } <= set(shown["groups"][0])  # fmt: skip


# text


def test_json_is_safe_to_print_and_stays_readable() -> None:
    text = wire.dumps({"ü": world.HOSTILE_TEXT + "汉字\u2028"})
    assert "ü" in text
    assert "汉字" in text
    assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e", "\u2028", "\ud800", "\n"}
    assert json.loads(text) == {"ü": world.HOSTILE_TEXT + "汉字\u2028"}


def test_times_have_a_zone() -> None:
    assert time_text(world.NOW + 0.25) == "2026-07-01T12:32:00.250000Z"
    assert time_from_text("2026-07-01T14:32:00+02:00") == world.NOW
    with pytest.raises(ValueError, match="no time zone"):
        time_from_text("2026-07-01T14:32:00")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"time": "yesterday"}, "no time with zone at time"),
        ({"status": True}, "no int at status"),
        ({"client_type": "emacs"}, "no ClientType at client_type"),
        ({"usage": {"input": "many"}}, "no int at usage.input"),
        ({"usage": []}, "no object at usage"),
    ],
)
def test_a_foreign_answer_is_one_sentence_with_its_place(change: dict[str, Any], place: str) -> None:
    row = wire.to_json(world.summary(world.OK, 1)) | change
    with pytest.raises(ControlError, match="another version") as caught:
        wire.from_json(api.RequestSummary, row)
    assert place in str(caught.value)


def test_a_missing_value_is_named_inside_a_listing() -> None:
    with pytest.raises(ControlError, match=r"\[1\].seq"):
        wire.from_json(tuple[api.RequestSummary, ...], [wire.to_json(world.summary(world.OK, 1)), {}])


def test_a_mismatch_at_the_top() -> None:
    assert str(Mismatch("list")) == "no list at the top"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownEndpoint("alpah", "alpha"), 404),
        (UnknownEndpoint("zzz"), 404),
        (UnknownRequest("req_9"), 404),
        (ConfigError(["config.yaml:1:1: one", "config.yaml:2:1: two"]), 422),
        (BadFilter("no such word"), 400),
        (StorageError("the database is locked"), 503),
        (ControlError("not here"), 409),
    ],
)
def test_errors_keep_their_type(error: CcccError, status: int) -> None:
    answered, body = wire.error_json(error)
    back = wire.error_from_json(through_text(body))
    assert (answered, type(back), str(back)) == (status, type(error), str(error))


def test_a_bad_request_keeps_its_status_and_words() -> None:
    status, body = wire.error_json(BadRequest(415, "not this encoding"))
    assert (status, str(wire.error_from_json(body))) == (415, "not this encoding")


@pytest.mark.parametrize("body", [None, [], {}, {"error": "text"}, {"error": {}}, {"error": {"type": "config"}}])
def test_a_refusal_in_foreign_words_is_still_an_error_of_ours(body: Any) -> None:
    assert isinstance(wire.error_from_json(body), ControlError)
