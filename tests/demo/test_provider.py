"""A simulated provider speaks each format as the strict readers demand, and keeps what it was asked."""

from __future__ import annotations

import anyio
import httpx
import orjson
import pytest

from cccc.demo.brains import echo, ponder, write_then_read
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests import formats_check
from tests.clock import ManualClock
from tests.demo.talk import FORMATS, PATH, A, C, R, ask, dial, exchange, post, until, with_shell

pytestmark = pytest.mark.anyio


async def asked(provider: SimulatedProvider, wire_format: WireFormat, body: object, **headers: str) -> httpx.Response:
    async with provider.running() as url, httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url + PATH[wire_format], content=orjson.dumps(body), headers=headers)


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("brain", [echo, ponder])
async def test_answers_as_the_format_demands(wire_format, stream, brain) -> None:
    provider = SimulatedProvider(wire_format, brain=brain)
    answer = await asked(provider, wire_format, ask(wire_format, "naïve 東京 \u2028 ok", stream=stream))
    assert answer.status_code == 200
    assert ("text/event-stream" in answer.headers["content-type"]) is stream
    said = (formats_check.STREAM if stream else formats_check.REPLY)[wire_format](answer.content)
    assert said.text.startswith("You said: naïve 東京 \u2028 ok")
    assert bool(said.thinking) is (brain is ponder)
    assert said.model == "demo-model"
    assert said.usage


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize("stream", [True, False])
async def test_calls_a_tool_that_was_offered(wire_format, stream) -> None:
    provider = SimulatedProvider(wire_format, brain=write_then_read)
    body = ask(wire_format, "write a.txt with two words", stream=stream, **with_shell(wire_format))
    answer = await asked(provider, wire_format, body)
    said = (formats_check.STREAM if stream else formats_check.REPLY)[wire_format](answer.content)
    (call,) = said.tools
    assert call.name == "Bash"
    assert orjson.loads(call.arguments)["command"] == "printf '%s\\n' 'two words' > a.txt"


async def test_a_custom_tool_in_a_namespace_is_answered_in_kind() -> None:
    provider = SimulatedProvider(R, brain=write_then_read)
    custom = {"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}
    answer = await asked(provider, R, ask(R, "write a.txt with words", tools=[custom]))
    (call,) = formats_check.responses_stream(answer.content).tools
    assert (call.name, call.custom, call.namespace) == ("exec", True, "functions")
    assert call.arguments.startswith("const r = await tools.exec_command(")


async def test_usage_in_a_chat_stream_comes_only_when_asked_for() -> None:
    body = ask(C)
    del body["stream_options"]
    answer = await asked(SimulatedProvider(C), C, body)
    assert formats_check.chat_stream(answer.content).usage is None


async def test_keeps_every_request_in_the_order_over_all_providers() -> None:
    first, second = SimulatedProvider(A, name="first"), SimulatedProvider(R, name="second")
    async with first.running() as url1, second.running() as url2, httpx.AsyncClient(trust_env=False) as client:
        await client.post(f"{url2}/v1/responses?x=1", json=ask(R), headers={"X-Odd-Case": "kept"})
        await client.post(f"{url1}/v1/messages", json=ask(A))
        await client.post(f"{url1}/v1/messages", json=ask(A))
    (response,) = second.received
    message, again = first.received
    assert response.order < message.order < again.order
    assert (response.method, response.target) == ("POST", "/v1/responses?x=1")
    assert ("X-Odd-Case", "kept") in response.headers
    assert response.json == ask(R)
    assert message.connection == again.connection == 1
    assert message.answered.is_set()


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_wrong_key_gets_the_vendors_401(wire_format) -> None:
    provider = SimulatedProvider(wire_format, key="sk-right-key-0123456789")
    async with provider.running() as url, httpx.AsyncClient(trust_env=False) as client:
        answers = [
            await client.post(url + PATH[wire_format], json=ask(wire_format, stream=False), headers=headers)
            for headers in (
                {},
                {"authorization": "Bearer sk-wrong-key-9876543210"},
                {"authorization": "Bearer sk-right-key-0123456789"},
                {"x-api-key": "sk-right-key-0123456789"},
            )
        ]
    assert [answer.status_code for answer in answers] == [401, 401, 200, 200]
    error = answers[1].json()["error"]
    if wire_format is A:
        assert answers[1].json()["type"] == "error"
        assert error == {"type": "authentication_error", "message": "invalid x-api-key"}
    else:
        assert error["code"] == "invalid_api_key"
        assert "sk-wrong" in error["message"]


BAD_BODIES = [
    (A, {"model": "m", "messages": [{"role": "user", "content": "x"}]}, "max_tokens: Field required"),
    (A, {"model": "m", "max_tokens": 1, "messages": []}, "at least one message"),
    (A, {"model": "m", "max_tokens": 1, "messages": [{"role": "tool", "content": "x"}]}, "Unexpected role"),
    (
        A,
        {
            "model": "m",
            "max_tokens": 1,
            "messages": [
                {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "x", "input": {}}]},
                {"role": "user", "content": "and?"},
            ],
        },
        "`tool_use` ids were found without `tool_result` blocks immediately after: toolu_1",
    ),
    (C, {"model": "m"}, "'messages'"),
    (C, {"model": "m", "messages": [{"role": "tool", "tool_call_id": "c", "content": ""}]}, "must be a response"),
    (
        C,
        {
            "model": "m",
            "messages": [
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "x", "arguments": "{}"}}],
                },
                {"role": "user", "content": "and?"},
            ],
        },
        "did not have response messages: c",
    ),
    (R, {"model": "m"}, "'input'"),
    (
        R,
        {"model": "m", "input": [{"type": "function_call", "call_id": "c", "name": "x", "arguments": "{}"}]},
        "No tool output found for function call c.",
    ),
    (R, {"model": "m", "input": 7}, "could not be understood"),
]


