"""The management API as a stranger sees it: statuses, shapes and refusals."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest

from cccc.control.api import ClientOptions, ClientType, EndpointAction, EndpointChanged
from cccc.domain.answers import Failure
from cccc.http.messages import Headers, RequestHead
from cccc.server.admin_routes import admin_routes, refuse
from cccc.server.routing import Guard
from tests.clock import ManualClock
from tests.control import world
from tests.control.fake import FakeControl
from tests.control.routes_transport import RoutesTransport

pytestmark = pytest.mark.anyio


@pytest.fixture
def fake() -> FakeControl:
    return FakeControl()


@pytest.fixture
async def client(fake: FakeControl) -> AsyncIterator[httpx.AsyncClient]:
    async with anyio.create_task_group() as tasks:
        transport = RoutesTransport(admin_routes(fake, ManualClock(world.NOW)), tasks)
        async with httpx.AsyncClient(transport=transport, base_url="http://cccc/admin/api/") as client:
            yield client
        tasks.cancel_scope.cancel()


def test_every_route_is_behind_the_admin_token(fake: FakeControl) -> None:
    routes = admin_routes(fake, ManualClock())
    assert {route.guard for route in routes} == {Guard.ADMIN}
    assert all(route.path.startswith("/admin/api/") for route in routes)
    assert {route.path for route in routes if route.has_body} == {
        "/admin/api/endpoints",
        "/admin/api/endpoints/{name}",
        "/admin/api/endpoints/{name}/remove",
        "/admin/api/endpoints/{name}/probe",
        "/admin/api/probe",
        "/admin/api/requests/{id}/replay",
        "/admin/api/endpoints/{name}/{action}",
        "/admin/api/config",
        "/admin/api/config/diff",
        "/admin/api/config/undo",
        "/admin/api/clients/{client}/apply",
        "/admin/api/clients/{client}/plan",
        "/admin/api/clients/{client}/prove",
        "/admin/api/clients/{client}/restore",
        "/admin/api/config/check",
        "/admin/api/import/apply",
        "/admin/api/import/plan",
        "/admin/api/use",
        "/admin/api/stop",
    }


async def test_answers_are_json_that_nobody_keeps(client: httpx.AsyncClient) -> None:
    answer = await client.get("overview")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-cccc-request-id"].startswith("req_")
    assert answer.json()["endpoints_total"] == 3


async def test_filters_are_words(client: httpx.AsyncClient) -> None:
    answer = await client.get("requests", params={"filter": "failed since:1h", "limit": 5})
    assert [row["id"] for row in answer.json()] == [world.FAILED.id]


async def test_ranks_with_what_was_asked(client: httpx.AsyncClient, fake: FakeControl) -> None:
    answer = await client.get("rank", params={"client": "claude-code", "model": "m", "path": "/v1/messages"})
    assert (answer.json()["client_type"], answer.json()["model"]) == ("claude_code", "m")
    assert fake.ranked == [(ClientType.CLAUDE_CODE, "m", "/v1/messages")]


async def test_statistics_are_of_the_last_day_unless_told(client: httpx.AsyncClient) -> None:
    assert (await client.get("stats")).json()["since"] == "2026-06-30T12:32:00Z"
    assert (await client.get("stats", params={"since": "1h", "by": "day"})).json()["since"] == "2026-07-01T11:32:00Z"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("GET", "requests?limit=many", None, 400, "limit: expected a whole number, 0 or more"),
        ("GET", "requests?limit=-1", None, 400, "limit: expected a whole number"),
        ("GET", "requests?limit=0", None, 400, "limit: expected a whole number, 1 or more"),
        ("GET", "requests?after=1e3", None, 400, "after: expected a whole number"),
        ("GET", "requests?filter=status:bad", None, 400, "expected a status"),
        ("GET", "requests/req_9", None, 404, "no request 'req_9' is in the log"),
        ("GET", "stats?by=moon", None, 400, "by: expected one of endpoint, model"),
        ("GET", "stats?since=once", None, 400, "since: 'once' is no time"),
        ("GET", "rank", None, 400, "client: is required"),
        ("GET", "rank?client=emacs", None, 400, "client: expected one of claude_code"),
        ("POST", "endpoints/alpah/reset", {}, 404, "did you mean 'alpha'?"),
        ("POST", "endpoints/alpha/explode", {}, 400, "action: expected one of enable, disable"),
        ("POST", "endpoints/alpha/priority", {}, 400, "priority: is required"),
        ("POST", "endpoints/alpha/priority", {"priority": 1.5}, 400, "priority: expected a whole number"),
        ("POST", "endpoints/alpha/priority", {"priority": True}, 400, "priority: expected a whole number"),
        ("POST", "config/check", {"text": 3}, 400, "text: expected text"),
        ("POST", "config/check", {"text": "", "toml": "no"}, 400, "toml: expected true or false"),
        ("POST", "use", {"endpoint": "alpha", "client_type": "emacs"}, 400, "client_type: expected one of claude_code"),
        ("POST", "use", {"endpoint": "alpha", "seconds": "long"}, 400, "seconds: "),
        ("POST", "use", {"endpoint": "alpha", "seconds": -1}, 400, "seconds: "),
        ("POST", "endpoints", {"name": "x"}, 400, "the body is not as expected (no value at urls)"),
        ("POST", "endpoints/alpah", {"name": "x", "urls": {}, "auth_type": "auto", "key": 3}, 400, "no str at key"),
        ("POST", "endpoints/alpah/remove", {}, 404, "did you mean 'alpha'?"),
        ("POST", "config", {"changes": {"ui.theme": 3}}, 400, "changes: expected an object"),
        ("POST", "config/diff", {}, 400, "changes: is required"),
        ("POST", "config/undo", {}, 400, "it may hold path, digest, backup"),
        ("GET", "activity?minutes=0", None, 400, "minutes: expected a whole number, 1 or more"),
        ("GET", "activity?minutes=1441", None, 400, "minutes: expected a day at most"),
        ("GET", "series?span=year", None, 400, "span: expected one of hour, day, week"),
        ("GET", "rank?client=codex&what_if=[]", None, 400, "what_if: expected an object"),
        ("GET", "rank?client=codex&what_if={", None, 400, "what_if: "),
        ("GET", "rank/moves?client=codex&last=0", None, 400, "last: expected a whole number, 1 or more"),
        ("GET", "rank/ways_up?client=codex", None, 400, "endpoint: is required"),
        ("GET", "requests/req_9/flow", None, 404, "no request 'req_9' is in the log"),
        ("POST", "use", [1], 400, "the body is not a JSON object"),
    ],
)
async def test_wrong_use_is_named(
    client: httpx.AsyncClient, method: str, path: str, body: Any, status: int, says: str
) -> None:
    answer = await client.request(method, path, json=body)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


async def test_a_body_that_is_no_json(client: httpx.AsyncClient) -> None:
    answer = await client.post("use", content=b'{"endpoint": NaN}')
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "the body is not valid JSON")


async def test_nothing_to_choose_ends_every_choice(client: httpx.AsyncClient, fake: FakeControl) -> None:
    assert (await client.post("use", json={"endpoint": "beta"})).json()[0]["endpoint"] == "beta"
    assert (await client.post("use", json={"endpoint": None})).json() == []


async def test_stops(client: httpx.AsyncClient, fake: FakeControl) -> None:
    assert (await client.post("stop", json={})).json() == {"stopping": True}
    assert fake.stopped


async def test_events_come_as_they_happen(client: httpx.AsyncClient, fake: FakeControl) -> None:
    with anyio.fail_after(5):
        async with client.stream("GET", "events") as answer:
            assert answer.headers["content-type"] == "text/event-stream"
            lines = answer.aiter_lines()
            assert (await anext(lines)).startswith(": ")
            fake.emit(EndpointChanged("a\u2028b\x85c"))
            await fake.endpoint_action("beta", EndpointAction.RESET)
            told = [json.loads(line.removeprefix("data: ")) for _ in range(4) if (line := await anext(lines))]
    assert told == [
        {"type": "endpoint_changed", "name": "a\u2028b\x85c"},
        {"type": "endpoint_changed", "name": "beta"},
    ]
    await anyio.wait_all_tasks_blocked()
    assert fake.listeners == []


@pytest.mark.parametrize(
    ("failure", "status"), [(Failure.WRONG_TOKEN, 401), (Failure.UNKNOWN_PATH, 404), (Failure.BAD_JSON, 400)]
)
def test_the_edge_refuses_in_the_same_shape(failure: Failure, status: int) -> None:
    refusal = refuse(failure, "no", RequestHead("GET", "/", "/", "", Headers()))
    assert (refusal.status, refusal.headers.get("content-type")) == (status, "application/json")
    assert json.loads(refusal.body) == {"error": {"message": "no", "type": failure.value}}


async def test_clients_have_the_names_that_people_type(client: httpx.AsyncClient, fake: FakeControl) -> None:
    for name in ("claude-code", "claude_code", "claude"):
        answer = await client.post(f"clients/{name}/plan", json={"url": "http://127.0.0.1:9", "model": "glm-5"})
        assert (answer.status_code, answer.json()["client"]) == (200, "claude_code")
        assert answer.json()["changes"] is True
    assert set(fake.client_calls) == {
        ("plan", ClientType.CLAUDE_CODE, ClientOptions(url="http://127.0.0.1:9", model="glm-5"))
    }


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("clients/emacs/plan", {}, 400),
        ("clients/gemini/apply", {}, 422),
        ("clients/codex/plan", {"url": 5}, 400),
        ("clients/codex/apply", {"seen": 5}, 400),
        ("clients/codex/restore", {"keep_table": "yes"}, 400),
        ("clients/codex/apply", {"seen": "another"}, 422),
    ],
)
async def test_bad_words_about_clients(client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int) -> None:
    answer = await client.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]
