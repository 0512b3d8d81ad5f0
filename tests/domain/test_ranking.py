"""The order of endpoints: the rules as a table of pools, and the properties that hold for every pool."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import Action, ClientType, Endpoint, ModelRule, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.health import Availability, Standing
from cccc.domain.ranking import Cause, EndpointFacts, Need, Ranking, Unsayable, rank, response_time_bucket

ANTHROPIC, CHAT, RESPONSES = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
NOW = 1_800_000_000.0

UP = Availability(usable=True, standing=Standing.HEALTHY)
OPEN = Availability(
    usable=False, standing=Standing.UNUSABLE, reason="breaker open: 502", until=NOW + 5, breaker_open=True
)


def limited(seconds: float, why: Outcome = Outcome.RATE_LIMITED) -> Availability:
    return Availability(
        usable=False,
        standing=Standing.UNUSABLE,
        reason="is rate limited (429)",
        until=NOW + seconds,
        rate_limited=True,
        resting=why,
    )


RESTING = Availability(
    usable=False, standing=Standing.UNUSABLE, reason="no model", until=NOW + 600, resting=Outcome.MODEL_MISSING
)

CLAUDE = Need(ANTHROPIC, ClientType.CLAUDE_CODE, model="claude-opus", convertible=frozenset({CHAT, RESPONSES}))


def endpoint(name: str, *formats: WireFormat, **more: Any) -> Endpoint:
    spoken = formats or (ANTHROPIC,)
    return Endpoint(name, dict.fromkeys(spoken, f"https://{name}.example/v1"), **more)


class Pool:
    """Endpoints with their facts, positions given by their order here."""

    def __init__(self) -> None:
        self.endpoints: list[Endpoint] = []
        self.facts: dict[str, EndpointFacts] = {}

    def has(self, *it: Any, state: Availability = UP, ttft: float | None = None, **more: Any) -> Pool:
        fact_names = ("in_flight", "warm", "lacks")
        facts = {key: more.pop(key) for key in fact_names if key in more}
        name, *formats = it
        self.endpoints.append(endpoint(name, *formats, position=len(self.endpoints), **more))
        self.facts[name] = EndpointFacts(state, ttft_ms=ttft, **facts)
        return self

    def ranked(self, need: Need = CLAUDE, **more: Any) -> Ranking:
        return rank(self.endpoints, need, self.facts, **more)


def names(ranking: Ranking) -> list[str]:
    return [candidate.name for candidate in ranking.order]


def reasons(ranking: Ranking) -> dict[str, str]:
    return {one.name: one.reason for one in ranking.excluded}


# --- the layers


def test_native_comes_before_priority() -> None:
    ranking = Pool().has("chat", CHAT, priority=1).has("own", priority=9).ranked()
    assert names(ranking) == ["own", "chat"]
    assert [one.decided_by for one in ranking.order] == [None, "native"]
    assert [(one.native, one.target_format) for one in ranking.order] == [(True, ANTHROPIC), (False, CHAT)]


def test_an_endpoint_declared_not_native_ranks_as_converted_and_stays_untouched() -> None:
    ranking = Pool().has("shy", native_format=False, priority=1).has("own", priority=9).ranked()
    assert names(ranking) == ["own", "shy"]
    assert (ranking.order[1].native, ranking.order[1].target_format) == (False, ANTHROPIC)


def test_priority_comes_before_health() -> None:
    degraded = replace(UP, standing=Standing.DEGRADED)
    ranking = Pool().has("b", priority=2).has("a", priority=1, state=degraded).ranked()
    assert names(ranking) == ["a", "b"]
    assert ranking.order[1].decided_by == "priority"


def test_health_comes_before_response_time() -> None:
    recovering, degraded = replace(UP, standing=Standing.RECOVERING), replace(UP, standing=Standing.DEGRADED)
    pool = Pool().has("bad", ttft=10, state=degraded).has("so-so", ttft=100, state=recovering).has("good", ttft=9000)
    ranking = pool.ranked()
    assert names(ranking) == ["good", "so-so", "bad"]
    assert [one.decided_by for one in ranking.order] == [None, "health", "health"]


def test_response_time_in_steps_of_a_tenth() -> None:
    ranking = Pool().has("slow", ttft=800).has("fast", ttft=400).has("near", ttft=401).ranked()
    assert names(ranking) == ["fast", "near", "slow"]
    assert [one.decided_by for one in ranking.order] == [None, "position", "response_time"]


def test_an_unknown_response_time_is_the_median_of_the_known() -> None:
    pool = Pool().has("slow", ttft=900).has("new").has("fast", ttft=300).has("middle", ttft=600)
    assert names(pool.ranked()) == ["fast", "new", "middle", "slow"]


def test_equals_share_the_load() -> None:
    ranking = Pool().has("busy", in_flight=3).has("idle", in_flight=1).ranked()
    assert names(ranking) == ["idle", "busy"]
    assert ranking.order[1].decided_by == "in_flight"


def test_a_warm_session_replaces_the_fourth_layer_only() -> None:
    pool = Pool().has("fast", ttft=100).has("warm", ttft=900, warm=True)
    assert names(pool.ranked()) == ["warm", "fast"]
    assert pool.ranked().order[1].decided_by == "warm"
    ill = Pool().has("fast", ttft=100).has("warm", warm=True, state=replace(UP, standing=Standing.DEGRADED))
    assert names(ill.ranked()) == ["fast", "warm"]


def test_a_persons_choice_stands_above_all_layers() -> None:
    pool = Pool().has("own", priority=1).has("chosen", CHAT, priority=9)
    ranking = pool.ranked(chosen=["chosen"])
    assert names(ranking) == ["chosen", "own"]
    assert ranking.order[1].decided_by == "choice"


def test_without_sorting_layers_one_and_two_remain() -> None:
    degraded = replace(UP, standing=Standing.DEGRADED)
    pool = Pool().has("c", CHAT).has("slow", ttft=900, in_flight=9, state=degraded).has("fast", ttft=1, warm=True)
    pool.has("first", priority=0).has("out", state=OPEN)
    assert names(pool.ranked(auto_sort=False)) == ["first", "slow", "fast", "c"]


@pytest.mark.parametrize(("ms", "bucket"), [(0, 0), (1, 0), (100, 48), (104, 49), (110, 49), (1000, 72)])
def test_buckets(ms: float, bucket: int) -> None:
    assert response_time_bucket(ms) == bucket


# --- who is a candidate


@pytest.mark.parametrize(
    ("more", "need", "cause", "reason"),
    [
        ({"enabled": False}, {}, Cause.DISABLED, "disabled"),
        ({"client_type": ClientType.CODEX}, {}, Cause.CLIENT_TYPE, "serves codex only"),
        ({"models": ("gpt-*",)}, {}, Cause.MODEL, "its models do not include claude-opus"),
        ({"lacks": "claude-opus was not found there"}, {}, Cause.MODEL, "claude-opus was not found there"),
        (
            {"tags": frozenset({"x"})},
            {"tags": frozenset({"y"})},
            Cause.TAGS,
            "tagged x; the request is tagged y",
        ),
        (
            {"context_window": 1000},
            {"prompt_tokens": 1001},
            Cause.CONTEXT,
            "its context of 1000 tokens is too small for about 1001",
        ),
        ({"count_tokens_enabled": False}, {"action": Action.COUNT_TOKENS}, Cause.FORMAT, "does not count tokens"),
        ({"state": OPEN}, {}, Cause.BREAKER, "breaker open: 502"),
        ({"state": limited(30)}, {}, Cause.LIMITED, "is rate limited (429)"),
        ({"state": limited(30, Outcome.NO_CREDIT)}, {}, Cause.QUOTA, "is rate limited (429)"),
        ({"state": RESTING}, {}, Cause.RESTING, "no model"),
    ],
)
def test_left_out_with_reason_and_place(more: dict[str, Any], need: dict[str, Any], cause: Cause, reason: str) -> None:
    ranking = Pool().has("first").has("it", **more).has("last", priority=5).ranked(replace(CLAUDE, **need))
    assert names(ranking) == ["first", "last"]
    (out,) = ranking.excluded
    assert (out.name, out.cause, out.reason, out.would_be) == ("it", cause, reason, 2)


def test_a_format_that_cannot_be_reached_has_no_place() -> None:
    need = replace(CLAUDE, convertible=frozenset())
    (out,) = Pool().has("own").has("chat", CHAT).ranked(need).excluded
    assert (out.cause, out.would_be, out.key) == (Cause.FORMAT, None, None)
    assert out.reason == "speaks openai_chat, and this request cannot be converted to that"


def test_why_a_request_cannot_be_converted() -> None:
    need = replace(CLAUDE, convertible=frozenset(), unsayable=Unsayable("previous_response_id", "it is held elsewhere"))
    (out,) = Pool().has("own").has("chat", CHAT).ranked(need).excluded
    assert out.reason == (
        "speaks openai_chat, and this request cannot be converted to that (previous_response_id: it is held elsewhere)"
    )
    assert out.param == "previous_response_id"


def test_a_compaction_is_asked_for_as_a_turn_where_the_format_has_none() -> None:
    need = Need(RESPONSES, ClientType.CODEX, action=Action.COMPACT, convertible=frozenset({CHAT, ANTHROPIC}))
    ranking = Pool().has("chat", CHAT).has("own", RESPONSES).ranked(need)
    assert [(one.name, one.target_format, one.native) for one in ranking.order] == [
        ("own", RESPONSES, True),
        ("chat", CHAT, False),
    ]


def test_a_candidate_that_cannot_be_told_the_request() -> None:
    """It is left out with its reason and the place it had; the others move up and are explained anew."""
    ranking = Pool().has("chat", CHAT, priority=1).has("own", priority=2).has("last", CHAT, priority=3).ranked(CLAUDE)
    assert names(ranking) == ["own", "chat", "last"]
    left = ranking.without("chat", Unsayable("messages[0].content[1]", "Chat takes no sound"))
    assert [(one.name, one.rank, one.decided_by) for one in left.order] == [("own", 1, None), ("last", 2, "native")]
    (out,) = left.excluded
    assert (out.name, out.would_be, out.cause, out.param) == ("chat", 2, Cause.FORMAT, "messages[0].content[1]")
    assert out.reason == (
        "is asked in openai_chat, and this request cannot be converted to that "
        "(messages[0].content[1]: Chat takes no sound)"
    )
    assert left.without("nobody", Unsayable("", "whatever")) is left


def test_a_last_resort_that_cannot_be_told_the_request() -> None:
    ranking = Pool().has("chat", CHAT, state=OPEN).ranked(CLAUDE)
    assert ranking.last_resort is not None
    left = ranking.without("chat", Unsayable("n", "one answer only"))
    assert left.last_resort is None
    assert [(one.name, one.cause) for one in left.excluded] == [("chat", Cause.FORMAT)]


def test_an_action_that_a_format_does_not_have() -> None:
    need = Need(CHAT, ClientType.OPENAI, action=Action.COUNT_TOKENS)
    (out,) = Pool().has("chat", CHAT).ranked(need).excluded
    assert out.reason == "openai_chat has no count_tokens"


@pytest.mark.parametrize(
    ("formats", "target", "convertible", "expected"),
    [
        ((CHAT, RESPONSES), RESPONSES, {CHAT, RESPONSES}, RESPONSES),
        ((CHAT, RESPONSES), None, {CHAT, RESPONSES}, CHAT),
        ((CHAT, RESPONSES), CHAT, {RESPONSES}, RESPONSES),
        ((CHAT,), RESPONSES, {CHAT, RESPONSES}, CHAT),
        ((CHAT, ANTHROPIC), CHAT, {CHAT}, ANTHROPIC),
    ],
)
def test_target_format(
    formats: tuple[WireFormat, ...], target: WireFormat | None, convertible: set[WireFormat], expected: WireFormat
) -> None:
    need = replace(CLAUDE, convertible=frozenset(convertible))
    (candidate,) = Pool().has("it", *formats, target_format=target).ranked(need).order
    assert candidate.target_format is expected


def test_models_may_name_what_is_asked_for_or_what_is_sent() -> None:
    rules = (ModelRule("claude-*", "vendor/glm-5"),)
    pool = Pool().has("asked", models=("claude-*",), model_rules=rules)
    pool.has("sent", models=("vendor/*",), model_rules=rules).has("neither", models=("gpt-*",), model_rules=rules)
    ranking = pool.ranked()
    assert [(one.name, one.model_sent) for one in ranking.order] == [
        ("asked", "vendor/glm-5"),
        ("sent", "vendor/glm-5"),
    ]
    assert names(pool.ranked(replace(CLAUDE, model=None))) == ["asked", "sent", "neither"]


def test_tags_all_of_them_first_then_untagged() -> None:
    pool = Pool().has("plain").has("half", tags=frozenset({"a"})).has("both", tags=frozenset({"a", "b"}), priority=9)
    ranking = pool.ranked(replace(CLAUDE, tags=frozenset({"a", "b"})))
    assert names(ranking) == ["both", "plain"]
    assert ranking.order[1].decided_by == "tags"
    assert set(reasons(ranking)) == {"half"}


def test_tagged_endpoints_serve_untagged_requests_only_where_nobody_else_could() -> None:
    tagged = Pool().has("tagged", tags=frozenset({"a"})).has("off", enabled=False)
    assert names(tagged.ranked()) == ["tagged"]
    # One that could, but is not usable now, keeps them out all the same.
    ranking = tagged.has("down", state=OPEN).ranked()
    assert names(ranking) == []
    assert reasons(ranking)["tagged"] == "tagged a; the request has no tag"


# --- nobody left


def test_the_last_resort_is_the_best_behind_a_breaker() -> None:
    ranking = Pool().has("b", priority=2, state=OPEN).has("a", priority=1, state=OPEN).ranked()
    assert ranking.last_resort is not None
    assert (ranking.last_resort.name, ranking.rate_limited_until) == ("a", None)


def test_who_is_limited_is_no_last_resort() -> None:
    pool = Pool().has("a", state=limited(30)).has("b", priority=2, state=limited(12))
    ranking = pool.ranked()
    assert (ranking.last_resort, ranking.rate_limited_until) == (None, NOW + 12)
    mixed = pool.has("c", priority=3, state=OPEN).ranked()
    assert mixed.last_resort is not None
    assert (mixed.last_resort.name, mixed.rate_limited_until) == ("c", None)


def test_neither_is_set_while_anybody_is_usable() -> None:
    ranking = Pool().has("a", state=limited(30)).has("b", state=OPEN).has("c").ranked()
    assert (ranking.last_resort, ranking.rate_limited_until) == (None, None)


def test_an_empty_pool() -> None:
    assert rank([], CLAUDE, {}) == Ranking(())


# --- properties

FORMATS = st.lists(st.sampled_from([ANTHROPIC, CHAT, RESPONSES]), min_size=1, max_size=3, unique=True)
STATES = st.sampled_from(
    [UP, replace(UP, standing=Standing.RECOVERING), replace(UP, standing=Standing.DEGRADED), OPEN, limited(9), RESTING]
)


@st.composite
def pools(draw: st.DrawFn, *, with_times: bool = True) -> Pool:
    pool = Pool()
    for number in range(draw(st.integers(1, 7))):
        pool.has(
            f"e{number}",
            *draw(FORMATS),
            state=draw(STATES),
            ttft=draw(st.one_of(st.none(), st.floats(1, 5000))) if with_times else draw(st.floats(1, 5000)),
            in_flight=draw(st.integers(0, 3)),
            warm=draw(st.booleans()),
            priority=draw(st.integers(0, 3)),
            enabled=draw(st.booleans()),
            native_format=draw(st.booleans()),
            tags=draw(st.frozensets(st.sampled_from("ab"), max_size=2)),
            client_type=draw(st.sampled_from([None, ClientType.CLAUDE_CODE, ClientType.CODEX])),
        )
    return pool


NEEDS = st.builds(
    Need,
    wire_format=st.sampled_from([ANTHROPIC, CHAT, RESPONSES]),
    client_type=st.sampled_from([ClientType.CLAUDE_CODE, ClientType.CODEX]),
    model=st.sampled_from([None, "m"]),
    tags=st.frozensets(st.sampled_from("ab"), max_size=2),
    convertible=st.frozensets(st.sampled_from([ANTHROPIC, CHAT, RESPONSES])),
)


@given(pool=pools(), need=NEEDS, auto_sort=st.booleans())
def test_everybody_is_either_placed_or_left_out_with_a_reason(pool: Pool, need: Need, auto_sort: bool) -> None:
    ranking = pool.ranked(need, auto_sort=auto_sort)
    placed, out = names(ranking), [one.name for one in ranking.excluded]
    assert sorted(placed + out) == sorted(pool.facts)
    assert all(one.reason for one in ranking.excluded)
    assert [one.rank for one in ranking.order] == list(range(1, len(placed) + 1))


@given(pool=pools(), need=NEEDS, data=st.data())
def test_the_order_of_the_input_says_nothing(pool: Pool, need: Need, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(pool.endpoints))
    assert rank(shuffled, need, pool.facts) == rank(pool.endpoints, need, pool.facts)


@given(pool=pools(), need=NEEDS)
def test_the_key_is_the_explanation(pool: Pool, need: Need) -> None:
    order = pool.ranked(need).order
    for above, below in itertools.pairwise(order):
        assert above.key < below.key
        assert below.decided_by is not None
        first = next(i for i, (a, b) in enumerate(zip(above.key, below.key, strict=True)) if a != b)
        assert below.decided_by == below.key._fields[first]


@given(pool=pools(), need=NEEDS, data=st.data())
def test_a_better_priority_never_lowers(pool: Pool, need: Need, data: st.DataObject) -> None:
    before = names(pool.ranked(need))
    if not before:
        return
    lucky = data.draw(st.sampled_from(before))
    pool.endpoints = [replace(one, priority=one.priority - 1) if one.name == lucky else one for one in pool.endpoints]
    assert names(pool.ranked(need)).index(lucky) <= before.index(lucky)


@given(pool=pools(with_times=False), need=NEEDS, data=st.data())
def test_a_newcomer_never_reorders_the_others(pool: Pool, need: Need, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(pool.endpoints)).name
    rest = [one for one in pool.endpoints if one.name != gone]
    # Tags apart: whether tagged endpoints serve untagged requests depends on who else is there.
    pool.endpoints = [replace(one, tags=frozenset()) for one in pool.endpoints]
    rest = [replace(one, tags=frozenset()) for one in rest]
    without = names(rank(rest, need, pool.facts))
    assert [name for name in names(pool.ranked(need)) if name != gone] == without


@given(pool=pools(with_times=False), need=NEEDS)
def test_who_is_left_out_would_have_had_the_place_it_is_told(pool: Pool, need: Need) -> None:
    for out in pool.ranked(need).excluded:
        if out.cause in (Cause.BREAKER, Cause.LIMITED, Cause.RESTING) and out.key is not None:
            well = {**pool.facts, out.name: replace(pool.facts[out.name], availability=UP)}
            healthy = rank(pool.endpoints, need, well)
            assert out.would_be is not None
            assert names(healthy).index(out.name) + 1 == out.would_be


@given(pool=pools(), need=NEEDS)
def test_nobody_unusable_is_ever_in_the_order(pool: Pool, need: Need) -> None:
    ranking = pool.ranked(need)
    assert all(pool.facts[name].availability.usable for name in names(ranking))
    if ranking.order:
        assert ranking.last_resort is None
        assert ranking.rate_limited_until is None
