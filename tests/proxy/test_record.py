"""What is kept of a request: one row with its attempts, as much of the bodies as the settings say, and never a key."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.control.api import ClientType, Outcome, Verdict
from cccc.demo.configuration import endpoint
from cccc.demo.faults import html_page, status
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from cccc.storage.policy import TRUNCATED_BYTES
from tests.proxy import answers
from tests.proxy.harness import PATHS, A, C, Proxy, R, Scripted, proxy, turn

pytestmark = pytest.mark.anyio

FORMATS = pytest.mark.parametrize("wire_format", [A, C, R])


@pytest.mark.parametrize("stream", [False, True])
@FORMATS
async def test_one_row_says_what_happened(tmp_path: Path, wire_format: WireFormat, stream: bool) -> None:
    first, second = (SimulatedProvider(wire_format, name=name) for name in ("first", "second"))
    body = turn(wire_format, stream=stream)
    if wire_format is C and stream:
        body["stream_options"] = {"include_usage": True}
    async with first.running(), second.running():
        first.fail_next(status(529), status(529))
        async with proxy(tmp_path, [endpoint(first), endpoint(second)]) as running:
            fields = [("user-agent", "codex_cli_rs/0.87.0 (x)"), ("session_id", "s-1")]
            reply = await running.ask("POST", f"{PATHS[wire_format]}?beta=true", orjson.dumps(body), fields)
            record = await running.record(reply.id)
            (row,) = await running.rows()
    assert (record.verdict, record.status, record.endpoint) == (Verdict.OK_AFTER_FAILOVER, 200, "second")
    assert (record.method, record.path, record.stream) == ("POST", PATHS[wire_format], stream)
    assert (record.client, record.wire_format, record.target_format) == (
        "codex_cli_rs/0.87.0",
        wire_format,
        wire_format,
    )
    assert record.client_type in ClientType
    assert record.session == "s-1"
    assert record.usage is not None
    assert record.usage.prompt > 0
    assert record.usage.output > 0
    assert record.ttft_ms is not None
    assert 0 < record.ttft_ms <= record.duration_ms
    assert record.bytes_in == len(orjson.dumps(body))
    assert record.bytes_out == len(reply.body)
    assert record.error is None
    *failed, served = record.attempts
    assert [attempt.outcome for attempt in failed] == [Outcome.OVERLOADED] * len(first.turns)
    assert all((one.status, one.endpoint) == (529, "first") and one.error for one in failed)
    assert failed[-1].cooldown_until is not None
    assert (served.outcome, served.status, served.endpoint) == (Outcome.OK, 200, "second")
    assert served.head_ms is not None
    assert served.ttft_ms is not None
    assert served.head_ms <= served.ttft_ms <= served.duration_ms
    assert record.ranking is not None
    assert [candidate.name for candidate in record.ranking.order] == ["first", "second"]
    assert (row.id, row.attempts, row.endpoint) == (record.id, len(record.attempts), "second")


LARGE = "x" * (2 * TRUNCATED_BYTES)


@pytest.mark.parametrize("kept", ["none", "truncated", "full"])
async def test_bodies_are_kept_as_the_settings_say(tmp_path: Path, kept: str) -> None:
    logging = {"log_request_body": kept, "log_response_body": kept}
    upstream = Scripted(A)
    body = orjson.dumps(turn(A, LARGE, stream=True))
    sent = b"".join(answers.events(A))
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)], logging=logging) as running:
        upstream.stream(sent)
        record = await running.record((await running.ask("POST", "/v1/messages", body)).id)
    (attempt,) = record.attempts
    assert attempt.request_body is None, "the client's own bytes were sent"
    if kept == "none":
        assert record.request_body is None
        assert attempt.response_body is None
    else:
        assert record.request_body is not None
        assert (record.request_body == body) is (kept == "full")
        assert len(record.request_body) <= (len(body) if kept == "full" else TRUNCATED_BYTES)
        assert attempt.response_body == sent


async def test_what_was_sent_is_kept_where_it_differs(tmp_path: Path) -> None:
    upstream = SimulatedProvider(A)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(upstream.running())
        entry = endpoint(upstream, parameter_overrides={"top_k": 5})
        running = await stack.enter_async_context(proxy(tmp_path, [entry]))
        record = await running.record((await running.turn(A)).id)
    assert record.attempts[0].request_body == upstream.received[0].body
    assert b'"top_k":5' in upstream.received[0].body


async def logged(running: Proxy) -> list[tuple[str, int]]:
    return [((await running.control.request(row.id)).path, row.status) for row in await running.rows()]


@pytest.mark.parametrize(
    ("logging", "expected"),
    [
        ({}, [("/v1/messages", 200), ("/v1/messages", 400), ("/v1/responses", 200)]),
        ({"log_request_types": "failed"}, [("/v1/messages", 400)]),
        ({"log_request_types": "success"}, [("/v1/messages", 200), ("/v1/responses", 200)]),
        (
            {"exclude_paths": ["/v1/responses"]},
            [("/v1/messages", 200), ("/v1/messages/count_tokens", 200), ("/v1/messages", 400)],
        ),
    ],
)
async def test_which_requests_get_a_row(tmp_path: Path, logging: Any, expected: list[tuple[str, int]]) -> None:
    upstream = SimulatedProvider(A, R)
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)], logging=logging) as running:
        await running.turn(A)
        await running.ask("POST", "/v1/messages/count_tokens", orjson.dumps(turn(A)))
        upstream.fail_next(status(400))
        await running.turn(A)
        await running.turn(R)
        assert await logged(running) == expected


async def test_a_refused_request_has_a_row_too(tmp_path: Path) -> None:
    async with proxy(tmp_path, []) as running:
        reply = await running.turn(A)
        record = await running.record(reply.id)
    assert (record.status, record.verdict) == (503, Verdict.UPSTREAM_ERROR)
    assert record.error is not None
    assert not record.attempts


KEYS = {
    "endpoint": "sk-canary-endpoint-7f3a91",
    "client": "canary-of-the-client-7f3a92",
    "cookie": "canary-in-a-cookie-7f3a93",
    "override": "canary-in-an-override-7f3a94",
    "token": "canary-token-of-proxy-7f3a95",
    "unknown header": "canary-in-a-header-7f3a96",
    "variable": "canary-in-a-variable-7f3a97",
}


@pytest.mark.parametrize("stream", [False, True])
async def test_no_key_is_in_the_state_folder(tmp_path: Path, stream: bool) -> None:
    """Neither sent nor echoed: a provider repeats every key it got in its error."""
    upstream = SimulatedProvider(A, name="upstream")
    overrides = {"x-own-key": KEYS["override"], "x-other": "${OTHER_KEY}"}
    echoed = f"keys: {KEYS['endpoint']} {KEYS['override']} {KEYS['variable']} {KEYS['token']}"
    fields = [
        ("authorization", f"Bearer {KEYS['client']}"),
        ("x-api-key", KEYS["token"]),
        ("cookie", KEYS["cookie"]),
        ("x-unheard-of", KEYS["unknown header"]),
    ]
    async with upstream.running():
        entry = endpoint(upstream, auth_value=KEYS["endpoint"], header_overrides=overrides)
        environ = {"OTHER_KEY": KEYS["variable"]}
        server = {"auth_token": KEYS["token"]}
        async with proxy(tmp_path, [entry], environ=environ, server=server) as running:
            for fault in (None, status(400, echoed), status(500, echoed), status(500, echoed), None):
                upstream.fail_next(fault)
                reply = await running.turn(A, fields=fields, stream=stream)
                record = await running.record(reply.id)
                for key, value in KEYS.items():
                    assert value not in repr(record), key
    assert upstream.received[0].header("x-other") == KEYS["variable"]
    for path in (tmp_path / "state").rglob("*"):
        content = path.read_bytes()
        for key, value in KEYS.items():
            assert value.encode() not in content, (path.name, key)


async def test_only_content_has_a_time_to_first_content(tmp_path: Path) -> None:
    """A page in a 200 is no answer, and so nothing of it was the first of anything."""
    one = SimulatedProvider(A, name="one")
    async with one.running(), proxy(tmp_path, [endpoint(one)]) as running:
        one.fail_always(html_page(200))
        reply = await running.turn(A)
        record = await running.record(reply.id)
    assert record.verdict is Verdict.INVALID
    assert record.ttft_ms is None
    assert [attempt.ttft_ms for attempt in record.attempts] == [None] * len(record.attempts)
