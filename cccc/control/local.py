"""Control over a runtime in this process: the one implementation; ``control.remote`` only carries it over HTTP."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio.to_thread

from cccc import __version__
from cccc.clients.plan import Target
from cccc.clock import Clock, SystemClock
from cccc.config import Loaded, form, load, load_text
from cccc.config import changes as file_changes
from cccc.config.edit import edit_endpoint
from cccc.config.paths import default_config
from cccc.config.presets import PRESETS
from cccc.control.api import (
    NOTHING,
    ClientApplied,
    ClientOptions,
    ClientPlan,
    ClientRestored,
    ClientView,
    ConfigChanges,
    ConfigDiff,
    ConfigForm,
    ConfigProblem,
    ConfigView,
    EndpointAction,
    EndpointActivity,
    EndpointChanged,
    EndpointDetail,
    EndpointDraft,
    EndpointView,
    Events,
    Flow,
    FlowPiece,
    ImportPlan,
    Manual,
    Moves,
    Overview,
    Preset,
    ProbeReport,
    Proof,
    ProofState,
    Ranking,
    RequestFilter,
    RequestRecord,
    RequestSummary,
    Saved,
    SeriesView,
    Span,
    StatsKey,
    StatsView,
    WayUp,
    WhatIfs,
)
from cccc.control.bundle import bundle_of
from cccc.domain import whatif
from cccc.domain.endpoint import Action, AuthStyle, ClientType, Endpoint, WireFormat
from cccc.domain.ranking import Need
from cccc.domain.tags import Tagged, tags
from cccc.errors import ConfigError, ControlError, NotRunning, UnknownEndpoint
from cccc.formats.registry import OTHERS
from cccc.http.transport import HttpTransport
from cccc.proxy import closeup, watching
from cccc.proxy.examination import Examination
from cccc.proxy.runtime import Runtime
from cccc.setup import importing
from cccc.setup.machine import Machine
from cccc.setup.service import ClientFiles
from cccc.setup.targets import NOWHERE, target
from cccc.storage.store import Store

T = TypeVar("T")

_EVERYTHING = RequestFilter()
_USUAL_SETUP = ClientOptions()

_USUAL: Mapping[ClientType, tuple[WireFormat, str]] = {
    ClientType.CLAUDE_CODE: (WireFormat.ANTHROPIC, "/v1/messages"),
    ClientType.CODEX: (WireFormat.OPENAI_RESPONSES, "/v1/responses"),
    ClientType.OPENAI: (WireFormat.OPENAI_CHAT, "/v1/chat/completions"),
    ClientType.GEMINI: (WireFormat.GEMINI, "/v1beta/models"),
}


class Local:
    """``Control`` over a runtime. Used from the runtime's own event loop.

    ``reload`` loads the configuration again; ``address`` is where the proxy listens, ``None`` where none runs here.
    ``client_files`` are the programs of this machine, ``None`` where they are none of this proxy's business.
    """

    def __init__(
        self,
        runtime: Runtime,
        reload: Callable[[], Loaded],
        address: str | None = None,
        *,
        client_files: ClientFiles | None = None,
    ) -> None:
        self._runtime = runtime
        self._reload = reload
        self._client_files = client_files
        self.address = address

    async def overview(self) -> Overview:
        runtime, roster = self._runtime, self._runtime.context.roster
        now = runtime.context.clock.steady()
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
            per_minute=runtime.context.pulse.per_minute(now),
            error_share=runtime.context.pulse.error_share(now),
            running=tuple(filter(None, (exchange.running() for exchange in runtime.context.in_flight.values()))),
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
            raise _left(name) from None

    async def _edit(self, name: str, *, enabled: bool | None = None, priority: int | None = None) -> None:
        path = self._runtime.loaded.path
        if path is None:
            raise ControlError("there is no configuration file to write to")
        await _in_thread(partial(edit_endpoint, path, name, enabled=enabled, priority=priority))
        await self._reloaded()

    async def requests(
        self, wanted: RequestFilter = _EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> tuple[RequestSummary, ...]:
        return await _in_thread(partial(self._runtime.store.requests.list, wanted, limit=limit, after=after))

    async def request(self, request_id: str) -> RequestRecord:
        return await _in_thread(partial(self._runtime.store.requests.get, request_id))

    async def replay(self, request_id: str, *, endpoint: str | None = None) -> str:
        return self._runtime.replay(await self.request(request_id), endpoint)

    async def save(self, request_id: str) -> bytes:
        return await bundle_of(self, request_id)

    def watch(self, request_id: str) -> Flow:
        exchange = self._runtime.context.in_flight.get(request_id)
        return self._read_back(request_id) if exchange is None else exchange.watch()

    async def _read_back(self, request_id: str) -> AsyncGenerator[FlowPiece]:
        record = await self.request(request_id)
        async with aclosing(watching.flow_of(record, self._runtime.context.redactor)) as pieces:
            async for piece in pieces:
                yield piece

    async def rank(
        self,
        client_type: ClientType,
        *,
        model: str | None = None,
        path: str | None = None,
        what_if: WhatIfs = NOTHING,
    ) -> Ranking:
        roster = self._runtime.context.roster
        for name in what_if:
            roster.member(name)
        return roster.rank(self._need(client_type, model, path), what_if=what_if)

    def _need(self, client_type: ClientType, model: str | None, path: str | None) -> Need:
        """What a turn of such a client asks of an endpoint."""
        wire_format, usual_path = _USUAL[client_type]
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
        return Need(
            wire_format=wire_format,
            client_type=client_type,
            action=Action.TURN,
            model=model,
            tags=tags(self._runtime.context.settings.taggers, asked),
            convertible=OTHERS[wire_format],
        )

    async def moves(self, client_type: ClientType, what_if: WhatIfs, *, last: int = 200) -> Moves:
        rankings = partial(self._runtime.store.requests.rankings, client_type, limit=last)
        return await _in_thread(lambda: whatif.moves(rankings(), what_if))

    async def ways_up(
        self, name: str, client_type: ClientType, *, model: str | None = None, what_if: WhatIfs = NOTHING
    ) -> tuple[WayUp, ...]:
        roster = self._runtime.context.roster
        roster.member(name)
        need = self._need(client_type, model, None)
        return whatif.ways_up(name, lambda supposed: roster.rank(need, what_if=supposed), what_if)

    async def stats(
        self, by: StatsKey, *, since: float, client_type: ClientType | None = None, endpoint: str | None = None
    ) -> StatsView:
        view = partial(self._runtime.store.stats.view, by, since=since, client_type=client_type, endpoint=endpoint)
        return await _in_thread(view)

    async def series(
        self,
        span: Span,
        by: StatsKey = StatsKey.ENDPOINT,
        *,
        client_type: ClientType | None = None,
        endpoint: str | None = None,
    ) -> SeriesView:
        stats, now = self._runtime.store.stats, self._runtime.context.clock.now()
        return await _in_thread(partial(stats.series, span, by, now=now, client_type=client_type, endpoint=endpoint))

    async def activity(self, minutes: int = 30) -> tuple[EndpointActivity, ...]:
        names = [endpoint.name for endpoint in self._runtime.context.roster.endpoints]
        return await self._activity(names, minutes)

    async def endpoint_detail(self, name: str) -> EndpointDetail:
        roster, now = self._runtime.context.roster, self._runtime.context.clock.now()
        roster.member(name)
        closely = await _in_thread(partial(self._runtime.store.activity.closely, name, now=now))
        for recent in await self._activity([name], closeup.DETAIL_MINUTES):
            return closeup.detail(roster, recent, closely)
        raise _left(name)

    async def _activity(self, names: Sequence[str], minutes: int) -> tuple[EndpointActivity, ...]:
        roster, now = self._runtime.context.roster, self._runtime.context.clock.now()
        since = closeup.first_minute(now, minutes)
        lately = await _in_thread(partial(self._runtime.store.activity.lately, names, since=since, now=now))
        left = {endpoint.name for endpoint in roster.endpoints}  # the configuration may have changed meanwhile
        return tuple(
            closeup.activity(roster, name, lately[name], minutes=minutes, now=now) for name in names if name in left
        )

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

    async def config_form(self) -> ConfigForm:
        return form.form(self._runtime.loaded)

    async def config_diff(self, changes: ConfigChanges) -> ConfigDiff:
        return await _in_thread(partial(file_changes.preview, self._file, changes, os.environ))

    async def config_save(self, changes: ConfigChanges) -> Saved:
        return await self._changed(partial(file_changes.save, self._file, changes, os.environ))

    async def config_undo(self, saved: Saved) -> None:
        if saved.path != str(self._file):
            raise ControlError(f"{saved.path} is not the configuration file in use; nothing was undone")
        await _in_thread(partial(file_changes.undo, saved))
        await self._reloaded()

    async def endpoint_add(self, draft: EndpointDraft) -> Saved:
        return await self._changed(partial(file_changes.add_endpoint, self._file, draft, os.environ))

    async def endpoint_edit(self, name: str, draft: EndpointDraft) -> Saved:
        return await self._changed(partial(file_changes.edit_endpoint, self._file, name, draft, os.environ))

    async def endpoint_remove(self, name: str) -> Saved:
        return await self._changed(partial(file_changes.remove_endpoint, self._file, name, os.environ))

    async def import_plan(self, path: str | None = None) -> ImportPlan:
        machine, loaded, here = self._clients.machine, self._runtime.loaded, await self._here()
        return await _in_thread(partial(importing.plan, machine, loaded, self._file, here, path))

    async def import_apply(self, path: str | None = None, *, seen: str | None = None) -> Saved:
        machine, loaded, here = self._clients.machine, self._runtime.loaded, await self._here()
        return await self._changed(partial(importing.apply, machine, loaded, self._file, here, path, seen))

    async def _here(self) -> str:
        """The address that clients are given."""
        return (await self._target(_USUAL_SETUP, default=NOWHERE)).url

    async def presets(self) -> tuple[Preset, ...]:
        return PRESETS

    async def probe(self, draft: EndpointDraft, *, model: str | None = None) -> ProbeReport:
        folder = self._file.absolute().parent
        endpoint = await _in_thread(partial(file_changes.endpoint_of, draft, folder, os.environ))
        return await self._examined(endpoint, {}, model)

    async def probe_endpoint(self, name: str, *, model: str | None = None) -> ProbeReport:
        roster = self._runtime.context.roster
        member = roster.member(name)
        styles = {one: roster.learning.key_style(member.endpoint, one) for one in member.endpoint.urls}
        return await self._examined(roster.known(member, None), styles, model)

    async def _examined(
        self, endpoint: Endpoint, styles: Mapping[WireFormat, AuthStyle], model: str | None
    ) -> ProbeReport:
        context = self._runtime.context
        return await Examination(endpoint, context.transport, context.clock, context.instance, styles, model).run()

    @property
    def _file(self) -> Path:
        """The user's file: the one in use, else the one that is made where there is none."""
        return self._runtime.loaded.path or default_config()

    async def _changed(self, change: Callable[[], Saved]) -> Saved:
        saved = await _in_thread(change)
        await self._reloaded()
        return saved

    async def _reloaded(self) -> None:
        self._runtime.apply(await _in_thread(self._reload))

    async def use(
        self, endpoint: str | None, *, client_type: ClientType | None = None, seconds: float | None = None
    ) -> tuple[Manual, ...]:
        if self.address is None:
            raise NotRunning("no proxy is running that could use it (start one with: cccc --no-tui)")
        return self._runtime.context.roster.use(endpoint, client_type, seconds)

    async def clients(self) -> tuple[ClientView, ...]:
        wanted = await self._target(_USUAL_SETUP, default=NOWHERE)
        views = await _in_thread(partial(self._clients.views, wanted))
        return tuple([await self._with_first_request(view) for view in views])

    async def client_plan(self, client: ClientType, options: ClientOptions = _USUAL_SETUP) -> ClientPlan:
        return await _in_thread(partial(self._clients.plan, client, await self._target(options)))

    async def client_apply(
        self, client: ClientType, options: ClientOptions = _USUAL_SETUP, *, seen: str | None = None
    ) -> ClientApplied:
        return await _in_thread(partial(self._clients.apply, client, await self._target(options), seen=seen))

    async def client_restore(self, client: ClientType, *, keep_table: bool = False) -> ClientRestored:
        return await _in_thread(partial(self._clients.restore, client, keep_table=keep_table))

    async def client_prove(self, client: ClientType) -> Proof:
        return await _in_thread(partial(self._clients.prove, client))

    @property
    def _clients(self) -> ClientFiles:
        if self._client_files is None:
            raise ControlError("this proxy leaves the files of clients alone")
        return self._client_files

    async def _target(self, options: ClientOptions, *, default: str | None = None) -> Target:
        loaded, state_dir = self._runtime.loaded, self._clients.state_dir
        return await _in_thread(partial(target, loaded, state_dir, options, self.address, default=default))

    async def _with_first_request(self, view: ClientView) -> ClientView:
        """A proof that was left open is given by the first request that came since."""
        proof = view.proof
        if proof is None or proof.state is ProofState.PROVED:
            return view
        since = RequestFilter(client_type=view.client, since=proof.time)
        rows = await self.requests(since, limit=1)
        if not rows:
            return view
        return replace(view, proof=Proof(ProofState.PROVED, "a request of it has arrived since", rows[-1].time))

    async def stop(self, *, drain: bool = True) -> None:
        if self.address is None:
            raise NotRunning("no proxy is running")
        self._runtime.stop_requested.set()
        if not drain:
            self._runtime.stop_at_once.set()

    def events(self) -> Events:
        return self._runtime.context.bus.subscribe()


def _left(name: str) -> ControlError:
    return ControlError(f"endpoint {name!r} left the configuration meanwhile")


async def _in_thread(work: Callable[[], T]) -> T:
    """Reading the database or a file blocks for a moment; the loop carries other people's streams meanwhile."""
    return await anyio.to_thread.run_sync(work)


@asynccontextmanager
async def offline(
    state_dir: Path,
    config_path: Path | None,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    machine: Machine | None = None,
) -> AsyncIterator[Local]:
    """Control without a proxy: from the database and the configuration of a state folder.

    ``machine`` is where the clients' files are; without one they are left alone.

    Raises ``ConfigError`` and ``StorageError``.
    """
    clock = clock or SystemClock()
    reload = partial(load, config_path, environ=environ, options={})
    loaded = await _in_thread(reload)
    store = await _in_thread(partial(Store.open, state_dir, clock))
    try:
        transport = HttpTransport(clock)
        client_files = None if machine is None else ClientFiles(state_dir, machine, clock)
        yield Local(Runtime(loaded, store, transport, clock), reload, client_files=client_files)
    finally:
        await _in_thread(store.close)
