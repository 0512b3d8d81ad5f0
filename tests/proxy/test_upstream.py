"""What an endpoint is sent: its own key and overrides, the client's query, and nothing of the client's credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.demo.configuration import endpoint
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests.proxy.harness import PATHS, A, C, R, proxy, turn

pytestmark = pytest.mark.anyio

CREDENTIALS = [
    ("authorization", "Bearer of-the-client"),
    ("x-api-key", "of-the-client"),
    ("x-goog-api-key", "of-the-client"),
    ("api-key", "of-the-client"),
    ("cookie", "session=of-the-client"),
    ("proxy-authorization", "Basic of-the-client"),
]


@pytest.mark.parametrize(
    ("wire_format", "auth_type", "expected"),
    [
        (A, "api_key", ("x-api-key", "the-key")),
        (C, "api_key", ("authorization", "Bearer the-key")),
        (R, "api_key", ("authorization", "Bearer the-key")),
        (A, "auth_token", ("authorization", "Bearer the-key")),
        (C, "auth_token", ("authorization", "Bearer the-key")),
        (R, "auth_token", ("authorization", "Bearer the-key")),
        (A, "auto", ("authorization", "Bearer the-key")),
        (C, "auto", ("authorization", "Bearer the-key")),
    ],
)
async def test_the_key_goes_where_the_endpoint_wants_it(
    tmp_path: Path, wire_format: WireFormat, auth_type: str, expected: tuple[str, str]
) -> None:
    upstream = SimulatedProvider(wire_format, key="the-key")
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream, auth_type=auth_type)]) as running:
        reply = await running.turn(wire_format, fields=CREDENTIALS)
    assert reply.status == 200
    sent = [(name.lower(), value) for name, value in upstream.received[0].headers]
    assert [pair for pair in sent if pair[0] in dict(CREDENTIALS)] == [expected]
    assert "of-the-client" not in str(sent)


class OnlyXApiKey(SimulatedProvider):
    """An endpoint that does not read ``authorization``."""

    def _refused_key(self, dialect: Any, received: Any) -> Any:
        bare = [pair for pair in received.headers if pair[0].lower() != "authorization"]
        object.__setattr__(received, "headers", tuple(bare))
        return super()._refused_key(dialect, received)


async def test_the_header_for_the_key_is_learned_and_outlives_a_restart(tmp_path: Path) -> None:
    upstream = OnlyXApiKey(A, key="the-key")
    async with upstream.running():
        for restarted in (False, True):
            async with proxy(tmp_path, [endpoint(upstream, auth_type="auto")]) as running:
                replies = [await running.turn(A, str(number)) for number in range(2)]
                record = await running.record(replies[0].id)
                (view,) = await running.control.endpoints()
            assert [reply.status for reply in replies] == [200, 200]
            assert len(record.attempts) == (1 if restarted else 2)
            assert view.last_error is None
    assert len(upstream.turns) == 1 + 2 + 2


async def test_overrides_are_applied_last(tmp_path: Path) -> None:
    overrides = {
        "header_overrides": {"User-Agent": "", "X-Vendor": "on", "anthropic-version": "2099-01-01", "x-api-key": "own"},
        "parameter_overrides": {"temperature": 0.25, "metadata": "", "vendor": {"a": [1]}, "model": "the-last-word"},
        "model_rewrite": {"enabled": True, "rules": [{"source_pattern": "*", "target_model": "rewritten"}]},
    }
    upstream = SimulatedProvider(A)
    sent = {**turn(A), "temperature": 1.0, "metadata": {"user_id": "u"}, "max_tokens": 64, "stop_sequences": []}
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream, auth_type="api_key", **overrides)]) as running:
        fields = [("user-agent", "me"), ("anthropic-version", "2023-06-01"), ("x-vendor", "off")]
        reply = await running.ask("POST", "/v1/messages", orjson.dumps(sent), fields)
    got = upstream.received[0]
    expected = {**sent, "temperature": 0.25, "vendor": {"a": [1]}, "model": "the-last-word"}
    del expected["metadata"]
    assert reply.status == 200
    assert got.json == expected
    assert (got.header("user-agent"), got.header("x-vendor"), got.header("x-api-key")) == (None, "on", "own")
    assert [value for name, value in got.headers if name.lower() == "anthropic-version"] == ["2099-01-01"]
    assert reply.json["model"] == turn(A)["model"]


@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_the_clients_query_is_added_to_the_endpoints_own(tmp_path: Path, wire_format: WireFormat) -> None:
    upstream = SimulatedProvider(wire_format)
    async with upstream.running():
        entry = endpoint(upstream)
        key = next(key for key in entry if key.startswith("url_"))
        entry[key] += "?api-version=1"
        async with proxy(tmp_path, [entry]) as running:
            await running.ask("POST", f"{PATHS[wire_format]}?beta=true", orjson.dumps(turn(wire_format)))
            (row,) = [await running.record(row.id) for row in await running.rows()] or [None]
    assert upstream.received[0].target.endswith("?api-version=1&beta=true")
    assert row is None or "?" not in row.attempts[0].url


TOLD_LATER = [{"role": "user", "content": "x"}, {"role": "system", "content": "a"}]
DEMANDS = {"max_tokens_field_name": "max_completion_tokens", "reorder_system_messages_first": True}


async def test_what_an_endpoint_insists_on_is_done_in_its_own_format_too(tmp_path: Path) -> None:
    upstream = SimulatedProvider(C)
    sent = {**turn(C), "max_tokens": 64, "messages": TOLD_LATER}
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream, **DEMANDS)]) as running:
        reply = await running.turn(C, max_tokens=64, messages=TOLD_LATER)
        record = await running.record(reply.id)
    del sent["max_tokens"]
    assert upstream.turns[0].json == {**sent, "max_completion_tokens": 64, "messages": TOLD_LATER[::-1]}
    assert record.notes["sent with"] == (
        "max_tokens sent as max_completion_tokens; system messages sent as one at the beginning"
    )


@pytest.mark.parametrize(
    ("wire_format", "demands", "more"),
    [
        (A, DEMANDS, {"max_tokens": 64, "messages": TOLD_LATER}),
        (R, {"reorder_system_messages_first": True}, {"max_output_tokens": 64}),
        (C, DEMANDS, {"max_completion_tokens": 64, "messages": TOLD_LATER[::-1]}),
        (C, DEMANDS, {}),
        (C, {}, {"max_tokens": 64, "messages": TOLD_LATER}),
    ],
)
async def test_where_nothing_is_to_be_done_no_byte_changes(
    tmp_path: Path, wire_format: WireFormat, demands: dict[str, Any], more: dict[str, Any]
) -> None:
    upstream = SimulatedProvider(wire_format)
    body = orjson.dumps({**turn(wire_format), **more}).replace(b'",', b'" ,')
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream, **demands)]) as running:
        await running.ask("POST", PATHS[wire_format], body)
    assert upstream.turns[0].body == body
