"""The proxy's own answers over real sockets: model lists, health, counting, and refusals in the client's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.demo.configuration import endpoint
from cccc.demo.faults import status
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action
from tests.clock import ManualClock
from tests.proxy.harness import PATHS, A, C, Fields, Proxy, R, proxy, turn

pytestmark = pytest.mark.anyio

CLAUDE: Fields = [("anthropic-version", "2023-06-01"), ("user-agent", "claude-cli/2.1")]
CODEX: Fields = [("user-agent", "codex_cli_rs/0.87.0")]
OTHER: Fields = [("authorization", "Bearer any")]


async def names(running: Proxy, fields: Fields = OTHER, path: str = "/v1/models") -> list[str]:
    return [one["id"] for one in (await running.ask("GET", path, fields=fields)).json["data"]]


async def test_the_model_list_is_the_union_in_the_words_of_every_client(tmp_path: Path) -> None:
    one = SimulatedProvider(A, name="one", models=["claude-x", "shared"])
    two = SimulatedProvider(C, R, name="two", models=["gpt-x", "shared"])
    off = SimulatedProvider(A, name="off", models=["hidden"])
    async with one.running(), two.running(), off.running():
        rules = {"enabled": True, "rules": [{"source_pattern": "alias", "target_model": "gpt-x"}]}
        entries = [endpoint(one), endpoint(two, model_rewrite=rules), endpoint(off, enabled=False)]
        async with proxy(tmp_path, entries) as running:
            for path in ("/v1/models", "/models", "/v1/models?limit=1000"):
                for fields in (CLAUDE, CODEX, OTHER):
                    assert await names(running, fields, path) == ["claude-x", "shared", "alias", "gpt-x"]
            claude = (await running.ask("GET", "/v1/models", fields=CLAUDE)).json
            codex = (await running.ask("GET", "/v1/models", fields=CODEX)).json
            other = await running.ask("GET", "/v1/models", fields=OTHER)
            found = await running.ask("GET", "/v1/models/gpt-x", fields=OTHER)
            missing = await running.ask("GET", "/v1/models/no/such", fields=CLAUDE)
    assert claude["data"][0]["type"] == "model"
    assert [model["slug"] for model in codex["models"]] == ["claude-x", "shared", "alias", "gpt-x"]
    assert other.json["object"] == "list"
    assert other.id.startswith("req_")
    assert (found.status, found.json["id"]) == (200, "gpt-x")
    assert (missing.status, missing.json["error"]["type"]) == (404, "not_found_error")
    assert len(one.received) == len(two.received) == 1, "the lists are kept for five minutes"
    assert not off.received


async def test_codex_is_told_the_smallest_context_window_of_a_model(tmp_path: Path) -> None:
    one = SimulatedProvider(A, name="one", models=["here", "both"])
    two = SimulatedProvider(A, name="two", models=["both", "there"])
    off = SimulatedProvider(A, name="off", models=["here"])
    async with one.running(), two.running(), off.running():
        entries = [
            endpoint(one, context_window=200_000),
            endpoint(two, context_window=100_000, models=["promised"]),
            endpoint(off, context_window=1_000, enabled=False),
        ]
        async with proxy(tmp_path, entries) as running:
            listed = (await running.ask("GET", "/v1/models", fields=CODEX)).json["models"]
    windows = {"here": 200_000, "both": 100_000, "promised": 100_000, "there": 100_000}
    assert {model["slug"]: model["context_window"] for model in listed} == windows


async def test_a_list_is_asked_for_again_after_five_minutes(tmp_path: Path) -> None:
    clock = ManualClock()
    one = SimulatedProvider(A, models=["old"])
    async with one.running(), proxy(tmp_path, [endpoint(one)], clock=clock) as running:
        assert await names(running) == ["old"]
        one.models = ("new",)
        clock.advance(299)
        assert await names(running) == ["old"]
        clock.advance(2)
        assert await names(running) == ["new"]


async def test_an_endpoint_that_does_not_answer_adds_what_its_configuration_promises(tmp_path: Path) -> None:
    up, down = SimulatedProvider(A, name="up", models=["there"]), SimulatedProvider(A, name="down")
    async with up.running(), down.running():
        down.fail_always(status(500), Action.MODELS)
        async with proxy(tmp_path, [endpoint(down, models=["promised", "not-*"]), endpoint(up)]) as running:
            assert await names(running) == ["promised", "there"]


async def test_health(tmp_path: Path) -> None:
    one = SimulatedProvider(A)
    async with one.running():
        async with proxy(tmp_path / "up", [endpoint(one)]) as running:
            reply = await running.ask("GET", "/health")
            assert (reply.status, reply.json["status"]) == (200, "ok")
            assert reply.json["endpoints"] == {"total": 1, "usable": 1}
            assert reply.id.startswith("req_")
        async with proxy(tmp_path / "off", [endpoint(one, enabled=False)]) as running:
            reply = await running.ask("GET", "/health")
            assert (reply.status, reply.json["status"]) == (503, "down")


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("HEAD", "/"), ("GET", "/api/hello"), ("GET", "/help")])
async def test_knocking(tmp_path: Path, method: str, path: str) -> None:
    async with proxy(tmp_path, []) as running, running.connected() as talk:
        await talk.send(method, path)
        assert (await talk.head()).status == 200
        assert method != "GET" or running.address in (await talk.rest()).decode()


COUNT = orjson.dumps(turn(A))


async def test_counting_is_passed_on_and_says_nothing_about_health(tmp_path: Path) -> None:
    one = SimulatedProvider(A)
    async with one.running(), proxy(tmp_path, [endpoint(one)], logging={"exclude_paths": []}) as running:
        good = await running.ask("POST", "/v1/messages/count_tokens?beta=true", COUNT)
        one.fail_always(status(404), Action.COUNT_TOKENS)
        estimated = await running.ask("POST", "/v1/messages/count_tokens", COUNT)
        (view,) = await running.control.endpoints()
        record = await running.record(estimated.id)
    assert (good.status, good.field("x-cccc-estimated"), set(good.json)) == (200, None, {"input_tokens"})
    assert (estimated.status, estimated.field("x-cccc-estimated")) == (200, "true")
    assert estimated.json["input_tokens"] > 0
    assert (view.last_error, view.success_rate, view.ttft_ms) == (None, None, None)
    assert record.status == 200


async def test_compaction_is_passed_on(tmp_path: Path) -> None:
    one = SimulatedProvider(R)
    async with one.running(), proxy(tmp_path, [endpoint(one)]) as running:
        for path in ("/v1/responses/compact", "/responses/compact"):
            assert (await running.ask("POST", path, orjson.dumps(turn(R)))).status == 200
    assert [request.target for request in one.received] == ["/v1/responses/compact"] * 2


@pytest.mark.parametrize(
    ("path", "wire_format"),
    [("/v1/v1/messages", A), ("/responses", R), ("/chat/completions", C), ("/v1/responses", R)],
)
async def test_a_base_url_with_and_without_version_works(tmp_path: Path, path: str, wire_format: Any) -> None:
    one = SimulatedProvider(wire_format)
    async with one.running(), proxy(tmp_path, [endpoint(one)]) as running:
        assert (await running.ask("POST", path, orjson.dumps(turn(wire_format)))).status == 200


def told(wire_format: Any, body: Any) -> tuple[Any, Any, str]:
    """Type, code and message, which must stand where clients of this format look for them."""
    if wire_format is A:
        assert (body["type"], set(body)) == ("error", {"type", "error", "request_id"})
        assert set(body["error"]) == {"type", "message"}
    else:
        assert set(body) == {"error"}
        assert set(body["error"]) == {"type", "message", "param", "code"}
    error = body["error"]
    return error["type"], error.get("code"), error["message"]


BAD_BODIES = [
    (b'{"model": ', "JSON"),
    (b"[]", "object"),
    (b"\xff{}", "JSON"),
    (b'{"messages": [], "input": []}', "model"),
    (b'{"model": 3, "messages": [], "input": []}', "model"),
]


@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_bad_bodies_are_refused_in_the_clients_envelope(tmp_path: Path, wire_format: Any) -> None:
    one = SimulatedProvider(wire_format)
    async with one.running(), proxy(tmp_path, [endpoint(one)]) as running:
        for body, word in BAD_BODIES:
            reply = await running.ask("POST", PATHS[wire_format], body)
            kind, _, message = told(wire_format, reply.json)
            assert (reply.status, kind) == (400, "invalid_request_error")
            assert word in message
            assert reply.id in message
            assert reply.field("x-cccc-error") == "bad_json"
    assert not one.received


@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_too_large_and_wrong_token(tmp_path: Path, wire_format: Any) -> None:
    one = SimulatedProvider(wire_format)
    server = {"max_request_bytes": 1024, "auth_token": "the-token-of-this-proxy"}
    good = [("x-api-key", "the-token-of-this-proxy")]
    small, large = orjson.dumps(turn(wire_format)), orjson.dumps(turn(wire_format, "x" * 1024))
    async with one.running(), proxy(tmp_path, [endpoint(one)], server=server) as running:
        refused = await running.ask("POST", PATHS[wire_format], small, [("x-api-key", "wrong")])
        too_large = await running.ask("POST", PATHS[wire_format], large, good)
        accepted = await running.ask("POST", PATHS[wire_format], small, good)
        models = await running.ask("GET", "/v1/models", fields=CLAUDE)
    assert (refused.status, refused.field("x-cccc-error")) == (401, "wrong_token")
    assert too_large.status == 413
    assert "1024" in told(wire_format, too_large.json)[2]
    assert told(wire_format, refused.json)[2].startswith("cccc: ")
    assert accepted.status == 200
    assert (models.status, told(A, models.json)[0]) == (401, "authentication_error")
    assert len(one.received) == 1


async def test_what_is_not_served(tmp_path: Path) -> None:
    async with proxy(tmp_path, []) as running:
        unknown = await running.ask("POST", "/v1/embeddings", b"{}")
        method = await running.ask("DELETE", "/v1/messages")
        upgrade = await running.ask(
            "GET", "/v1/responses", fields=[("upgrade", "websocket"), ("connection", "upgrade")]
        )
    assert unknown.status == 404
    for path in ("/v1/messages", "/v1/responses", "/v1/chat/completions", "/v1/models"):
        assert path in unknown.json["error"]["message"]
    assert (method.status, method.field("allow")) == (405, "POST")
    assert upgrade.status == 426
