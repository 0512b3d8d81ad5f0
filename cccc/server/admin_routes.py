"""The management API under ``/admin/api``: the control surface as JSON, behind the admin token.

Every route is one row: method, path, and a function from the request to what is answered. Reading of parameters and the
translation of our own exceptions into statuses happen once, here; the shapes are those of ``control.wire``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson

from cccc.clock import Clock
from cccc.control import filters, wire
from cccc.control.api import (
    NOTHING,
    ClientOptions,
    ClientType,
    ConfigChanges,
    Control,
    EndpointAction,
    Saved,
    Span,
    StatsKey,
    WhatIf,
    WhatIfs,
)
from cccc.domain.answers import Failure
from cccc.errors import BadRequest, CcccError, ControlError
from cccc.http.messages import Headers, Request, RequestHead, Responder
from cccc.server.replies import new_request_id
from cccc.server.routing import Guard, Handler, Refusal, Route

V = TypeVar("V")
E = TypeVar("E", bound=StrEnum)
Answer = Callable[[Request], Awaitable[Any]]

PREFIX = "/admin/api"

_LIMIT = 50
_LAST = 200
_STRIP = 30
_DIGITS = 18
_DAY = 86_400.0
_JSON = "application/json"
_EVENTS = "text/event-stream"

_STATUS: Mapping[Failure, int] = MappingProxyType(
    {
        Failure.WRONG_TOKEN: 401,
        Failure.FORBIDDEN_ORIGIN: 403,
        Failure.UNKNOWN_PATH: 404,
        Failure.UNKNOWN_METHOD: 405,
        Failure.TOO_LARGE: 413,
        Failure.BAD_ENCODING: 415,
        Failure.INTERNAL: 500,
        Failure.TOO_BUSY: 503,
        Failure.SHUTTING_DOWN: 503,
    }
)
"""Statuses of what the edge refuses before a handler runs; 400 for all else."""


def refuse(failure: Failure, message: str, head: RequestHead) -> Refusal:  # noqa: ARG001  (the signature of a Route)
    """A failure of the edge in the words of this API."""
    body = wire.dumps({"error": {"message": message, "type": failure.value}}).encode()
    return Refusal(_STATUS.get(failure, 400), _headers(_JSON), body)


def _headers(content_type: str) -> Headers:
    return Headers.of(
        [
            ("content-type", content_type),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-cccc-request-id", new_request_id()),
        ]
    )


def admin_routes(control: Control, clock: Clock) -> tuple[Route, ...]:
    """The rows under ``/admin/api``. ``clock`` is what lengths of time (``since=24h``) count back from."""
    admin = _Admin(control, clock)
    answers: tuple[tuple[str, str, Answer], ...] = (
        ("GET", "overview", admin.overview),
        ("GET", "endpoints", admin.endpoints),
        ("GET", "requests", admin.requests),
        ("GET", "requests/{id}", admin.request),
        ("GET", "endpoints/{name}/detail", admin.endpoint_detail),
        ("GET", "activity", admin.activity),
        ("GET", "stats", admin.stats),
        ("GET", "series", admin.series),
        ("GET", "rank", admin.rank),
        ("GET", "rank/moves", admin.moves),
        ("GET", "rank/ways_up", admin.ways_up),
        ("GET", "config", admin.config),
        ("GET", "config/form", admin.config_form),
        ("POST", "endpoints", admin.endpoint_add),
        ("POST", "endpoints/{name}", admin.endpoint_edit),
        ("POST", "endpoints/{name}/remove", admin.endpoint_remove),
        ("POST", "endpoints/{name}/probe", admin.probe_endpoint),
        ("POST", "requests/{id}/replay", admin.replay),
        ("GET", "presets", admin.presets),
        ("POST", "probe", admin.probe),
        ("GET", "clients", admin.clients),
        ("POST", "endpoints/{name}/{action}", admin.endpoint_action),
        ("POST", "config", admin.config_save),
        ("POST", "config/diff", admin.config_diff),
        ("POST", "config/undo", admin.config_undo),
        ("POST", "config/check", admin.config_check),
        ("POST", "import/plan", admin.import_plan),
        ("POST", "import/apply", admin.import_apply),
        ("POST", "clients/{client}/plan", admin.client_plan),
        ("POST", "clients/{client}/apply", admin.client_apply),
        ("POST", "clients/{client}/restore", admin.client_restore),
        ("POST", "clients/{client}/prove", admin.client_prove),
        ("POST", "use", admin.use),
        ("POST", "stop", admin.stop),
    )
    return (
        *(_route(method, path, _answering(answer)) for method, path, answer in answers),
        _route("GET", "events", admin.events),
        _route("GET", "requests/{id}/flow", admin.flow),
    )


def _route(method: str, path: str, handler: Handler) -> Route:
    return Route(method, f"{PREFIX}/{path}", handler, refuse, Guard.ADMIN, has_body=method == "POST")


def _answering(answer: Answer) -> Handler:
    """A handler that sends what ``answer`` returns, or the refusal that it raises."""

    async def handler(request: Request, responder: Responder) -> None:
        try:
            status, value = 200, await answer(request)
        except CcccError as error:
            status, value = wire.error_json(error)
        await _send(responder, status, value)

    return handler


async def _send(responder: Responder, status: int, value: Any) -> None:
    await responder.send(status, _headers(_JSON), wire.dumps(value).encode())


class _Admin:
    """One method for each row."""

    def __init__(self, control: Control, clock: Clock) -> None:
        self._control = control
        self._clock = clock

    async def overview(self, _: Request) -> Any:
        return wire.to_json(await self._control.overview())

    async def endpoints(self, _: Request) -> Any:
        return wire.to_json(await self._control.endpoints())

    async def requests(self, request: Request) -> Any:
        query = _Parameters.of_query(request)
        wanted = filters.parse(query.get("filter", str, ""), self._clock.now())
        rows = await self._control.requests(
            wanted, limit=query.get("limit", _count, _LIMIT), after=query.optional("after", _number)
        )
        return wire.to_json(rows)

    async def request(self, request: Request) -> Any:
        return wire.to_json(await self._control.request(request.fields["id"]))

    async def endpoint_detail(self, request: Request) -> Any:
        return wire.to_json(await self._control.endpoint_detail(request.fields["name"]))

    async def activity(self, request: Request) -> Any:
        minutes = _Parameters.of_query(request).get("minutes", _minutes, _STRIP)
        return wire.to_json(await self._control.activity(minutes))

    async def stats(self, request: Request) -> Any:
        query, now = _Parameters.of_query(request), self._clock.now()
        view = await self._control.stats(
            query.get("by", _one_of(StatsKey), StatsKey.ENDPOINT),
            since=query.get("since", lambda text: filters.moment(text, now), now - _DAY),
            client_type=query.optional("client", filters.client_type),
            endpoint=query.optional("endpoint", str),
        )
        return wire.to_json(view)

    async def series(self, request: Request) -> Any:
        query = _Parameters.of_query(request)
        view = await self._control.series(
            query.get("span", _one_of(Span), Span.HOUR),
            query.get("by", _one_of(StatsKey), StatsKey.ENDPOINT),
            client_type=query.optional("client", filters.client_type),
            endpoint=query.optional("endpoint", str),
        )
        return wire.to_json(view)

    async def rank(self, request: Request) -> Any:
        query = _Parameters.of_query(request)
        client_type = query.required("client", filters.client_type)
        model = query.optional("model", str)
        path, what_if = query.optional("path", str), query.get("what_if", _supposed, NOTHING)
        ranking = await self._control.rank(client_type, model=model, path=path, what_if=what_if)
        return wire.rank_json(ranking, client_type, model)

    async def moves(self, request: Request) -> Any:
        query = _Parameters.of_query(request)
        client_type, what_if = query.required("client", filters.client_type), query.get("what_if", _supposed, NOTHING)
        return wire.to_json(await self._control.moves(client_type, what_if, last=query.get("last", _count, _LAST)))

    async def ways_up(self, request: Request) -> Any:
        query = _Parameters.of_query(request)
        ways = await self._control.ways_up(
            query.required("endpoint", str),
            query.required("client", filters.client_type),
            model=query.optional("model", str),
            what_if=query.get("what_if", _supposed, NOTHING),
        )
        return wire.to_json(ways)

    async def config(self, _: Request) -> Any:
        return wire.to_json(await self._control.config())

    async def endpoint_action(self, request: Request) -> Any:
        body = _Parameters.of_body(request)
        action = _Parameters(request.fields).required("action", _one_of(EndpointAction))
        priority = body.required("priority", _whole) if action is EndpointAction.PRIORITY else None
        return wire.to_json(await self._control.endpoint_action(request.fields["name"], action, priority=priority))

    async def config_check(self, request: Request) -> Any:
        body = _Parameters.of_body(request)
        problems = await self._control.config_check(body.required("text", _text), toml=body.get("toml", _yes_no, False))
        return wire.to_json(problems)

    async def config_form(self, _: Request) -> Any:
        return wire.to_json(await self._control.config_form())

    async def config_diff(self, request: Request) -> Any:
        return wire.to_json(await self._control.config_diff(_Parameters.of_body(request).required("changes", _changes)))

    async def config_save(self, request: Request) -> Any:
        return wire.to_json(await self._control.config_save(_Parameters.of_body(request).required("changes", _changes)))

    async def config_undo(self, request: Request) -> Any:
        await self._control.config_undo(_Parameters.of_body(request).as_a(Saved))
        return {"undone": True}

    async def endpoint_add(self, request: Request) -> Any:
        draft = _Parameters.of_body(request).whole(wire.draft_from_json)
        return wire.to_json(await self._control.endpoint_add(draft))

    async def endpoint_edit(self, request: Request) -> Any:
        draft = _Parameters.of_body(request).whole(wire.draft_from_json)
        return wire.to_json(await self._control.endpoint_edit(request.fields["name"], draft))

    async def endpoint_remove(self, request: Request) -> Any:
        return wire.to_json(await self._control.endpoint_remove(request.fields["name"]))

    async def replay(self, request: Request) -> Any:
        endpoint = _Parameters.of_body(request).optional("endpoint", _text)
        return {"id": await self._control.replay(request.fields["id"], endpoint=endpoint)}

    async def presets(self, _: Request) -> Any:
        return wire.to_json(await self._control.presets())

    async def probe(self, request: Request) -> Any:
        body = _Parameters.of_body(request)
        return wire.to_json(
            await self._control.probe(body.whole(wire.draft_from_json), model=body.optional("model", _text))
        )

    async def probe_endpoint(self, request: Request) -> Any:
        model = _Parameters.of_body(request).optional("model", _text)
        return wire.to_json(await self._control.probe_endpoint(request.fields["name"], model=model))

    async def import_plan(self, request: Request) -> Any:
        path = _Parameters.of_body(request).optional("path", _text)
        return wire.to_json(await self._control.import_plan(path))

    async def import_apply(self, request: Request) -> Any:
        body = _Parameters.of_body(request)
        path, seen = body.optional("path", _text), body.optional("seen", _text)
        return wire.to_json(await self._control.import_apply(path, seen=seen))

    async def use(self, request: Request) -> Any:
        body = _Parameters.of_body(request)
        manual = await self._control.use(
            body.optional("endpoint", _text),
            client_type=body.optional("client_type", _one_of(ClientType)),
            seconds=body.optional("seconds", _length),
        )
        return wire.to_json(manual)

    async def clients(self, _: Request) -> Any:
        return wire.to_json(await self._control.clients())

    async def client_plan(self, request: Request) -> Any:
        options = _Parameters.of_body(request).as_a(ClientOptions)
        return wire.to_json(await self._control.client_plan(_client(request), options))

    async def client_apply(self, request: Request) -> Any:
        body = _Parameters.of_body(request)
        seen = body.optional("seen", _text)
        return wire.to_json(await self._control.client_apply(_client(request), body.as_a(ClientOptions), seen=seen))

    async def client_restore(self, request: Request) -> Any:
        keep_table = _Parameters.of_body(request).get("keep_table", _yes_no, False)
        return wire.to_json(await self._control.client_restore(_client(request), keep_table=keep_table))

    async def client_prove(self, request: Request) -> Any:
        return wire.to_json(await self._control.client_prove(_client(request)))

    async def stop(self, request: Request) -> Any:
        await self._control.stop(drain=_Parameters.of_body(request).get("drain", _yes_no, True))
        return {"stopping": True}

    async def events(self, _: Request, responder: Responder) -> None:
        """Server-sent events without an end. The listener cancels this when the client leaves or the proxy stops."""
        async with aclosing(self._control.events()) as events:
            await responder.start(200, _headers(_EVENTS))
            await responder.write(b": what happens from now on\n\n")
            async for event in events:
                await responder.write(_told(wire.event_to_json(event)))
            await responder.finish()

    async def flow(self, request: Request, responder: Responder) -> None:
        """Server-sent events up to the end of a request."""
        async with aclosing(self._control.watch(request.fields["id"])) as flow:
            try:
                piece = await anext(flow)
            except CcccError as error:
                await _send(responder, *wire.error_json(error))
                return
            await responder.start(200, _headers(_EVENTS), _told(wire.piece_to_json(piece)))
            async for piece in flow:
                await responder.write(_told(wire.piece_to_json(piece)))
            await responder.finish()


def _told(value: Any) -> bytes:
    return f"data: {wire.dumps(value)}\n\n".encode()


class _Parameters:
    """Named values of a request, read one by one. Raises ``BadRequest`` that names the parameter."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    @classmethod
    def of_query(cls, request: Request) -> _Parameters:
        return cls(dict(parse_qsl(request.head.query, keep_blank_values=True)))

    @classmethod
    def of_body(cls, request: Request) -> _Parameters:
        """The JSON object that a POST carries; nothing at all counts as an empty one."""
        try:
            values = orjson.loads(request.body or b"{}")
        except orjson.JSONDecodeError:
            raise BadRequest(400, "the body is not valid JSON") from None
        if not isinstance(values, dict):
            raise BadRequest(400, "the body is not a JSON object")
        return cls(values)

    def whole(self, read: Callable[[Any], V]) -> V:
        """All values as one thing."""
        try:
            return read(self._values)
        except ValueError as error:
            raise BadRequest(400, f"the body is {error}") from None

    def optional(self, name: str, read: Callable[[Any], V]) -> V | None:
        """The value, or ``None`` where it is absent or null."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            return read(value)
        except (TypeError, ValueError) as error:
            raise BadRequest(400, f"{name}: {error}") from None

    def get(self, name: str, read: Callable[[Any], V], default: V) -> V:
        value = self.optional(name, read)
        return default if value is None else value

    def as_a(self, kind: type[V]) -> V:
        """All of them as one value of ``control.api``; other names are left alone."""
        try:
            return wire.from_json(kind, dict(self._values))
        except ControlError:
            names = ", ".join(field for field in kind.__annotations__)
            raise BadRequest(400, f"the body is not as expected; it may hold {names}") from None

    def required(self, name: str, read: Callable[[Any], V]) -> V:
        value = self.optional(name, read)
        if value is None:
            raise BadRequest(400, f"{name}: is required")
        return value


def _changes(value: Any) -> ConfigChanges:
    texts = isinstance(value, dict) and all(text is None or isinstance(text, str) for text in value.values())
    if not isinstance(value, dict) or not texts:
        raise TypeError("expected an object: text or null by the key of a setting")
    return value


def _client(request: Request) -> ClientType:
    return _Parameters(request.fields).required("client", filters.client_type)


def _one_of(kind: type[E]) -> Callable[[Any], E]:
    """A reader of one of the values of ``kind``."""

    def read(value: Any) -> E:
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"expected one of {', '.join(kind)}") from None

    return read


def _number(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= _DIGITS):
        raise ValueError("expected a whole number, 0 or more")
    return int(value)


def _count(value: str) -> int:
    if not (number := _number(value)):
        raise ValueError("expected a whole number, 1 or more")
    return number


def _minutes(value: str) -> int:
    if (minutes := _count(value)) > _DAY / 60:
        raise ValueError("expected a day at most")
    return minutes


def _supposed(value: str) -> WhatIfs:
    found = orjson.loads(value)
    if not isinstance(found, dict):
        raise TypeError("expected an object: what is supposed by the endpoint's name")
    return {name: wire.given(WhatIf, one) for name, one in found.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("expected true or false")
    return value


def _length(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        raise TypeError("expected a number of seconds above 0")
    return float(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("expected a whole number")
    return value
