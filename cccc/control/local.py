"""Control over a runtime in this process: the one implementation; ``control.remote`` only carries it over HTTP."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio.to_thread

from cccc import __version__
from cccc.clock import Clock, SystemClock
from cccc.config import Loaded, load, load_text
from cccc.config.edit import edit_endpoint
from cccc.control.api import (
    ConfigProblem,
    ConfigView,
    EndpointAction,
    EndpointChanged,
    EndpointView,
    Events,
    Manual,
    Overview,
    Ranking,
    RequestFilter,
    RequestRecord,
    RequestSummary,
    StatsKey,
    StatsView,
)
from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.ranking import Need
from cccc.domain.tags import Tagged, tags
from cccc.errors import ConfigError, ControlError, NotRunning, UnknownEndpoint
from cccc.formats.registry import OTHERS
from cccc.http.transport import HttpTransport
from cccc.proxy.runtime import Runtime
from cccc.storage.store import Store

T = TypeVar("T")

_EVERYTHING = RequestFilter()

_USUAL: Mapping[ClientType, tuple[WireFormat, str]] = {
    ClientType.CLAUDE_CODE: (WireFormat.ANTHROPIC, "/v1/messages"),
    ClientType.CODEX: (WireFormat.OPENAI_RESPONSES, "/v1/responses"),
    ClientType.OPENAI: (WireFormat.OPENAI_CHAT, "/v1/chat/completions"),
    ClientType.GEMINI: (WireFormat.GEMINI, "/v1beta/models"),
}


class Local:
    """``Control`` over a runtime. Used from the runtime's own event loop.

    ``reload`` loads the configuration again; ``address`` is where the proxy listens, ``None`` where none runs here.
    """

    def __init__(self, runtime: Runtime, reload: Callable[[], Loaded], address: str | None = None) -> None:
        self._runtime = runtime
        self._reload = reload
        self.address = address

    async def overview(self) -> Overview:
        runtime, roster = self._runtime, self._runtime.context.roster
        return Overview(
            version=__version__,
            address=self.address,
            pid=os.getpid(),
            started=runtime.started,
            endpoints_total=len(roster.endpoints),
            endpoints_usable=roster.usable,
            in_flight=len(runtime.context.in_flight),
            requests_dropped_from_log=runtime.store.dropped,
            manual=roster.manual(),
            warnings=runtime.loaded.warnings,
        )

    async def endpoints(self) -> tuple[EndpointView, ...]:
        return self._runtime.context.roster.views()

    async def endpoint_action(self, name: str, action: EndpointAction, *, priority: int | None = None) -> EndpointView:
        roster = self._runtime.context.roster
        roster.member(name)
        match action:
            case EndpointAction.RESET:
                roster.reset(name)
                self._runtime.context.bus.publish(EndpointChanged(name))
            case EndpointAction.ENABLE:
                await self._edit(name, enabled=True)
            case EndpointAction.DISABLE:
                await self._edit(name, enabled=False)
            case EndpointAction.PRIORITY:
                await self._edit(name, priority=priority)
        try:
            return roster.view(name)
        except UnknownEndpoint:
            raise ControlError(f"endpoint {name!r} left the configuration meanwhile") from None

    async def _edit(self, name: str, *, enabled: bool | None = None, priority: int | None = None) -> None:
        path = self._runtime.loaded.path
        if path is None:
            raise ControlError("there is no configuration file to write to")
        await _in_thread(partial(edit_endpoint, path, name, enabled=enabled, priority=priority))
        self._runtime.apply(await _in_thread(self._reload))

    async def requests(
        self, wanted: RequestFilter = _EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> tuple[RequestSummary, ...]:
        return await _in_thread(partial(self._runtime.store.requests.list, wanted, limit=limit, after=after))

    async def request(self, request_id: str) -> RequestRecord:
        return await _in_thread(partial(self._runtime.store.requests.get, request_id))

    async def rank(self, client_type: ClientType, *, model: str | None = None, path: str | None = None) -> Ranking:
        wire_format, usual_path = _USUAL[client_type]
        context = self._runtime.context
        asked = Tagged(
            method="POST",
            path=path or usual_path,
            headers={},
            query={},
            body={"model": model} if model else {},
            model=model,
            last_user_text="",
            thinking_enabled=False,
            thinking_budget=None,
        )
        need = Need(
            wire_format=wire_format,
            client_type=client_type,
            action=Action.TURN,
            model=model,
            tags=tags(context.settings.taggers, asked),
            convertible=OTHERS[wire_format],
        )
        return context.roster.rank(need)

    async def stats(self, by: StatsKey, *, since: float) -> StatsView:
        return await _in_thread(partial(self._runtime.store.stats.view, by, since=since))

    async def config(self) -> ConfigView:
        loaded = self._runtime.loaded
        return ConfigView(
            path=str(loaded.path) if loaded.path else None,
            values=loaded.values,
            problems=tuple(ConfigProblem(warning, fatal=False) for warning in loaded.warnings),
        )

    async def config_check(self, text: str, *, toml: bool) -> tuple[ConfigProblem, ...]:
        try:
            loaded = load_text(text, toml=toml, name="config.toml" if toml else "config.yaml", environ=os.environ)
        except ConfigError as error:
            return tuple(ConfigProblem(problem, fatal=True) for problem in error.problems)
        return tuple(ConfigProblem(warning, fatal=False) for warning in loaded.warnings)

    async def use(
        self, endpoint: str | None, *, client_type: ClientType | None = None, seconds: float | None = None
    ) -> tuple[Manual, ...]:
        if self.address is None:
            raise NotRunning("no proxy is running that could use it (start one with: cccc --no-tui)")
        return self._runtime.context.roster.use(endpoint, client_type, seconds)

    async def stop(self) -> None:
        if self.address is None:
            raise NotRunning("no proxy is running")
        self._runtime.stop_requested.set()

    def events(self) -> Events:
        return self._runtime.context.bus.subscribe()


async def _in_thread(work: Callable[[], T]) -> T:
    """Reading the database or a file blocks for a moment; the loop carries other people's streams meanwhile."""
    return await anyio.to_thread.run_sync(work)


@asynccontextmanager
async def offline(
    state_dir: Path, config_path: Path | None, environ: Mapping[str, str], *, clock: Clock | None = None
) -> AsyncIterator[Local]:
    """Control without a proxy: from the database and the configuration of a state folder.

    Raises ``ConfigError`` and ``StorageError``.
    """
    clock = clock or SystemClock()
    reload = partial(load, config_path, environ=environ, options={})
    loaded = await _in_thread(reload)
    store = await _in_thread(partial(Store.open, state_dir, clock))
    try:
        transport = HttpTransport(clock)
        yield Local(Runtime(loaded, store, transport, clock), reload)
    finally:
        await _in_thread(store.close)
