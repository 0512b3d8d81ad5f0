"""Whole sessions of the real Claude Code and Codex on endpoints that do not speak their format."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from cccc.demo import faults
from cccc.demo.brains import write_then_read
from cccc.demo.configuration import configuration, endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests.e2e.proxy_process import running_proxy
from tests.e2e.real_clients import Codex, Run, require_clients
from tests.e2e.scripts import CLAUDE_CODE, CODEX, SCRIPTS, TURNS, UPSTREAM_KEY, Script

pytestmark = [pytest.mark.anyio, pytest.mark.real_clients]

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

PAIRS = [(script, upstream) for script in SCRIPTS for upstream in (A, C, R) if script.wire_format is not upstream]


@pytest.fixture(autouse=True)
def clients() -> None:
    require_clients()


def provider(wire_format: WireFormat, name: str) -> SimulatedProvider:
    return SimulatedProvider(wire_format, name=name, key=UPSTREAM_KEY, brain=write_then_read)


def quiet(run: Run) -> None:
    """The client complains of nothing that comes from us."""
    for word in ("cccc:", "error", "Error", "warning: model metadata"):
        assert word not in run.stderr, run.stderr


@pytest.mark.parametrize("upstream", [A, C])
async def test_codex_compacts_its_conversation(upstream: WireFormat, tmp_path: Path) -> None:
    only = SimulatedProvider(upstream, name="only", key=UPSTREAM_KEY)
    codex = Codex(home=tmp_path / "home", folder=tmp_path / "work")
    async with only.running(), running_proxy(tmp_path, configuration([endpoint(only)])) as proxy:
        run = await codex.compact_between("the first prompt", "and a second", proxy.base_url)
    quiet(run)
    assert "context compacted" in run.stderr
    assert run.stdout.startswith("You said: and a second")
    _, summary, second = [orjson.dumps(turn.json["messages"]).decode() for turn in only.turns]
    assert "Write a summary of this conversation" in summary
    assert "Summary of the conversation before this point" in second
    assert "the first prompt" in second


@pytest.mark.parametrize(("script", "upstream"), PAIRS, ids=str)
async def test_on_an_endpoint_of_another_format(script: Script, upstream: WireFormat, tmp_path: Path) -> None:
    only = provider(upstream, "only")
    async with only.running(), running_proxy(tmp_path, configuration([endpoint(only)])) as proxy:
        run = await script.play(tmp_path, proxy.base_url)
    quiet(run)
    rows = await proxy.json("requests")
    turns = [row for row in rows if row["model"] == script.model]
    assert len(turns) >= TURNS, rows
    for row in turns:
        assert (row["endpoint"], row["verdict"]) == ("only", "ok")
        assert (row["converted"], row["target_format"]) == (True, upstream)
        assert row["usage"]["output"] > 0


@pytest.mark.parametrize(
    ("script", "first", "second"),
    [(CLAUDE_CODE, A, C), (CLAUDE_CODE, R, A), (CODEX, R, A), (CODEX, C, R)],
    ids=str,
)
async def test_a_session_that_moves_between_formats(
    script: Script, first: WireFormat, second: WireFormat, tmp_path: Path
) -> None:
    """The first endpoint answers one turn and then fails: the session goes on at one of another format."""
    one, other = provider(first, "one"), provider(second, "other")
    one.fail_by(lambda number: faults.status(500) if number > 1 else None)
    async with one.running(), other.running():
        pool = [endpoint(one, priority=1, native_format=False), endpoint(other, priority=2, native_format=False)]
        async with running_proxy(tmp_path, configuration(pool)) as proxy:
            run = await script.play(tmp_path, proxy.base_url)
    quiet(run)
    turns = [row for row in await proxy.json("requests") if row["model"] == script.model]
    answered = [row["endpoint"] for row in sorted(turns, key=lambda row: row["id"])]
    assert set(answered) == {"one", "other"}, answered
    assert all(row["status"] == 200 for row in turns)
    assert b"cccc-" not in b"".join(received.body for received in other.turns if second is script.wire_format)
