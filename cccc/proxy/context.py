"""What every exchange stands on: the parts of the running proxy, and the settings in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cccc.clock import Clock
from cccc.control.api import RequestProgress, RequestRunning
from cccc.domain.record import RequestRecord
from cccc.domain.redact import Redactor
from cccc.domain.secret import Secret
from cccc.domain.tags import Tagger
from cccc.http.messages import Transport
from cccc.proxy.bus import Bus
from cccc.proxy.fallback import RecentVerdicts
from cccc.proxy.pulse import Pulse
from cccc.proxy.roster import Roster
from cccc.proxy.targets import NO_REPAIR, Repair
from cccc.proxy.watching import Watch


class InFlight(Protocol):
    """A running exchange, as those see it who look after all of them."""

    def needs_keep_alive(self, now: float, silence: float) -> bool:
        """Whether its client has heard nothing for ``silence`` seconds, or waits for the gate too long."""
        ...

    async def keep_alive(self) -> None:
        """Tell the client that we are still there. Raises ``ClientGone``."""
        ...

    def progress(self) -> RequestProgress | None:
        """How far its answer is; ``None`` before any endpoint was asked."""
        ...

    def running(self) -> RequestRunning | None:
        """How it began and how far it is; ``None`` before it is known what was asked."""
        ...

    def watch(self) -> Watch:
        """Everything that flows for it: what has happened already, and then what happens."""
        ...


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """The settings that an exchange reads; replaced whole when the configuration is reloaded.

    ``gate_timeout`` in seconds; ``…_copy_limit`` in bytes, 0 where the log keeps no body.
    """

    max_attempts: int = 6
    gate_timeout: float = 20.0
    taggers: tuple[Tagger, ...] = ()
    request_copy_limit: int = 0
    response_copy_limit: int = 0
    repair: Repair = NO_REPAIR


@dataclass(slots=True)
class Context:
    """The parts of one running proxy, for its exchanges.

    ``submit`` hands a finished record to the store and never blocks. ``instance`` is this process's id in the hop
    header. ``owner`` signs the prompts that the proxy answers itself (``domain.proof``); without it there are none.
    """

    clock: Clock
    instance: str
    transport: Transport
    roster: Roster
    bus: Bus
    redactor: Redactor
    submit: Callable[[RequestRecord], object]
    settings: LiveSettings
    verdicts: RecentVerdicts
    owner: Secret | None = None
    pulse: Pulse = field(default_factory=Pulse)
    in_flight: dict[str, InFlight] = field(default_factory=dict)
