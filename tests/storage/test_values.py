from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given

from cccc.domain.health import Cooldown, EndpointHealth
from cccc.domain.ranking import Ranking, SortKey
from cccc.domain.usage import Usage
from cccc.storage import values
from tests.storage.records import anything


@given(anything(Ranking))
def test_a_ranking_comes_back_as_it_was(ranking: Ranking) -> None:
    assert values.loads(Ranking, values.dumps(ranking)) == ranking


@given(anything(EndpointHealth))
def test_health_comes_back_as_it_was(state: EndpointHealth) -> None:
    assert values.loads(EndpointHealth, values.dumps(state)) == state


def test_what_comes_back_is_immutable_like_the_original() -> None:
    state = EndpointHealth(model_cooldowns=MappingProxyType({"m": Cooldown(until=1.0, reason="r")}))
    found = values.loads(EndpointHealth, values.dumps(state))
    assert isinstance(found.model_cooldowns, MappingProxyType)
    assert isinstance(found.records, tuple)


def test_unknown_keys_are_ignored_and_missing_ones_take_their_default() -> None:
    assert values.loads(Usage, b'{"input": 3, "from_a_newer_version": true}') == Usage(input=3)


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (Usage, b'{"input": "3"}'),
        (Usage, b"[]"),
        (Usage, b"{"),
        (SortKey, b"[1, 2, 3]"),
        (Cooldown, b'{"reason": "no until"}'),
        (EndpointHealth, b'{"breaker": "ajar"}'),
        (EndpointHealth, b'{"causes": "text"}'),
    ],
)
def test_what_does_not_fit_is_a_value_error(hint: type, text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- the kind is what is promised, wordings are not
        values.loads(hint, text)


@pytest.mark.parametrize("value", [2**64, b"bytes", "\ud800", object()])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        values.dumps({"value": value})
