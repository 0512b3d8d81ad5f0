"""Every client on every endpoint: requests converted, answers brought home, and what the log says of it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from cccc.control.api import ConversionCount, Lost, StatsKey
from cccc.demo import faults
from cccc.demo.ask import Call, Say, Think
from cccc.demo.configuration import endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action, WireFormat
from cccc.domain.health import Breaker
from cccc.domain.verdict import Verdict
from cccc.ir.seal import is_ours
from tests import formats_check
from tests.proxy.harness import MODEL, PATHS, A, C, R, proxy, turn

pytestmark = pytest.mark.anyio

PAIRS = [(client, upstream) for client in (A, C, R) for upstream in (A, C, R) if client is not upstream]
pairs = pytest.mark.parametrize(("client", "upstream"), PAIRS, ids=lambda one: one.value)


@pairs
async def test_a_stream(client: WireFormat, upstream: WireFormat, tmp_path: Path) -> None:
    only = SimulatedProvider(upstream, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.turn(client, stream=True)
        record = await running.record(reply.id)
    assert reply.status == 200, reply.body
    formats_check.STREAM[client](reply.body)
    assert b"You said" in reply.body
    assert reply.field("x-cccc-converted") == upstream
    assert (record.converted, record.target_format, record.verdict) == (True, upstream, "ok")


@pairs
async def test_a_whole_answer(client: WireFormat, upstream: WireFormat, tmp_path: Path) -> None:
    only = SimulatedProvider(upstream, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.turn(client)
    assert reply.status == 200, reply.body
    formats_check.REPLY[client](reply.body)
    assert reply.json["model"] == MODEL
    assert reply.field("content-type") == "application/json"


# --- what the endpoint is sent


@pairs
async def test_the_head_is_of_the_endpoints_format(client: WireFormat, upstream: WireFormat, tmp_path: Path) -> None:
    fields = [
        ("user-agent", "claude-cli/2.1.330"),
        ("anthropic-version", "2023-01-01"),
        ("anthropic-beta", "some-beta"),
        ("x-stainless-lang", "js"),
        ("openai-beta", "responses=v1"),
        ("x-codex-turn-metadata", "{}"),
        ("session_id", "0199"),
        ("originator", "codex_cli_rs"),
        ("traceparent", "00-1-2-01"),
    ]
    only = SimulatedProvider(upstream, name="only", key="the-key")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        body = orjson.dumps(turn(client))
        assert (await running.ask("POST", f"{PATHS[client]}?beta=true", body, fields)).status == 200
    (received,) = only.turns
    assert received.target == PATHS[upstream].replace("/v1", only.prefix)
    names = {name.lower() for name, _ in received.headers}
    assert names - {"authorization", "x-api-key", "anthropic-version"} == {
        *("host", "user-agent", "content-type", "content-length", "accept-encoding", "traceparent", "x-cccc-hop")
    }
    assert received.header("user-agent") == "claude-cli/2.1.330"
    assert received.header("anthropic-version") == ("2023-06-01" if upstream is A else None)


async def test_overrides_come_last(tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only")
    more = {
        "parameter_overrides": {"temperature": 0.25, "stream_options": "", "vendor": {"a": 1}},
        "model_rewrite": {"enabled": True, "rules": [{"source_pattern": "*", "target_model": "glm-5"}]},
        "max_tokens_field_name": "max_completion_tokens",
    }
    async with only.running(), proxy(tmp_path, [endpoint(only, **more)]) as running:
        reply = await running.turn(A, stream=True, temperature=1.0)
        record = await running.record(reply.id)
    sent = only.turns[0].json
    assert (sent["model"], sent["temperature"], sent["vendor"]) == ("glm-5", 0.25, {"a": 1})
    assert "stream_options" not in sent
    assert (sent["max_completion_tokens"], sent.get("max_tokens")) == (64, None)
    assert formats_check.STREAM[A](reply.body).model == MODEL
    (attempt,) = record.attempts
    assert orjson.loads(attempt.request_body or b"") == sent
    assert attempt.model_sent == "glm-5"


SYSTEM_LATER = [
    {"role": "user", "content": "hello"},
    {"role": "system", "content": "agents"},
    {"role": "user", "content": "again"},
]


@pytest.mark.parametrize("first", [True, False])
async def test_system_messages_first_where_the_endpoint_insists(first: bool, tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only")
    order = {"reorder_system_messages_first": first}
    async with only.running(), proxy(tmp_path, [endpoint(only, **order)]) as running:
        assert (await running.turn(A, messages=SYSTEM_LATER, system="rules")).status == 200
    roles = [message["role"] for message in only.turns[0].json["messages"]]
    assert roles == (["system", "user", "user"] if first else ["system", "user", "system", "user"])


async def test_that_system_messages_come_first_is_learned(tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only")
    only.fail_next(faults.status(400, "System message must be at the beginning."))
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        for _ in range(2):
            assert (await running.turn(A, messages=SYSTEM_LATER)).status == 200
    assert [received.json["messages"][0]["role"] for received in only.turns] == ["user", "system", "system"]


CALLED = [
    {"role": "user", "content": "hello"},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "I look.", "signature": "of-somebody"},
            {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}},
        ],
    },
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}]},
]


async def test_that_reasoning_is_wanted_back_is_learned(tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only")
    only.fail_next(
        faults.status(400, "thinking is enabled but reasoning_content is missing in assistant tool call message")
    )
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        for _ in range(2):
            assert (await running.turn(A, messages=CALLED)).status == 200
    sent = [received.json["messages"][1] for received in only.turns]
    assert ["reasoning_content" in message for message in sent] == [False, True, True]


@pytest.mark.parametrize(("reasoning", "shown"), [("auto", True), ("keep", True), ("drop", False)])
async def test_reasoning_is_kept_or_dropped(reasoning: str, shown: bool, tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only", brain=lambda _: (Think("Hm, well."), Say("Yes.")))
    async with only.running(), proxy(tmp_path, [endpoint(only, reasoning=reasoning)]) as running:
        reply = await running.turn(A, stream=True)
    said = formats_check.STREAM[A](reply.body)
    assert (said.text, bool(said.thinking)) == ("Yes.", shown)


@pytest.mark.parametrize("enabled", [True, False])
async def test_python_arguments_are_mended_where_that_is_configured(enabled: bool, tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only", brain=lambda _: (Call("Tasks", "{'done': True}"),))
    fixing = {"python_json_fixing": {"enabled": enabled, "target_tools": ["Tasks"]}}
    tools = [{"name": "Tasks", "input_schema": {"type": "object"}}]
    async with only.running(), proxy(tmp_path, [endpoint(only)], validation=fixing) as running:
        reply = await running.turn(A, tools=tools)
    assert (reply.status == 200) is enabled
    if enabled:
        assert reply.json["content"][0]["input"] == {"done": True}


# --- what cannot be said

SOUND = [{"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}]


async def test_the_next_endpoint_that_can_say_it(tmp_path: Path) -> None:
    anthropic, chat = SimulatedProvider(A, name="anthropic"), SimulatedProvider(C, name="chat")
    async with anthropic.running(), chat.running():
        pool = [endpoint(anthropic, priority=1), endpoint(chat, priority=2, native_format=False)]
        async with proxy(tmp_path, pool) as running:
            reply = await running.turn(C, messages=[{"role": "user", "content": SOUND}])
            record = await running.record(reply.id)
    assert (reply.status, reply.field("x-cccc-endpoint")) == (200, "chat")
    assert anthropic.received == []
    assert (record.verdict, record.converted) == ("ok", False)
    ranking = record.ranking
    assert ranking is not None
    assert [one.name for one in ranking.order] == ["chat"]
    (excluded,) = ranking.excluded
    assert (excluded.name, excluded.would_be, excluded.param) == ("anthropic", 1, "messages[0]")
    assert "takes no sound" in excluded.reason


@pytest.mark.parametrize("stream", [True, False])
async def test_what_no_endpoint_can_say_is_the_clients_to_mend(stream: bool, tmp_path: Path) -> None:
    only = SimulatedProvider(A, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.turn(C, messages=[{"role": "user", "content": SOUND}], stream=stream)
        record = await running.record(reply.id)
    error = reply.json["error"]
    assert (reply.status, error["code"], error["param"]) == (400, "unsupported_parameter", "messages[0]")
    assert "messages[0]" in error["message"]
    assert "takes no sound" in error["message"]
    assert (only.received, record.verdict) == ([], "client_error")


async def test_state_of_one_endpoint_is_not_converted(tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.turn(R, previous_response_id="resp_1")
    error = reply.json["error"]
    assert (reply.status, error["param"]) == (400, "previous_response_id")
    assert "previous_response_id" in error["message"]
    assert only.received == []


# --- refusals in the client's words


@pairs
@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_is_put_in_the_clients_envelope(
    client: WireFormat, upstream: WireFormat, stream: bool, tmp_path: Path
) -> None:
    only = SimulatedProvider(upstream, name="only")
    only.fail_next(faults.status(400, "Your tool schema is bad"))
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.turn(client, stream=stream)
    assert reply.status == 400
    assert "Your tool schema is bad" in reply.json["error"]["message"]
    assert ("request_id" in reply.json) == (client is A)


@pairs
async def test_a_prompt_that_is_too_long_makes_the_client_compact(
    client: WireFormat, upstream: WireFormat, tmp_path: Path
) -> None:
    only = SimulatedProvider(upstream, name="only")
    said = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens."
    only.fail_next(faults.status(400, said, error_kind="context_length_exceeded"))
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.turn(client)
    error = reply.json["error"]
    if client is A:
        assert error["message"] == "prompt is too long: 9000 tokens > 8192 maximum"
    else:
        assert error["code"] == "context_length_exceeded"


# --- the log


async def test_what_was_lost_is_in_the_log(tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        for _ in range(2):
            reply = await running.turn(A, top_k=5)
        record = await running.record(reply.id)
        stats = await running.control.stats(StatsKey.ENDPOINT, since=0.0)
        (row, _) = await running.rows()
    assert ("top_k", "top_k") in [(loss.path, loss.what) for loss in record.losses]
    assert (row.converted, row.target_format, row.format) == (True, C, A)
    (group,) = stats.groups
    assert Lost("top_k", 2) in group.losses
    assert stats.conversions == (ConversionCount(A, C, 2),)


# --- sessions that move between formats


async def test_thinking_of_another_format_stays_behind_and_calls_keep_their_ids(tmp_path: Path) -> None:
    """What a conversion has sealed never reaches an endpoint of the client's own format."""
    chat = SimulatedProvider(C, name="chat", brain=lambda _: (Think("Hm."), Call("Bash", '{"command":"ls"}')))
    anthropic = SimulatedProvider(A, name="anthropic")
    tools = [{"name": "Bash", "input_schema": {"type": "object"}}]
    said = [{"role": "user", "content": "hello"}]
    async with chat.running(), anthropic.running():
        async with proxy(tmp_path, [endpoint(chat)]) as running:
            first = (await running.turn(A, tools=tools, messages=said)).json["content"]
            call = next(block for block in first if block["type"] == "tool_use")
            result = {"type": "tool_result", "tool_use_id": call["id"], "content": "ok"}
            said += [{"role": "assistant", "content": first}, {"role": "user", "content": [result]}]
            assert (await running.turn(A, tools=tools, messages=said)).status == 200
        async with proxy(tmp_path, [endpoint(anthropic)]) as running:
            reply = await running.turn(A, tools=tools, messages=said)
            record = await running.record(reply.id)
    assert first[0]["type"] == "thinking"
    assert is_ours(first[0]["signature"])
    again = chat.turns[1].json["messages"]
    assert again[1]["tool_calls"][0]["id"] == again[2]["tool_call_id"] == call["id"]
    assert anthropic.turns[0].json["messages"] == [said[0], {"role": "assistant", "content": [call]}, said[2]]
    assert record.notes["sent with"] == "thinking of endpoints of another format left out"


