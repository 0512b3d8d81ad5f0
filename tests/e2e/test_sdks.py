"""The official Python SDKs through the proxy: turns, tools, and what they raise (resilience.md §10 to §12, column O).

The SDKs retry by themselves. Their pauses are noted and not waited for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest

from cccc.demo import faults
from cccc.demo.brains import write_then_read
from cccc.demo.configuration import endpoint
from cccc.demo.faults import End, Fault, Point
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests.e2e.relay import Relay, relay_to
from tests.e2e.scripts import CLIENT_KEY, UPSTREAM_KEY
from tests.proxy.harness import proxy

pytestmark = pytest.mark.anyio

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
FORMATS = [A, C, R]
MODEL = "demo-model"
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


class Anthropic(anthropic.AsyncAnthropic):
    """Notes the pauses before retries instead of waiting."""

    pauses: list[float]

    def _calculate_retry_timeout(self, *args: Any, **named: Any) -> float:
        self.pauses.append(super()._calculate_retry_timeout(*args, **named))
        return 0.0


class OpenAI(openai.AsyncOpenAI):
    """Notes the pauses before retries instead of waiting."""

    pauses: list[float]

    def _calculate_retry_timeout(self, *args: Any, **named: Any) -> float:
        self.pauses.append(super()._calculate_retry_timeout(*args, **named))
        return 0.0


@dataclass
class Caller:
    """An SDK before a proxy. ``providers`` are the endpoints; ``relay`` counts what the SDK sends."""

    wire_format: WireFormat
    client: Any
    relay: Relay
    providers: list[SimulatedProvider]

    async def turn(self, text: str = "hello", **more: Any) -> Any:
        """One turn in the caller's format; with ``stream=True`` an async iterator of events."""
        said = [{"role": "user", "content": text}]
        if self.wire_format is A:
            return await self.client.messages.create(model=MODEL, max_tokens=64, messages=said, **more)
        if self.wire_format is C:
            return await self.client.chat.completions.create(model=MODEL, messages=said, **more)
        return await self.client.responses.create(model=MODEL, input=said, **more)

    async def events(self) -> list[Any]:
        """Every event of one streamed turn."""
        return [event async for event in await self.turn(stream=True)]


@asynccontextmanager
async def calling(
    wire_format: WireFormat,
    folder: Path,
    *sick: Fault | None,
    entry: Mapping[str, Any] | None = None,
    sections: Mapping[str, Any] | None = None,
) -> AsyncIterator[Caller]:
    """An SDK before a proxy with one endpoint for each of ``sick``."""
    async with AsyncExitStack() as stack:
        providers = []
        for name, fault in zip(("one", "two"), sick, strict=False):
            provider = SimulatedProvider(wire_format, name=name, key=UPSTREAM_KEY, brain=write_then_read)
            await stack.enter_async_context(provider.running())
            if fault is not None:
                provider.fail_always(fault)
            providers.append(provider)
        pool = [endpoint(provider, **(entry or {})) for provider in providers]
        running = await stack.enter_async_context(proxy(folder, pool, **(sections or {})))
        relay = await stack.enter_async_context(relay_to(running.address))
        client: Anthropic | OpenAI
        if wire_format is A:
            client = Anthropic(api_key=CLIENT_KEY, base_url=relay.base_url)
        else:
            client = OpenAI(api_key=CLIENT_KEY, base_url=f"{relay.base_url}/v1")
        client.pauses = []
        yield Caller(wire_format, await stack.enter_async_context(client), relay, providers)


