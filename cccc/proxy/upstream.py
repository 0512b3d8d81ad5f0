"""One attempt's request: whose words, under which name, with which key, to which address.

Built from the client's own bytes (the model's name is spliced, everything else stays as it came), or from those of a
conversion; overrides are applied last. A key leaves only together with the endpoint it belongs to: both come from the
same ``Endpoint``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

import orjson

from cccc.domain.endpoint import Action, AuthStyle, Endpoint, WireFormat, address
from cccc.http.messages import Headers, Origin, RawHeader, Request, UpstreamRequest
from cccc.ir.splice import splice_json
from cccc.proxy.mending import mended, mended_headers
from cccc.proxy.remedies import Kind, Remedy
from cccc.proxy.translation import Translation

HOP_HEADER = b"x-cccc-hop"
"""Carries this process's instance id; meeting it again means that an endpoint leads back to us."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request ready to be sent, and what the log shows of it."""

    request: UpstreamRequest
    url: str
    changed_body: bytes | None
    """The body where it differs from the client's own bytes."""
    losses: tuple[str, ...] = ()
    """What the remedies cost, in words."""


def outgoing(
    endpoint: Endpoint,
    wire_format: WireFormat,
    translation: Translation,
    asked: Request,
    *,
    instance: str,
    remedies: Sequence[Remedy] = (),
    fresh: bool = False,
    response_header_s: float | None = None,
) -> Outgoing:
    """The upstream request for one attempt at ``endpoint``: the ``translation`` of what a client ``asked``.

    ``remedies`` are applied last; ``fresh`` forbids a kept-alive connection; ``response_header_s`` replaces the
    endpoint's own bound on the wait for the answer's head.
    """
    place = _place(endpoint.urls[wire_format], wire_format, translation.action)
    fields, query = translation.accompanied(asked.head)
    query = "&".join(filter(None, (place.query, query)))
    sent = translation.body
    for key, value in endpoint.parameter_overrides.items():
        sent = splice_json(sent, key, None if value == "" else orjson.dumps(value))
    sent, losses = mended(sent, remedies)
    style = _style(endpoint, wire_format, remedies)
    timeouts = endpoint.timeouts
    if response_header_s is not None:
        timeouts = timeouts.with_response_header(response_header_s)
    request = UpstreamRequest(
        method=asked.head.method,
        origin=place.origin,
        target=f"{place.path}?{query}" if query else place.path,
        headers=Headers(mended_headers(_headers(endpoint, fields, style, instance), remedies)),
        body=sent,
        timeouts=timeouts,
        egress=endpoint.egress,
        fresh=fresh,
    )
    return Outgoing(request, place.shown, None if sent is asked.body else sent, losses)


class _Place(NamedTuple):
    """A URL taken apart; ``shown`` is what the log has of it."""

    origin: Origin
    path: str
    query: str
    shown: str


@lru_cache(maxsize=1_000)
def _place(url: str, wire_format: WireFormat, action: Action) -> _Place:
    """Where a configured URL leads for an action. The configuration has few of them, and every attempt asks."""
    parts = urlsplit(address(url, wire_format, action))
    origin = Origin.of(parts)
    return _Place(origin, parts.path, parts.query, f"{parts.scheme}://{origin.netloc}{parts.path}")


def _style(endpoint: Endpoint, wire_format: WireFormat, remedies: Sequence[Remedy]) -> AuthStyle:
    """The header that carries the key: the one that was found out last, else the first to try."""
    styles = endpoint.auth.styles(wire_format)
    found = [style for one in remedies if one.kind is Kind.KEY_HEADER for style in styles if style.value == one.what]
    return found[-1] if found else styles[0]


def _headers(endpoint: Endpoint, fields: list[RawHeader], style: AuthStyle, instance: str) -> list[RawHeader]:
    headers = list(fields)
    headers.append((b"accept-encoding", b"identity"))
    headers.append((HOP_HEADER, instance.encode("ascii")))
    key = endpoint.auth.header(style)
    if key is not None:
        headers.append((key[0].encode("ascii"), key[1].encode("ascii")))
    if endpoint.header_overrides:
        replaced = {name.lower().encode("ascii") for name in endpoint.header_overrides}
        headers = [header for header in headers if header[0] not in replaced]
        headers.extend(
            (name.lower().encode("ascii"), value.encode("latin-1"))
            for name, value in endpoint.header_overrides.items()
            if value != ""
        )
    return headers
