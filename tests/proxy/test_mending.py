"""Remedies on bytes: the change that was meant, and not one byte more."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.ir.messages import Thinking
from cccc.ir.seal import seal, seal_text
from cccc.proxy.mending import betas, digest, mended, mended_headers
from cccc.proxy.remedies import Kind, Remedy
from tests.proxy.test_remedies import CHAT, CLAUDE, CODEX

ODD = "é 😀 \u2028"


def after(body: str, *remedies: Remedy) -> str:
    return mended(body.encode(), remedies)[0].decode()


def without(path: str) -> Remedy:
    return Remedy(Kind.WITHOUT, path)


OURS = seal(Thinking("", sealed="proof", origin=WireFormat.OPENAI_CHAT, maker="somebody"))

CHANGES = [
    (without("store"), '{"model": "m",  "store":false , "x": 1.50}', '{"model": "m" , "x": 1.50}'),
    (
        without("reasoning.context"),
        '{"reasoning":{"context":"all", "effort" : "high"}}',
        '{"reasoning":{"effort" : "high"}}',
    ),
    (
        without("cache_control.scope"),
        '{"system":[{"type":"text","cache_control":{"type":"ephemeral","scope":"global"}}],"tools":[{"name":"scope"}]}',
        '{"system":[{"type":"text","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"scope"}]}',
    ),
    (
        without("cache_control"),
        (
            '{"system":"x","messages":[{"content":[{"cache_control":{}, "type":"tool_result",'
            '"content":[{"type":"text","text":"{\\"cache_control\\":1}","cache_control":{}}]}]}]}'
        ),
        (
            '{"system":"x","messages":[{"content":[{"type":"tool_result",'
            '"content":[{"type":"text","text":"{\\"cache_control\\":1}"}]}]}]}'
        ),
    ),
    (
        without("strict"),
        '{"tools":[{"type":"function","strict":true},{"function":{"name":"a","strict":false}}]}',
        '{"tools":[{"type":"function"},{"function":{"name":"a"}}]}',
    ),
    (Remedy(Kind.AT_MOST, "max_tokens", "8192"), '{"max_tokens" : 64000, "a":1e2}', '{"max_tokens" : 8192, "a":1e2}'),
    (Remedy(Kind.AT_MOST, "max_tokens", "8192"), '{"max_tokens" : 8192.0}', '{"max_tokens" : 8192.0}'),
    (
        Remedy(Kind.AT_MOST, "max_tokens", "8192"),
        '{"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":31999}}',
        '{"max_tokens":8192,"thinking":{"type":"enabled","budget_tokens":8191}}',
    ),
    (
        Remedy(Kind.SHORTER, "max_tokens", "1024"),
        '{"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":31999},"x":1}',
        '{"max_tokens":1024,"x":1}',
    ),
    (
        Remedy(Kind.RENAMED, "max_tokens", "max_completion_tokens"),
        '{"a":{"max_tokens":1}, "max_tokens" : 5}',
        '{"a":{"max_tokens":1}, "max_completion_tokens" : 5}',
    ),
    (
        Remedy(Kind.RENAMED, "max_tokens", "max_completion_tokens"),
        '{"max_tokens":5,"max_completion_tokens":6}',
        '{"max_tokens":5,"max_completion_tokens":6}',
    ),
    (
        Remedy(Kind.THINKING_AS, "enabled"),
        '{"max_tokens":32000,"thinking":{"type":"adaptive"},"x":0.10}',
        '{"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":31999},"x":0.10}',
    ),
    (Remedy(Kind.THINKING_AS, "enabled"), '{"max_tokens":512,"thinking":{"type":"adaptive"}}', '{"max_tokens":512}'),
    (
        Remedy(Kind.THINKING_AS, "adaptive"),
        '{"thinking":{"type":"enabled","budget_tokens":31999}}',
        '{"thinking":{"type":"adaptive"}}',
    ),
    (Remedy(Kind.THINKING_AS, "enabled"), '{"thinking":{"type":"disabled"}}', '{"thinking":{"type":"disabled"}}'),
    (Remedy(Kind.NO_THINKING), '{"thinking":{"type":"enabled"},"x":1,"context_management":{}}', '{"x":1}'),
    (
        Remedy(Kind.SYSTEM_INLINE),
        (
            '{"messages":[{"role":"user","content":"hi"}, {"role":"system","content":"a \\"b\\""}, '
            '{"role":"assistant","content":"x"}]}'
        ),
        (
            '{"messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"a \\"b\\""}]}, '
            '{"role":"assistant","content":"x"}]}'
        ),
    ),
    (
        Remedy(Kind.SYSTEM_INLINE),
        (
            '{"messages":[{"role":"user","content":[{"type":"tool_result", "tool_use_id":"t"}]},'
            '{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{}}]}]}'
        ),
        (
            '{"messages":[{"role":"user","content":[{"type":"tool_result", "tool_use_id":"t"},'
            '{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{}}]}]}'
        ),
    ),
    (
        Remedy(Kind.SYSTEM_INLINE),
        '{"messages":[{"role":"system","content":"s"},{"role":"user","content":[]}]}',
        '{"messages":[{"role":"user","content":[{"type":"text","text":"s"}]}]}',
    ),
    (
        Remedy(Kind.SYSTEM_INLINE),
        '{"messages":[{"role":"assistant","content":"a"},{"role":"system","content":"s"}]}',
        '{"messages":[{"role":"assistant","content":"a"},{"role":"user","content":"s"}]}',
    ),
    (
        Remedy(Kind.WITHOUT_SIGNED),
        (
            '{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"}, '
            '{"type":"text","text":"x"}]},'
            '{"role":"user","content":"y"}]}'
        ),
        '{"messages":[{"role":"assistant","content":[{"type":"text","text":"x"}]},{"role":"user","content":"y"}]}',
    ),
    (
        Remedy(Kind.WITHOUT_SIGNED),
        (
            '{"messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"d"}]}, '
            '{"role":"user","content":"y"}]}'
        ),
        '{"messages":[{"role":"user","content":"y"}]}',
    ),
    (
        Remedy(Kind.WITHOUT_SIGNED, digest("one")),
        '{"input":[{"type":"reasoning","encrypted_content":"one"}, {"type":"reasoning","encrypted_content":"two"}]}',
        '{"input":[{"type":"reasoning","encrypted_content":"two"}]}',
    ),
    (
        Remedy(Kind.WITHOUT_SIGNED),
        '{"input":[{"type":"reasoning","summary":[]}]}',
        '{"input":[{"type":"reasoning","summary":[]}]}',
    ),
    (
        Remedy(Kind.WITHOUT_OURS),
        (
            f'{{"messages":[{{"role":"assistant","content":[{{"type":"thinking","thinking":"t","signature":"{OURS}"}}, '
            '{"type":"thinking","thinking":"t","signature":"theirs"}]},{"role":"user","content":"y"}]}'
        ),
        (
            '{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"theirs"}]},'
            '{"role":"user","content":"y"}]}'
        ),
    ),
    (
        Remedy(Kind.WITHOUT_OURS),
        (
            f'{{"input":[{{"type":"reasoning","encrypted_content":"{OURS}"}}, '
            f'{{"type":"compaction","encrypted_content":"{seal_text("so far")}"}}, '
            '{"type":"compaction","encrypted_content":"theirs"}]}'
        ),
        (
            '{"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"so far"}]}, '
            '{"type":"compaction","encrypted_content":"theirs"}]}'
        ),
    ),
]


@pytest.mark.parametrize(("remedy", "before", "expected"), CHANGES)
def test_each_change_leaves_the_rest_byte_for_byte(remedy: Remedy, before: str, expected: str) -> None:
    assert after(before, remedy) == expected


@pytest.mark.parametrize("remedy", [remedy for remedy, _, _ in CHANGES])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b'"x"',
        b'{"messages":[',
        b'{"messages":{"content":1}}',
        b'{"input":"x"}',
        b'{"messages":["x",[],{"content":7}]}',
    ],
)
def test_what_cannot_be_changed_comes_back_as_it_is(remedy: Remedy, data: bytes) -> None:
    changed, losses = mended(data, [remedy])
    assert changed is data
    assert losses == ()


@pytest.mark.parametrize(
    ("before", "effort", "expected"),
    [
        ('{"reasoning_effort": "low", "tools": [%s]}', "unset", '{"tools": [%s]}'),
        ('{"reasoning_effort": "low", "tools": [%s]}', "none", '{"reasoning_effort": "none", "tools": [%s]}'),
        ('{"tools": [%s]}', "none", '{"tools": [%s],"reasoning_effort":"none"}'),
    ],
)
def test_the_effort_changes_beside_functions_only(before: str, effort: str, expected: str) -> None:
    remedy = Remedy(Kind.EFFORT_WITH_TOOLS, effort)
    function = '{"type":"function", "function":{}}'
    assert after(before % function, remedy) == expected % function
    assert after(before % '{"type":"custom"}', remedy) == before % '{"type":"custom"}'
    assert after(before % "", remedy) == before % ""


SYSTEM_ORDERS = [
    (
        (
            '{"messages": [{"role":"system", "content": "a\\u0020"} , {"role":"user","content":"x"},\n'
            '{"role":"developer","content":"b"}], "n":1.50}'
        ),
        '{"messages": [{"role":"system", "content": "a\\u0020\\n\\nb"} , {"role":"user","content":"x"}], "n":1.50}',
    ),
    (
        '{"messages":[{"role":"user","content":"x"},{"name":"n", "content":"a", "role":"system"}]}',
        '{"messages":[{"name":"n", "content":"a", "role":"system"},{"role":"user","content":"x"}]}',
    ),
    (
        '{"messages":[{"role":"system","content":[{"type":"text", "text":"a"}]},{"role":"system","content":"b"}]}',
        '{"messages":[{"role":"system","content":[{"type":"text", "text":"a"},{"type":"text","text":"b"}]}]}',
    ),
]


@pytest.mark.parametrize(("before", "expected"), SYSTEM_ORDERS, ids=["behind", "first of all", "blocks"])
def test_system_messages_become_the_first(before: str, expected: str) -> None:
    assert after(before, Remedy(Kind.SYSTEM_FIRST)) == expected


@pytest.mark.parametrize(
    "body",
    [
        '{"messages": [{"role":"system","content":"a"}, {"role":"user","content":"x"}]}',
        '{"messages": [ {"role":"user","content":"system"} ]}',
        '{"messages": [{"role":"user","content":"x"},{"role":"system"}]}',
    ],
)
def test_a_request_in_order_stays_as_it_is(body: str) -> None:
    data = body.encode()
    assert mended(data, [Remedy(Kind.SYSTEM_FIRST)])[0] is data


NOT_OF_THE_BODY = (Kind.KEY_HEADER, Kind.WITHOUT_BETA, Kind.REASONING_BACK)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in NOT_OF_THE_BODY])
@pytest.mark.parametrize("spaced", [True, False])
def test_the_second_time_nothing_is_left_to_change(kind: Kind, spaced: bool) -> None:
    said = {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": OURS}]}
    body = {
        **CLAUDE,
        **CODEX,
        **CHAT,
        "tools": [{"type": "function"}],
        "messages": [*CLAUDE["messages"], said],
        "odd": [ODD, 1],
    }
    what = {
        Kind.WITHOUT: "output_config",
        Kind.RENAMED: "max_tokens",
        Kind.THINKING_AS: "enabled",
        Kind.WITHOUT_SIGNED: "",
    }
    to = {Kind.RENAMED: "max_completion_tokens", Kind.AT_MOST: "4096", Kind.SHORTER: "4096"}
    remedy = Remedy(kind, what.get(kind, "max_tokens"), to.get(kind, ""))
    data = json.dumps(body, indent=1 if spaced else None, ensure_ascii=spaced).encode()
    once, losses = mended(data, [remedy])
    assert once != data
    assert len(losses) == 1
    orjson.loads(once)
    assert mended(once, [remedy])[0] == once


_BLOCKS = st.sampled_from(
    [
        {"type": "text", "text": ODD},
        {"type": "thinking", "thinking": "t", "signature": "s1"},
        {"type": "thinking", "thinking": "t", "signature": "s2"},
        {"type": "redacted_thinking", "data": "s2"},
        {"type": "tool_use", "id": "t", "name": "n", "input": {"type": "thinking", "signature": "s1"}},
    ]
)
_MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "system"]),
            "content": st.text(max_size=3) | st.lists(_BLOCKS, max_size=4),
        }
    ),
    max_size=6,
)


@given(_MESSAGES, st.sampled_from([",", " ,\n"]))
def test_whatever_the_messages_the_thinking_is_gone_and_the_rest_is_there(messages: list[Any], comma: str) -> None:
    data = json.dumps({"messages": messages, "x": 1}, separators=(comma, ":")).encode()
    remedy = Remedy(Kind.WITHOUT_SIGNED, digest("s2"))
    found = orjson.loads(mended(data, [remedy])[0])["messages"]

    def left(content: Any) -> Any:
        return (
            content
            if isinstance(content, str)
            else [b for b in content if "s2" not in (b.get("signature"), b.get("data"))]
        )

    expected = [{**m, "content": left(m["content"])} for m in messages]
    assert found == [new for new, old in zip(expected, messages, strict=True) if new["content"] or not old["content"]]


@given(_MESSAGES, st.sampled_from([",", " ,\n"]))
def test_whatever_the_messages_no_system_role_and_every_text_is_left(messages: list[Any], comma: str) -> None:
    data = json.dumps({"messages": messages}, separators=(comma, ":"), ensure_ascii=False).encode("utf-8", "replace")
    before, after_ = (
        orjson.loads(data)["messages"],
        orjson.loads(mended(data, [Remedy(Kind.SYSTEM_INLINE)])[0])["messages"],
    )

    def texts(some: list[Any]) -> list[str]:
        return sorted(
            block if isinstance(block, str) else block.get("text") or str(block)
            for message in some
            for block in ([message["content"]] if isinstance(message["content"], str) else message["content"])
            if block
        )

    assert all(message["role"] != "system" for message in after_)
    assert texts(after_) == texts(before)


def test_tokens_are_taken_out_of_the_beta_header() -> None:
    headers = [(b"anthropic-beta", b"a-1, b-2,c-3"), (b"x", b"b-2")]
    assert betas(headers) == {"a-1", "b-2", "c-3"}
    assert mended_headers(headers, [Remedy(Kind.WITHOUT_BETA, "b-2")]) == [
        (b"anthropic-beta", b"a-1,c-3"),
        (b"x", b"b-2"),
    ]
    assert mended_headers(headers, [Remedy(Kind.WITHOUT_BETA)]) == [(b"x", b"b-2")]
    assert mended_headers(headers, [without("x")]) is headers


@given(_MESSAGES, st.sampled_from([",", " ,\n"]))
def test_whatever_the_messages_only_those_of_the_system_move(messages: list[Any], comma: str) -> None:
    data = json.dumps({"messages": messages, "x": 1}, separators=(comma, ":")).encode()
    found = orjson.loads(mended(data, [Remedy(Kind.SYSTEM_FIRST)])[0])["messages"]
    others = [message for message in messages if message["role"] != "system"]
    assert found == others or found[1:] == others
    assert len(found) - len(others) == ("system" in {message["role"] for message in messages})
