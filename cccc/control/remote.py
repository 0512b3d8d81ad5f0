"""The control surface of a proxy in another process, over its admin API.

``connect`` finds the proxy of a state folder by the two files it leaves there (``control.statefiles``). httpx is fine
here: nothing of this is on a request's way. Environment proxies are ignored, so that the token cannot leave the
machine by ``HTTP_PROXY``.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from cccc.control import filters, statefiles, wire
from cccc.control.api import (
    NOTHING,
    ClientApplied,
    ClientOptions,
    ClientPlan,
    ClientRestored,
    ClientType,
    ClientView,
    ConfigChanges,
    ConfigDiff,
    ConfigForm,
    ConfigProblem,
    ConfigView,
    Control,
    EndpointAction,
    EndpointActivity,
    EndpointDetail,
    EndpointDraft,
    EndpointView,
    Event,
    FlowPiece,
    ImportPlan,
    Manual,
    Moves,
    Overview,
    Preset,
    ProbeReport,
    Proof,
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
from cccc.control.jsoncodec import time_text
from cccc.domain.secret import Secret
from cccc.errors import ControlError, NotRunning, UnknownRequest

T = TypeVar("T")

_ANSWERS_WITHIN = 10.0
_FILES_WITHIN = 30.0
_CLIENT_WITHIN = 60.0
"""A client may have to be started, which takes its time."""
_PROBED_WITHIN = 300.0
"""Seconds for a handful of requests to an endpoint, each of which has its own bound."""
_EVERYTHING = RequestFilter()
_USUAL_SETUP = ClientOptions()
_UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (an address to avoid, not to bind)


@asynccontextmanager
async def connect(state_dir: Path) -> AsyncIterator[Control]:
    """The running proxy of this state folder, proved to answer. Raises ``NotRunning`` and ``ControlError``."""
    async with connect_to(statefiles.running(state_dir).address, state_dir) as control:
        yield control


@asynccontextmanager
async def connect_to(address: str, state_dir: Path) -> AsyncIterator[Control]:
    """The proxy at an address, with the admin token of this state folder. Raises as ``connect`` does."""
    async with Remote(address, statefiles.admin_token(state_dir)) as control:
        await control.overview()
        yield control


class Remote:
    """``Control`` over HTTP. An async context manager that closes its connections."""

    def __init__(self, address: str, token: Secret, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._address = address
        self._client = httpx.AsyncClient(
            base_url=f"{_reachable(address)}/admin/api/",
            headers={"authorization": f"Bearer {token.reveal()}"},
            timeout=_ANSWERS_WITHIN,
            trust_env=False,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def overview(self) -> Overview:
        return replace(await self._get(Overview, "overview"), attached=True)

    async def endpoints(self) -> tuple[EndpointView, ...]:
        return await self._get(tuple[EndpointView, ...], "endpoints")

    async def endpoint_action(self, name: str, action: EndpointAction, *, priority: int | None = None) -> EndpointView:
        body = {} if priority is None else {"priority": priority}
        return await self._post(EndpointView, f"endpoints/{quote(name, safe='')}/{action.value}", body)

    async def requests(
        self, wanted: RequestFilter = _EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> tuple[RequestSummary, ...]:
        query = {"filter": filters.words(wanted), "limit": limit, "after": after}
        return await self._get(tuple[RequestSummary, ...], "requests", query)

    async def request(self, request_id: str) -> RequestRecord:
        if not request_id:  # would be the path of the list
            raise UnknownRequest(request_id)
        return await self._get(RequestRecord, f"requests/{quote(request_id, safe='')}")

    async def rank(
        self,
        client_type: ClientType,
        *,
        model: str | None = None,
        path: str | None = None,
        what_if: WhatIfs = NOTHING,
    ) -> Ranking:
        query = {"client": client_type.value, "model": model, "path": path, "what_if": _supposed(what_if)}
        return await self._get(Ranking, "rank", query)

    async def moves(self, client_type: ClientType, what_if: WhatIfs, *, last: int = 200) -> Moves:
        query = {"client": client_type.value, "what_if": _supposed(what_if), "last": last}
        return await self._get(Moves, "rank/moves", query)

    async def ways_up(
        self, name: str, client_type: ClientType, *, model: str | None = None, what_if: WhatIfs = NOTHING
    ) -> tuple[WayUp, ...]:
        query = {"endpoint": name, "client": client_type.value, "model": model, "what_if": _supposed(what_if)}
        return await self._get(tuple[WayUp, ...], "rank/ways_up", query)

    async def stats(
        self, by: StatsKey, *, since: float, client_type: ClientType | None = None, endpoint: str | None = None
    ) -> StatsView:
        query = {"by": by.value, "since": time_text(since), "client": client_type, "endpoint": endpoint}
        return await self._get(StatsView, "stats", query)

    async def series(
        self,
        span: Span,
        by: StatsKey = StatsKey.ENDPOINT,
        *,
        client_type: ClientType | None = None,
        endpoint: str | None = None,
    ) -> SeriesView:
        query = {"span": span.value, "by": by.value, "client": client_type, "endpoint": endpoint}
        return await self._get(SeriesView, "series", query)

    async def activity(self, minutes: int = 30) -> tuple[EndpointActivity, ...]:
        return await self._get(tuple[EndpointActivity, ...], "activity", {"minutes": minutes})

    async def endpoint_detail(self, name: str) -> EndpointDetail:
        return await self._get(EndpointDetail, f"endpoints/{quote(name, safe='')}/detail")

    async def save(self, request_id: str) -> bytes:
        return await bundle_of(self, request_id)

    async def replay(self, request_id: str, *, endpoint: str | None = None) -> str:
        if not request_id:
            raise UnknownRequest(request_id)
        said = await self._ask("POST", f"requests/{quote(request_id, safe='')}/replay", body={"endpoint": endpoint})
        return str(said["id"])

    async def config(self) -> ConfigView:
        return await self._get(ConfigView, "config")

    async def config_check(self, text: str, *, toml: bool) -> tuple[ConfigProblem, ...]:
        return await self._post(tuple[ConfigProblem, ...], "config/check", {"text": text, "toml": toml})

    async def config_form(self) -> ConfigForm:
        return await self._get(ConfigForm, "config/form")

    async def config_diff(self, changes: ConfigChanges) -> ConfigDiff:
        return await self._post(ConfigDiff, "config/diff", {"changes": dict(changes)})

    async def config_save(self, changes: ConfigChanges) -> Saved:
        return await self._post(Saved, "config", {"changes": dict(changes)})

    async def config_undo(self, saved: Saved) -> None:
        await self._ask("POST", "config/undo", body=wire.to_json(saved))

    async def endpoint_add(self, draft: EndpointDraft) -> Saved:
        return await self._post(Saved, "endpoints", wire.draft_json(draft))

    async def endpoint_edit(self, name: str, draft: EndpointDraft) -> Saved:
        return await self._post(Saved, f"endpoints/{quote(name, safe='')}", wire.draft_json(draft))

    async def endpoint_remove(self, name: str) -> Saved:
        return await self._post(Saved, f"endpoints/{quote(name, safe='')}/remove", {})

    async def import_plan(self, path: str | None = None) -> ImportPlan:
        return await self._post(ImportPlan, "import/plan", {"path": path}, within=_FILES_WITHIN)

    async def import_apply(self, path: str | None = None, *, seen: str | None = None) -> Saved:
        return await self._post(Saved, "import/apply", {"path": path, "seen": seen}, within=_FILES_WITHIN)

    async def presets(self) -> tuple[Preset, ...]:
        return await self._get(tuple[Preset, ...], "presets")

    async def probe(self, draft: EndpointDraft, *, model: str | None = None) -> ProbeReport:
        body = {**wire.draft_json(draft), "model": model}
        return await self._post(ProbeReport, "probe", body, within=_PROBED_WITHIN)

    async def probe_endpoint(self, name: str, *, model: str | None = None) -> ProbeReport:
        path = f"endpoints/{quote(name, safe='')}/probe"
        return await self._post(ProbeReport, path, {"model": model}, within=_PROBED_WITHIN)

    async def use(
        self, endpoint: str | None, *, client_type: ClientType | None = None, seconds: float | None = None
    ) -> tuple[Manual, ...]:
        body = {"endpoint": endpoint, "client_type": client_type, "seconds": seconds}
        return await self._post(tuple[Manual, ...], "use", body)

    async def clients(self) -> tuple[ClientView, ...]:
        return await self._get(tuple[ClientView, ...], "clients")

    async def client_plan(self, client: ClientType, options: ClientOptions = _USUAL_SETUP) -> ClientPlan:
        return await self._post(ClientPlan, f"clients/{client.value}/plan", wire.to_json(options))

    async def client_apply(
        self, client: ClientType, options: ClientOptions = _USUAL_SETUP, *, seen: str | None = None
    ) -> ClientApplied:
        body = {**wire.to_json(options), "seen": seen}
        return await self._post(ClientApplied, f"clients/{client.value}/apply", body, within=_FILES_WITHIN)

    async def client_restore(self, client: ClientType, *, keep_table: bool = False) -> ClientRestored:
        body = {"keep_table": keep_table}
        return await self._post(ClientRestored, f"clients/{client.value}/restore", body, within=_FILES_WITHIN)

    async def client_prove(self, client: ClientType) -> Proof:
        return await self._post(Proof, f"clients/{client.value}/prove", {}, within=_CLIENT_WITHIN)

    async def stop(self, *, drain: bool = True) -> None:
        await self._ask("POST", "stop", body={"drain": drain})

    async def events(self) -> AsyncGenerator[Event]:
        async with aclosing(self._told("events")) as told:
            async for value in told:
                if (event := wire.event_from_json(value)) is not None:
                    yield event

    async def watch(self, request_id: str) -> AsyncGenerator[FlowPiece]:
        if not request_id:
            raise UnknownRequest(request_id)
        async with aclosing(self._told(f"requests/{quote(request_id, safe='')}/flow")) as told:
            async for value in told:
                if (piece := wire.piece_from_json(value)) is not None:
                    yield piece

    async def _told(self, path: str) -> AsyncGenerator[Any]:
        """What the proxy tells without an end."""
        try:
            async with self._client.stream("GET", path, timeout=httpx.Timeout(_ANSWERS_WITHIN, read=None)) as answer:
                if answer.headers.get("content-type") != "text/event-stream":
                    await answer.aread()
                    self._read(answer)
                    raise ControlError(f"the proxy at {self._address} did not answer with events")
                # Lines are safe to split as httpx does: wire.dumps escapes every other character that ends a line.
                async for line in answer.aiter_lines():
                    if line.startswith("data: "):
                        yield json.loads(line.removeprefix("data: "))
        except httpx.HTTPError as error:
            raise self._translated(error) from None

    async def _get(self, wanted: type[T], path: str, query: Mapping[str, Any] | None = None) -> T:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return wire.from_json(wanted, await self._ask("GET", path, query=given))

    async def _post(self, wanted: type[T], path: str, body: Mapping[str, Any], *, within: float = _ANSWERS_WITHIN) -> T:
        return wire.from_json(wanted, await self._ask("POST", path, body=body, within=within))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        within: float = _ANSWERS_WITHIN,
    ) -> Any:
        try:
            answer = await self._client.request(method, path, params=query, json=body, timeout=within)
        except httpx.HTTPError as error:
            raise self._translated(error, within) from None
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Any:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise NotRunning(f"the proxy at {self._address} does not belong to this state folder (other admin token)")
        try:
            said = answer.json()
        except ValueError:
            raise NotRunning(f"what listens at {self._address} is not a proxy of this program") from None
        if answer.is_error:
            raise wire.error_from_json(said)
        return said

    def _translated(self, error: httpx.HTTPError, within: float = _ANSWERS_WITHIN) -> ControlError:
        if isinstance(error, httpx.ConnectError):
            return NotRunning(f"the proxy at {self._address} is not running any more (start one with: cccc --no-tui)")
        if isinstance(error, httpx.TimeoutException):
            return ControlError(f"the proxy at {self._address} does not answer within {within:g} s")
        return ControlError(f"the connection to the proxy at {self._address} broke")


def _supposed(what_if: WhatIfs) -> str | None:
    return wire.dumps(wire.to_json(what_if)) if what_if else None


def _reachable(address: str) -> str:
    """An address to listen on as one to connect to: every interface means the loopback one."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host not in _UNSPECIFIED:
        return address.rstrip("/")
    host = _UNSPECIFIED[host]
    netloc = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{netloc}:{parts.port}" if parts.port else netloc, "", "", ""))
