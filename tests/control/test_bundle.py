"""One request as a ZIP: all of it, in order, and no key."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cccc.control.api import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    FlowEnded,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from cccc.control.bundle import bundle, bundle_of
from cccc.domain.redact import MASK, Redactor
from cccc.domain.secret import Secret
from cccc.errors import UnknownRequest
from cccc.storage.store import Store
from tests.clock import ManualClock
from tests.control import world
from tests.control.fake import FakeControl

PIECES = (
    ClientAsked("POST", "/v1/messages", (("content-type", "application/json"),), b'{"a":1}'),
    UpstreamAsked(1, "../relay eu", "POST", "https://r.example/v1/messages", (("x", "y"),), b'{"b":1}', changed=True),
    UpstreamAnswered(1, 529, (("retry-after", "3"),), 12.0),
    UpstreamSaid(1, None, b'{"error":1}', 13.0),
    UpstreamEnded(1, "overloaded", 14.0),
    UpstreamAsked(2, "two", "POST", "https://two.example", (), b'{"a":1}', changed=False),
    UpstreamSaid(2, "message_start", b"1\n2", 20.0),
    ClientAnswered(200, (("content-type", "text/event-stream"),), 20.5),
    ClientGot("response.created", b"one", 20.5),
    UpstreamSaid(2, "", b"3", 21.0),
    ClientGot("response.completed", b"two", 22.0),
    FlowEnded(world.OK),
)


def files(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name.removeprefix(f"{world.OK.id}/"): archive.read(name) for name in archive.namelist()}


def test_what_is_in_it() -> None:
    found = files(bundle(world.OK, PIECES))
    assert set(found) == {
        "README.txt", "request.json", "client/head.txt", "client/body.json", "attempts/1-.._relay_eu/head.txt",
        "attempts/1-.._relay_eu/sent.json", "attempts/1-.._relay_eu/answer.txt", "attempts/2-two/head.txt",
        "attempts/2-two/events.sse", "client/events.sse", "flow.jsonl",
    }  # fmt: skip
    assert found["client/body.json"] == b'{"a":1}'
    assert found["client/head.txt"] == (
        b"POST /v1/messages\ncontent-type: application/json\n\n200\ncontent-type: text/event-stream\n"
    )
    assert found["client/events.sse"] == (
        b"event: response.created\ndata: one\n\nevent: response.completed\ndata: two\n\n"
    )
    assert found["attempts/1-.._relay_eu/head.txt"] == (
        b"POST https://r.example/v1/messages\nx: y\n\n529\nretry-after: 3\n"
    )
    assert found["attempts/2-two/events.sse"] == b"event: message_start\ndata: 1\ndata: 2\n\ndata: 3\n\n"
    lines = [json.loads(line) for line in found["flow.jsonl"].splitlines()]
    assert [line["type"] for line in lines][:3] == ["client_asked", "upstream_asked", "upstream_answered"]
    assert [line["at_ms"] for line in lines if line["type"] == "upstream_said"] == [13.0, 20.0, 21.0]
    assert json.loads(found["request.json"])["request_body"] is None


def test_the_same_request_gives_the_same_bytes() -> None:
    assert bundle(world.OK, PIECES) == bundle(world.OK, PIECES)
    assert bundle(replace(world.OK, time=0.0), PIECES), "a clock that was never set is no reason to fail"


@pytest.mark.anyio
async def test_what_the_client_got_is_in_it_without_keys(tmp_path: Path) -> None:
    key = "sk-secret-0123456789"
    redactor, headers = Redactor([Secret(key)]), (("set-cookie", key), ("content-type", "text/event-stream"))
    said, got = b"data: %s\n\n" % key.encode(), b"event: a\ndata: one %s\n\n" % key.encode()
    answered = replace(world.OK.attempts[0], response_body=said, response_headers=headers)
    record = replace(world.OK, response_headers=headers, response_body=got, attempts=(answered,))
    store = Store.open(tmp_path, ManualClock(world.NOW), redactor=redactor)
    try:
        store.submit(record)
        stored = store.requests.get(record.id)
    finally:
        store.close()
    found = files(await bundle_of(FakeControl(records=(stored,)), record.id))
    assert found["client/events.sse"] == b"event: a\ndata: one %s\n\n" % MASK.encode()
    assert f"set-cookie: {MASK}".encode() in found["client/head.txt"]
    assert not [name for name, content in found.items() if key.encode() in content]


@pytest.mark.anyio
async def test_of_a_request_in_the_log() -> None:
    found = files(await bundle_of(FakeControl(), world.OK.id[:-1]))
    assert found["client/body.json"] == world.OK.request_body
    with pytest.raises(UnknownRequest):
        await bundle_of(FakeControl(), "req_99")
