"""Every fault at one endpoint, for every client, streaming or not, with and without a healthy second endpoint.

The expectations are ``fault_table.txt``, written to be read beside the specification; nothing of the program's own
tables is used to make them. Everything is real: server, sockets, providers.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest
import trustme

from cccc.demo import faults
from cccc.demo.faults import End, Fault, Point
from cccc.demo.provider import SimulatedProvider
from cccc.demo.wire import Wire, accept, listen
from cccc.domain.endpoint import Timeouts, WireFormat
from cccc.domain.health import Breaker, EndpointHealth
from tests import formats_check
from tests.demo.talk import FORMATS, PATH, A, R, Raw, ask, exchange, post
from tests.proxy.small_proxy import endpoint, small_proxy

pytestmark = pytest.mark.anyio

AGENTS = {A: "claude-cli/2.1.330", R: "codex_cli_rs/0.169.0"}

ANSWERS: dict[str, tuple[Fault | None, ...]] = {
    "reset before head": (faults.cut(Point.BEFORE_HEAD, End.RST),),
    "stale kept-alive": (None, faults.cut(Point.BEFORE_HEAD, End.FIN)),
    "no head in time": (faults.stall(Point.BEFORE_HEAD),),
    "400": (faults.status(400),),
    "401": (faults.status(401),),
    "402": (faults.status(402),),
    "403 page": (faults.html_page(403, "Attention Required!"),),
    "404 model": (faults.status(404, "model: demo-model"),),
    "408": (faults.status(408),),
    "413": (faults.status(413),),
    "429": (faults.status(429),),
    "429 with retry-after": (faults.status(429, retry_after="30"),),
    "500": (faults.status(500),),
    "503": (faults.status(503), faults.status(503)),
    "529": (faults.status(529),),
    "524 page": (faults.html_page(524, "524: A timeout occurred"),),
    "redirect": (faults.redirect(),),
    "empty 200": (faults.empty(),),
    "page in a 200": (faults.html_page(200, "Sign in"),),
    "error in a 200": (faults.error_in_200(500),),
    "error event first": (faults.error_event(Point.HEAD, error_kind="overloaded_error"),),
    "error after preamble": (faults.error_event(Point.PREAMBLE, error_kind="overloaded_error"),),
    "closed in content": (faults.cut(Point.CONTENT, End.FIN),),
    "reset in content": (faults.cut(Point.CONTENT, End.RST),),
    "stall in content": (faults.stall(Point.CONTENT),),
    "bad JSON in content": (faults.broken_event(Point.CONTENT),),
    "reset after the end": (faults.cut(Point.TERMINAL, End.RST),),
}
"""What the faulty endpoint does with the requests that it gets, in order."""

TIMEOUTS = {
    "connect hangs": Timeouts(connect=0.3),
    "no head in time": Timeouts(response_header=0.3, total=3.0),
    "stall in content": Timeouts(stream_idle=0.3, total=3.0),
}
"""Short where a time limit is what is tested, and nowhere else: a busy machine must not change what is seen."""


@dataclass(frozen=True)
class Row:
    """One line of the table; ``clients`` by wire format."""

    fault: str
    mode: str
    asked: int
    next: bool
    outcome: str
    failure_class: str
    health: str
    verdict: str
    clients: dict[WireFormat, str]

    def modes(self) -> list[bool]:
        """Streaming, not streaming, or both."""
        return {"stream": [True], "whole": [False], "both": [True, False]}[self.mode]

    def client(self, wire_format: WireFormat, *, stream: bool) -> str:
        values = self.clients[wire_format].split(" / ")
        return values[0] if stream else values[-1]

    def health_of(self, *, second: bool) -> str:
        alone, _, with_next = self.health.partition(" with next: ")
        return with_next if second and with_next else alone


def table() -> list[Row]:
    text = Path(__file__).with_name("fault_table.txt").read_text(encoding="utf-8")
    lines = text.partition("-|-")[2].splitlines()[1:]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines if line.strip()]
    return [
        Row(*line[:2], int(line[2]), line[3] == "yes", *line[4:8], dict(zip(FORMATS, line[8:], strict=True)))
        for line in cells
    ]


TABLE = table()
ROWS = [
    (row, wire_format, stream, second)
    for row in TABLE
    for wire_format in FORMATS
    for stream in row.modes()
    for second in (False, True)
]


def test_the_table_is_complete() -> None:
    places = {"no such name", "refused", "connect hangs", "bad certificate"}
    assert {row.fault for row in TABLE} == ANSWERS.keys() | places
    assert len({row.fault for row in TABLE}) == 31
    assert len(ROWS) == 31 * len(FORMATS) * 2 * 2


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def stranger() -> ssl.SSLContext:
    """The server's side of TLS with a certificate that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture(autouse=True)
