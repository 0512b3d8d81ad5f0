"""Which endpoint gets a request: tags, client types, models, warm sessions and a person's choice, as the proxy runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.control.api import ClientType, EndpointAction
from cccc.demo.configuration import endpoint
from cccc.demo.faults import Point, cut, status
from cccc.demo.provider import Pace, SimulatedProvider
from tests.clock import ManualClock
from tests.proxy.harness import A, C, Json, Proxy, R, Reply, proxy, turn

pytestmark = pytest.mark.anyio

SESSION = [("x-claude-code-session-id", "warm-session")]


class Pool:
    """Some providers by name, and the proxy in front of them."""

    def __init__(self, providers: dict[str, SimulatedProvider], running: Proxy) -> None:
        self.providers = providers
        self.running = running

    async def serves(self, *fields: tuple[str, str], query: str = "", **more: Any) -> str | None:
        """The endpoint that answers such a turn."""
        return served(await self.running.ask("POST", f"/v1/messages{query}", orjson.dumps(turn(A, **more)), fields))


def served(reply: Reply) -> str | None:
    assert reply.status == 200, reply.body
    return reply.field("x-cccc-endpoint")


@asynccontextmanager
async def pool(folder: Path, entries: dict[str, Json], **sections: Any) -> AsyncIterator[Pool]:
    """Endpoints for every format, in this order, with these settings."""
    async with AsyncExitStack() as stack:
        providers = {name: SimulatedProvider(A, C, R, name=name) for name in entries}
        for provider in providers.values():
            await stack.enter_async_context(provider.running())
        written = [endpoint(providers[name], **entry) for name, entry in entries.items()]
        yield Pool(providers, await stack.enter_async_context(proxy(folder, written, **sections)))


TAGGERS: list[Json] = [
    {"type": "path", "path_pattern": "/v1/v1/*", "tag": "by-path"},
    {"type": "header", "header_name": "X-App", "expected_value": "cli*", "tag": "by-header"},
    {"type": "query", "param_name": "lane", "expected_value": "fast", "tag": "by-query"},
    {"type": "body-json", "json_path": "metadata.team", "expected_value": "red?", "tag": "by-body"},
    {"type": "user-message", "expected_value": "*urgent*", "tag": "by-message"},
    {"type": "model", "expected_value": "special-*", "tag": "by-model"},
    {"type": "builtin", "builtin_type": "thinking", "tag": "by-thinking", "config": {"min_budget_tokens": 2000}},
    {"type": "path", "path_pattern": "*", "tag": "switched-off", "enabled": False},
]


async def test_builtin_taggers_lead_to_the_tagged_endpoints(tmp_path: Path) -> None:
    names = ["by-path", "by-header", "by-query", "by-body", "by-message", "by-model", "by-thinking", "switched-off"]
    entries: dict[str, Json] = {name: {"tags": [name], "priority": 9} for name in names} | {"plain": {}}
    async with pool(tmp_path, entries, tagging={"taggers": TAGGERS}) as some:
        assert await some.serves() == "plain"
        assert await some.serves(("x-app", "cli-2")) == "by-header"
        assert await some.serves(query="?lane=fast") == "by-query"
        assert await some.serves(metadata={"team": "red1"}) == "by-body"
        assert await some.serves(text="this is urgent now") == "by-message"
        assert await some.serves(model="special-1") == "by-model"
        assert await some.serves(thinking={"type": "enabled", "budget_tokens": 2000}) == "by-thinking"
        assert await some.serves(thinking={"type": "enabled", "budget_tokens": 1999}) == "plain"
        reply = await some.running.ask("POST", "/v1/v1/messages", orjson.dumps(turn(A)))
        assert served(reply) == "by-path"
        assert (await some.running.record(reply.id)).tags == ("by-path",)


async def test_a_method_tagger_fits_every_turn(tmp_path: Path) -> None:
    taggers = [{"type": "method", "methods": ["POST"], "tag": "posted"}]
    entries: dict[str, Json] = {"plain": {}, "posted": {"tags": ["posted"], "priority": 9}}
    async with pool(tmp_path, entries, tagging={"taggers": taggers}) as some:
        assert await some.serves() == "posted"


async def test_endpoints_are_for_their_clients_and_models_only(tmp_path: Path) -> None:
    entries: dict[str, Json] = {
        "off": {"enabled": False, "priority": 1},
        "codex only": {"client_type": "codex", "priority": 2},
        "some models": {"models": ["special-*"], "priority": 3},
        "the rest": {"priority": 4},
    }
    async with pool(tmp_path, entries) as some:
        assert await some.serves() == "the rest"
        assert await some.serves(model="special-2") == "some models"
        assert served(await some.running.turn(R)) == "codex only"
        record = await some.running.record((await some.running.turn(C)).id)
    assert record.ranking is not None
    assert {one.name for one in record.ranking.excluded} == {"off", "codex only", "some models"}
    assert not some.providers["off"].received


async def test_the_stored_ranking_is_the_one_that_was_made(tmp_path: Path) -> None:
    entries: dict[str, Json] = {"b": {"priority": 2}, "a": {"priority": 1}, "off": {"enabled": False}}
    async with pool(tmp_path, entries) as some:
        before = await some.running.control.rank(ClientType.CLAUDE_CODE, model="demo-model")
        record = await some.running.record((await some.running.turn(A)).id)
    assert record.ranking == before
    assert [(one.name, one.decided_by) for one in before.order] == [("a", None), ("b", "priority")]


async def test_response_times_count_unless_they_are_switched_off(tmp_path: Path) -> None:
    entries: dict[str, Json] = {"slow": {}, "fast": {}}
    for auto_sort, expected in ((True, "fast"), (False, "slow")):
        async with pool(tmp_path / str(auto_sort), entries, server={"auto_sort_endpoints": auto_sort}) as some:
            some.providers["slow"].pace = Pace(first=0.05)
            for name in entries:
                await some.running.control.use(name)
                assert await some.serves(text=name) == name
            await some.running.control.use(None)
            assert await some.serves(text="a new session") == expected


class TestWarmSessions:
    ENTRIES: dict[str, Json] = {"first": {}, "second": {}}  # noqa: RUF012

    async def test_a_session_stays_where_its_last_turn_was_completed(self, tmp_path: Path) -> None:
        async with pool(tmp_path, self.ENTRIES) as some:
            await some.running.control.use("second")
            assert await some.serves(*SESSION) == "second"
            await some.running.control.use(None)
            assert [await some.serves(*SESSION, text=str(number)) for number in range(3)] == ["second"] * 3

    async def test_only_a_completed_turn_binds(self, tmp_path: Path) -> None:
        async with pool(tmp_path, self.ENTRIES, routing={"max_attempts": 1}) as some:
            await some.running.control.use("second")
            some.providers["second"].fail_next(cut(Point.CONTENT))
            body = orjson.dumps(turn(A, stream=True))
            assert b"event: error" in (await some.running.ask("POST", "/v1/messages", body, SESSION)).body
            await some.running.control.use(None)
            await some.running.control.endpoint_action("second", EndpointAction.RESET)
            assert await some.serves(*SESSION) == "first"

    async def test_priority_is_stronger(self, tmp_path: Path) -> None:
        async with pool(tmp_path, {"first": {"priority": 1}, "second": {"priority": 2}}) as some:
            await some.running.control.use("second")
            assert await some.serves(*SESSION) == "second"
            await some.running.control.use(None)
            assert await some.serves(*SESSION) == "first"

    async def test_sticky_sessions_can_be_switched_off(self, tmp_path: Path) -> None:
        async with pool(tmp_path, self.ENTRIES, routing={"sticky_sessions": False}) as some:
            await some.running.control.use("second")
            assert await some.serves(*SESSION) == "second"
            await some.running.control.use(None)
            ranking = (await some.running.record((await some.running.turn(A, fields=SESSION)).id)).ranking
            assert ranking is not None
            assert {candidate.key.warm for candidate in ranking.order} == {1}


async def test_a_persons_choice_stands_above_the_layers_until_it_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    entries: dict[str, Json] = {"first": {"priority": 1}, "second": {"priority": 2}}
    async with pool(tmp_path, entries, clock=clock) as some:
        await some.running.control.use("second", client_type=ClientType.CLAUDE_CODE, seconds=60)
        assert await some.serves() == "second"
        assert served(await some.running.turn(C)) == "first"
        some.providers["second"].fail_next(status(500), status(500))
        assert await some.serves() == "first", "failover still works"
        clock.advance(61)
        assert await some.serves() == "first"
        assert (await some.running.control.overview()).manual == ()
