"""Sending a request of the log again: through the real pipeline, with nobody to read the answer but the log."""

from __future__ import annotations

from cccc.control.api import RequestRecord
from cccc.domain.endpoint import Action
from cccc.domain.redact import MASK
from cccc.errors import ControlError
from cccc.formats.registry import CODECS
from cccc.http.messages import Headers, Interruption, Request, RequestHead
from cccc.ir.codec import Codec
from cccc.proxy.own_request import OURSELVES

_LEFT_OUT = b"bytes left out ...]"


class Nobody:
    """A ``Responder`` that takes everything and keeps nothing."""

    interruption: Interruption | None = None

    def __init__(self) -> None:
        self.started = False

    async def send(self, status: int, headers: Headers, body: bytes) -> None:  # noqa: ARG002  (nobody reads it)
        self.started = True

    async def start(self, status: int, headers: Headers, first: bytes = b"") -> None:  # noqa: ARG002
        self.started = True

    async def write(self, data: bytes) -> None:
        """Nobody reads it."""

    async def finish(self) -> None:
        """Nobody waits for it."""

    def close_after(self) -> None:
        """There is no connection."""


def asked_again(record: RequestRecord) -> tuple[Codec, Action, Request]:
    """A logged request as it could arrive once more; fields that were not kept are left out, credentials among them.

    Raises ``ControlError`` where its body was not kept whole.
    """
    body = record.request_body
    if body is None:
        raise ControlError(f"the body of {record.id} was not kept (logging.log_request_body): it cannot be sent again")
    if len(body) < record.bytes_in and _LEFT_OUT in body:
        raise ControlError(f"only a part of the body of {record.id} was kept, so it cannot be sent again")
    headers = Headers.of((name, value) for name, value in record.request_headers if value != MASK)
    head = RequestHead(record.method, record.path, record.path, "", headers)
    return CODECS[record.wire_format], record.action, Request(head, body, OURSELVES)
