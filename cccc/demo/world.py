"""What ``cccc demo`` starts: six simulated providers, a configuration that points at them, and traffic to look at.

The pool is made so that every layer of the ranking has something to decide: reserved and universal endpoints, native
and converted ones, two priorities, one that fails now and then, one that is slow. Nothing here knows the proxy; the
command line starts one on ``config_path`` and hands its address to ``traffic``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cccc.clock import Clock
from cccc.demo import faults, traffic
from cccc.demo.brains import chatter
from cccc.demo.configuration import configuration, endpoint
from cccc.demo.faults import End, Fault, Point
from cccc.demo.provider import Pace, SimulatedProvider
from cccc.domain.endpoint import WireFormat

_MISHAPS = {
    3: faults.status(529),
    6: faults.status(429, retry_after="8"),
    9: faults.error_event(Point.PREAMBLE),
    11: faults.status(500),
    14: faults.cut(Point.CONTENT, End.RST),
}
_MISHAP_CYCLE = 17

REMEMBERED = 50
"""Requests that a provider of the demo keeps: it may run all day."""


def now_and_then(turn: int) -> Fault | None:
    """The mishaps of the moody provider, in an order that comes again."""
    return _MISHAPS.get(turn % _MISHAP_CYCLE)


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """The running demo: where its configuration is, and who is in it by name."""

    config_path: Path
    providers: dict[str, SimulatedProvider]
    seed: int

    async def traffic(self, base_url: str, *, pause: float = 2.0) -> None:
        """Send requests to the proxy at ``base_url`` until cancelled."""
        await traffic.traffic(base_url, seed=self.seed, pause=pause)


@asynccontextmanager
async def demo_world(state_dir: Path, *, clock: Clock | None = None, seed: int = 0) -> AsyncIterator[DemoWorld]:
    """Start the providers and write ``config.yaml`` into ``state_dir``, which must exist.

    Everything ends with the context. The file is the user's alone, as a real one with keys would be.
    """
    providers = _providers(clock)
    async with AsyncExitStack() as stack:
        for provider in providers:
            await stack.enter_async_context(provider.running())
        by_name = {provider.name: provider for provider in providers}
        config_path = state_dir / "config.yaml"
        config_path.touch(mode=0o600)
        config_path.write_text(configuration(_endpoints(by_name)), encoding="utf-8")
        yield DemoWorld(config_path, by_name, seed)


def _providers(clock: Clock | None) -> list[SimulatedProvider]:
    def provider(name: str, *formats: WireFormat, pace: Pace, prefix: str = "/v1") -> SimulatedProvider:
        return SimulatedProvider(
            *formats,
            name=name,
            key=f"demo-key-of-{name}",
            brain=chatter,
            pace=pace,
            prefix=prefix,
            clock=clock,
            remembers=REMEMBERED,
        )

    moody = provider("moody-relay", WireFormat.ANTHROPIC, pace=Pace(0.25, 0.03), prefix="/api/v1")
    moody.fail_by(now_and_then)
    return [
        provider("anthropic-official", WireFormat.ANTHROPIC, pace=Pace(0.5, 0.04)),
        moody,
        provider("openai-official", WireFormat.OPENAI_RESPONSES, pace=Pace(0.4, 0.03)),
        provider("chat-vendor", WireFormat.OPENAI_CHAT, pace=Pace(0.3, 0.02), prefix="/api/paas/v4"),
        provider("slow-lab", WireFormat.OPENAI_CHAT, pace=Pace(2.5, 0.1)),
        provider("spare-relay", WireFormat.ANTHROPIC, WireFormat.OPENAI_RESPONSES, pace=Pace(0.9, 0.05)),
    ]


def _endpoints(providers: dict[str, SimulatedProvider]) -> list[dict[str, Any]]:
    to_vendor = {
        "enabled": True,
        "rules": [
            {"source_pattern": "claude-*", "target_model": "glm-5"},
            {"source_pattern": "gpt-*", "target_model": "glm-5"},
        ],
    }
    keys: dict[str, dict[str, Any]] = {
        "moody-relay": {"auth_type": "auth_token", "priority": 1, "client_type": "claude_code", "models": ["claude-*"]},
        "anthropic-official": {
            "auth_type": "api_key",
            "priority": 2,
            "client_type": "claude_code",
            "models": ["claude-*"],
        },
        "openai-official": {"auth_type": "api_key", "priority": 1, "client_type": "codex", "models": ["gpt-*"]},
        "chat-vendor": {"auth_type": "auth_token", "priority": 2, "model_rewrite": to_vendor},
        "slow-lab": {"auth_type": "auth_token", "priority": 2, "client_type": "openai"},
        "spare-relay": {"auth_type": "auth_token", "priority": 3, "models": ["claude-*", "gpt-*"]},
    }
    return [endpoint(providers[name], **more) for name, more in keys.items()]
