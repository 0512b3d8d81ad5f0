"""Builds and owns everything that runs: settings, roster, connections, bus, store, background tasks.

A runtime that was opened but not started answers questions (ranking, log, statistics) from the database and the
configuration: that is how commands work without a running proxy.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

from cccc.clock import Clock
from cccc.config import Loaded
from cccc.config.settings import JsonFixingSettings
from cccc.control.api import NOTHING, EndpointChanged, RequestRecord, WhatIf, WhatIfs
from cccc.domain.endpoint import Action
from cccc.domain.redact import MASK, Redactor
from cccc.domain.secret import Secret
from cccc.errors import NotRunning
from cccc.http.messages import Request, Responder, Transport
from cccc.ir.codec import Codec
from cccc.proxy.bus import Bus
from cccc.proxy.context import Context, LiveSettings
from cccc.proxy.exchange import Exchange
from cccc.proxy.fallback import RecentVerdicts
from cccc.proxy.models import ModelList
from cccc.proxy.probe import Prober
from cccc.proxy.replaying import Nobody, asked_again
from cccc.proxy.roster import Roster
from cccc.proxy.targets import NO_REPAIR, Repair
from cccc.proxy.ticker import Ticker
from cccc.storage.policy import BodyLog, LogPolicy, RequestTypes
from cccc.storage.store import Store

_log = logging.getLogger(__name__)

IDLE_CHECK_S = 30.0
FULL_COPY_LIMIT = 64 * 1024 * 1024


class Runtime:
    """One proxy: its parts, and the few things that can be done to the whole."""

    def __init__(self, loaded: Loaded, store: Store, transport: Transport, clock: Clock) -> None:
        self.loaded = loaded
        self.store = store
        self.started: float | None = None
        self.stop_requested = anyio.Event()
        self.stop_at_once = anyio.Event()
        self._clock = clock
        self._tasks: TaskGroup | None = None
        roster = Roster(clock, store.learned)
        self.context = Context(
            clock=clock,
            instance=secrets.token_hex(8),
            transport=transport,
            roster=roster,
            bus=Bus(),
            redactor=Redactor(()),
            submit=store.submit,
            settings=LiveSettings(),
            verdicts=RecentVerdicts(clock),
        )
        self.models = ModelList(roster, transport, clock)
        self.apply(loaded)

    @property
    def log_policy(self) -> LogPolicy:
        """What the configuration in force wants logged."""
        logging = self.loaded.settings.logging
        return LogPolicy(
            request_types=RequestTypes(logging.log_request_types),
            request_body=BodyLog(logging.log_request_body),
            response_body=BodyLog(logging.log_response_body),
            exclude_paths=frozenset(logging.exclude_paths),
            retention_days=logging.retention_days,
            body_retention_days=logging.body_retention_days,
            max_size_mb=logging.max_size_mb,
        )

    def apply(self, loaded: Loaded) -> None:
        """Take a configuration, at start or while running; requests in flight go on with the old one."""
        settings = loaded.settings
        self.loaded = loaded
        self.context.settings = LiveSettings(
            max_attempts=settings.routing.max_attempts,
            gate_timeout=settings.routing.gate_timeout,
            taggers=loaded.taggers,
            request_copy_limit=_copy_limit(settings.logging.log_request_body),
            response_copy_limit=_copy_limit(settings.logging.log_response_body),
            repair=_repair(settings.validation.python_json_fixing),
        )
        self.context.redactor = Redactor(_secrets(loaded))
        self.store.configure(self.log_policy, self.context.redactor)
        self.context.roster.configure(
            loaded.endpoints,
            loaded.health_policy,
            auto_sort=settings.server.auto_sort_endpoints,
            sticky_sessions=settings.routing.sticky_sessions,
        )
        for endpoint in loaded.endpoints:
            self.context.bus.publish(EndpointChanged(endpoint.name))

    async def exchange(self, codec: Codec, action: Action, request: Request, responder: Responder) -> None:
        """Carry one client request through its life."""
        await Exchange(self.context, codec, action, request, responder).run()

    def replay(self, record: RequestRecord, endpoint: str | None) -> str:
        """Send a logged request once more, to one endpoint or to whoever comes first; returns the new request's id.

        It is on its way when this returns. Raises ``ControlError`` where it cannot be sent, and ``UnknownEndpoint``.
        """
        if self._tasks is None:
            raise NotRunning("no proxy is running that could send it (start one with: cccc --no-tui)")
        others: WhatIfs = NOTHING
        if endpoint is not None:
            wanted = self.context.roster.member(endpoint).endpoint.name
            names = [one.name for one in self.context.roster.endpoints]
            others = {name: WhatIf(down=True) for name in names if name != wanted}
        codec, action, request = asked_again(record)
        exchange = Exchange(self.context, codec, action, request, Nobody(), others)
        self._tasks.start_soon(_carried_out, exchange)
        return exchange.id

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The background tasks, while the block runs."""
        self.started = self._clock.now()
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(Ticker(self.context).run)
            tasks.start_soon(Prober(self.context.roster, self.context.transport).run)
            tasks.start_soon(self._close_idle_connections)
            try:
                yield
            finally:
                self._tasks = None
                tasks.cancel_scope.cancel()
                self.started = None

    async def _close_idle_connections(self) -> None:
        while True:
            await anyio.sleep(IDLE_CHECK_S)
            await self.context.transport.close_expired()


async def _carried_out(exchange: Exchange) -> None:
    """A bug in a request that is sent again must not end the proxy."""
    try:
        await exchange.run()
    except Exception as error:  # noqa: BLE001  (the last barrier: whatever it is, it is a bug)
        _log.error("a request that was sent again ended with a bug: %s", type(error).__name__)


def _copy_limit(policy: str) -> int:
    return 0 if policy == "none" else FULL_COPY_LIMIT


def _repair(settings: JsonFixingSettings) -> Repair:
    return Repair(frozenset(settings.target_tools), settings.max_attempts) if settings.enabled else NO_REPAIR


def _secrets(loaded: Loaded) -> list[Secret]:
    """Every value of the configuration that must not be seen: an endpoint may repeat what it was sent."""
    found = [endpoint.auth.secret for endpoint in loaded.endpoints]
    found += [endpoint.egress.password for endpoint in loaded.endpoints if endpoint.egress]
    if isinstance(loaded.auth_token, Secret):
        found.append(loaded.auth_token)
    nothing_known = Redactor()
    found += [
        Secret(value)
        for endpoint in loaded.endpoints
        for name, value in endpoint.header_overrides.items()
        if nothing_known.header_value(name, value) == MASK
    ]
    return [secret for secret in found if secret is not None and secret.reveal()]
