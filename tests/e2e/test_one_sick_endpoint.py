"""A turn never fails while one endpoint is well: the real clients in front of a pool whose first endpoint is sick.

All sessions are played once, several at a time, through one proxy: every session asks for a model of its own, which
only its own sick endpoint and the well one of its format serve. The tests then look at how each session went.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from cccc.demo import faults
from cccc.demo.configuration import configuration, endpoint
from cccc.demo.faults import End, Fault, Point
from cccc.demo.provider import SimulatedProvider
from tests.e2e.proxy_process import ProxyProcess, closed_port, running_proxy
from tests.e2e.real_clients import require_clients
from tests.e2e.scripts import CLAUDE_CODE, CODEX, TURNS, Script

pytestmark = [pytest.mark.real_clients, pytest.mark.timeout(300)]  # the first test waits for all sessions

AT_ONCE = 3
PATIENCE = {"response_header": "1s", "first_event": "3s"}
CLOSED_PORT = "closed port"


@dataclass(frozen=True)
class Sick:
    """A fault, how each attempt at it ends, and how many attempts the first turn may make there."""

    fault: Fault | None
    outcome: str
    attempts: int = 1


SICK: Mapping[str, Sick] = {
    "401": Sick(faults.status(401), "key_refused", attempts=2),
    "403": Sick(faults.status(403), "forbidden", attempts=2),
    "429": Sick(faults.status(429), "rate_limited"),
    "500": Sick(faults.status(500), "server_error"),
    "529": Sick(faults.status(529), "overloaded"),
    "page": Sick(faults.html_page(200, "Sign in"), "invalid"),
    "empty 200": Sick(faults.empty(), "empty"),
    "cut": Sick(faults.cut(Point.PREAMBLE, End.FIN), "cut_before_content"),
    "error event": Sick(faults.error_event(Point.PREAMBLE, 500), "server_error"),
    "hangs": Sick(faults.stall(Point.BEFORE_HEAD), "head_timeout"),
    CLOSED_PORT: Sick(None, "refused", attempts=2),
}
CLIENTS = {"claude-code": CLAUDE_CODE, "codex": CODEX}


@dataclass
class Session:
    """One client in front of one sick endpoint, and how it went. ``asked``: turns that came to the sick provider."""

    client: str
    sickness: str
    failure: BaseException | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    why: dict[str, Any] = field(default_factory=dict)
    asked: int = 0

    @property
    def model(self) -> str:
        """The model that only this session asks for; its sick endpoint has the same name."""
        return f"{self.client}-{self.sickness}".replace(" ", "-")

    @property
    def script(self) -> Script:
        """The client's session, asking for the model."""
        return replace(CLIENTS[self.client], model=self.model)


SESSIONS = [Session(client, sickness) for client in CLIENTS for sickness in SICK]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def played(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Session]:
    """All sessions, by their model."""
    require_clients()
    folder = tmp_path_factory.mktemp("sessions")
    turns = anyio.CapacityLimiter(AT_ONCE)
    async with AsyncExitStack() as stack:
        sick = [await _sick(stack, session) for session in SESSIONS]
        well = {name: script.provider(f"well-{name}") for name, script in CLIENTS.items()}
        for provider in well.values():
            await stack.enter_async_context(provider.running())
        others = [endpoint(provider, models=[f"{name}-*"]) for name, provider in well.items()]
        pool = configuration([*(entry for _, entry in sick), *others], timeouts=PATIENCE)
        async with running_proxy(folder, pool) as proxy, anyio.create_task_group() as tasks:
            for session in SESSIONS:
                tasks.start_soon(_play, session, proxy, folder / session.model, turns)
        rows = await proxy.json("requests", "-n", "1000")
        async with anyio.create_task_group() as tasks:
            for session, (provider, _) in zip(SESSIONS, sick, strict=True):
                session.asked = len(provider.turns)
                session.rows = sorted((row for row in rows if row["model"] == session.model), key=lambda row: row["id"])
                tasks.start_soon(_explain, session, proxy, turns)
    return {session.model: session for session in SESSIONS}


async def _sick(stack: AsyncExitStack, session: Session) -> tuple[SimulatedProvider, dict[str, Any]]:
    """A provider with the fault, and its entry in the pool."""
    provider = session.script.provider(session.model)
    await stack.enter_async_context(provider.running())
    entry = endpoint(provider, models=[session.model])
    fault = SICK[session.sickness].fault
    if fault is not None:
        provider.fail_always(fault)
    else:
        nowhere = f"http://127.0.0.1:{closed_port()}"
        entry |= {key: url.replace(provider.origin, nowhere) for key, url in entry.items() if key.startswith("url_")}
    return provider, entry


async def _play(session: Session, proxy: ProxyProcess, folder: Path, turns: anyio.CapacityLimiter) -> None:
    async with turns:
        try:
            await session.script.play(folder, proxy.base_url)
        except (AssertionError, OSError) as failure:
            session.failure = failure


async def _explain(session: Session, proxy: ProxyProcess, turns: anyio.CapacityLimiter) -> None:
    if session.rows:
        async with turns:
            session.why = await proxy.json("why", session.rows[0]["id"])


@pytest.mark.parametrize("model", [session.model for session in SESSIONS])
def test_the_turn_ends_well(model: str, played: dict[str, Session]) -> None:
    session = played[model]
    if session.failure is not None:
        raise session.failure
    verdicts = [(row["verdict"], row["status"], row["endpoint"], row["error"]) for row in session.rows]
    well = f"well-{session.client}"
    assert verdicts == [("ok_after_failover", 200, well, None), *[("ok", 200, well, None)] * (TURNS - 1)]


@pytest.mark.parametrize("model", [session.model for session in SESSIONS])
def test_only_the_first_turn_asks_the_sick_endpoint(model: str, played: dict[str, Session]) -> None:
    session = played[model]
    first, *later = session.rows
    in_vain = first["attempts"] - 1
    assert 1 <= in_vain <= SICK[session.sickness].attempts
    assert session.asked == (0 if session.sickness == CLOSED_PORT else in_vain)
    assert [row["attempts"] for row in later] == [1] * (TURNS - 1)


@pytest.mark.parametrize("model", [session.model for session in SESSIONS])
def test_why_explains_it(model: str, played: dict[str, Session]) -> None:
    session = played[model]
    sick, why = SICK[session.sickness], session.why
    assert why["verdict"] == "ok_after_failover"
    assert [one["name"] for one in why["ranking"]["order"]] == [session.model, f"well-{session.client}"]
    *in_vain, last = why["attempts"]
    assert (last["endpoint"], last["outcome"]) == (f"well-{session.client}", "ok")
    for attempt in in_vain:
        assert (attempt["endpoint"], attempt["outcome"]) == (session.model, sick.outcome)
        assert attempt["error"]
