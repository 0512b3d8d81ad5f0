"""What if: the same rules with one thing changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import ClientType, Endpoint, WireFormat
from cccc.domain.health import Availability, Standing
from cccc.domain.ranking import EndpointFacts, Need, Ranking, rank
from cccc.domain.whatif import DOWN, WhatIf, WhatIfs, first_again, moves, supposed_down, supposed_endpoints, ways_up

NEED = Need(
    WireFormat.ANTHROPIC, ClientType.CLAUDE_CODE, convertible=frozenset({WireFormat.OPENAI_CHAT})
)  # fmt: skip
UP = Availability(usable=True, standing=Standing.HEALTHY)
NAMES = ("a", "b", "c", "d")


@dataclass
class Pool:
    """Endpoints that can be ranked as they are and as they would be."""

    endpoints: Sequence[Endpoint]
    times: dict[str, float | None]

    def rank(self, what_if: WhatIfs) -> Ranking:
        facts = {
            one.name: EndpointFacts(DOWN if supposed_down(one.name, what_if) else UP, ttft_ms=self.times[one.name])
            for one in self.endpoints
        }
        return rank(supposed_endpoints(self.endpoints, what_if), NEED, facts)

    def names(self, what_if: WhatIfs | None = None) -> list[str]:
        return [one.name for one in self.rank(what_if or {}).order]


def pool(*rows: tuple[str, WireFormat, int, float | None]) -> Pool:
    endpoints = [
        Endpoint(name, {wire_format: "https://x.example"}, priority=priority, position=at)
        for at, (name, wire_format, priority, _) in enumerate(rows)
    ]
    return Pool(endpoints, {name: ms for name, _, _, ms in rows})


A, C = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT
THREE = pool(("official", A, 1, 612.0), ("relay", A, 1, 1_120.0), ("router", C, 2, 840.0))

pools = st.lists(
    st.tuples(st.sampled_from([A, C]), st.integers(1, 4), st.none() | st.floats(1, 10_000)),
    min_size=1,
    max_size=len(NAMES),
).map(lambda rows: pool(*((name, *row) for name, row in zip(NAMES, rows, strict=False))))
suppositions = st.dictionaries(
    st.sampled_from(NAMES), st.builds(WhatIf, down=st.booleans(), priority=st.none() | st.integers(1, 4)), max_size=3
)


def test_an_endpoint_supposed_down_is_left_out_and_shown_with_its_place() -> None:
    ranking = THREE.rank({"official": WhatIf(down=True)})
    assert [one.name for one in ranking.order] == ["relay", "router"]
    assert [(one.name, one.reason, one.would_be) for one in ranking.excluded] == [
        ("official", "supposed to be down", 1)
    ]


def test_another_priority_moves_it_within_its_layer_only() -> None:
    assert THREE.names({"relay": WhatIf(priority=0)}) == ["relay", "official", "router"]
    assert THREE.names({"router": WhatIf(priority=-5)}) == ["official", "relay", "router"]


def test_what_would_move_an_endpoint_up() -> None:
    assert [(dict(way.changes), way.place) for way in ways_up("relay", THREE.rank)] == [
        ({"official": WhatIf(down=True)}, 1),
        ({"relay": WhatIf(priority=0)}, 1),
    ]


def test_no_priority_moves_a_converted_endpoint_past_native_ones() -> None:
    ways = [(dict(way.changes), way.place) for way in ways_up("router", THREE.rank)]
    assert ways == [
        ({"official": WhatIf(down=True), "relay": WhatIf(down=True)}, 1),
        ({"official": WhatIf(down=True)}, 2),
        ({"relay": WhatIf(down=True)}, 2),
    ]


def test_nothing_moves_the_first_one_or_one_that_has_no_place() -> None:
    assert ways_up("official", THREE.rank) == ()
    assert ways_up("nobody", THREE.rank) == ()


def test_what_is_supposed_already_stays_supposed() -> None:
    (best, *_) = ways_up("router", THREE.rank, {"official": WhatIf(down=True)})
    assert (dict(best.changes), best.place) == ({"relay": WhatIf(down=True)}, 1)


def test_which_requests_would_have_gone_elsewhere() -> None:
    stored = [("req_2", 2.0, THREE.rank({})), ("req_1", 1.0, THREE.rank({"official": WhatIf(down=True)}))]
    found = moves(stored, {"official": WhatIf(down=True)})
    assert (found.checked, [(one.request_id, one.before, one.after) for one in found.moves]) == (
        2, [("req_2", "official", "relay")],
    )  # fmt: skip
    nobody = moves(stored, {name: WhatIf(down=True) for name in ("official", "relay", "router")})
    assert [one.after for one in nobody.moves] == [None, None]


def test_a_request_that_could_go_nowhere_is_not_counted() -> None:
    assert moves([("req_1", 1.0, Ranking(()))], {"relay": WhatIf(down=True)}).checked == 0


@given(pools, suppositions)
def test_a_way_up_is_what_ranking_says(some: Pool, what_if: WhatIfs) -> None:
    for place, name in enumerate(some.names(what_if), 1):
        for way in ways_up(name, some.rank, what_if):
            assert some.names({**what_if, **way.changes}).index(name) + 1 == way.place < place


@given(pools)
def test_taking_away_all_above_is_always_a_way_up(some: Pool) -> None:
    for name in some.names()[1:]:
        assert ways_up(name, some.rank)[0].place == 1


@given(pools, suppositions)
def test_the_stored_ranking_tells_the_same_as_asking_again(some: Pool, what_if: WhatIfs) -> None:
    """Where everybody's response time is known: the median that stands in for unknown ones is that of all."""
    known = replace_unknown(some)
    first = first_again(known.rank({}), what_if)
    assert [None if first is None else first.name] == (known.names(what_if)[:1] or [None])


@given(pools)
def test_supposing_nothing_changes_nothing(some: Pool) -> None:
    ranking = some.rank({})
    assert first_again(ranking, {}) == ranking.order[0]
    assert moves([("req_1", 1.0, ranking)], {}).moves == ()


def replace_unknown(some: Pool) -> Pool:
    return replace(some, times={name: ms or 500.0 for name, ms in some.times.items()})
