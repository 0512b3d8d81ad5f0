"""The merge for machines without Python: set-up scripts send a client's file, the proxy answers what it becomes.

The route takes the proxy's token as every client does. What a script sends holds keys: it is neither kept nor logged.
Contents and records travel as base64, because a shell can neither write nor read JSON strings; answers have one
member on a line, refusals are a sentence.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from cccc.clients.journal import Record
from cccc.clients.plan import DUMMY_KEY
from cccc.clock import Clock
from cccc.config import Loaded
from cccc.control import filters
from cccc.control.api import SET_UP, ClientOptions, ClientType
from cccc.domain.answers import Audience, Failure, answer
from cccc.errors import BadRequest, CcccError
from cccc.http.messages import Headers, Request, RequestHead, Responder
from cccc.server.replies import new_request_id
from cccc.server.routing import Refusal, Route
from cccc.setup import asking
from cccc.setup.asking import LARGEST, Merged, Neighbour, Sent
from cccc.setup.records import dumped, loaded
from cccc.setup.targets import target

PATH = "/help/merge/{client}"

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_NEIGHBOURS = 20
_THREADS = 2
"""Merges at a time: a file that takes long must not keep requests waiting for a thread."""


def merge_routes(configuration: Callable[[], Loaded], state_dir: Path, clock: Clock) -> tuple[Route, ...]:
    """The one route of this module. ``configuration`` is the one in force."""

    threads = CapacityLimiter(_THREADS)

    async def merge(request: Request, responder: Responder) -> None:
        try:
            answered = await run_sync(
                partial(_merged, request, configuration(), state_dir, clock.now()), limiter=threads
            )
        except CcccError as error:
            status = error.status if isinstance(error, BadRequest) else 422
            await responder.send(status, _headers(_TEXT), _sentence(str(error)))
        else:
            await responder.send(200, _headers(_JSON), _told(answered))

    return (Route("POST", PATH, merge, _refuse, has_body=True),)


def _refuse(failure: Failure, message: str, head: RequestHead) -> Refusal:  # noqa: ARG001  (the signature of a Route)
    told = answer(failure, Audience.OPENAI, message, request_id=new_request_id())
    return Refusal(told.status, _headers(_TEXT), _sentence(told.message), close=told.close)


def _headers(content_type: str) -> Headers:
    return Headers.of(
        [
            ("content-type", content_type),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-cccc-request-id", new_request_id()),
        ]
    )


def _sentence(message: str) -> bytes:
    return f"{message.removeprefix('cccc: ')}\n".encode("utf-8", "backslashreplace")


def _merged(request: Request, configured: Loaded, state_dir: Path, now: float) -> Merged:
    client = _client(request.fields["client"])
    body = _Body.of(request)
    path = body.text("path") or ""
    asking.require_absolute(path)
    sent = Sent(
        path=path,
        data=body.data("file"),
        record=body.record("record"),
        backup=body.data("backup"),
        copies=body.lines("copies"),
        folders=body.lines("folders"),
        neighbours=body.neighbours(),
    )
    if body.flag("restore"):
        return asking.restored(client, sent, keep_table=body.flag("keep_table"))
    options = ClientOptions(url=body.word("url"), key=_key(request.head))
    return asking.applied(client, sent, target(configured, state_dir, options), now)


def _client(name: str) -> ClientType:
    try:
        client = filters.client_type(name)
    except ValueError:
        client = None
    if client not in SET_UP:
        raise BadRequest(404, "no such client is set up; expected claude-code, codex or openai")
    return client


def _key(head: RequestHead) -> str:
    """What the client is to send: what the script itself sends."""
    scheme, _, key = (head.headers.get("authorization") or "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else DUMMY_KEY


class _Body:
    """The members of what a script sends, read one by one. Raises ``BadRequest`` that names the member."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    @classmethod
    def of(cls, request: Request) -> _Body:
        try:
            values = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            values = None
        if not isinstance(values, dict):
            raise BadRequest(400, "the body is not a JSON object")
        return cls(values)

    def word(self, name: str) -> str | None:
        value = self._values.get(name)
        if value is not None and not isinstance(value, str):
            raise BadRequest(400, f"{name}: expected text")
        return value

    def flag(self, name: str) -> bool:
        return self._values.get(name) is True

    def data(self, name: str) -> bytes | None:
        """Bytes as base64; ``None`` where the member is absent or null."""
        value = self.word(name)
        if value is None:
            return None
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise BadRequest(400, f"{name}: expected base64") from None
        if len(data) > LARGEST:
            raise BadRequest(413, f"{name}: is larger than {LARGEST // 1024**2} MiB, which no settings file is")
        return data

    def text(self, name: str) -> str | None:
        data = self.data(name)
        try:
            return None if data is None else data.decode()
        except UnicodeDecodeError:
            raise BadRequest(400, f"{name}: is not UTF-8 text") from None

    def lines(self, name: str) -> tuple[str, ...]:
        return tuple((self.text(name) or "").splitlines())

    def record(self, name: str) -> Record | None:
        data = self.data(name)
        try:
            return loaded(data) if data is not None else None
        except ValueError:
            raise BadRequest(
                400, f"{name}: is no record of a set-up; the copies beside it hold the file as it was"
            ) from None

    def neighbours(self) -> tuple[Neighbour, ...]:
        listed = self._values.get("neighbours") or ()
        if not isinstance(listed, list | tuple) or len(listed) > _NEIGHBOURS:
            raise BadRequest(400, f"neighbours: expected a list of {_NEIGHBOURS} at most")
        found = []
        for one in listed:
            member = _Body(one if isinstance(one, dict) else {})
            record = member.record("record")
            if record is None:
                raise BadRequest(400, "neighbours: expected records")
            found.append(Neighbour(record, member.lines("copies")))
        return tuple(found)


def _told(merged: Merged) -> bytes:
    """The answer: one member on a line, contents as base64."""
    return orjson.dumps(
        {
            "name": merged.name,
            "file": _base64(merged.data),
            "record": None if merged.record is None else _base64(dumped(merged.record)),
            "said": _lines(merged.said),
            "folders": _lines(merged.folders),
            "copy": merged.copy,
            "stale": _lines(merged.stale),
            "joins": merged.joins,
            "neighbour": merged.neighbour,
            "handed": None if merged.handed is None else _base64(dumped(merged.handed)),
            "handed_copy": merged.handed_copy,
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def _lines(lines: Iterable[str]) -> str | None:
    return _base64("".join(f"{one}\n" for one in lines).encode())


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")
