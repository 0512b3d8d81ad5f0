"""``Control`` over the fixed world, in memory: for whatever shows or carries the control surface."""

from __future__ import annotations

import difflib
import math
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from cccc.config.presets import PRESETS
from cccc.control.api import (
    NOTHING,
    Breaker,
    Bucket,
    ClientApplied,
    ClientOptions,
    ClientPlan,
    ClientRestored,
    ClientState,
    ClientType,
    ClientView,
    ConfigChanges,
    ConfigDiff,
    ConfigForm,
    ConfigProblem,
    ConfigView,
    ConversionCount,
    EndpointAction,
    EndpointActivity,
    EndpointChanged,
    EndpointDetail,
    EndpointDraft,
    EndpointView,
    ErrorCount,
    Event,
    Excluded,
    Figures,
    FlowPiece,
    ImportPlan,
    Manual,
    Minute,
    Moves,
    Outcome,
    Overview,
    Preset,
    ProbeReport,
    Proof,
    Ranking,
    RecentAttempt,
    RequestFilter,
    RequestFinished,
    RequestProgress,
    RequestRecord,
    RequestRunning,
    RequestStarted,
    RequestSummary,
    Saved,
    SeriesView,
    Span,
    Standing,
    StatsKey,
    StatsView,
    Verdict,
    WayUp,
    WhatIf,
    WhatIfs,
    WireFormat,
)
from cccc.control.bundle import bundle_of
from cccc.domain import whatif
from cccc.domain.redact import Redactor
from cccc.errors import ConfigError, ControlError, UnknownEndpoint, UnknownRequest
from cccc.proxy import watching
from tests.control import world

_EVERYTHING = RequestFilter()
_USUAL_SETUP = ClientOptions()
_FINE = {Verdict.OK, Verdict.OK_AFTER_FAILOVER, Verdict.CLIENT_GONE}


