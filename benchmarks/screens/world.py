"""A proxy's state with a log as long as the screens keep, and more requests for it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import cycle
from pathlib import Path

from cccc.clock import SystemClock
from cccc.config import load
from cccc.control.local import Local
from cccc.demo.configuration import configuration
from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.domain.usage import Usage
from cccc.domain.verdict import Verdict
from cccc.http.transport import HttpTransport
from cccc.proxy.runtime import Runtime
from cccc.storage.store import Store
from tui.state import ROWS_KEPT

ENDPOINTS = ("anthropic-official", "relay-eu", "openrouter", "openai-official", "relay-us", "spare")
_NOWHERE = "http://127.0.0.1:9"
_VERDICTS = ((Verdict.OK, 200), (Verdict.OK, 200), (Verdict.OK_AFTER_FAILOVER, 200), (Verdict.UPSTREAM_ERROR, 529))
_VARIETY = cycle(zip(ENDPOINTS * 2, _VERDICTS * 3, strict=True))


def write_config(folder: Path, url: str, paced_url: str) -> Path:
    """A configuration with ``ENDPOINTS`` at ``url``, and one at ``paced_url`` for requests with ``?to=paced``."""
    at = dict.fromkeys(ENDPOINTS, ("others", url)) | {"paced": ("paced", paced_url)}
    endpoints = [
        {"name": name, "url_anthropic": where, "auth_type": "api_key", "auth_value": "benchmark-key", "tags": [tag]}
        for name, (tag, where) in at.items()
    ]
    taggers = [
        {"name": tag, "type": "query", "tag": tag, "param_name": "to", "expected_value": tag}
        for tag in ("others", "paced")
    ]
    path = folder / "config.yaml"
    path.touch(mode=0o600)
    path.write_text(configuration(endpoints, tagging={"taggers": taggers}))
    return path


def record(number: int, at: float) -> RequestRecord:
    """The ``number``-th request, which arrived at this wall time."""
    endpoint, (verdict, status) = next(_VARIETY)
    return RequestRecord(
        id=f"req_{number:026}",
        time=at,
        client="claude-cli/2.1.197",
        client_type=ClientType.CLAUDE_CODE,
        client_reason="path /v1/messages",
        wire_format=WireFormat.ANTHROPIC,
        action=Action.TURN,
        method="POST",
        path="/v1/messages",
        stream=True,
        verdict=verdict,
        status=status,
        duration_ms=6_100.0,
        model="claude-opus-4-5",
        endpoint=endpoint,
        target_format=WireFormat.ANTHROPIC,
        ttft_ms=400.0 + number % 500,
        usage=Usage(input=220, cache_read=18_000, output=402),
        attempts=(
            AttemptRecord(
                endpoint, WireFormat.ANTHROPIC, "https://relay.example/v1/messages", "claude-opus-4-5", at, Outcome.OK
            ),
        ),
    )


def fill(state_dir: Path) -> None:
    """Write a log of the last hour, as long as the screens keep."""
    now = time.time()
    store = Store.open(state_dir, SystemClock())
    for number in range(ROWS_KEPT):
        while not store.submit(record(number, now - 3600 + number * 3600 / ROWS_KEPT)):
            store.flush()
    if not store.close(60.0):
        raise SystemExit("the log was not written")


@asynccontextmanager
async def full_log(folder: Path) -> AsyncIterator[tuple[Local, Runtime]]:
    """Everything that the screens see of a proxy, without one that listens, over a log that is full."""
    fill(folder)
    clock, reload = SystemClock(), partial(load, write_config(folder, _NOWHERE, _NOWHERE), environ={}, options={})
    store = Store.open(folder, clock)
    try:
        runtime = Runtime(reload(), store, HttpTransport(clock), clock)
        yield Local(runtime, reload, "http://127.0.0.1:8080"), runtime
    finally:
        store.close()
