"""One task that looks after all running requests: keep-alives for silent clients, progress for the screens.

One ticker for all is what makes a request cost no timer of its own.
"""

from __future__ import annotations

import anyio

from cccc.errors import ClientGone
from cccc.proxy.context import Context, InFlight

TICK_S = 0.25
KEEPALIVE_S = 10.0
"""Silence after which a client gets a keep-alive (resilience: Keepalive during long waits)."""


class Ticker:
    """Runs until cancelled."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._shown: dict[str, int] = {}

    async def run(self) -> None:
        """Tick four times a second."""
        async with anyio.create_task_group() as tasks:
            while True:
                await anyio.sleep(TICK_S)
                now = self._context.clock.monotonic()
                for exchange in tuple(self._context.in_flight.values()):
                    if exchange.needs_keep_alive(now, KEEPALIVE_S):
                        tasks.start_soon(_keep_alive, exchange)
                if self._context.bus.has_readers:
                    self._publish()

    def _publish(self) -> None:
        shown: dict[str, int] = {}
        for request_id, exchange in self._context.in_flight.items():
            progress = exchange.progress()
            if progress is None:
                continue
            shown[request_id] = progress.bytes_out
            if self._shown.get(request_id) != progress.bytes_out:
                self._context.bus.publish(progress)
        self._shown = shown


async def _keep_alive(exchange: InFlight) -> None:
    try:
        await exchange.keep_alive()
    except ClientGone:
        pass  # the exchange itself learns of it from its own write or from the listener