# --- turns


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_turn_comes_as_the_sdks_own_type(wire_format: WireFormat, tmp_path: Path) -> None:
    async with calling(wire_format, tmp_path, None) as caller:
        said = await caller.turn()
    text = {
        A: lambda: said.content[-1].text,
        C: lambda: said.choices[0].message.content,
        R: lambda: said.output_text,
    }[wire_format]()
    assert text.startswith("You said: hello")
    assert said.model == MODEL
    assert said.usage is not None


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_streamed_turn_is_whole(wire_format: WireFormat, tmp_path: Path) -> None:
    async with calling(wire_format, tmp_path, None) as caller:
        events = await caller.events()
    pieces = {
        A: lambda: [event.delta.text for event in events if event.type == "content_block_delta"],
        C: lambda: [event.choices[0].delta.content or "" for event in events if event.choices],
        R: lambda: [event.delta for event in events if event.type == "response.output_text.delta"],
    }[wire_format]()
    assert "".join(pieces).startswith("You said: hello")
    assert {A: "message_stop", R: "response.completed", C: None}[wire_format] == getattr(events[-1], "type", None)


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_tool_call_comes_with_its_arguments(wire_format: WireFormat, tmp_path: Path) -> None:
    function = {"name": "Bash", "description": "Run a command", "parameters": SCHEMA}
    tool = {
        A: {"name": "Bash", "description": "Run a command", "input_schema": SCHEMA},
        C: {"type": "function", "function": function},
        R: {"type": "function", **function},
    }[wire_format]
    async with calling(wire_format, tmp_path, None) as caller:
        said = await caller.turn("write notes.txt with words", tools=[tool])
    call = {
        A: lambda: next(part for part in said.content if part.type == "tool_use"),
        C: lambda: said.choices[0].message.tool_calls[0].function,
        R: lambda: next(item for item in said.output if item.type == "function_call"),
    }[wire_format]()
    assert call.name == "Bash"
    assert "notes.txt" in str(call.input if wire_format is A else call.arguments)


# --- what they raise


@dataclass(frozen=True)
class Refusal:
    """A failure, and the SDKs' exception for it: its class and its words. ``retried``: the SDK asks three times."""

    name: str
    anthropic: type[anthropic.APIStatusError]
    openai: type[openai.APIStatusError]
    says: str
    sick: tuple[Fault | None, ...] = ()
    retried: bool = False
    entry: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


TOO_LONG = faults.status(
    400, "prompt is too long: 250000 tokens > 200000 maximum", error_kind="context_length_exceeded"
)
SHORT = {"timeouts": {"response_header": "100ms", "first_event": "100ms", "total": "300ms"}}

REFUSALS = [
    Refusal(
        "wrong token", anthropic.AuthenticationError, openai.AuthenticationError, "cccc: the token sent is not",
        sick=(None,), sections={"server": {"auth_token": "the-proxys-own-token-0123456789"}},
    ),
    Refusal(
        "no endpoint", anthropic.InternalServerError, openai.InternalServerError, "cccc: no endpoint is enabled",
    ),
    Refusal(
        "no such model", anthropic.NotFoundError, openai.NotFoundError, "cccc: no endpoint serves model",
        sick=(None,), entry={"models": ["another"]},
    ),
    Refusal(
        "request too large", anthropic.APIStatusError, openai.APIStatusError, "cccc: request is",
        sick=(None,), sections={"server": {"max_request_bytes": "2KB"}},
    ),
    Refusal(
        "all limited", anthropic.InternalServerError, openai.RateLimitError, "cccc: ", retried=True,
        sick=(faults.status(429, retry_after="30"),) * 2,
    ),
    Refusal(
        "all limited for an hour", anthropic.InternalServerError, openai.RateLimitError, "; next try in ",
        sick=(faults.status(429, retry_after="3600"),) * 2,
    ),
    Refusal(
        "all fail", anthropic.InternalServerError, openai.InternalServerError, "cccc: ", retried=True,
        sick=(faults.status(500),) * 2,
    ),
    Refusal(
        "key refused", anthropic.InternalServerError, openai.InternalServerError, "rejected its API key (401)",
        sick=(faults.status(401),),
    ),
    Refusal(
        "all without credit", anthropic.APIStatusError, openai.RateLimitError, "one has no credit (402)",
        sick=(faults.status(402),) * 2,
    ),
    Refusal(
        "context too long", anthropic.BadRequestError, openai.BadRequestError, "", sick=(TOO_LONG,),
    ),
    Refusal(
        "bad request", anthropic.BadRequestError, openai.BadRequestError, "no such thing",
        sick=(faults.status(400, "no such thing"),),
    ),
    Refusal(
        "hangs", anthropic.InternalServerError, openai.InternalServerError, "cccc: ", retried=True,
        sick=(faults.stall(Point.BEFORE_HEAD),), sections=SHORT,
    ),
]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_refusal_is_raised(wire_format: WireFormat, refusal: Refusal, stream: bool, tmp_path: Path) -> None:
    expected = refusal.anthropic if wire_format is A else refusal.openai
    text = "x" * 3_000 if refusal.name == "request too large" else "hello"
    async with calling(wire_format, tmp_path, *refusal.sick, entry=refusal.entry, sections=refusal.sections) as caller:
        if refusal.retried:
            caller.client.max_retries = 0
        with pytest.raises(expected) as raised:
            await caller.turn(text, stream=stream)
        assert refusal.says in str(raised.value)
        assert caller.relay.posts() == 1


