"""The official SDKs as clients of every format, on an endpoint of every format: the same content arrives everywhere.

One proxy and one endpoint for each format of an endpoint. What is asked and what is answered is data: a ``Scene`` names
its request in each client's words, the endpoint's answer, and what of it has to arrive. Every answer is read twice: by
the SDK, which validates it strictly, and by the strict readers of ``formats_check``, from the bytes that came.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState

from cccc.demo.ask import Ask, Call, Decline, Reply, Say, Think
from cccc.demo.configuration import endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests.e2e.scripts import CLIENT_KEY, UPSTREAM_KEY
from tests.formats_check import REPLY, STREAM, Said
from tests.proxy.harness import MODEL, A, C, Proxy, R, proxy

pytestmark = pytest.mark.anyio

FORMATS = [A, C, R]
Json = dict[str, Any]
PATIENCE_S = 120.0
"""For all turns on one endpoint together."""

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DATA_URL = f"data:image/png;base64,{PIXEL}"
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}

_TOOLS: Mapping[WireFormat, Json] = {
    A: {"tools": [{"name": "Bash", "description": "Runs a command.", "input_schema": SCHEMA}]},
    C: {
        "tools": [
            {"type": "function", "function": {"name": "Bash", "description": "Runs a command.", "parameters": SCHEMA}}
        ]
    },
    R: {
        "tools": [
            {"type": "function", "name": "Bash", "description": "Runs a command.", "parameters": SCHEMA, "strict": None}
        ]
    },
}
_EFFORT: Mapping[WireFormat, Json] = {
    A: {"max_tokens": 16_000, "thinking": {"type": "enabled", "budget_tokens": 4_000}},
    C: {"reasoning_effort": "low"},
    R: {"reasoning": {"effort": "low", "summary": "auto"}},
}
_FORM: Mapping[WireFormat, Json] = {
    A: {"output_config": {"format": {"type": "json_schema", "schema": PERSON}}},
    C: {
        "response_format": {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PERSON}}
    },
    R: {"text": {"format": {"type": "json_schema", "name": "person", "strict": True, "schema": PERSON}}},
}


def _looked(said: str) -> Mapping[WireFormat, list[Json]]:
    """A conversation in which a tool has shown an image. In Chat, only a user can show one."""
    arguments = '{"command":"shot"}'
    return {
        A: [
            {"role": "user", "content": said},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "shot"}}],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_1",
                        "content": [
                            {"type": "text", "text": "shown"},
                            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
                        ],
                    },
                ],
            },
        ],
        C: [
            {"role": "user", "content": said},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "Bash", "arguments": arguments}}
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "shown"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": DATA_URL}}]},
        ],
        R: [
            {"role": "user", "content": said},
            {"type": "function_call", "call_id": "call_1", "name": "Bash", "arguments": arguments},
            {
                "type": "function_call_output",
                "call_id": "call_1",
                "output": [
                    {"type": "input_text", "text": "shown"},
                    {"type": "input_image", "image_url": DATA_URL, "detail": "auto"},
                ],
            },
        ],
    }


@dataclass(frozen=True)
class Scene:
    """One turn. ``asks`` is what the client adds to a plain question, ``answer`` what the endpoint says.

    ``sent`` looks at what the endpoint got; ``lost`` are the losses on record by (client, endpoint).
    """

    name: str
    answer: Reply
    asks: Mapping[WireFormat, Json] = field(default_factory=dict)
    looked: bool = False
    sent: Callable[[WireFormat, Json], None] = lambda _format, _body: None
    lost: Mapping[tuple[WireFormat, WireFormat], set[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name.replace(" ", "-")

    def request(self, client: WireFormat) -> Json:
        """The SDK's arguments."""
        said = [{"role": "user", "content": self.name}] if not self.looked else _looked(self.name)[client]
        body = {"model": MODEL, "input" if client is R else "messages": said}
        return body | ({"max_tokens": 64} if client is A else {}) | dict(self.asks.get(client, {}))


def _offers_bash(wire_format: WireFormat, body: Json) -> None:
    (tool,) = body["tools"]
    tool = tool.get("function", tool)
    assert (tool["name"], tool["description"]) == ("Bash", "Runs a command.")
    assert tool["input_schema" if wire_format is A else "parameters"] == SCHEMA


def _shows_the_image(wire_format: WireFormat, body: Json) -> None:
    written = json.dumps(body)
    assert written.count(PIXEL) == 1
    assert "shown" in written
    if wire_format is C:
        assert [message["role"] for message in body["messages"]] == ["user", "assistant", "tool", "user"]


