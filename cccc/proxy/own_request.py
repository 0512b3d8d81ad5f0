"""What the proxy asks endpoints on its own account: a list of models, under its own name.

Nothing here imitates a client, and nothing costs anything: no request of a client's would be repeated with it.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from cccc import __version__
from cccc.domain.endpoint import FORMAT_HEADERS, PATHS, Action, AuthStyle, Endpoint, WireFormat, address
from cccc.http.messages import Headers, Origin, UpstreamRequest

USER_AGENT = f"cccc/{__version__}"
OURSELVES = ("127.0.0.1", 0)
"""The peer of a request that no client has sent."""

_PREFERRED = (WireFormat.ANTHROPIC, WireFormat.OPENAI_RESPONSES, WireFormat.OPENAI_CHAT)


def lists_models_as(endpoint: Endpoint) -> WireFormat | None:
    """The format in which an endpoint can be asked for its models; ``None`` where none of its formats has a list."""
    spoken = (wire_format for wire_format in _PREFERRED if wire_format in endpoint.urls)
    return next((wire_format for wire_format in spoken if (wire_format, Action.MODELS) in PATHS), None)


def model_list_request(
    endpoint: Endpoint, wire_format: WireFormat, style: AuthStyle, *, seconds: float, fresh: bool = False
) -> UpstreamRequest:
    """The request for an endpoint's models, in a format of ``lists_models_as``.

    ``seconds`` bounds the wait for the answer's head; ``fresh`` forbids a kept-alive connection.
    """
    parts = urlsplit(address(endpoint.urls[wire_format], wire_format, Action.MODELS))
    headers = {
        "user-agent": USER_AGENT,
        "accept": "application/json",
        "accept-encoding": "identity",
        **FORMAT_HEADERS.get(wire_format, {}),
    }
    if key := endpoint.auth.header(style):
        headers[key[0]] = key[1]
    headers |= {name.lower(): value for name, value in endpoint.header_overrides.items()}
    timeouts = replace(endpoint.timeouts, response_header=seconds)
    return UpstreamRequest(
        method="GET",
        origin=Origin.of(parts),
        target=f"{parts.path}?{parts.query}" if parts.query else parts.path,
        headers=Headers.of((name, value) for name, value in headers.items() if value != ""),
        body=b"",
        timeouts=timeouts,
        egress=endpoint.egress,
        fresh=fresh,
    )
