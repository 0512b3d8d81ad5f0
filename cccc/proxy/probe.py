"""Background probes: whether an endpoint whose breaker is open is there again (routing.md §5).

A probe asks for the list of models, which costs nothing, through the same connections and with the same key as a real
request. It proves no more than that somebody answers, and so it brings an endpoint no further than to half-open: the
rest is for a real request to show.
"""

from __future__ import annotations

import random

import anyio
from anyio.abc import TaskGroup

from cccc.errors import UpstreamError
from cccc.http.messages import Transport
from cccc.proxy.member import Member
from cccc.proxy.own_request import lists_models_as, model_list_request
from cccc.proxy.roster import Roster

LOOK_EVERY_S = 0.5


class Prober:
    """Probes open endpoints when their time has come, each one at most once at a time."""

    def __init__(self, roster: Roster, transport: Transport) -> None:
        self._roster = roster
        self._transport = transport
        self._under_way: set[str] = set()

    async def run(self) -> None:
        """Look until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                self.look(tasks)
                await anyio.sleep(LOOK_EVERY_S)

    def look(self, tasks: TaskGroup) -> None:
        """Start the probes that are due. An endpoint without a list of models waits for its breaker's own end."""
        for member in self._roster.due_for_probe():
            if member.endpoint.name not in self._under_way and lists_models_as(member.endpoint) is not None:
                self._under_way.add(member.endpoint.name)
                tasks.start_soon(self._probe, member)

    async def _probe(self, member: Member) -> None:
        opened = member.health.opened_at
        try:
            good = await self._answers(member)
            if member.health.opened_at == opened:
                self._roster.probed(member, good=good, jitter=random.random())  # noqa: S311  (spreads waits)
        finally:
            self._under_way.discard(member.endpoint.name)

    async def _answers(self, member: Member) -> bool:
        """Whether anything came back that is not a failure of the server or of the way to it."""
        endpoint = member.endpoint
        wire_format = lists_models_as(endpoint)
        if wire_format is None:
            return False
        seconds = endpoint.timeouts.health_check
        style = self._roster.learning.key_style(member.endpoint, wire_format)
        try:
            with anyio.fail_after(seconds):
                answer = await self._transport.open(
                    model_list_request(endpoint, wire_format, style, seconds=seconds, fresh=True)
                )
        except (UpstreamError, TimeoutError):
            return False
        with anyio.CancelScope(shield=True):
            await answer.aclose()
        return answer.status < 500