def _asks_to_think(wire_format: WireFormat, body: Json) -> None:
    match wire_format:
        case WireFormat.ANTHROPIC:
            assert body["thinking"]["type"] == "enabled"
            assert 1_024 <= body["thinking"]["budget_tokens"] < body["max_tokens"]
        case WireFormat.OPENAI_CHAT:
            assert body["reasoning_effort"] == "low"
        case WireFormat.OPENAI_RESPONSES:
            assert body["reasoning"]["effort"] == "low"


def _asks_for_the_form(wire_format: WireFormat, body: Json) -> None:
    match wire_format:
        case WireFormat.ANTHROPIC:
            wanted = body.get("output_config", {}).get("format", {}).get("schema")
            assert wanted == PERSON or '"additionalProperties":false' in body["system"][-1]["text"]
        case WireFormat.OPENAI_CHAT:
            assert body["response_format"]["json_schema"]["schema"] == PERSON
        case WireFormat.OPENAI_RESPONSES:
            assert body["text"]["format"]["schema"] == PERSON


TWO = (Call("Bash", '{"command":"ls"}'), Call("Bash", '{"command":"pwd"}'))
SCENES = [
    Scene("plain text", (Say('Größe: "x" \u2028 \U0001f600, and a few words more.'),)),
    Scene("one tool", (Say("I look."), TWO[0]), asks=_TOOLS, sent=_offers_bash),
    Scene("parallel tools", TWO, asks=_TOOLS, sent=_offers_bash),
    Scene(
        "tool result with an image", (Say("A red dot."),), asks=_TOOLS, looked=True, sent=_shows_the_image,
    ),
    Scene("thinking", (Think("Somebody greets."), Say("Hello.")), asks=_EFFORT, sent=_asks_to_think),
    Scene("refusal", (Decline("I cannot help with that."),)),
    Scene("length", (Say("One, two, three and", cut=True),)),
    Scene(
        "structured output", (Say('{"name":"Ada","age":36}'),), asks=_FORM, sent=_asks_for_the_form,
        # Only Anthropic's own host knows schemas in this format: everybody else is asked in words.
        lost={(C, A): {"output schema"}, (R, A): {"output schema"}},
    ),
]  # fmt: skip
ANSWERS = {scene.name: scene.answer for scene in SCENES}


def _play(ask: Ask) -> Reply:
    """The endpoint's side: the user's words name the scene."""
    return ANSWERS[next(turn.text for turn in ask.turns if turn.text in ANSWERS)]


# --- the house


class Recording(httpx2.AsyncHTTPTransport):
    """Keeps the bytes of the last answer."""

    body = b""
    request_id = ""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        self.body = await answer.aread()
        self.request_id = answer.headers["x-cccc-request-id"]
        return httpx2.Response(answer.status_code, headers=answer.headers, content=self.body, request=request)


@dataclass
class House:
    """A proxy before one endpoint, and the SDKs before the proxy."""

    upstream: WireFormat
    provider: SimulatedProvider
    proxy: Proxy
    wire: Recording
    anthropic: anthropic.AsyncAnthropic
    openai: openai.AsyncOpenAI

    async def hear(self, client: WireFormat, body: Json, stream: bool) -> Heard:
        """One turn, as the SDK of this format hears it."""
        return await _HEAR[client, stream](self, body)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=FORMATS, ids=lambda upstream: f"on-{upstream}")
async def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    upstream: WireFormat = request.param
    async with AsyncExitStack() as stack:
        provider = SimulatedProvider(upstream, name="only", key=UPSTREAM_KEY, brain=_play)
        await stack.enter_async_context(provider.running())
        folder = tmp_path_factory.mktemp("house")
        running = await stack.enter_async_context(proxy(folder, [endpoint(provider)], patience=PATIENCE_S))
        wire = Recording()
        http = await stack.enter_async_context(httpx2.AsyncClient(transport=wire))
        common: Json = {
            "api_key": CLIENT_KEY,
            "http_client": http,
            "max_retries": 0,
            "_strict_response_validation": True,
        }
        yield House(
            upstream,
            provider,
            running,
            wire,
            anthropic.AsyncAnthropic(base_url=running.address, **common),
            openai.AsyncOpenAI(base_url=f"{running.address}/v1", **common),
        )


# --- what the SDKs hear


@dataclass
class Heard:
    """An answer as an SDK gives it to its user. A refusal's words are words, wherever they stand."""

    words: str
    thinking: str
    calls: list[tuple[str, Any]]
    stop: str | None
    model: str
    tokens: int


def _message(message: anthropic.types.Message) -> Heard:
    explained = message.stop_details.explanation if message.stop_details else None
    return Heard(
        "".join(block.text for block in message.content if block.type == "text") + (explained or ""),
        "".join(block.thinking for block in message.content if block.type == "thinking"),
        [(block.name, block.input) for block in message.content if block.type == "tool_use"],
        message.stop_reason,
        message.model,
        message.usage.output_tokens,
    )