async def test_failover_between_formats(tmp_path: Path) -> None:
    first, second = SimulatedProvider(R, name="first"), SimulatedProvider(C, name="second")
    first.fail_always(faults.status(500))
    async with first.running(), second.running():
        pool = [endpoint(first, priority=1), endpoint(second, priority=2)]
        async with proxy(tmp_path, pool) as running:
            reply = await running.turn(A, stream=True)
            record = await running.record(reply.id)
    assert formats_check.STREAM[A](reply.body).text
    assert reply.field("x-cccc-converted") == C
    assert [attempt.wire_format for attempt in record.attempts] == [R, C]


# --- counting and compacting


async def test_estimates_follow_what_turns_report(tmp_path: Path) -> None:
    """Within a tenth after twenty turns, and after a restart."""
    only = SimulatedProvider(C, name="only")
    text = "def f(x): return x + 1\n" * 300
    body = orjson.dumps({"model": MODEL, "messages": [{"role": "user", "content": text}]})
    async with only.running():
        async with proxy(tmp_path, [endpoint(only)]) as running:
            for number in range(20):
                reply = await running.turn(A, text[: -number or None])
                true = reply.json["usage"]["input_tokens"]
            await running.record(reply.id)
        async with proxy(tmp_path, [endpoint(only)]) as running:
            reply = await running.ask("POST", "/v1/messages/count_tokens", body)
    assert reply.field("x-cccc-estimated") == "true"
    assert reply.json["input_tokens"] == pytest.approx(true, rel=0.1)
    assert len(only.received) == 20