@pytest.mark.parametrize(("wire_format", "body", "complaint"), BAD_BODIES)
async def test_refuses_what_the_vendor_refuses(wire_format, body, complaint) -> None:
    answer = await asked(SimulatedProvider(wire_format), wire_format, body)
    assert answer.status_code == 400
    assert complaint in answer.json()["error"]["message"]


async def test_the_requests_beside_the_turns() -> None:
    provider = SimulatedProvider(A, C, R, models=["demo-model", "other"])
    async with provider.running() as url, httpx.AsyncClient(trust_env=False, base_url=url) as client:
        counted = await client.post(
            "/v1/messages/count_tokens", json={"model": "other", "messages": ask(A)["messages"]}
        )
        models = await client.get("/v1/models?limit=1000")
        compacted = await client.post("/v1/responses/compact", json=ask(R))
        absent = await client.post("/v1/chat/completions", json=ask(C, model="absent"))
        lost = await client.get("/v1/nothing")
    assert counted.json()["input_tokens"] > 0
    assert [model["id"] for model in models.json()["data"]] == ["demo-model", "other"]
    assert compacted.json()["output"][0]["type"] == "compaction"
    assert (absent.status_code, absent.json()["error"]["code"]) == (404, "model_not_found")
    assert lost.status_code == 404


async def test_follows_a_schema() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "tags": {"type": "array"}}}
    body = ask(A, output_config={"format": {"type": "json_schema", "schema": schema}}, tools=[])
    answer = await asked(SimulatedProvider(A, brain=write_then_read), A, body)
    assert set(orjson.loads(formats_check.anthropic_stream(answer.content).text)) == {"title", "tags"}


async def test_answers_a_compaction_trigger_with_one_compaction_item() -> None:
    body = ask(R)
    body["input"].append({"type": "compaction_trigger"})
    answer = await asked(SimulatedProvider(R), R, body)
    completed = formats_check.frames(answer.content)[-1].data
    assert [item["type"] for item in completed["response"]["output"]] == ["compaction"]


async def test_the_date_of_an_answer_is_the_clocks(clock: ManualClock) -> None:
    answer = await asked(SimulatedProvider(A, clock=clock), A, ask(A))
    assert answer.headers["date"] == "Fri, 15 Jan 2027 08:00:00 GMT"


async def test_held_events_stay_back_until_they_are_let_through() -> None:
    provider = SimulatedProvider(A)
    provider.hold(after=1)
    async with provider.running() as url, await dial(url) as stream:
        await stream.send(post("/v1/messages", ask(A)))
        await provider.gate.until_held()
        begun = await until(stream, b"message_start")
        assert b"content_block" not in begun
        provider.step(2)
        assert b"content_block_start" in await until(stream, b"content_block_start")
        assert not provider.received[0].answered.is_set()
        provider.release()
        await until(stream, b"0\r\n\r\n")
        await provider.received[0].answered.wait()


async def test_notices_that_the_client_left() -> None:
    provider = SimulatedProvider(A)
    provider.hold()
    async with provider.running() as url:
        async with await dial(url) as stream:
            await stream.send(post("/v1/messages", ask(A)))
            received = await provider.until_asked()
            await provider.gate.until_held()
        await received.abandoned.wait()
        assert not received.answered.is_set()


async def test_requests_that_come_at_once_on_one_connection_are_answered_in_turn() -> None:
    provider = SimulatedProvider(C)
    request = post("/v1/chat/completions", ask(C, stream=False))
    async with provider.running() as url, await dial(url) as stream:
        await stream.send(request + request)
        data = b""
        while data.count(b'"chat.completion"') < 2:
            data += await stream.receive()
    assert [received.connection for received in provider.received] == [1, 1]


async def test_can_come_back_on_its_port() -> None:
    provider = SimulatedProvider(C)
    async with provider.running() as url:
        port = int(url.rpartition(":")[2])
    with pytest.raises(OSError, match="connection"):
        await anyio.connect_tcp("127.0.0.1", port)
    async with provider.running(port) as again:
        assert again == url
        assert (await exchange(again, post("/v1/chat/completions", ask(C)))).status == 200


async def test_it_can_forget_old_requests_and_still_count_turns() -> None:
    provider = SimulatedProvider(A, remembers=2)
    counted: list[int] = []
    provider.fail_by(counted.append)
    async with provider.running() as url, httpx.AsyncClient(trust_env=False) as client:
        for _ in range(4):
            await client.post(url + PATH[A], content=orjson.dumps(ask(A, "again")))
    assert (len(provider.received), counted) == (2, [1, 2, 3, 4])
