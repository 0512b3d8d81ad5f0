"""Thinking across formats: how it is asked for is learned, and what one endpoint sealed no other ever sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.control.api import EndpointAction
from cccc.demo import faults
from cccc.demo.ask import Say, Think
from cccc.demo.configuration import endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from cccc.ir.seal import is_ours
from tests.proxy.harness import MODEL, A, C, Proxy, R, proxy

pytestmark = pytest.mark.anyio

EFFORT = {"reasoning_effort": "low", "max_completion_tokens": 16_000}
ENABLED = '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
ENABLED += '"output_config.effort" to control thinking behavior.'
ADAPTIVE = "adaptive thinking is not supported on this model"


@pytest.mark.parametrize(
    ("model", "refusal", "before", "after"),
    [("glm-5", ENABLED, "enabled", "adaptive"), ("claude-opus-5", ADAPTIVE, "adaptive", "enabled")],
)
async def test_how_to_ask_for_thinking_is_learned(
    model: str, refusal: str, before: str, after: str, tmp_path: Path
) -> None:
    only = SimulatedProvider(A, name="only")
    only.fail_next(faults.status(400, refusal))
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        for _ in range(2):
            assert (await running.turn(C, model=model, **EFFORT)).status == 200
    bodies = [received.json for received in only.turns]
    assert [body["thinking"]["type"] for body in bodies] == [before, after, after]
    for body in bodies:
        adaptive = body["thinking"]["type"] == "adaptive"
        assert body.get("output_config") == ({"effort": "low"} if adaptive else None)
        assert ("budget_tokens" in body["thinking"]) is not adaptive


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-5"])
async def test_what_is_known_of_a_model_is_asked_at_once(model: str, tmp_path: Path) -> None:
    only = SimulatedProvider(A, name="only")
    async with only.running(), proxy(tmp_path, [endpoint(only)]) as running:
        assert (await running.turn(C, model=model, **EFFORT)).status == 200
    (received,) = only.turns
    assert received.json["thinking"]["type"] == {"claude-opus-5": "adaptive"}.get(model, "enabled")


def _asks(client: WireFormat) -> dict[str, Any]:
    return {"max_tokens": 16_000, "thinking": {"type": "adaptive"}} if client is A else {"reasoning": {"effort": "low"}}


async def _next_turn(running: Proxy, client: WireFormat, answer: dict[str, Any]) -> None:
    """The client goes on, with what it was answered as it was answered."""
    said = {"role": "user", "content": "hello"}
    own = [{"role": "assistant", "content": answer["content"]}] if client is A else answer["output"]
    history = {"messages" if client is A else "input": [said, *own, said]}
    assert (await running.turn(client, **_asks(client), **history)).status == 200


def _seals(answer: dict[str, Any]) -> list[str]:
    parts = answer.get("content") or answer["output"]
    return [seal for part in parts if (seal := part.get("signature") or part.get("encrypted_content"))]


@pytest.mark.parametrize("client", [A, R])
async def test_what_we_sealed_never_reaches_an_endpoint_of_the_clients_own_format(
    client: WireFormat, tmp_path: Path
) -> None:
    """The answer came from elsewhere, with a seal of ours; then an endpoint that signs for itself takes over."""
    native = SimulatedProvider(client, name="native")
    other = SimulatedProvider(C, name="other", brain=lambda _: (Think("Hm, well."), Say("Yes.")))
    async with native.running(), other.running():
        native.fail_next(faults.status(500))
        pool = [endpoint(native, priority=1), endpoint(other, priority=2)]
        async with proxy(tmp_path, pool) as running:
            first = await running.turn(client, **_asks(client))
            assert first.field("x-cccc-endpoint") == "other"
            assert [is_ours(seal) for seal in _seals(first.json)] == [True]
            native.heal()
            await running.control.endpoint_action("native", EndpointAction.RESET)
            await _next_turn(running, client, first.json)
    sent = native.turns[-1].body
    assert b"Yes." in sent
    assert b"cccc-" not in sent


@pytest.mark.parametrize("client", [A, R])
async def test_what_we_sealed_goes_back_to_its_maker_as_it_was(client: WireFormat, tmp_path: Path) -> None:
    upstream = R if client is A else A
    maker = SimulatedProvider(upstream, name="maker", brain=lambda _: (Think("Hm, well."), Say("Yes.")))
    async with maker.running(), proxy(tmp_path, [endpoint(maker)]) as running:
        first = await running.turn(client, **_asks(client))
        assert [is_ours(seal) for seal in _seals(first.json)] == [True]
        await _next_turn(running, client, first.json)
    sent = maker.turns[-1].body
    assert b"cccc-" not in sent
    body = orjson.loads(sent)
    turns = body["messages"][1]["content"] if upstream is A else body["input"]
    (proof,) = _seals({"content": turns})
    assert proof.startswith("demo-signature-" if upstream is A else "gAAAA")
    assert body["model"] == MODEL
