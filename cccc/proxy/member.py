"""One endpoint as it is right now: its configuration and everything about it that changes while the proxy runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from cccc.domain.endpoint import Endpoint
from cccc.domain.health import EndpointHealth, HealthPolicy
from cccc.domain.openings import Openings
from cccc.domain.response_time import ResponseTime
from cccc.domain.trying import FULL_BUDGET
from cccc.proxy.slots import Slots


@dataclass(slots=True)
class Member:
    """One endpoint and its live state."""

    endpoint: Endpoint
    health: EndpointHealth = field(default_factory=EndpointHealth)
    policy: HealthPolicy = field(default_factory=HealthPolicy)
    response_time: ResponseTime | None = None
    slots: Slots = field(default_factory=Slots)
    retry_tokens: float = FULL_BUDGET
    trials: int = 0
    """How many trials it has had while half-open: a request knows by it whether the trial under way is its own."""
    openings: Openings = field(default_factory=Openings)

    @property
    def in_flight(self) -> int:
        """Requests that are being answered here."""
        return self.slots.in_use
