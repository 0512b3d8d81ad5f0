"""The paths that clients use: every wire format adds its own, and a few are common to all."""

from __future__ import annotations

from functools import partial

import orjson

from cccc import __version__
from cccc.domain.answers import Failure, answer
from cccc.domain.client import detect
from cccc.domain.endpoint import Action
from cccc.formats.registry import CODECS
from cccc.http.messages import Headers, Request, RequestHead, Responder
from cccc.ir.codec import Codec
from cccc.proxy.ids import request_id
from cccc.proxy.own_answers import answer_headers
from cccc.proxy.runtime import Runtime
from cccc.server.routing import Guard, Refusal, Route


def proxy_routes(runtime: Runtime) -> tuple[Route, ...]:
    """The table of the proxy's own paths."""
    routes: list[Route] = []
    for codec in CODECS.values():
        for path, action in codec.paths.items():
            routes.append(
                Route(
                    "POST",
                    path,
                    partial(runtime.exchange, codec, action),
                    partial(_refuse, runtime, codec, action),
                    has_body=True,
                )
            )
    models = partial(_models, runtime)
    refuse = partial(_refuse, runtime, None, Action.MODELS)
    routes += [Route("GET", path, models, refuse) for path in ("/models", "/v1/models", "/v1/models/{id:path}")]
    routes.append(Route("GET", "/health", partial(_health, runtime), refuse, guard=Guard.NONE))
    return tuple(routes)


def _json(runtime: Runtime) -> Headers:
    """The header fields of an answer that no endpoint gave."""
    name = request_id(runtime.context.clock.now()).encode("ascii")
    return Headers([(b"content-type", b"application/json"), (b"x-cccc-request-id", name)])


def _codec(codec: Codec | None, head: RequestHead) -> Codec:
    return codec or CODECS[detect(None, Action.MODELS, dict(head.headers)).wire_format]


def _refuse(
    runtime: Runtime, codec: Codec | None, action: Action, failure: Failure, message: str, head: RequestHead
) -> Refusal:
    """Put a failure of the edge into the words of the client that calls this path."""
    client = detect(codec.wire_format if codec else None, action, dict(head.headers))
    said = answer(failure, client.audience, message, request_id=request_id(runtime.context.clock.now()))
    codec = _codec(codec, head)
    return Refusal(said.status, answer_headers(said, codec.wire_format), codec.error_body(said), said.close)


async def _models(runtime: Runtime, request: Request, responder: Responder) -> None:
    """The model list in the client's format, or one entry of it."""
    headers = dict(request.head.headers)
    client = detect(None, Action.MODELS, headers)
    codec = CODECS[client.wire_format]
    names = await runtime.models.names()
    wanted = request.fields.get("id")
    if wanted is None:
        await responder.send(200, _json(runtime), codec.models_body(names, runtime.models.windows(names)))
    elif wanted in names:
        await responder.send(200, _json(runtime), codec.model_body(wanted))
    else:
        refusal = _refuse(
            runtime, codec, Action.MODELS, Failure.NO_MODEL, f"no endpoint lists model '{wanted}'", request.head
        )
        await responder.send(refusal.status, refusal.headers, refusal.body)


async def _health(runtime: Runtime, _: Request, responder: Responder) -> None:
    """200 while at least one endpoint is usable, else 503 (interface: JSON shapes)."""
    roster, clock = runtime.context.roster, runtime.context.clock
    total = sum(endpoint.enabled for endpoint in roster.endpoints)
    usable = roster.usable
    status = "ok" if usable and usable == total else "degraded" if usable else "down"
    body = {
        "status": status,
        "version": __version__,
        "uptime_s": round(clock.now() - (runtime.started or clock.now()), 1),
        "endpoints": {"total": total, "usable": usable},
        "in_flight": len(runtime.context.in_flight),
    }
    await responder.send(200 if usable else 503, _json(runtime), orjson.dumps(body))
