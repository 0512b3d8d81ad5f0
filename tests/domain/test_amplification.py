"""Ranking, trying and health together: what many client requests do to endpoints that are all down (testplan T27)."""

from __future__ import annotations

from collections import defaultdict

import pytest

from cccc.domain.answers import Audience
from cccc.domain.endpoint import ClientType, Endpoint, WireFormat
from cccc.domain.failover import BodyKind, Evidence, classify
from cccc.domain.health import Breaker, EndpointHealth, HealthPolicy, TurnObservation, availability, observe
from cccc.domain.ranking import LAST_RESORT_EVERY, EndpointFacts, Need, rank
from cccc.domain.trying import FULL_BUDGET, Ask, Attempt, Place, Trying, budget_after, next_step
from cccc.errors import ConnectCause, ConnectFailed, Phase, TimedOut

POLICY = HealthPolicy()
NEED = Need(WireFormat.ANTHROPIC, ClientType.CLAUDE_CODE, model="m")
NAMES = ("a", "b", "c")
POOL = [Endpoint(name, {WireFormat.ANTHROPIC: f"https://{name}"}, position=i) for i, name in enumerate(NAMES)]

DOWN = Evidence(error=ConnectFailed(ConnectCause.REFUSED, "refused"))
HANGS = Evidence(error=TimedOut(Phase.RESPONSE_HEADER, 60))


class Proxy:
    """The loop of the proxy without a socket: every endpoint gives the same answer to everything."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.now = 1_800_000_000.0
        self.health = {name: EndpointHealth() for name in NAMES}
        self.tokens = dict.fromkeys(NAMES, FULL_BUDGET)
        self.calls: dict[str, list[float]] = defaultdict(list)
        self.calls_while_open: list[float] = []
        self.last_resort_at = float("-inf")
        self.requests = 0

    def request(self) -> None:
        self.requests += 1
        facts = {name: EndpointFacts(availability(state, "m", self.now, POLICY)) for name, state in self.health.items()}
        ranking = rank(POOL, NEED, facts)
        order = [candidate.name for candidate in ranking.order]
        tokens = self.tokens
        if not order and ranking.last_resort and self.now - self.last_resort_at >= LAST_RESORT_EVERY:
            self.last_resort_at = self.now
            order = [ranking.last_resort.name]
            tokens = dict.fromkeys(order, 0.0)
        if not order:
            return
        trying = Trying(tuple(map(Place, order)), Audience.ANTHROPIC, budgets=dict(tokens))
        while isinstance(step := next_step(trying, now=self.now), Ask):
            self.call(step.endpoint)
            found = classify(self.evidence, now=self.now)
            self.tokens[step.endpoint] = budget_after(self.tokens[step.endpoint], ok=False)
            trying = trying.after(Attempt(step.endpoint, found, self.now, self.now + 0.1))
        for name in order:
            last = [one.classification for one in trying.attempts if one.endpoint == name]
            if last:
                seen = TurnObservation(f"req_{self.requests}", "m", last[-1])
                self.health[name] = observe(self.health[name], seen, self.now, POLICY)

    def call(self, name: str) -> None:
        if self.health[name].breaker is Breaker.CLOSED:
            self.calls[name].append(self.now)
        else:
            self.calls_while_open.append(self.now)


@pytest.mark.parametrize("posts", [3, 11, 30])
@pytest.mark.parametrize(
    "evidence",
    [
        DOWN,
        HANGS,
        Evidence(status=401, body_kind=BodyKind.JSON),
        Evidence(status=503, body_kind=BodyKind.JSON),
        Evidence(status=500, body_kind=BodyKind.JSON),
        Evidence(status=429, body_kind=BodyKind.JSON),
    ],
    ids=["down", "hangs", "401", "503", "500", "429"],
)
def test_a_clients_retries_do_not_multiply(evidence: Evidence, posts: int) -> None:
    proxy = Proxy(evidence)
    for _ in range(posts):
        proxy.request()
        proxy.now += 0.9
    assert all(len(calls) <= 4 for calls in proxy.calls.values())
    gaps = [b - a for a, b in zip(proxy.calls_while_open, proxy.calls_while_open[1:], strict=False)]
    assert all(gap >= LAST_RESORT_EVERY for gap in gaps)