@pytest.mark.parametrize("refusal", [one for one in REFUSALS if one.retried], ids=str)
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_what_passes_is_retried(wire_format: WireFormat, refusal: Refusal, tmp_path: Path) -> None:
    async with calling(wire_format, tmp_path, *refusal.sick, sections=refusal.sections) as caller:
        with pytest.raises((anthropic.APIStatusError, openai.APIStatusError)):
            await caller.turn()
        assert caller.relay.posts() == 3


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_retry_waits_as_long_as_it_is_told(wire_format: WireFormat, tmp_path: Path) -> None:
    async with calling(wire_format, tmp_path, *(faults.status(429, retry_after="30"),) * 2) as caller:
        with pytest.raises((anthropic.APIStatusError, openai.APIStatusError)):
            await caller.turn()
        assert all(30 <= pause <= 34 for pause in caller.client.pauses)
        assert len(caller.client.pauses) == 2


# --- streams that break


BROKEN = {
    "cut": (faults.cut(Point.CONTENT, End.FIN), "closed the stream before its end"),
    "cut cleanly": (faults.cut(Point.CONTENT, End.CLEAN), "closed the stream before its end"),
    "reset": (faults.cut(Point.CONTENT, End.RST), "closed the stream before its end"),
    "error event": (faults.error_event(Point.CONTENT, 529, "Too many here"), "Too many here"),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("wire_format", FORMATS)
async def test_a_broken_stream_never_looks_complete(wire_format: WireFormat, how: str, tmp_path: Path) -> None:
    fault, says = BROKEN[how]
    async with calling(wire_format, tmp_path, fault) as caller:
        if wire_format is R:
            # This SDK has no exception for a failed response: the event is the last one and says why.
            last = (await caller.events())[-1]
            assert last.type == "response.failed"
            assert says in last.response.error.message
        else:
            with pytest.raises((anthropic.APIStatusError, openai.APIError)) as raised:
                await caller.events()
            assert says in str(raised.value)
        assert caller.relay.posts() == 1


# --- the rest of the interface


async def test_models_are_listed_for_both_sdks(tmp_path: Path) -> None:
    async with calling(A, tmp_path / "a", None) as caller:
        assert MODEL in [model.id async for model in caller.client.models.list()]
    async with calling(R, tmp_path / "r", None) as caller:
        assert MODEL in [model.id async for model in caller.client.models.list()]


async def test_tokens_are_counted(tmp_path: Path) -> None:
    async with calling(A, tmp_path, None) as caller:
        counted = await caller.client.messages.count_tokens(model=MODEL, messages=[{"role": "user", "content": "hi"}])
    assert counted.input_tokens > 0
