"""The model list: the union over enabled endpoints, and the names that rewriting rules make available."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from cccc.clock import Clock
from cccc.domain.endpoint import Endpoint
from cccc.errors import CcccError
from cccc.http.messages import Transport
from cccc.ir import json
from cccc.proxy.member import Member
from cccc.proxy.own_request import lists_models_as, model_list_request
from cccc.proxy.roster import Roster

KEPT_S = 300.0
"""How long a list is believed."""

PATIENCE_S = 5.0
"""How long one endpoint may take to list its models."""

LARGEST_LIST = 4 * 1024 * 1024

_WILDCARDS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class _List:
    endpoint: Endpoint
    names: tuple[str, ...]
    at: float


class ModelList:
    """Names of models that can be asked for, kept for five minutes."""

    def __init__(self, roster: Roster, transport: Transport, clock: Clock) -> None:
        self._roster = roster
        self._transport = transport
        self._clock = clock
        self._lists: dict[str, _List] = {}

    async def names(self) -> tuple[str, ...]:
        """All names, each once, in the order of the configuration.

        An endpoint that does not answer adds only what its configuration promises.
        """
        members = [self._roster.member(endpoint.name) for endpoint in self._roster.endpoints if endpoint.enabled]
        async with anyio.create_task_group() as tasks:
            for member in members:
                if not self._fresh(member.endpoint):
                    tasks.start_soon(self._ask, member)
        names: dict[str, None] = {}
        for member in members:
            names.update(dict.fromkeys(configured_names(member.endpoint)))
            names.update(dict.fromkeys(self._lists[member.endpoint.name].names))
        return tuple(names)

    def windows(self, names: tuple[str, ...]) -> dict[str, int]:
        """The context windows that the configuration knows of these models, the smallest where endpoints differ."""
        known: dict[str, int] = {}
        for endpoint in self._roster.endpoints:
            window = endpoint.context_window
            if not endpoint.enabled or window is None or endpoint.name not in self._lists:
                continue
            for name in {*configured_names(endpoint), *self._lists[endpoint.name].names}.intersection(names):
                known[name] = min(window, known.get(name, window))
        return known

    def _fresh(self, endpoint: Endpoint) -> bool:
        known = self._lists.get(endpoint.name)
        return known is not None and known.endpoint == endpoint and self._clock.monotonic() - known.at < KEPT_S

    async def _ask(self, member: Member) -> None:
        names: tuple[str, ...] = ()
        try:
            with anyio.move_on_after(PATIENCE_S):
                names = await self._listed(member)
        except CcccError:
            pass  # an endpoint without a list serves what its configuration names
        self._lists[member.endpoint.name] = _List(member.endpoint, names, self._clock.monotonic())

    async def _listed(self, member: Member) -> tuple[str, ...]:
        endpoint = member.endpoint
        wire_format = lists_models_as(endpoint)
        if wire_format is None:
            return ()
        style = self._roster.learning.key_style(member.endpoint, wire_format)
        answer = await self._transport.open(
            model_list_request(endpoint, wire_format, style, seconds=endpoint.timeouts.response_header)
        )
        try:
            body = bytearray()
            while (chunk := await answer.read()) and len(body) < LARGEST_LIST:
                body += chunk
            return model_names(bytes(body)) if answer.status == 200 else ()
        finally:
            with anyio.CancelScope(shield=True):
                await answer.aclose()


def model_names(body: bytes) -> tuple[str, ...]:
    """The ids in a model list of either vendor (``data[].id``); nothing for what is no such list."""
    entries = map(json.obj, json.items(json.obj(json.peek(body)).get("data")))
    return tuple(name for entry in entries if (name := json.text(entry.get("id"))) is not None)


def configured_names(endpoint: Endpoint) -> tuple[str, ...]:
    """Names that the configuration itself promises: ``models`` and rewriting sources without wildcards."""
    promised = (*endpoint.models, *(rule.pattern for rule in endpoint.model_rules))
    return tuple(name for name in promised if not _WILDCARDS & set(name))