def no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that answers at once."""

    async def connect(host: str, port: int, **more: Any) -> Any:
        if host.endswith(".invalid"):
            raise OSError("all connection attempts failed") from socket.gaierror(socket.EAI_NONAME, "no such name")
        return await genuine(host, port, **more)

    genuine = anyio.connect_tcp
    monkeypatch.setattr(anyio, "connect_tcp", connect)


@pytest.mark.parametrize("fault", dict.fromkeys(row.fault for row in TABLE))
async def test_a_fault_does_what_the_table_says(fault: str, authority: trustme.CA, stranger: ssl.SSLContext) -> None:
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    before = used()
    wrong: list[str] = []

    async def check(row: Row, wire_format: WireFormat, stream: bool, second: bool) -> None:
        expected = expectation(row, wire_format, stream=stream, second=second)
        found = await observed(row.fault, wire_format, stream, second, trusted, stranger)
        wrong.extend(
            f"{wire_format} {'stream' if stream else 'whole'}{' with a second' if second else ''}: "
            f"{key} is {found[key]!r}, expected {value!r}"
            for key, value in expected.items()
            if found[key] != value
        )

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for row, *case in ROWS:
                if row.fault == fault:
                    group.start_soon(check, row, *case)
    assert wrong == []
    await settled(before)


def expectation(row: Row, wire_format: WireFormat, *, stream: bool, second: bool) -> dict[str, Any]:
    rescued = second and row.next
    return {
        "asked": row.asked,
        "next": rescued,
        "outcome": row.outcome,
        "class": row.failure_class,
        "health": row.health_of(second=second),
        "verdict": "ok_after_failover" if rescued else row.verdict,
        "client": "whole" if rescued else row.client(wire_format, stream=stream),
    }


async def observed(
    fault: str,
    wire_format: WireFormat,
    stream: bool,
    second: bool,
    trusted: ssl.SSLContext,
    stranger: ssl.SSLContext,
    upstream: WireFormat | None = None,
) -> dict[str, Any]:
    """``upstream``: the format of the endpoints, where it is not the client's."""
    spoken = upstream or wire_format
    bad = SimulatedProvider(spoken, name="bad")
    good = SimulatedProvider(spoken, name="good")
    bad.fail_next(*ANSWERS.get(fault, ()))
    timeouts = TIMEOUTS.get(fault, Timeouts())
    request = post(PATH[wire_format], ask(wire_format, stream=stream), user_agent=AGENTS.get(wire_format, "sdk/1"))
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(place(fault, bad, stranger))
        await stack.enter_async_context(good.running())
        pool = [
            endpoint("bad", spoken, url, 1, timeouts=timeouts),
            endpoint("good", spoken, good.base_url, 2, timeouts=timeouts),
        ]
        proxy = await stack.enter_async_context(small_proxy(*pool[: 1 + second], ssl_context=trusted))
        if fault == "stale kept-alive":
            await exchange(proxy.url, request)
            proxy.records.clear()
            proxy.runtime.context.roster.reset("bad")
        raw = await exchange(proxy.url, request)
        now = proxy.runtime.context.clock.now()
        record = proxy.records[-1]
        at_bad = [attempt for attempt in record.attempts if attempt.endpoint == "bad"]
        assert len(proxy.records) == 1
        assert record.status == raw.status
        assert len(good.turns) == len(record.attempts) - len(at_bad)
        return {
            "asked": len(at_bad),
            "next": len(record.attempts) > len(at_bad),
            "outcome": str(at_bad[-1].outcome),
            "class": str(at_bad[-1].failure_class or "-"),
            "health": shown_health(proxy.member("bad").health, now),
            "verdict": str(record.verdict),
            "client": shown(raw, wire_format, stream=stream),
        }


# the faults before an answer


@asynccontextmanager
async def place(fault: str, bad: SimulatedProvider, stranger: ssl.SSLContext) -> AsyncIterator[str]:
    """The faulty endpoint's address."""
    match fault:
        case "no such name":
            yield "http://endpoint.invalid/v1"
        case "refused":
            with socket.create_server(("127.0.0.1", 0)) as taken:
                port = taken.getsockname()[1]
            yield f"http://127.0.0.1:{port}/v1"
        case "connect hangs":
            with full_backlog() as port:
                yield f"http://127.0.0.1:{port}/v1"
        case "bad certificate":
            async with over_tls(stranger) as port:
                yield f"https://127.0.0.1:{port}/v1"
        case _:
            async with bad.running():
                yield bad.base_url
                bad.release()


