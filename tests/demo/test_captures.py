"""The recorded requests of the real clients are understood: none is refused, each gets an answer of its format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cccc.demo.brains import write_then_read
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests import formats_check
from tests.demo.talk import A, R, exchange, post

pytestmark = pytest.mark.anyio

CAPTURES = Path(__file__).parents[1] / "captures"


def recorded(name: str) -> dict[str, Any]:
    """A recorded request by name."""
    capture: dict[str, Any] = json.loads((CAPTURES / f"{name}.json").read_text(encoding="utf-8"))
    return capture


def format_of(capture: dict[str, Any]) -> WireFormat:
    return A if capture["target"].startswith("/v1/messages") else R


def is_turn(capture: dict[str, Any]) -> bool:
    path = capture["target"].partition("?")[0]
    return capture["method"] == "POST" and path in ("/v1/messages", "/v1/responses")


TURNS = [path.stem for path in sorted(CAPTURES.glob("*.json")) if is_turn(recorded(path.stem))]


@pytest.mark.parametrize("name", TURNS)
async def test_a_recorded_turn_is_answered(name: str) -> None:
    capture = recorded(name)
    wire_format = format_of(capture)
    body = capture["body"]
    provider = SimulatedProvider(wire_format, brain=write_then_read)
    async with provider.running() as url:
        raw = await exchange(url, post(capture["target"], body))
    assert raw.status == 200, raw.body
    read = formats_check.STREAM if body.get("stream") else formats_check.REPLY
    said = read[wire_format](raw.body)
    assert said.model == body["model"]


async def test_there_are_recorded_turns() -> None:
    assert len(TURNS) > 30


@pytest.mark.parametrize(
    ("capture", "name", "custom"),
    [
        ("claude_opus48_turn1", "Write", False),
        ("codex_gpt55_turn1", "apply_patch", True),
        ("codex_unknown_model_turn1", "exec_command", False),
        ("codex_lite_gpt6_turn1", "exec", True),
    ],
)
async def test_a_task_is_begun_with_a_tool_that_the_client_offered(capture: str, name: str, custom: bool) -> None:
    turn = recorded(capture)
    wire_format = format_of(turn)
    text = json.dumps(turn["body"]).replace('"please greet"', '"write /tmp/a.txt with words"')
    provider = SimulatedProvider(wire_format, brain=write_then_read)
    async with provider.running() as url:
        raw = await exchange(url, post(turn["target"], json.loads(text)))
    (call,) = formats_check.STREAM[wire_format](raw.body).tools
    assert (call.name, call.custom) == (name, custom)


@pytest.mark.parametrize("capture", ["claude_title_json_schema_no_tools", "codex_tui_title"])
async def test_a_title_is_a_title(capture: str) -> None:
    turn = recorded(capture)
    wire_format = format_of(turn)
    async with SimulatedProvider(wire_format, brain=write_then_read).running() as url:
        raw = await exchange(url, post(turn["target"], turn["body"]))
    assert list(json.loads(formats_check.STREAM[wire_format](raw.body).text)) == ["title"]


async def test_counting_is_answered() -> None:
    turn = recorded("claude_count_tokens")
    async with SimulatedProvider(A).running() as url:
        raw = await exchange(url, post(turn["target"], turn["body"]))
    assert json.loads(raw.body)["input_tokens"] > 100
