"""What the real clients make of our answers (resilience.md §12): how often they ask, what they show, what it costs.

One scene is one prompt of one client through a proxy of its own, whose endpoints all have the fault. A relay in front
of the proxy counts what the client sends, refused or not. The scenes are played once, several at a time; the tests
then look at how each went.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anyio
import pytest

from cccc.demo import faults
from cccc.demo.brains import Brain, chatter, echo
from cccc.demo.configuration import endpoint
from cccc.demo.faults import End, Fault, Point
from cccc.demo.provider import Pace, SimulatedProvider
from tests.e2e.real_clients import LIMIT, ClaudeCode, Codex, Run, require_clients
from tests.e2e.relay import relay_to
from tests.e2e.scripts import CLAUDE_CODE, CLIENT_KEY, CODEX, UPSTREAM_KEY, Script
from tests.proxy.harness import proxy as running

pytestmark = [pytest.mark.real_clients, pytest.mark.timeout(300)]  # the first test waits for all scenes

AT_ONCE = 4

# One more try where the client would make ten (or five), so that a scene takes seconds.
ONCE_MORE: Mapping[type[ClaudeCode | Codex], dict[str, str]] = {
    ClaudeCode: {"CLAUDE_CODE_MAX_RETRIES": "1"},
    Codex: {"request_max_retries": "4", "stream_max_retries": "1"},
}


@dataclass(frozen=True)
class Scene:
    """A scene and what it must come to.

    ``sick``: the fault of each endpoint; ``turns``: for so many turns only; ``late``: so many seconds after each was
    asked. ``posts`` and ``upstream`` are the most requests that the client and the proxy may send. ``shown`` is what a
    person must read; where the client loses our words, its own. ``well``: the client gets its answer after all.
    """

    script: Script
    name: str
    shown: str
    posts: int
    upstream: int
    sick: tuple[Fault | None, ...] = ()
    turns: int | None = None
    late: float = 0.0
    brain: Brain = echo
    well: bool = False
    below: str = ""
    entry: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.script}-{self.name}".replace(" ", "-")


@dataclass(frozen=True)
class Seen:
    """How a scene went."""

    run: Run
    posts: int
    upstream: int

    @property
    def shown(self) -> str:
        """Everything a person could read."""
        return f"{self.run.stdout}\n{self.run.stderr}"


def both(
    name: str,
    *,
    claude: Mapping[str, Any] = MappingProxyType({}),
    codex: Mapping[str, Any] = MappingProxyType({}),
    **common: Any,
) -> list[Scene]:
    """The same scene for both clients."""
    return [
        Scene(CLAUDE_CODE, name, **{**common, **claude}),
        Scene(CODEX, name, **{**common, **codex}),
    ]


WITH_TOKEN = {"server": {"auth_token": "the-proxys-own-token-0123456789"}}
SMALL = {"server": {"max_request_bytes": "2KB"}}
EARLY_HEAD = {"routing": {"gate_timeout": "300ms"}}
SHORT = {"timeouts": {"response_header": "500ms", "first_event": "600ms", "total": "1s"}}
TOO_LONG = faults.status(
    400, "prompt is too long: 250000 tokens > 200000 maximum", error_kind="context_length_exceeded"
)
NO_MODEL = faults.status(404, "The model `x` does not exist", error_kind="model_not_found")
WRONG_MODEL = "There's an issue with the selected model"
EVERY_RETRY: Mapping[str, str] = {"stream_max_retries": "5"}


def limited(seconds: int) -> Fault:
    """A rate limit that names its end."""
    return faults.status(429, retry_after=str(seconds))


SCENES = [
    # Those that wait come first, so that the others pass by meanwhile.
    Scene(
        CODEX, "down for good", sick=(faults.status(503),), posts=6, upstream=10, settings=EVERY_RETRY,
        shown="cccc: ",
    ),
    Scene(
        CLAUDE_CODE, "down for good", sick=(faults.status(503),), posts=4, upstream=6,
        settings={"CLAUDE_CODE_MAX_RETRIES": "3"}, shown="API Error: 5",
    ),
    *both("all limited for 2 s", sick=(limited(2),) * 2, turns=1, well=True, upstream=3, posts=2, shown="You said"),
    *both("two unavailable", sick=(faults.status(503),) * 2, upstream=8, posts=2, shown="cccc: 2 endpoints failed"),
    *both("hangs", sick=(faults.stall(Point.BEFORE_HEAD),), sections=SHORT, upstream=2, posts=2, shown="no answer in"),
    *both("empty", sick=(faults.empty(),), upstream=2, posts=2, shown="cccc: endpoint 'one' sent an empty answer"),
    *both("wrong token", sections=WITH_TOKEN, sick=(None,), upstream=0, posts=1, shown="cccc: the token sent is not"),
    *both("no endpoint", upstream=0, posts=1, shown="cccc: no endpoint is enabled for model"),
    *both(
        "no such model", sick=(None,), entry={"models": ["another"]}, upstream=0,
        claude={"posts": 2, "shown": WRONG_MODEL}, codex={"posts": 1, "shown": "cccc: no endpoint serves model"},
    ),
    Scene(
        CODEX, "no such model upstream", sick=(NO_MODEL,), upstream=1, posts=1,
        shown="cccc: endpoint 'one' does not serve this model",
    ),
    *both(
        "request too large", sick=(None,), sections=SMALL, upstream=0, posts=1,
        claude={"shown": "Request too large"}, codex={"shown": "cccc: request is"},
    ),
    Scene(CODEX, "limited for 1 s", sick=(limited(1),), turns=1, well=True, upstream=2, posts=1, shown="You said"),
    *both("all limited for an hour", sick=(limited(3600),) * 2, upstream=2, posts=1, shown="; next try in "),
    Scene(
        CODEX, "limited for an hour", sick=(limited(3600),), upstream=1, posts=1,
        shown="cccc: endpoint 'one' is rate limited (429); next try in ",
    ),
    *both(
        "unavailable", sick=(faults.status(503),), upstream=4, posts=2,
        claude={"shown": "API Error: 503 The server had an error"},
        codex={"shown": "cccc: endpoint 'one' answered 503 Service Unavailable"},
    ),
    *both(
        "overloaded", sick=(faults.status(529, retry_after="1"),), upstream=2,
        claude={"posts": 2, "shown": "API Error: 529 "},
        codex={"posts": 2, "shown": "cccc: endpoint 'one' is overloaded (529)"},
    ),
    *both(
        "key refused", sick=(faults.status(401),), upstream=2, posts=1,
        shown="cccc: endpoint 'one' rejected its API key (401). Update it in cccc",
    ),
    Scene(
        CLAUDE_CODE, "forbidden", sick=(faults.status(403),) * 2, upstream=4, posts=1,
        shown="cccc: 2 endpoints failed: one is closed to this key (403)",
    ),
    *both("all without credit", sick=(faults.status(402),) * 2, upstream=2, posts=1, shown="one has no credit (402)"),
    Scene(
        CODEX, "without credit", sick=(faults.status(402),), upstream=1, posts=1,
        shown="cccc: endpoint 'one' has no credit (402)",
    ),
    *both(
        "context too long", sick=(TOO_LONG,), upstream=1, posts=1,
        claude={"shown": "Prompt is too long"}, codex={"shown": "ran out of room in the model's context window"},
    ),
    *both("bad request", sick=(faults.status(400, "no such thing"),), upstream=1, posts=1, shown="no such thing"),
    Scene(
        CODEX, "unprocessable", sick=(faults.status(422, "no such thing"),), upstream=1, posts=1,
        shown="cccc: endpoint 'one' refused the request (422): no such thing",
    ),
    *both(
        "cut in content", sick=(faults.cut(Point.CONTENT, End.FIN),), upstream=3,
        claude={"posts": 3, "shown": "cccc: endpoint 'one' closed the stream"},
        codex={"posts": 2, "shown": "cccc: endpoint 'one' closed the stream before its end"},
    ),
    Scene(
        CLAUDE_CODE, "cut after a block", sick=(faults.cut(at=1_800),), brain=chatter, upstream=1, posts=1,
        shown="cccc: endpoint 'one' closed the stream before its end; the answer above is incomplete",
    ),
    *both(
        "key refused late", sick=(faults.status(401),), late=0.7, sections=EARLY_HEAD, upstream=2,
        shown="cccc: endpoint 'one' rejected its API key (401). Update it in cccc",
        claude={"posts": 3}, codex={"posts": 1},  # on a busy machine it asks once more; the endpoint is not asked again
    ),
    *both(
        "error event in content", sick=(faults.error_event(Point.CONTENT, 529),), upstream=3,
        claude={"posts": 3, "shown": "verloaded"}, codex={"posts": 2, "shown": "Overloaded"},
    ),
    *both(
        "unknown path", sick=(None,), below="/nowhere", upstream=0, posts=2,
        claude={"shown": WRONG_MODEL}, codex={"shown": "is not served here. Served are"},
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def played(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """All scenes, so many at a time, by name. One whose client did not end is missing."""
    require_clients()
    turns = anyio.CapacityLimiter(AT_ONCE)
    folder = tmp_path_factory.mktemp("scenes")
    played: dict[str, Seen] = {}

    async def play(scene: Scene) -> None:
        async with turns:
            try:
                played[str(scene)] = await _play(scene, folder / str(scene))
            except TimeoutError:
                pass  # the scene's own test fails for want of it

    async with anyio.create_task_group() as tasks:
        for scene in SCENES:
            tasks.start_soon(play, scene)
    return played


async def _play(scene: Scene, folder: Path) -> Seen:
    async with AsyncExitStack() as stack:
        providers = []
        for name, fault in zip(("one", "two"), scene.sick, strict=False):
            provider = SimulatedProvider(
                scene.script.wire_format, name=name, key=UPSTREAM_KEY, pace=Pace(scene.late), brain=scene.brain
            )
            await stack.enter_async_context(provider.running())
            if fault is not None and scene.turns is None:
                provider.fail_always(fault)
            elif fault is not None:
                provider.fail_next(*[fault] * scene.turns)
            providers.append(provider)
        pool = [endpoint(provider, **scene.entry) for provider in providers]
        proxy = await stack.enter_async_context(running(folder, pool, patience=LIMIT, **scene.sections))
        relay = await stack.enter_async_context(relay_to(proxy.address))
        client = scene.script.client(home=folder / "home", folder=folder / "work")
        settings = {**ONCE_MORE[scene.script.client], **scene.settings}
        run = await client.ask(
            "hello", relay.base_url + scene.below, model=scene.script.model, key=CLIENT_KEY, **settings
        )
        return Seen(run, relay.posts(), sum(len(provider.turns) for provider in providers))


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_scene(scene: Scene, played: dict[str, Seen]) -> None:
    assert str(scene) in played, "the client did not end"
    seen = played[str(scene)]
    assert (seen.run.code == 0) is scene.well, seen
    assert scene.shown in seen.shown, seen
    assert seen.posts <= scene.posts, seen
    assert seen.upstream <= scene.upstream, seen
