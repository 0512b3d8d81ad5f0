"""The route table that the tests of this room share, and heads to try on it."""

from __future__ import annotations

from collections.abc import Iterable

from cccc.domain.answers import Failure
from cccc.http.messages import Headers, Request, RequestHead, Responder
from cccc.server.routing import Guard, Handler, Refusal, Route

STATUS = {
    Failure.WRONG_TOKEN: 401,
    Failure.FORBIDDEN_ORIGIN: 403,
    Failure.UNKNOWN_PATH: 404,
    Failure.UNKNOWN_METHOD: 405,
    Failure.WEBSOCKET: 426,
    Failure.BAD_ENCODING: 415,
    Failure.TOO_LARGE: 413,
    Failure.SHUTTING_DOWN: 503,
    Failure.TOO_BUSY: 503,
    Failure.INTERNAL: 500,
}


def refuse(failure: Failure, message: str, head: RequestHead) -> Refusal:
    """Stands for a wire format's own words."""
    headers = Headers.of([("content-type", "text/plain"), ("x-cccc-error", failure.value)])
    return Refusal(STATUS[failure], headers, f"{failure.value}: {message}".encode())


async def echo(request: Request, responder: Responder) -> None:
    """Answers with the body it got."""
    await responder.send(200, Headers.of([("content-type", "application/json")]), request.body)


async def named(request: Request, responder: Responder) -> None:
    """Answers with the values of the route's template."""
    await responder.send(200, Headers(), ",".join(request.fields.values()).encode())


def routes(turn: Handler = echo) -> tuple[Route, ...]:
    """The shape of the real table: a turn, a model list, the management surface, an open page."""
    return (
        Route("POST", "/v1/messages", turn, refuse, Guard.PROXY, has_body=True),
        Route("POST", "/v1/responses", turn, refuse, Guard.PROXY, has_body=True),
        Route("GET", "/v1/models", named, refuse),
        Route("GET", "/v1/models/{id:path}", named, refuse),
        Route("GET", "/admin/api/overview", named, refuse, Guard.ADMIN),
        Route("POST", "/admin/api/endpoints/{name}/{action}", named, refuse, Guard.ADMIN, has_body=True),
        Route("GET", "/health", named, refuse, Guard.NONE),
    )


JSON = [("content-type", "application/json"), ("content-length", "2")]


def head(
    method: str = "POST",
    target: str = "/v1/messages?beta=true",
    fields: Iterable[tuple[str, str]] = JSON,
    *,
    host: str | None = "127.0.0.1:8080",
) -> RequestHead:
    """A parsed head; ``host=None`` leaves the field out."""
    path, _, query = target.partition("?")
    given = [] if host is None else [("host", host)]
    return RequestHead(method, target, path, query, Headers.of([*given, *fields]))
