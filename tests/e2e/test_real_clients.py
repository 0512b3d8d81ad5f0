"""Whole sessions of the real Claude Code and Codex: straight at a simulated provider, and through the proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cccc.demo import faults
from cccc.demo.configuration import configuration, endpoint
from cccc.demo.provider import Received, SimulatedProvider
from tests.e2e.proxy_process import ProxyProcess, closed_port, running_proxy
from tests.e2e.real_clients import require_clients
from tests.e2e.scripts import CLAUDE_CODE, CLIENT_KEY, CODEX, SCRIPTS, TURNS, UPSTREAM_KEY, Script

pytestmark = [pytest.mark.anyio, pytest.mark.real_clients]


@pytest.fixture(autouse=True)
def clients() -> None:
    require_clients()


scripts = pytest.mark.parametrize("script", SCRIPTS, ids=str)
one_of_each = pytest.mark.parametrize("script", [CLAUDE_CODE, CODEX], ids=str)


def turns_of(provider: SimulatedProvider) -> list[Received]:
    """The turns that reached a provider, each with a good model and key."""
    for received in provider.turns:
        assert UPSTREAM_KEY in (received.header("x-api-key"), (received.header("authorization") or "")[7:])
        assert CLIENT_KEY not in received.headers
    return provider.turns


def assert_reasoning_comes_back(provider: SimulatedProvider) -> None:
    """The clients send reasoning back in later turns only when every part of the answer was as they expect it."""
    first, *later = (received.body for received in provider.turns)
    for mark in (b'"signature":"demo-signature-', b'"encrypted_content":"gAAAA'):
        assert mark not in first
    for body in later:
        assert b'"signature":"demo-signature-' in body or b'"encrypted_content":"gAAAA' in body


@scripts
async def test_straight_at_a_provider(script: Script, tmp_path: Path) -> None:
    provider = script.provider("direct", CLIENT_KEY)
    async with provider.running() as url:
        await script.play(tmp_path, url, CLIENT_KEY)
    assert len(provider.turns) == TURNS
    assert {received.json["model"] for received in provider.turns} == {script.model}
    assert_reasoning_comes_back(provider)


@scripts
async def test_through_the_proxy(script: Script, tmp_path: Path) -> None:
    only = script.provider("only", UPSTREAM_KEY)
    async with only.running(), running_proxy(tmp_path, configuration([endpoint(only)])) as proxy:
        await script.play(tmp_path, proxy.base_url, CLIENT_KEY)
    for row in await logged(proxy, script):
        assert (row["endpoint"], row["verdict"], row["attempts"]) == ("only", "ok", 1)
    assert len(turns_of(only)) == TURNS
    assert_reasoning_comes_back(only)


@one_of_each
async def test_through_the_proxy_when_the_first_endpoint_answers_500(script: Script, tmp_path: Path) -> None:
    first, second = script.provider("first", UPSTREAM_KEY), script.provider("second", UPSTREAM_KEY)
    first.fail_always(faults.status(500))
    async with first.running(), second.running():
        pool = configuration([endpoint(first, priority=1), endpoint(second, priority=2)])
        async with running_proxy(tmp_path, pool) as proxy:
            await script.play(tmp_path, proxy.base_url, CLIENT_KEY)
    rows = await logged(proxy, script)
    assert rows[0]["verdict"] == "ok_after_failover"
    for row in rows:
        await failed_over(proxy, row, status=500, outcome="server_error")
    assert len(turns_of(second)) == TURNS
    assert 1 <= len(turns_of(first)) <= 2 * TURNS


@one_of_each
async def test_through_the_proxy_when_the_first_endpoint_is_a_closed_port(script: Script, tmp_path: Path) -> None:
    second = script.provider("second", UPSTREAM_KEY)
    async with second.running():
        absent = endpoint(second, name="first", priority=1)
        for key in absent.keys() & {"url_anthropic", "url_openai"}:
            absent[key] = absent[key].replace(second.origin, f"http://127.0.0.1:{closed_port()}")
        pool = configuration([absent, endpoint(second, priority=2)])
        async with running_proxy(tmp_path, pool) as proxy:
            await script.play(tmp_path, proxy.base_url, CLIENT_KEY)
    rows = await logged(proxy, script)
    assert rows[0]["verdict"] == "ok_after_failover"
    for row in rows:
        await failed_over(proxy, row, status=None, outcome="refused")
    assert len(turns_of(second)) == TURNS


async def logged(proxy: ProxyProcess, script: Script) -> list[dict[str, Any]]:
    """The session's turns as ``cccc requests --json`` shows them, the oldest first, checked for what all must have.

    Asked once the proxy has stopped: then everything is written, and the commands that read work without it.
    """
    rows = await proxy.json("requests")
    turns = sorted((row for row in rows if row["model"] == script.model), key=lambda row: row["id"])
    assert len(turns) == TURNS, rows
    for row in turns:
        assert row["id"].startswith("req_")
        assert row["client_type"] == script.client_type
        assert row["format"] == script.wire_format
        assert row["target_format"] == script.wire_format
        assert (row["converted"], row["stream"], row["status"], row["error"]) == (False, True, 200, None)
        assert row["usage"]["input"] + row["usage"]["cache_read"] > 1000
        assert row["usage"]["output"] > 0
        assert 0 < row["ttft_ms"] <= row["duration_ms"]
        assert row["session"] == turns[0]["session"] is not None
    assert turns[0]["usage"]["cache_read"] == 0
    assert turns[2]["usage"]["cache_read"] > 1000
    return turns


async def failed_over(proxy: ProxyProcess, row: dict[str, Any], *, status: int | None, outcome: str) -> None:
    """``cccc why ID --json`` tells what was tried: ``first`` in vain, until its breaker opened; then ``second``."""
    why = await proxy.json("why", row["id"])
    assert why["request"]["id"] == row["id"]
    assert why["verdict"] == row["verdict"]
    assert len(why["attempts"]) == row["attempts"]
    *in_vain, last = why["attempts"]
    assert (last["endpoint"], last["status"], last["outcome"]) == ("second", 200, "ok")
    assert row["endpoint"] == "second"
    for attempt in in_vain:
        assert (attempt["endpoint"], attempt["status"], attempt["outcome"]) == ("first", status, outcome)
        assert attempt["error"]
    if in_vain:
        assert row["verdict"] == "ok_after_failover"
        assert [candidate["name"] for candidate in why["ranking"]["order"]] == ["first", "second"]
    else:
        assert row["verdict"] == "ok"
        assert "first" in [excluded["name"] for excluded in why["ranking"]["excluded"]]
