"""Which header fields may pass, in which direction.

To an endpoint an open allow-list: prefixes and names, less what is denied by name, because providers ask that their own
families pass as a whole and because a client's credentials are consumed here. To a client a deny-list. Everything that
a ``Connection`` field names is dropped both ways (RFC 9110 §7.6.1).
"""

from __future__ import annotations

import re

from cccc.http.messages import Headers, RawHeader

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Fields that are about one connection only."""

UPSTREAM_NAMES = frozenset(
    {
        b"accept",
        b"accept-language",
        b"baggage",
        b"chatgpt-account-id",
        b"content-type",
        b"conversation-id",
        b"conversation_id",
        b"originator",
        b"session-id",
        b"session_id",
        b"thread-id",
        b"traceparent",
        b"tracestate",
        b"user-agent",
        b"version",
        b"x-app",
        b"x-client-request-id",
    }
)
UPSTREAM_PREFIXES = (
    b"anthropic-",
    b"openai-",
    b"x-claude-code-",
    b"x-codex-",
    b"x-goog-api-client",
    b"x-openai-",
    b"x-stainless-",
)
ANY_FORMAT_NAMES = frozenset(
    {
        b"accept",
        b"accept-language",
        b"baggage",
        b"content-type",
        b"traceparent",
        b"tracestate",
        b"user-agent",
    }
)
"""What means the same to endpoints of every wire format; the rest of the lists above belongs to one vendor's API."""
UPSTREAM_DENIED = HOP_BY_HOP | {
    b"api-key",
    b"authorization",
    b"content-encoding",
    b"content-length",
    b"cookie",
    b"expect",
    b"forwarded",
    b"host",
    b"origin",
    b"referer",
    b"via",
    b"x-api-key",
    b"x-goog-api-key",
}
"""Never sent on, whatever the lists above say: credentials, framing, and who the client is."""

CLIENT_DENIED = HOP_BY_HOP | {
    b"alt-svc",
    b"clear-site-data",
    b"content-encoding",
    b"content-length",
    b"cross-origin-embedder-policy",
    b"cross-origin-opener-policy",
    b"cross-origin-resource-policy",
    b"location",
    b"nel",
    b"refresh",
    b"report-to",
    b"server",
    b"set-cookie",
    b"strict-transport-security",
    b"timing-allow-origin",
    b"www-authenticate",
}
CLIENT_DENIED_PREFIXES = (b"access-control-", b"x-cccc-")
"""Cross-origin permissions are not an endpoint's to give, and the second family is our own."""

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def to_upstream(headers: Headers) -> list[RawHeader]:
    """What of a client's fields an endpoint gets, in order. Auth, ``host`` and framing are added elsewhere."""
    denied = UPSTREAM_DENIED | _named_in_connection(headers)
    return [
        (name, value)
        for name, value in headers.raw
        if (name in UPSTREAM_NAMES or name.startswith(UPSTREAM_PREFIXES)) and name not in denied
    ]


def to_other_format(headers: Headers) -> list[RawHeader]:
    """The same for an endpoint of another wire format, to which the client's betas and ids mean nothing."""
    return [field for field in to_upstream(headers) if field[0] in ANY_FORMAT_NAMES]


def to_client(headers: Headers) -> list[RawHeader]:
    """What of an endpoint's fields the client gets, in order. Values with control characters are dropped."""
    denied = CLIENT_DENIED | _named_in_connection(headers)
    return [
        (name, value)
        for name, value in headers.raw
        if name not in denied and not name.startswith(CLIENT_DENIED_PREFIXES) and not _CONTROL.search(value)
    ]


def _named_in_connection(headers: Headers) -> frozenset[bytes]:
    return frozenset(
        token.strip().lower()
        for name, value in headers.raw
        if name == b"connection"
        for token in value.split(b",")
        if token.strip()
    )