class full_backlog:  # noqa: N801 (a context manager)
    """A port that accepts nobody: its queue of connections is full, so that the next one gets no answer."""

    def __enter__(self) -> int:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        address = self._listener.getsockname()
        self._waiting = [socket.socket() for _ in range(4)]
        for waiting in self._waiting:
            waiting.setblocking(False)
            waiting.connect_ex(address)
        return int(address[1])

    def __exit__(self, *_: object) -> None:
        for one in (*self._waiting, self._listener):
            one.close()


@asynccontextmanager
async def over_tls(context: ssl.SSLContext) -> AsyncIterator[int]:
    """A server that begins a TLS handshake and ends with it."""

    async def greet(wire: Wire) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        try:
            while data := await wire.receive():
                incoming.write(data)
                try:
                    tls.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:
                    return
                await wire.send(outgoing.read())
        finally:
            wire.close()

    async def serve(listener: socket.socket) -> None:
        while True:
            group.start_soon(greet, await accept(listener))

    with listen() as listener:
        async with anyio.create_task_group() as group:
            group.start_soon(serve, listener)
            yield listener.getsockname()[1]
            group.cancel_scope.cancel()


# what was seen, in the table's words


def shown(raw: Raw, wire_format: WireFormat, *, stream: bool) -> str:
    """What the client got. Whatever it is, it ends cleanly."""
    assert raw.whole
    assert not raw.reset
    if raw.status != 200:
        error = orjson.loads(raw.body)["error"]
        if not error["message"].startswith("cccc: "):
            return f"as is {raw.status}"
        told(error["message"])
        return f"{raw.status} {error['type'] if wire_format is A else error['code']}"
    if not stream:
        formats_check.REPLY[wire_format](raw.body)
        return "whole"
    last = formats_check.frames(raw.body)[-1].data
    error = failure(last)
    if error is None:
        formats_check.STREAM[wire_format](raw.body)
        return "whole"
    told(error["message"])
    failed = "failed " if wire_format is R else ""
    half = "half, " if b"You said" in raw.body else ""
    assert bool(half) == ("the answer above is incomplete" in error["message"])
    return f"{half}{failed}{error['type'] if wire_format is A else error['code']}"


def failure(data: Any) -> Any:
    """The error in the last event of a stream, if it is one."""
    if not isinstance(data, dict):
        return None
    return data["response"]["error"] if data.get("type") == "response.failed" else data.get("error")


def told(message: str) -> None:
    """Our own words: whose fault, which request, and nothing that is nobody's business."""
    assert "bad" in message
    assert "[req_" in message
    assert len(message) <= 300
    assert "127.0.0.1" not in message
    assert "key-of" not in message


SPANS = {10: "10 s", 30: "30 s", 60: "1 min", 300: "5 min", 600: "10 min", 900: "15 min", 3600: "1 h"}


def shown_health(health: EndpointHealth, now: float) -> str:
    words: list[str] = []
    if weight := sum(record.weight for record in health.records):
        words.append(str(weight))
    if health.breaker is Breaker.OPEN and health.open_until is not None:
        words.append(f"open {span(health.open_until - now)}")
    if health.cooldown is not None:
        words.append(f"rests {span(health.cooldown.until - now)}")
    words += [f"model rests {span(rest.until - now)}" for rest in health.model_cooldowns.values()]
    return " ".join(words) or "-"


def span(seconds: float) -> str:
    """The span of the table from which ``seconds`` differ by no more than the jitter and the time of the test."""
    return next((name for length, name in SPANS.items() if length * 0.8 < seconds <= length * 1.1), f"{seconds:.0f} s")


def used() -> tuple[int, int]:
    """Tasks of this loop and open files of this process."""
    return len(asyncio.all_tasks()), len(list(files()))


def files() -> Iterator[str]:
    folder = "/proc/self/fd" if Path("/proc/self/fd").exists() else "/dev/fd"
    yield from os.listdir(folder)  # noqa: PTH208 (a folder of the kernel)


async def settled(before: tuple[int, int]) -> None:
    """Nothing is left over; what closes by itself gets a moment."""
    with anyio.move_on_after(2):
        while used() != before:  # noqa: ASYNC110 (nobody tells when a socket is gone)
            await anyio.sleep(0.01)
    assert used() == before
