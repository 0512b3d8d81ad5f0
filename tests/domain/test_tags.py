"""The builtin taggers, and what happens to those that cannot be applied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.tags import _FITS, Tagged, Tagger, TaggerType, tags

REQUEST = Tagged(
    method="POST",
    path="/v1/messages",
    headers={"x-team": "blue-1", "anthropic-beta": "a,b"},
    query={"beta": "true"},
    body={
        "model": "claude-opus",
        "stream": True,
        "max_tokens": 4096,
        "metadata": {"user.id": "u-1", "nothing": None},
        "tools": [{"name": "Bash"}, {"name": "WebSearch"}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    },
    model="claude-opus",
    last_user_text="please [review]\nthis patch",
    thinking_enabled=True,
    thinking_budget=8000,
)


def tagged(kind: TaggerType, request: Tagged = REQUEST, **params: Any) -> bool:
    return tags([Tagger("t", kind, "tag", params)], request) == {"tag"}


T = TaggerType


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        (T.PATH, {"path_pattern": "/v1/messages"}, True),
        (T.PATH, {"path_pattern": "/v1/*"}, True),
        (T.PATH, {"path_pattern": "/v?/messages"}, True),
        (T.PATH, {"path_pattern": "/responses"}, False),
        (T.PATH, {}, False),
        (T.HEADER, {"header_name": "X-Team", "expected_value": "blue-*"}, True),
        (T.HEADER, {"header_name": "x-team"}, True),
        (T.HEADER, {"header_name": "x-team", "expected_value": "red"}, False),
        (T.HEADER, {"header_name": "x-other"}, False),
        (T.HEADER, {}, False),
        (T.QUERY, {"param_name": "beta", "expected_value": "true"}, True),
        (T.QUERY, {"param_name": "beta", "expected_value": "false"}, False),
        (T.QUERY, {"expected_value": "*"}, False),
        (T.METHOD, {"methods": ["get", "post"]}, True),
        (T.METHOD, {"methods": "POST"}, True),
        (T.METHOD, {"methods": ["GET"]}, False),
        (T.METHOD, {"methods": 7}, False),
        (T.METHOD, {}, False),
        (T.BODY_JSON, {"json_path": "$.model", "expected_value": "claude-*"}, True),
        (T.BODY_JSON, {"json_path": "model", "expected_value": "claude-opus"}, True),
        (T.BODY_JSON, {"json_path": "$.stream", "expected_value": "true"}, True),
        (T.BODY_JSON, {"json_path": "$.stream", "expected_value": True}, True),
        (T.BODY_JSON, {"json_path": "$.max_tokens", "expected_value": 4096}, True),
        (T.BODY_JSON, {"json_path": "$.messages[0].content[0].text", "expected_value": "hi"}, True),
        (T.BODY_JSON, {"json_path": "$.tools[*].name", "expected_value": "Web*"}, True),
        (T.BODY_JSON, {"json_path": "$.tools[0].name", "expected_value": "Web*"}, False),
        (T.BODY_JSON, {"json_path": "$.metadata['user.id']", "expected_value": "u-?"}, True),
        (T.BODY_JSON, {"json_path": "$.tools"}, True),
        (T.BODY_JSON, {"json_path": "$.metadata.nothing"}, False),
        (T.BODY_JSON, {"json_path": "$.tools[9].name"}, False),
        (T.BODY_JSON, {"json_path": "$.model[0]"}, False),
        (T.BODY_JSON, {"json_path": "$.model.name"}, False),
        (T.BODY_JSON, {"json_path": "$..name"}, False),
        (T.BODY_JSON, {"json_path": "$.tools[?(@.name)]"}, False),
        (T.BODY_JSON, {"json_path": "$"}, False),
        (T.BODY_JSON, {}, False),
        (T.USER_MESSAGE, {"expected_value": "*[review]*"}, True),
        (T.USER_MESSAGE, {"expected_value": "review"}, False),
        (T.USER_MESSAGE, {}, False),
        (T.MODEL, {"expected_value": "claude-*"}, True),
        (T.MODEL, {"expected_value": "gpt-*"}, False),
        (T.THINKING, {}, True),
        (T.THINKING, {"min_budget_tokens": 8000}, True),
        (T.THINKING, {"min_budget_tokens": 8001}, False),
        (T.THINKING, {"min_budget_tokens": "many"}, False),
    ],
)
def test_tagger(kind: TaggerType, params: dict[str, Any], expected: bool) -> None:
    assert tagged(kind, **params) is expected


def test_thinking_without_a_budget() -> None:
    effort = replace(REQUEST, thinking_budget=None)
    assert tagged(T.THINKING, effort)
    assert not tagged(T.THINKING, effort, min_budget_tokens=1)
    assert not tagged(T.THINKING, replace(REQUEST, thinking_enabled=False))


def test_a_request_can_have_several_tags() -> None:
    taggers = [
        Tagger("one", T.MODEL, "a", {"expected_value": "*"}),
        Tagger("two", T.METHOD, "b", {"methods": ["POST"]}),
        Tagger("three", T.METHOD, "c", {"methods": ["GET"]}),
        Tagger("four", T.PATH, "a", {"path_pattern": "*"}),
    ]
    assert tags(taggers, REQUEST) == {"a", "b"}
    assert tags(taggers, replace(REQUEST, model=None)) == {"a", "b"}


def test_every_type_is_served() -> None:
    assert set(_FITS) == set(TaggerType)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
)


@given(
    kind=st.sampled_from(TaggerType),
    params=st.dictionaries(
        st.sampled_from(
            ["path_pattern", "header_name", "expected_value", "param_name", "methods", "json_path", "min_budget_tokens"]
        ),
        JSON,
    ),
    body=st.dictionaries(st.text(max_size=5), JSON),
)
def test_no_parameters_can_break_it(kind: TaggerType, params: dict[str, Any], body: dict[str, Any]) -> None:
    assert tags([Tagger("t", kind, "tag", params)], replace(REQUEST, body=body)) <= {"tag"}