@pytest.mark.parametrize("path", ["/responses/compact", "/v1/responses/compact"])
@pytest.mark.parametrize("upstream", [A, C, R])
async def test_the_older_way_to_compact(upstream: WireFormat, path: str, tmp_path: Path) -> None:
    only = SimulatedProvider(upstream, name="only")
    said = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}]
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        reply = await running.ask(
            "POST", path, orjson.dumps({"model": MODEL, "instructions": "You code.", "input": said})
        )
        assert reply.status == 200, reply.body
        output = reply.json["output"]
        assert output[-1]["type"] == "compaction"
        going_on = [*output, {"type": "message", "role": "user", "content": "go on"}]
        reply = await running.turn(R, input=going_on)
        assert reply.status == 200, reply.body
    assert reply.field("x-cccc-converted") == (None if upstream is R else upstream)
    assert only.turns[0].target.endswith("/compact") is (upstream is R)


@pytest.mark.parametrize("status", [404, 405])
async def test_an_endpoint_without_a_path_for_compactions_is_asked_in_a_turn(status: int, tmp_path: Path) -> None:
    only = SimulatedProvider(R, name="only")
    only.fail_always(faults.status(status, "no such path"), Action.COMPACT)
    said = [{"role": "user", "content": "hello"}]
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        replies = []
        for _ in range(2):
            body = orjson.dumps({"model": MODEL, "instructions": "Be brief.", "input": said})
            replies.append(await running.ask("POST", "/responses/compact", body))
            said = replies[-1].json["output"]
        ordinary = await running.turn(R)
        records = [await running.record(reply.id) for reply in replies]
        (view,) = await running.control.endpoints()
    assert [reply.status for reply in (*replies, ordinary)] == [200] * 3
    assert [reply.json["output"][-1]["type"] for reply in replies] == ["compaction"] * 2
    paths = [received.target.removeprefix(only.prefix) for received in only.turns]
    assert paths == ["/responses/compact", "/responses", "/responses", "/responses"]
    assert [len(record.attempts) for record in records] == [2, 1]
    assert [record.verdict for record in records] == [Verdict.OK_AFTER_FAILOVER, Verdict.OK]
    assert [record.converted for record in records] == [True, True]
    assert b"encrypted_content" not in only.turns[2].body  # the first summary, which only we can read
    assert (view.breaker, view.last_error) == (Breaker.CLOSED, None)


async def test_a_base_that_has_neither_the_path_nor_the_format_is_asked_in_its_other_one(tmp_path: Path) -> None:
    only = SimulatedProvider(C, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only, url_openai=only.base_url)]) as running:
        body = orjson.dumps({"model": MODEL, "input": [{"role": "user", "content": "hello"}]})
        reply = await running.ask("POST", "/responses/compact", body)
    assert reply.status == 200
    assert reply.json["output"][-1]["type"] == "compaction"
    assert only.turns[-1].target.endswith("/chat/completions")