class FakeControl:
    """Keeps what is changed in plain attributes, so that tests can look."""

    def __init__(self, records: Sequence[RequestRecord] = world.RECORDS, *, now: float = world.NOW) -> None:
        self.now = now
        self.records = list(records)
        self.views = {view.name: view for view in world.ENDPOINTS}
        self.manual: tuple[Manual, ...] = ()
        self.stopped = False
        self.client_views = {view.client: view for view in world.CLIENTS}
        self.client_calls: list[tuple[str, ClientType, object]] = []
        self.drafts: list[EndpointDraft] = []
        self.importable = world.IMPORTABLE
        self.undone: list[Saved] = []
        self.removed: list[dict[str, EndpointView]] = []
        self.drained: bool | None = None
        self.ranked: list[tuple[ClientType, str | None, str | None]] = []
        self.listeners: list[MemoryObjectSendStream[Event]] = []
        self.running: dict[str, MemoryObjectReceiveStream[FlowPiece]] = {}
        self.in_flight: dict[str, RequestRunning] = {}

    def emit(self, event: Event) -> None:
        match event:
            case RequestStarted(id=request_id):
                self.in_flight[request_id] = RequestRunning(event, None)
            case RequestProgress(id=request_id) if request_id in self.in_flight:
                self.in_flight[request_id] = replace(self.in_flight[request_id], progress=event)
            case RequestFinished(record):
                self.in_flight.pop(record.id, None)
        for listener in self.listeners:
            listener.send_nowait(event)

    async def overview(self) -> Overview:
        return replace(world.OVERVIEW, manual=self.manual, running=tuple(self.in_flight.values()))

    async def endpoints(self) -> tuple[EndpointView, ...]:
        return tuple(self.views.values())

    async def endpoint_action(self, name: str, action: EndpointAction, *, priority: int | None = None) -> EndpointView:
        view = self._known(name)
        match action:
            case EndpointAction.ENABLE | EndpointAction.DISABLE:
                view = replace(view, enabled=action is EndpointAction.ENABLE)
            case EndpointAction.PRIORITY:
                assert priority is not None
                view = replace(view, priority=priority)
            case EndpointAction.RESET:
                view = replace(
                    view, health=Standing.HEALTHY, breaker=Breaker.CLOSED, cooldown_until=None, reason=None, causes=()
                )
        self.views[name] = view
        self.emit(EndpointChanged(name))
        return view

    async def requests(
        self, wanted: RequestFilter = _EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> tuple[RequestSummary, ...]:
        rows = [world.summary(record, seq) for seq, record in enumerate(self.records, 1)]
        fitting = [
            row
            for row, record in zip(rows, self.records, strict=True)
            if _fits(row, wanted) and _answered_by(record, wanted.endpoint) and (after is None or row.seq > after)
        ]
        return tuple(fitting[-limit:])

    async def request(self, request_id: str) -> RequestRecord:
        found = [record for record in self.records if record.id.startswith(request_id)]
        if len(found) != 1:
            raise UnknownRequest(request_id, ambiguous=len(found) > 1)
        return found[0]

    async def replay(self, request_id: str, *, endpoint: str | None = None) -> str:
        record = await self.request(request_id)
        if endpoint is not None:
            self._known(endpoint)
        if record.request_body is None:
            raise ControlError(f"the body of {record.id} was not kept")
        number = len(self.records) + 1
        again = replace(
            world.OK, id=f"req_01JZ8Q4T000000000000000R{number}", endpoint=endpoint or "alpha", ttft_ms=300.0
        )
        self.records.append(again)
        return again.id

    async def save(self, request_id: str) -> bytes:
        return await bundle_of(self, request_id)

    def runs(self, request_id: str) -> MemoryObjectSendStream[FlowPiece]:
        """Let this request run: what is sent into the stream flows for it, until that is closed."""
        send, self.running[request_id] = anyio.create_memory_object_stream[FlowPiece](math.inf)
        return send

    async def watch(self, request_id: str) -> AsyncGenerator[FlowPiece]:
        if request_id in self.running:
            with self.running.pop(request_id) as pieces:
                async for piece in pieces:
                    yield piece
            return
        async for piece in watching.flow_of(await self.request(request_id), Redactor()):
            yield piece

    async def rank(
        self,
        client_type: ClientType,
        *,
        model: str | None = None,
        path: str | None = None,
        what_if: WhatIfs = NOTHING,
    ) -> Ranking:
        self.ranked.append((client_type, model, path))
        for name in what_if:
            self._known(name)
        order = sorted(
            (
                replace(one, key=one.key._replace(priority=priority))
                if (priority := what_if.get(one.name, WhatIf()).priority) is not None
                else one
                for one in world.RANKING.order
                if not whatif.supposed_down(one.name, what_if)
            ),
            key=lambda one: one.key,
        )
        down = (
            Excluded(one.name, whatif.DOWN.reason or "", would_be=one.rank, key=one.key)
            for one in world.RANKING.order
            if whatif.supposed_down(one.name, what_if)
        )
        return replace(
            world.RANKING,
            order=tuple(replace(one, rank=place) for place, one in enumerate(order, 1)),
            excluded=(*down, *world.RANKING.excluded),
        )

    async def moves(self, client_type: ClientType, what_if: WhatIfs, *, last: int = 200) -> Moves:
        newest = [record for record in reversed(self.records) if record.client_type is client_type][:last]
        return whatif.moves(((one.id, one.time, one.ranking) for one in newest if one.ranking), what_if)

    async def ways_up(
        self, name: str, client_type: ClientType, *, model: str | None = None, what_if: WhatIfs = NOTHING
    ) -> tuple[WayUp, ...]:
        self._known(name)
        return (WayUp({"alpha": WhatIf(down=True)}, 1),) if name == "beta" else ()

    async def stats(
        self, by: StatsKey, *, since: float, client_type: ClientType | None = None, endpoint: str | None = None
    ) -> StatsView:
        groups = () if endpoint == "nobody" else world.STATS.groups
        return replace(world.STATS, by=by, since=since, groups=groups)

    async def series(
        self,
        span: Span,
        by: StatsKey = StatsKey.ENDPOINT,
        *,
        client_type: ClientType | None = None,
        endpoint: str | None = None,
    ) -> SeriesView:
        step = span.bucket_s
        count = round(span.seconds / step)
        since = (self.now // step + 1 - count) * step
        requests = len(self.records) if client_type is None else 1
        last = Bucket(since + (count - 1) * step, requests, parts={"alpha": requests})
        return SeriesView(
            span=span,
            by=by,
            since=since,
            until=self.now,
            buckets=(*(Bucket(since + at * step) for at in range(count - 1)), last),
            totals=Figures(requests=requests, failovers=1, recovered=1),
            before=Figures(),
            groups=world.STATS.groups,
            errors=(ErrorCount(Verdict.UPSTREAM_ERROR, Outcome.HEAD_TIMEOUT, None, 1),),
            conversions=(ConversionCount(WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, 1),),
        )

    async def activity(self, minutes: int = 30) -> tuple[EndpointActivity, ...]:
        return tuple(self._activity(name, minutes) for name in self.views)

    async def endpoint_detail(self, name: str) -> EndpointDetail:
        self._known(name)
        attempts = [
            RecentAttempt(
                request_id=record.id,
                time=attempt.started,
                outcome=attempt.outcome,
                status=attempt.status,
                model=attempt.model_sent,
                ttft_ms=attempt.ttft_ms,
                duration_ms=attempt.duration_ms,
                usage=record.usage if attempt is record.attempts[-1] else None,
                error=attempt.error,
                next_endpoint=None if attempt is record.attempts[-1] else record.attempts[-1].endpoint,
            )
            for record in self.records
            for attempt in record.attempts
            if attempt.endpoint == name
        ]
        return replace(world.DETAIL, activity=self._activity(name, 60), recent=tuple(reversed(attempts)))

    def _activity(self, name: str, minutes: int) -> EndpointActivity:
        first = (self.now // 60 + 1 - minutes) * 60
        strip = tuple(Minute(first + at * 60) for at in range(minutes))
        return EndpointActivity(name, strip, per_minute=0.4, ok_share=None, ttft_p50_ms=None)

    async def config(self) -> ConfigView:
        return world.CONFIG

    async def config_check(self, text: str, *, toml: bool) -> tuple[ConfigProblem, ...]:
        return () if text == "endpoints: []\n" else (ConfigProblem("config.yaml:1:1: not like this", fatal=True),)

    async def config_form(self) -> ConfigForm:
        return world.FORM

    async def config_diff(self, changes: ConfigChanges) -> ConfigDiff:
        wrong = changes.get("routing.max_attempts") == "0"
        return ConfigDiff(
            "--- config.yaml\n+++ config.yaml\n@@ -3,0 +4 @@\n+  max_attempts: 7\n",
            (ConfigProblem("too small", fatal=True),) if wrong else (),
            (),
        )

    async def config_save(self, changes: ConfigChanges) -> Saved:
        if changes.get("routing.max_attempts") == "0":
            raise ConfigError(["too small"])
        return world.SAVED

    async def config_undo(self, saved: Saved) -> None:
        self.undone.append(saved)
        if self.removed:
            self.views = self.removed.pop()

    async def endpoint_add(self, draft: EndpointDraft) -> Saved:
        if draft.name in self.views:
            raise ConfigError([f"{draft.name} is already the name of an endpoint"])
        self.removed.append(self.views)
        self.drafts.append(draft)
        self.views = self.views | {draft.name: replace(world.GAMMA, name=draft.name, enabled=True)}
        return world.SAVED

    async def endpoint_edit(self, name: str, draft: EndpointDraft) -> Saved:
        self._known(name)
        self.drafts.append(draft)
        self.views = {
            draft.name if known == name else known: replace(view, name=draft.name) if known == name else view
            for known, view in self.views.items()
        }
        return world.SAVED

    async def endpoint_remove(self, name: str) -> Saved:
        self._known(name)
        self.removed.append(self.views)
        self.views = {known: view for known, view in self.views.items() if known != name}
        return world.SAVED

    async def import_plan(self, path: str | None = None) -> ImportPlan:
        if path is not None:
            raise ConfigError([f"{path}: is in no format that can be imported"])
        return self.importable

    async def import_apply(self, path: str | None = None, *, seen: str | None = None) -> Saved:
        plan = await self.import_plan(path)
        if seen is not None and seen != plan.seen:
            raise ConfigError(["what would be imported is not what was shown"])
        if not plan.changes:
            raise ConfigError(["nothing was found that could be imported"])
        names = [one.endpoint for one in plan.found if one.endpoint is not None]
        self.removed.append(self.views)
        self.views = self.views | {name: replace(world.GAMMA, name=name, enabled=True) for name in names}
        return world.SAVED

    async def presets(self) -> tuple[Preset, ...]:
        return PRESETS

    async def probe(self, draft: EndpointDraft, *, model: str | None = None) -> ProbeReport:
        if not draft.urls:
            raise ConfigError(["endpoint: has no address"])
        return replace(world.PROBED, endpoint=draft.name)

    async def probe_endpoint(self, name: str, *, model: str | None = None) -> ProbeReport:
        return replace(world.PROBED, endpoint=self._known(name).name)

    async def use(
        self, endpoint: str | None, *, client_type: ClientType | None = None, seconds: float | None = None
    ) -> tuple[Manual, ...]:
        if endpoint is None:
            self.manual = ()
        else:
            until = None if seconds is None else self.now + seconds
            self.manual = (Manual(self._known(endpoint).name, client_type, until),)
        return self.manual

    async def clients(self) -> tuple[ClientView, ...]:
        return tuple(self.client_views.values())

    async def client_plan(self, client: ClientType, options: ClientOptions = _USUAL_SETUP) -> ClientPlan:
        self.client_calls.append(("plan", client, options))
        return world.client_plan(self._client(client), options)

    async def client_apply(
        self, client: ClientType, options: ClientOptions = _USUAL_SETUP, *, seen: str | None = None
    ) -> ClientApplied:
        self.client_calls.append(("apply", client, options))
        view = self._client(client)
        if seen is not None and seen != world.client_plan(view, options).seen:
            raise ConfigError([f"{view.files[0]}: is not as it was in the preview; nothing was written"])
        self.client_views[client] = replace(view, state=ClientState.THROUGH_CCCC, restorable=True)
        return ClientApplied(client, view.title, view.files, (), (), ())

    async def client_restore(self, client: ClientType, *, keep_table: bool = False) -> ClientRestored:
        self.client_calls.append(("restore", client, keep_table))
        view = self._client(client)
        self.client_views[client] = replace(view, state=ClientState.NOT_SET_UP, restorable=False)
        return ClientRestored(client, view.title, view.files if view.restorable else (), (), ())

    async def client_prove(self, client: ClientType) -> Proof:
        self.client_calls.append(("prove", client, None))
        view = self._client(client)
        self.client_views[client] = replace(view, proof=world.PROOF)
        return world.PROOF

    def _client(self, client: ClientType) -> ClientView:
        if client not in self.client_views:
            raise ConfigError([f"{client.value} is no client that can be set up"])
        return self.client_views[client]

    async def stop(self, *, drain: bool = True) -> None:
        self.stopped = True
        self.drained = drain

    def events(self) -> FakeEvents:
        return FakeEvents(self.listeners)

    def _known(self, name: str) -> EndpointView:
        if name not in self.views:
            nearest = difflib.get_close_matches(name, self.views, n=1)
            raise UnknownEndpoint(name, nearest[0] if nearest else None)
        return self.views[name]


class FakeEvents:
    """What happens from the moment this was made, as the bus gives it: closed also where nobody ever read."""

    def __init__(self, listeners: list[MemoryObjectSendStream[Event]]) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[Event](100)
        self._listeners = listeners
        listeners.append(self._send)

    def __aiter__(self) -> FakeEvents:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self._receive.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        if self._send in self._listeners:
            self._listeners.remove(self._send)
        self._send.close()
        self._receive.close()


def _answered_by(record: RequestRecord, endpoint: str | None) -> bool:
    """Where no endpoint's answer was delivered, every one that was asked counts."""
    names = [record.endpoint] if record.endpoint else [attempt.endpoint for attempt in record.attempts]
    return endpoint is None or endpoint in names


def _fits(row: RequestSummary, wanted: RequestFilter) -> bool:
    return (
        (not wanted.failed or row.verdict not in _FINE)
        and (wanted.client_type in (None, row.client_type))
        and (wanted.verdict in (None, row.verdict))
        and (wanted.status_min is None or row.status >= wanted.status_min)
        and (wanted.since is None or row.time >= wanted.since)
    )
