"""Answers that the server writes by itself: refusals that belong to no wire format, and short texts."""

from __future__ import annotations

import orjson
from ulid import ULID

from cccc.domain.answers import Audience, Failure, answer
from cccc.http.messages import Headers, RequestHead, Responder
from cccc.server.routing import Refusal

_TEXT = "text/plain; charset=utf-8"


def new_request_id() -> str:
    """``req_`` and a sortable ULID: the name under which an answer is found again."""
    return f"req_{ULID()}"


def plain_refusal(failure: Failure, message: str, head: RequestHead) -> Refusal:
    """A refusal as JSON for callers of whom no wire format is known, in the envelope that most tools can read."""
    del head
    told = answer(failure, Audience.OPENAI, message, request_id=new_request_id())
    headers = [
        ("content-type", "application/json"),
        ("x-request-id", told.request_id),
        ("x-cccc-request-id", told.request_id),
        ("x-cccc-error", told.failure.value),
    ]
    if told.retry_after is not None:
        headers.append(("retry-after", str(told.retry_after)))
    if told.should_retry is not None:
        headers.append(("x-should-retry", str(told.should_retry).lower()))
    error = {"message": told.message, "type": told.type, "param": told.param, "code": told.code}
    return Refusal(told.status, Headers.of(headers), orjson.dumps({"error": error}), close=told.close)


def text_refusal(status: int, message: str) -> Refusal:
    """A refusal of what is hardly HTTP (framing, sizes, a loop): plain text, and the connection ends with it."""
    headers = Headers.of([("content-type", _TEXT), ("x-cccc-request-id", new_request_id())])
    return Refusal(status, headers, f"cccc: {message}\n".encode("ascii", "backslashreplace"), close=True)


async def send_text(responder: Responder, text: str) -> None:
    """A short page for people and for clients that knock."""
    headers = Headers.of(
        [
            ("content-type", _TEXT),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-cccc-request-id", new_request_id()),
        ]
    )
    await responder.send(200, headers, text.encode())
