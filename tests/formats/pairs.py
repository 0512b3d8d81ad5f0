"""The pairs of formats that are converted into each other, and one way to put anything through any of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cccc.domain.endpoint import WireFormat
from cccc.formats.registry import CODECS
from cccc.ir.codec import Front
from cccc.ir.conversion import Conversion
from cccc.ir.loss import Losses
from cccc.ir.messages import Request
from cccc.ir.sse import SseDecoder
from cccc.ir.target import Target

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
PAIRS = [(client, upstream) for client in CODECS for upstream in CODECS if client is not upstream]
"""The client's format and the endpoint's."""

FRONT = Front("asked-model", "req_01J0000000000000000000000", 1_750_000_000, 1_234, stream_usage=True)


def target(wire_format: WireFormat, **how: Any) -> Target:
    """An endpoint of a format of which nothing is known."""
    return Target(wire_format, "other", "served-model", **how)


def conversion(client: WireFormat, upstream: WireFormat, request: Request | None = None, **how: Any) -> Conversion:
    """A request on its way from one format into another."""
    asked = Request("asked-model", (), stream=True, stream_usage=True) if request is None else request
    return Conversion(CODECS[client], CODECS[upstream], asked, target(upstream, **how), FRONT)


def read(client: WireFormat, body: dict[str, Any]) -> tuple[Request, Losses]:
    """A client's body in neutral words."""
    losses = Losses()
    return CODECS[client].decode_request(body, losses), losses


def streamed(converting: Conversion, pieces: Iterable[bytes]) -> bytes:
    """A whole stream of the endpoint's as the client gets it."""
    stream, decoder = converting.stream(), SseDecoder()
    written = [stream.feed(event) for piece in pieces for event in decoder.feed(piece)]
    written += [stream.feed(event) for event in decoder.close()]
    return b"".join([*written, stream.close()])