def _completion(completion: openai.types.chat.ChatCompletion) -> Heard:
    (choice,) = completion.choices
    message = choice.message
    calls = [call.function for call in message.tool_calls or () if call.type == "function"]
    assert completion.usage is not None
    return Heard(
        (message.content or "") + (message.refusal or ""),
        getattr(message, "reasoning_content", None) or "",
        [(call.name, json.loads(call.arguments)) for call in calls],
        choice.finish_reason,
        completion.model,
        completion.usage.completion_tokens,
    )


def _response(response: openai.types.responses.Response) -> Heard:
    parts = [part for item in response.output if item.type == "message" for part in item.content]
    thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
    calls = [item for item in response.output if item.type == "function_call"]
    assert response.usage is not None
    return Heard(
        "".join(part.text if part.type == "output_text" else part.refusal for part in parts),
        "".join(thoughts),
        [(call.name, json.loads(call.arguments)) for call in calls],
        response.incomplete_details.reason if response.incomplete_details else response.status,
        str(response.model),
        response.usage.output_tokens,
    )


async def _whole_message(house: House, body: Json) -> Heard:
    return _message(await house.anthropic.messages.create(**body))


async def _streamed_message(house: House, body: Json) -> Heard:
    async with house.anthropic.messages.stream(**body) as stream:
        return _message(await stream.get_final_message())


async def _whole_completion(house: House, body: Json) -> Heard:
    return _completion(await house.openai.chat.completions.create(**body))


async def _streamed_completion(house: House, body: Json) -> Heard:
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    chunks = await house.openai.chat.completions.create(**body, stream=True, stream_options={"include_usage": True})
    async for chunk in chunks:
        state.handle_chunk(chunk)
    return _completion(state.current_completion_snapshot)


async def _whole_response(house: House, body: Json) -> Heard:
    return _response(await house.openai.responses.create(**body))


async def _streamed_response(house: House, body: Json) -> Heard:
    events = [event async for event in await house.openai.responses.create(**body, stream=True)]
    assert events[-1].type in ("response.completed", "response.incomplete")
    return _response(events[-1].response)


_HEAR: Mapping[tuple[WireFormat, bool], Callable[[House, Json], Any]] = {
    (A, False): _whole_message,
    (A, True): _streamed_message,
    (C, False): _whole_completion,
    (C, True): _streamed_completion,
    (R, False): _whole_response,
    (R, True): _streamed_response,
}

_STOPS: Mapping[str, Mapping[WireFormat, str]] = {
    "calls": {A: "tool_use", C: "tool_calls", R: "completed"},
    "refusal": {A: "refusal", C: "stop", R: "completed"},
    "cut": {A: "max_tokens", C: "length", R: "max_output_tokens"},
    "end": {A: "end_turn", C: "stop", R: "completed"},
}


def _stop(answer: Reply, client: WireFormat) -> str:
    for part in answer:
        match part:
            case Call():
                return _STOPS["calls"][client]
            case Decline():
                return _STOPS["refusal"][client]
            case Say(cut=True):
                return _STOPS["cut"][client]
    return _STOPS["end"][client]


def _expected(answer: Reply, client: WireFormat) -> tuple[str, str, list[tuple[str, Any]], str]:
    return (
        "".join(part.text for part in answer if isinstance(part, Say | Decline)),
        "".join(part.text for part in answer if isinstance(part, Think)),
        [(part.name, json.loads(part.arguments)) for part in answer if isinstance(part, Call)],
        _stop(answer, client),
    )


def _read(said: Said) -> tuple[str, str, list[tuple[str, Any]], str | None]:
    calls = [(tool.name, json.loads(tool.arguments)) for tool in said.tools]
    return said.text + said.refusal, said.thinking, calls, said.stop


# --- the matrix


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("scene", SCENES, ids=str)
@pytest.mark.parametrize("client", FORMATS)
async def test_the_same_arrives(house: House, client: WireFormat, scene: Scene, stream: bool) -> None:
    heard = await house.hear(client, scene.request(client), stream)
    expected = _expected(scene.answer, client)
    assert (heard.words, heard.thinking, heard.calls, heard.stop) == expected
    assert heard.model == MODEL
    assert heard.tokens > 0
    assert _read((STREAM if stream else REPLY)[client](house.wire.body)) == expected
    scene.sent(house.upstream, house.provider.turns[-1].json)
    record = await house.proxy.record(house.wire.request_id)
    assert record.converted is (client is not house.upstream)
    assert {loss.what for loss in record.losses} == scene.lost.get((client, house.upstream), set())
    assert record.verdict == "ok"
