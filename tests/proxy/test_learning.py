"""The running proxy with endpoints that refuse things: mended once, known the next time, forgotten in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.control.api import EndpointAction
from cccc.demo import faults
from cccc.demo.ask import Ask, Reply, Say, Think
from cccc.demo.configuration import endpoint
from cccc.demo.faults import Fault
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action, WireFormat
from cccc.proxy.remedies import WEEK
from tests.clock import ManualClock
from tests.proxy.harness import MODEL, A, C, R, proxy

pytestmark = pytest.mark.anyio


class Picky(SimulatedProvider):
    """An upstream that refuses every body in which ``unwanted`` finds something, in the words that it gives back."""

    def __init__(self, *formats: Any, unwanted: Any, **more: Any) -> None:
        super().__init__(*formats, **more)
        self._unwanted = unwanted

    def _next_fault(self, action: Action | None) -> Fault | None:
        said = self._unwanted(self.received[-1].json) if action is Action.TURN else None
        return faults.status(400, said) if said else super()._next_fault(action)


def refuses(*keys: str) -> Any:
    """Names the first of these keys that a body has."""
    return lambda body: next((f"{key}: Extra inputs are not permitted" for key in keys if key in body), None)


def system_role(body: Any) -> str | None:
    roles = [message["role"] for message in body["messages"]]
    return (
        f"messages.{roles.index('system')}.role: Input should be 'user' or 'assistant'" if "system" in roles else None
    )


CASES: list[tuple[Any, Any, dict[str, Any]]] = [
    (
        A,
        refuses("context_management", "output_config"),
        {"context_management": {"edits": []}, "output_config": {"effort": "high"}},
    ),
    (A, system_role, {"messages": [{"role": "user", "content": "hi"}, {"role": "system", "content": "be brief"}]}),
    (A, lambda b: "max_tokens: 64000 > 8192, which" if b["max_tokens"] > 8192 else None, {"max_tokens": 64_000}),
    (
        A,
        lambda b: "adaptive thinking is not supported" if b.get("thinking", {}).get("type") == "adaptive" else None,
        {"thinking": {"type": "adaptive"}, "max_tokens": 2048},
    ),
    (C, lambda b: "Unsupported parameter: 'store'" if "store" in b else None, {"store": True}),
    (R, lambda b: "Unknown parameter: 'service_tier'." if "service_tier" in b else None, {"service_tier": "flex"}),
]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("wire_format", "unwanted", "extra"), CASES, ids=range(len(CASES)))
async def test_a_refused_part_is_left_out_once_and_from_then_on(
    tmp_path: Path, wire_format: Any, unwanted: Any, extra: dict[str, Any], stream: bool
) -> None:
    upstream = Picky(wire_format, unwanted=unwanted, name="picky")
    async with upstream.running():
        async with proxy(tmp_path, [endpoint(upstream)]) as running:
            first = await running.turn(wire_format, stream=stream, **extra)
            assert first.status == 200
            asked = len(upstream.turns)
            assert asked == (3 if "output_config" in extra else 2)
            assert (await running.turn(wire_format, stream=stream, **extra)).status == 200
            assert len(upstream.turns) == asked + 1
            assert upstream.turns[-1].body == upstream.turns[asked - 1].body
            record = await running.record(first.id)
            assert record.notes["sent with"]
            assert [attempt.outcome.value for attempt in record.attempts][-1] == "ok"
        async with proxy(tmp_path, [endpoint(upstream)]) as again:
            assert (await again.turn(wire_format, stream=stream, **extra)).status == 200
            assert len(upstream.turns) == asked + 2


async def test_every_byte_that_is_not_refused_arrives_as_it_was_sent(tmp_path: Path) -> None:
    body = (
        f'{{"model": "{MODEL}",\n "store":true , "messages":[{{"role":"user","content":"\\u00e9 😀"}}],'
        '"top_p":1.0,"x":1e2 }'
    )
    upstream = Picky(C, unwanted=lambda b: "Unknown parameter: 'store'" if "store" in b else None)
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        assert (await running.ask("POST", "/v1/chat/completions", body.encode())).status == 200
        assert upstream.turns[0].body == body.encode()
        assert upstream.turns[1].body == body.replace(',\n "store":true', "").encode()


async def test_what_was_learned_is_tried_again_after_a_week(tmp_path: Path, clock: ManualClock) -> None:
    upstream = Picky(C, unwanted=refuses("store"))
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)], clock=clock) as running:
        await running.turn(C, store=True)
        clock.advance(WEEK - 1)
        await running.turn(C, store=True)
        assert len(upstream.turns) == 3
        upstream._unwanted = lambda _: None  # the vendor has learned it
        clock.advance(2)
        await running.turn(C, store=True)
        assert len(upstream.turns) == 4
        assert upstream.turns[-1].json["store"] is True


async def test_another_address_starts_afresh(tmp_path: Path) -> None:
    picky, other = Picky(C, unwanted=refuses("store"), name="e"), SimulatedProvider(C, name="e")
    async with picky.running(), other.running():
        async with proxy(tmp_path, [endpoint(picky)]) as running:
            await running.turn(C, store=True)
        async with proxy(tmp_path, [endpoint(other)]) as running:
            await running.turn(C, store=True)
    assert other.turns[0].json["store"] is True


async def test_tools_are_never_left_out(tmp_path: Path) -> None:
    upstream = Picky(C, unwanted=lambda _: "Unknown parameter: 'tools'", name="one")
    spare = SimulatedProvider(C, name="two")
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    async with upstream.running(), spare.running():
        pool = [endpoint(upstream), endpoint(spare, priority=2)]
        async with proxy(tmp_path, pool) as running:
            reply = await running.turn(C, tools=[tool])
    assert reply.status == 200
    assert (len(upstream.turns), len(spare.turns)) == (1, 1)
    assert spare.turns[0].json["tools"]


async def test_a_remedy_that_does_not_help_is_not_remembered(tmp_path: Path) -> None:
    upstream = Picky(A, unwanted=lambda b: "output_config is not supported" if "output_config" in b else "no: too hot")
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        for turns in (2, 4):
            reply = await running.turn(A, output_config={})
            assert (reply.status, reply.json["error"]["message"]) == (400, "no: too hot")
            assert len(upstream.turns) == turns


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
async def test_the_header_of_the_key_is_found_out_and_kept(tmp_path: Path, header: str) -> None:
    class Strict(SimulatedProvider):
        def _refused_key(self, dialect: Any, received: Any) -> Fault | None:
            return None if received.header(header) else faults.status(401)

    upstream = Strict(A, key="sk-test-0123456789")
    async with upstream.running():
        for expected in ((2, 3), (4, 5)) if header == "x-api-key" else ((1, 2), (3, 4)):
            async with proxy(tmp_path, [endpoint(upstream)]) as running:
                for turns in expected:
                    assert (await running.turn(A)).status == 200
                    assert len(upstream.turns) == turns


@pytest.mark.parametrize("speaks", [C, R])
@pytest.mark.parametrize("client", [A, C, R])
async def test_a_base_that_speaks_one_openai_api(
    client: WireFormat, speaks: WireFormat, tmp_path: Path, clock: ManualClock
) -> None:
    """Asked in one, then in the other, within the same request; from then on, after a restart too, in the right one."""
    upstream = SimulatedProvider(speaks, name="only")
    base = {"name": "only", "auth_value": "any-key"}
    tried_first = client if client in (C, R) else C
    async with upstream.running():
        base["url_openai"] = upstream.base_url
        for restarted in (False, True):
            async with proxy(tmp_path, [base], clock=clock) as running:
                reply = await running.turn(client, stream=True)
                assert reply.field("x-cccc-converted") == (None if client is speaks else speaks)
                record = await running.record(reply.id)
                (view,) = await running.control.endpoints()
                assert view.breaker.value == "closed"
                tried = [attempt.wire_format for attempt in record.attempts]
                assert tried == ([speaks] if restarted or tried_first is speaks else [tried_first, speaks])
        clock.advance(WEEK)
        async with proxy(tmp_path, [base], clock=clock) as running:
            assert (await running.turn(client)).status == 200
    lessons = 0 if tried_first is speaks else 2
    assert len(upstream.received) == 3 + lessons


async def test_a_base_without_the_api_of_a_request_that_cannot_be_converted(tmp_path: Path) -> None:
    chat, other = SimulatedProvider(C, name="chat"), SimulatedProvider(R, name="other")
    async with chat.running(), other.running():
        base = endpoint(chat) | {"url_openai": chat.base_url}
        async with proxy(tmp_path, [base, endpoint(other, priority=2)]) as running:
            reply = await running.turn(R, previous_response_id="resp_of_somebody")
            assert reply.field("x-cccc-endpoint") == "other"
            assert len(chat.received) == 1


async def test_counting_that_is_not_served_is_estimated_without_asking(tmp_path: Path, clock: ManualClock) -> None:
    upstream = SimulatedProvider(A)
    upstream.fail_always(faults.status(404), Action.COUNT_TOKENS)
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)], clock=clock) as running:
        body = orjson.dumps({"model": MODEL, "messages": [{"role": "user", "content": "hello"}]})
        for _ in range(3):
            reply = await running.ask("POST", "/v1/messages/count_tokens", body)
            assert (reply.status, reply.field("x-cccc-estimated")) == (200, "true")
        assert len(upstream.received) == 1
        assert (await running.turn(A)).status == 200
        upstream.heal()
        clock.advance(WEEK)
        reply = await running.ask("POST", "/v1/messages/count_tokens", body)
        assert reply.field("x-cccc-estimated") is None


# --- context overflow in the words of each client


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
         "prompt is too long: 9000 tokens > 8192 maximum"),
        ("context window exceeds limit (2013)", "prompt is too long: "),
        ("input length and `max_tokens` exceed context limit: 8000 + 500 > 8192",
         "input length and `max_tokens` exceed context limit: 8000 + 500 > 8192"),
    ],
)  # fmt: skip
async def test_an_overflow_reaches_claude_code_in_its_words(tmp_path: Path, said: str, told: str) -> None:
    upstream = SimulatedProvider(A)
    upstream.fail_next(faults.status(400, said))
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        reply = await running.turn(A)
    assert reply.status == 400
    assert reply.json["error"]["type"] == "invalid_request_error"
    message = reply.json["error"]["message"]
    assert message.startswith(told)
    if message.startswith("prompt"):
        assert int(message.split()[4]) > int(message.split()[7])


async def test_an_overflow_reaches_codex_as_its_code(tmp_path: Path) -> None:
    upstream = SimulatedProvider(R)
    upstream.fail_next(faults.status(400, "input is too long for requested model"))
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        reply = await running.turn(R, fields=[("user-agent", "codex_exec/0.169.0"), ("originator", "codex_exec")])
    assert (reply.status, reply.json["error"]["code"]) == (400, "context_length_exceeded")


async def test_an_answer_that_leaves_no_room_is_shortened(tmp_path: Path) -> None:
    said = "input length and `max_tokens` exceed context limit: 150000 + 64000 > 200000"
    upstream = Picky(A, unwanted=lambda body: said if body["max_tokens"] > 50_000 else None)
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        assert (await running.turn(A, max_tokens=64_000)).status == 200
        assert [turn.json["max_tokens"] for turn in upstream.turns] == [64_000, 49_000]
        await running.turn(A, max_tokens=40_000)
        assert upstream.turns[-1].json["max_tokens"] == 40_000


async def test_a_learned_context_spares_the_next_long_prompt_the_way(tmp_path: Path, clock: ManualClock) -> None:
    small, large = SimulatedProvider(A, name="small"), SimulatedProvider(A, name="large")
    small.fail_always(faults.status(400, "prompt is too long: 3100 tokens > 2000 maximum"))
    async with small.running(), large.running():
        pool = [endpoint(small), endpoint(large, priority=2, context_window=100_000)]
        long = "word " * 4_000
        async with proxy(tmp_path, pool, clock=clock) as running:
            for _ in range(2):
                assert (await running.turn(A, long)).field("x-cccc-endpoint") == "large"
            assert len(small.turns) == 1
            small.heal()
            assert (await running.turn(A, "short")).field("x-cccc-endpoint") == "small"
            assert (await running.turn(A, long, model="other")).field("x-cccc-endpoint") == "small"


# --- thinking of another endpoint


def thinks(_: Ask) -> Reply:
    return (Think("hm"), Say("done"))


def history(reply: Any) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": reply.json["content"]},
        {"role": "user", "content": "go on"},
    ]


SESSION = [("x-claude-code-session-id", "0b1c2d3e-0000-4000-8000-000000000001")]


def kinds(request: Any) -> list[str]:
    return [
        block["type"] for message in request.json["messages"] for block in message["content"] if isinstance(block, dict)
    ]


async def test_thinking_of_another_endpoint_is_left_out_after_a_switch(tmp_path: Path) -> None:
    one, two = (SimulatedProvider(A, name=name, brain=thinks) for name in ("one", "two"))
    async with one.running(), two.running():
        pool = [endpoint(one), endpoint(two, priority=2)]
        async with proxy(tmp_path, pool) as running:
            first = await running.turn(A, fields=SESSION)
            assert any(block["type"] == "thinking" for block in first.json["content"])
            same = await running.turn(A, fields=SESSION, messages=history(first))
            assert "thinking" in kinds(one.turns[-1])
        async with proxy(tmp_path, pool) as running:
            one.fail_next(faults.status(529))
            second = await running.turn(A, fields=SESSION, messages=history(first))
            assert second.field("x-cccc-endpoint") == "two"
            assert kinds(two.turns[-1]) == ["text"]
            record = await running.record(second.id)
            assert "thinking" in record.notes["sent with"]
            mixed = [
                *history(first),
                {"role": "assistant", "content": second.json["content"]},
                {"role": "user", "content": "x"},
            ]
            one.fail_next(faults.status(529))
            await running.turn(A, fields=SESSION, messages=mixed)
            assert kinds(two.turns[-1]) == ["text", "thinking", "text"]
    assert same.status == 200


async def test_thinking_that_is_refused_is_left_out_in_the_next_turns_too(tmp_path: Path) -> None:
    def complains(body: Any) -> str | None:
        return (
            "messages.1.content.0: Invalid `signature` in `thinking` block"
            if "stranger" in orjson.dumps(body).decode()
            else None
        )

    upstream = Picky(A, unwanted=complains)
    content = [{"type": "thinking", "thinking": "hm", "signature": "stranger"}, {"type": "text", "text": "x"}]
    past = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "b"},
    ]
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        for turns in (2, 3):
            assert (await running.turn(A, fields=SESSION, messages=past)).status == 200
            assert len(upstream.turns) == turns


# --- responses that are stored


async def test_a_continued_response_goes_to_the_endpoint_that_holds_it(tmp_path: Path) -> None:
    one, two = SimulatedProvider(R, name="one"), SimulatedProvider(R, name="two")
    async with one.running(), two.running():
        one.fail_next(faults.status(529))
        pool = [endpoint(one), endpoint(two, priority=2)]
        async with proxy(tmp_path, pool) as running:
            first = await running.turn(R)
            assert first.field("x-cccc-endpoint") == "two"
            await running.control.endpoint_action("one", EndpointAction.RESET)
        async with proxy(tmp_path, pool) as running:
            reply = await running.turn(R, previous_response_id=first.json["id"])
            assert reply.field("x-cccc-endpoint") == "two"
            two.fail_next(faults.status(500), faults.status(500))
            reply = await running.turn(R, previous_response_id=first.json["id"])
            assert reply.status >= 500
            assert len(one.turns) == 1
        async with proxy(tmp_path, [endpoint(one)]) as running:
            reply = await running.turn(R, previous_response_id=first.json["id"])
            assert reply.status == 400
            assert "send the whole conversation" in reply.json["error"]["message"]


# --- served as asked


@pytest.mark.parametrize(("served", "flagged"), [(MODEL, False), (f"{MODEL}-2026-01-31", False), ("cheap-model", True)])
async def test_a_model_that_was_swapped_is_noted(tmp_path: Path, served: str, flagged: bool) -> None:
    class Swapping(SimulatedProvider):
        def _understand(self, dialect: Any, action: Any, received: Any) -> Any:
            ask, refusal = super()._understand(dialect, action, received)
            return Ask(model=served, stream=ask.stream, turns=ask.turns), refusal

    upstream = Swapping(A)
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        reply = await running.turn(A)
        assert reply.json["model"] == MODEL
        record = await running.record(reply.id)
    assert ("swapped" in record.notes) == flagged
    assert record.model_served == served


# --- leaving at the warning


async def test_an_endpoint_with_enhanced_protection_is_left_at_its_warning(tmp_path: Path, clock: ManualClock) -> None:
    class Warned(SimulatedProvider):
        def _plan(self, received: Any) -> Any:
            first, *rest = super()._plan(received)
            reset = int(clock.now()) + 600
            extra = (
                f"\r\nanthropic-ratelimit-unified-status: allowed_warning\r\nanthropic-ratelimit-unified-reset: {reset}"
            )
            line, _, others = first.data.partition(b"\r\n")
            return [type(first)(line + extra.encode() + b"\r\n" + others, event=first.event), *rest]

    one, two = Warned(A, name="one"), SimulatedProvider(A, name="two")
    async with one.running(), two.running():
        pool = [endpoint(one, enhanced_protection=True), endpoint(two, priority=2)]
        async with proxy(tmp_path, pool, clock=clock) as running:
            assert (await running.turn(A)).field("x-cccc-endpoint") == "one"
            assert (await running.turn(A)).field("x-cccc-endpoint") == "two"
            (view, _) = await running.control.endpoints()
            assert view.unified_status == "allowed_warning"
        async with proxy(tmp_path, pool, clock=clock) as running:
            assert (await running.turn(A)).field("x-cccc-endpoint") == "two"
            clock.advance(601)
            assert (await running.turn(A)).field("x-cccc-endpoint") == "one"


async def test_functions_are_worth_more_than_thinking(tmp_path: Path, clock: ManualClock) -> None:
    """Learned of one model, and only for requests with functions."""
    upstream = SimulatedProvider(C)
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    refused = (
        "Function tools with reasoning_effort are not supported for {} in /v1/chat/completions. "
        "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
    )
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)], clock=clock) as running:
        upstream.fail_next(faults.status(400, refused.format(MODEL)))
        for more in ({"tools": tools}, {"tools": tools}, {}):
            assert (await running.turn(C, reasoning_effort="high", **more)).status == 200
        assert (await running.turn(C, reasoning_effort="high", tools=tools, model="gpt-5")).status == 200
    assert [turn.json["reasoning_effort"] for turn in upstream.turns] == ["high", "none", "none", "high", "high"]
