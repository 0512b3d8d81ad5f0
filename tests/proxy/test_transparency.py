"""Where client and endpoint speak the same format nothing changes on the way, down to the byte."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard

from cccc.demo.configuration import endpoint
from cccc.domain.endpoint import WireFormat
from cccc.http.headers import (
    CLIENT_DENIED,
    CLIENT_DENIED_PREFIXES,
    UPSTREAM_DENIED,
    UPSTREAM_NAMES,
    UPSTREAM_PREFIXES,
)
from tests.proxy import answers
from tests.proxy.answers import BODIES, SPELLINGS
from tests.proxy.harness import MODEL, A, C, Fields, Proxy, R, Scripted, proxy, turn

pytestmark = pytest.mark.anyio

CAPTURES = Path(__file__).parents[1] / "captures"
CANARY = "canary-5a7f"

ANSWER_FIELDS: Fields = (
    ("date", "Wed, 01 Jul 2026 12:32:00 GMT"),
    ("request-id", "req_upstream"),
    ("x-request-id", "upstream"),
    ("anthropic-ratelimit-requests-remaining", "49"),
    ("x-ratelimit-remaining-tokens", "1000"),
    ("cf-ray", "8f0"),
    ("vary", "a"),
    ("vary", "b"),
    ("server", "cloudflare"),
    ("set-cookie", "a=b"),
    ("alt-svc", "h3"),
    ("access-control-allow-origin", "*"),
    ("strict-transport-security", "max-age=1"),
    ("x-cccc-endpoint", "an impostor"),
)


def recorded() -> dict[str, dict[str, Any]]:
    """The recorded requests that carry a body, by name."""
    loaded = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(CAPTURES.glob("*.json"))}
    return {name: capture for name, capture in loaded.items() if capture["method"] == "POST"}


def passes(name: str) -> bool:
    key = name.lower().encode()
    return (key in UPSTREAM_NAMES or key.startswith(UPSTREAM_PREFIXES)) and key not in UPSTREAM_DENIED


def lowered(fields: Fields) -> list[tuple[str, str]]:
    return [(name.lower(), value) for name, value in fields]


def first_difference(got: bytes, expected: bytes) -> tuple[bytes, bytes]:
    at = next(
        (at for at, (a, b) in enumerate(zip(got, expected, strict=False)) if a != b), min(len(got), len(expected))
    )
    return got[at - 60 : at + 60], expected[at - 60 : at + 60]


def without(fields: Fields, *names: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in lowered(fields) if name not in names]


async def test_recorded_requests_reach_the_endpoint_as_they_are(tmp_path: Path) -> None:
    upstream = Scripted(A, R, name="upstream")
    differences: list[str] = []
    captures = recorded()
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream, auth_value="k")]) as running:
        for name, capture in captures.items():
            body = json.dumps(capture["body"], ensure_ascii=False, separators=(",", ":")).encode()
            sent = zstandard.compress(body) if capture["content_encoding"] == "zstd" else body
            own = {"host", "content-length", "connection", "transfer-encoding"}
            fields = [(key, value.strip()) for key, value in capture["headers"] if key.lower() not in own]
            fields += [("Cookie", CANARY), ("X-Api-Key", CANARY), ("X-Unheard-Of", CANARY)]
            reply = await running.ask("POST", capture["target"], sent, fields)
            got = upstream.received[-1]
            expected = [(key.lower(), value) for key, value in fields if passes(key)]
            ours = without(got.headers, *(key for key, _ in expected))
            checks = {
                "status": reply.status == 200,
                "target": got.target == capture["target"],
                "body": got.body == body,
                "fields": [pair for pair in lowered(got.headers) if pair not in ours] == expected,
                "ours": {key for key, _ in ours}
                <= {"host", "content-length", "accept-encoding", "x-cccc-hop"} | {"authorization", "x-api-key"},
                "canary": CANARY not in str(got.headers),
            }
            differences += [f"{name}: {what}" for what, equal in checks.items() if not equal]
    assert not differences
    assert len(captures) >= 36


@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_streams_reach_the_client_byte_by_byte(tmp_path: Path, wire_format: WireFormat) -> None:
    upstream = Scripted(wire_format)
    differences = {}
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        for name, spelling in SPELLINGS.items():
            pieces = spelling(answers.events(wire_format))
            upstream.stream(*pieces)
            reply, expected = await running.turn(wire_format, stream=True), b"".join(pieces)
            if reply.body != expected:
                differences[name] = first_difference(reply.body, expected)
    assert not differences


@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_whole_answers_reach_the_client_byte_by_byte(tmp_path: Path, wire_format: WireFormat) -> None:
    upstream = Scripted(wire_format)
    differences = {}
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        for name, spelling in BODIES.items():
            body = spelling(answers.whole(wire_format))
            upstream.whole(body)
            reply, expected = await running.turn(wire_format), body
            if reply.body != expected:
                differences[name] = first_difference(reply.body, expected)
    assert not differences


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_the_answer_has_the_name_that_the_client_asked_for(
    tmp_path: Path, wire_format: WireFormat, stream: bool
) -> None:
    """Aliases are answered with dated names, and Claude Code drops signed thinking where the name differs."""
    upstream = Scripted(wire_format)
    pieces = answers.events(wire_format, model="demo-model-20260701")
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        if stream:
            upstream.stream(*pieces)
        else:
            upstream.whole(answers.whole(wire_format, model="demo-model-20260701"))
        reply = await running.turn(wire_format, stream=stream)
        record = await running.record(reply.id)
    assert b"demo-model-20260701" not in reply.body
    assert b'"demo-model"' in reply.body
    assert (record.model, record.model_served) == (MODEL, "demo-model-20260701")


@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_a_rewrite_changes_the_name_and_nothing_else(tmp_path: Path, wire_format: WireFormat) -> None:
    upstream = Scripted(wire_format)
    rules = {"enabled": True, "rules": [{"source_pattern": "demo-*", "target_model": "served-model"}]}
    differences = {}
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream, model_rewrite=rules)]) as running:
        for name, spelling in SPELLINGS.items():
            pieces = spelling(answers.events(wire_format, model="served-model"))
            upstream.stream(*pieces)
            sent = f'{{ "stream" :true,"x":1.0,{json.dumps(turn(wire_format))[1:]}'.encode()
            reply = await running.ask("POST", _path(wire_format), sent)
            expected = b"".join(pieces).replace(b"served-model", MODEL.encode())
            if reply.body != expected:
                differences[name] = first_difference(reply.body, expected)
            assert upstream.received[-1].body == sent.replace(b'"demo-model"', b'"served-model"')
        for name, body_spelling in BODIES.items():
            body = body_spelling(answers.whole(wire_format, model="served-model"))
            upstream.whole(body)
            reply, expected = await running.turn(wire_format), body.replace(b"served-model", MODEL.encode())
            if reply.body != expected:
                differences[name] = first_difference(reply.body, expected)
    assert not differences


def _path(wire_format: WireFormat) -> str:
    return {A: "/v1/messages", C: "/v1/chat/completions", R: "/v1/responses"}[wire_format]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_header_fields_of_an_answer(tmp_path: Path, wire_format: WireFormat, stream: bool) -> None:
    """The client gets every field but the listed ones, ours, and the framing."""
    upstream = Scripted(wire_format, name="upstream")
    kind = "text/event-stream; charset=utf-8" if stream else "application/json; charset=utf-8"
    fields = (("content-type", kind), *ANSWER_FIELDS)
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        if stream:
            upstream.stream(*answers.events(wire_format), fields=fields)
        else:
            upstream.whole(answers.whole(wire_format), fields)
        reply = await running.turn(wire_format, stream=stream)
    denied = {name.decode() for name in CLIENT_DENIED}
    prefixes = tuple(prefix.decode() for prefix in CLIENT_DENIED_PREFIXES)
    kept = [(name, value) for name, value in fields if name not in denied and not name.startswith(prefixes)]
    ours = [("x-cccc-request-id", reply.id), ("x-cccc-endpoint", "upstream")]
    framing = ("transfer-encoding", "chunked") if stream else ("content-length", str(len(reply.body)))
    assert sorted(reply.fields) == sorted([*kept, *ours, framing])
    assert [pair for pair in reply.fields if pair in kept] == kept


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
async def test_compressed_requests_are_sent_on_decoded(tmp_path: Path, coding: str) -> None:
    body = json.dumps(turn(A)).encode()
    packed = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstandard.compress}[coding](body)
    upstream = Scripted(A)
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        reply = await running.ask("POST", "/v1/messages", packed, [("content-encoding", coding)])
    assert reply.status == 200
    assert upstream.received[0].body == body
    assert upstream.received[0].header("content-encoding") is None


async def test_what_we_do_not_know_passes(tmp_path: Path) -> None:
    """Limits, unknown keys, odd numbers and the query: nobody's business but the endpoint's."""
    sent = (
        b'{"model":"demo-model","max_tokens":1,"temperature":1.50,"top_p":1e0,"vendor":{"a":[null,1e40]},'
        b'"messages":[{"role":"user","content":"\\u00e9\\ud83d\\ude00\\/"}],"stop_sequences":["\xe2\x80\xa8"]}'
    )
    upstream = Scripted(A)
    async with upstream.running(), proxy(tmp_path, [endpoint(upstream)]) as running:
        upstream.whole(answers.whole(A))
        await _sent(running, "/v1/messages?beta=true&x=%20y", sent)
        upstream.whole(answers.whole(A))
        await _sent(running, "/v1/v1/messages", sent)
    assert [request.target for request in upstream.received] == ["/v1/messages?beta=true&x=%20y", "/v1/messages"]
    assert [request.body for request in upstream.received] == [sent, sent]


async def _sent(running: Proxy, target: str, body: bytes) -> None:
    assert (await running.ask("POST", target, body)).status == 200
