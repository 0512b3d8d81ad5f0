"""The checks on a request's head before a byte of its body is read.

They run in one order: Host, Origin and ``Sec-Fetch-Site``, loop guard, path and method, token, content
fields. The proxy holds keys and spends money, and any web page can make a browser send requests to loopback; so
whatever does not look like a command-line client is refused here. Pure: a head goes in, a ``Match`` or a ``Denial``
comes out. Source: security.md §2; RFC 9110 and 9112.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from cccc.clock import Clock
from cccc.domain.answers import Failure
from cccc.domain.secret import Secret
from cccc.errors import BadRequest
from cccc.http.messages import RequestHead
from cccc.server.replies import plain_refusal
from cccc.server.routing import Guard, Match, NoMatch, Refuse, Route, Router

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

_EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104  (compared with, not bound to)

Networks = tuple[IPv4Network | IPv6Network, ...]

PRIVATE_NETWORKS: Networks = (
    IPv4Network("127.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)
"""Peers that may connect where the proxy is bound off loopback: loopback, RFC 1918 and ULA (RFC 4193)."""

CONTENT_ENCODINGS = frozenset({b"identity", b"gzip", b"deflate", b"zstd"})

_LOOKED_AT = frozenset(
    {
        b"host",
        b"origin",
        b"sec-fetch-site",
        b"x-cccc-hop",
        b"upgrade",
        b"authorization",
        b"x-api-key",
        b"content-type",
        b"content-encoding",
        b"content-length",
        b"transfer-encoding",
    }
)

_Fields = dict[bytes, list[bytes]]

_ABSENT: list[bytes] = []

_WRONG_TOKEN = {
    Guard.NONE: "the token sent is not a token of this proxy (cccc token shows it)",
    Guard.PROXY: "the token sent is not a token of this proxy. Run cccc setup for this client; cccc token shows it",
    Guard.ADMIN: "the token sent is not the admin token of this proxy (file admin.token in its state folder)",
}


_NO_TOKEN = {
    Guard.NONE: "this proxy wants a token and none was sent (cccc token shows it)",
    Guard.PROXY: "this proxy wants a token and none was sent; cccc token shows it",
    Guard.ADMIN: "the management API wants the admin token (file admin.token in the state folder)",
}


def _host_as_sent(name: str) -> bytes:
    """A configured host name as it stands in a ``Host`` field."""
    bare = name.strip().lower()
    if bare.count(":") > 1 and not bare.startswith("["):
        bare = f"[{bare}]"
    return bare.encode("idna" if not bare.isascii() else "ascii")


class EdgeRules:
    """What the checks go by. Immutable; a changed configuration makes a new one.

    ``instance`` is this process's id in the hop header: meeting it again means that an endpoint leads back to us,
    while one proxy behind another is fine. ``allowed_hosts`` are names besides those of loopback, ``allowed_origins``
    whole origins (``app://electron``). Without ``proxy_tokens`` any key or none is accepted; without ``admin_tokens``
    the admin routes are closed. Raises ``ValueError`` for an empty token.
    """

    __slots__ = ("admin_tokens", "hosts", "instance", "max_request_bytes", "origins", "proxy_tokens")

    def __init__(
        self,
        *,
        instance: str = "",
        allowed_hosts: Iterable[str] = (),
        allowed_origins: Iterable[str] = (),
        proxy_tokens: Sequence[Secret] = (),
        admin_tokens: Sequence[Secret] = (),
        max_request_bytes: int = 64 * 2**20,
    ) -> None:
        if not all(token.reveal() for token in (*proxy_tokens, *admin_tokens)):
            raise ValueError("an empty token would let everybody in")
        self.instance = instance.encode("ascii")
        self.hosts = frozenset(_host_as_sent(name) for name in (*LOOPBACK_NAMES, *allowed_hosts))
        self.origins = frozenset(origin.strip().lower().encode() for origin in allowed_origins)
        self.proxy_tokens = tuple(proxy_tokens)
        self.admin_tokens = tuple(admin_tokens)
        self.max_request_bytes = max_request_bytes

    def also_at(self, host: str) -> EdgeRules:
        """The same rules where the address we are bound to is a name of ours too; "every address" is not a name."""
        if host in _EVERY_ADDRESS:
            return self
        rules = copy(self)
        rules.hosts = self.hosts | {_host_as_sent(host)}
        return rules


@dataclass(frozen=True, slots=True)
class Denial:
    """A request that goes no further. ``refuse`` words it; ``allow`` belongs into an ``Allow`` field."""

    failure: Failure
    message: str
    refuse: Refuse
    allow: str = ""
    close: bool = False


class WrongTokens:
    """Counts refused tokens per peer, so that nobody can try many.

    After ``limit`` of them within ``window`` seconds a peer's tokens are not looked at until the window has passed.
    The least recently seen of more than ``peers`` peers is forgotten.
    """

    def __init__(self, clock: Clock, *, limit: int = 100, window: float = 60.0, peers: int = 1024) -> None:
        self._clock = clock
        self._limit = limit
        self._window = window
        self._peers = peers
        self._seen: dict[str, tuple[float, int]] = {}

    def exhausted(self, peer: str) -> bool:
        """Whether this peer has to wait."""
        entry = self._seen.get(peer)
        return entry is not None and entry[1] >= self._limit and self._clock.monotonic() < entry[0] + self._window

    def add(self, peer: str) -> None:
        """Count one more."""
        now = self._clock.monotonic()
        since, count = self._seen.pop(peer, (now, 0))
        self._seen[peer] = (since, count + 1) if now < since + self._window else (now, 1)
        if len(self._seen) > self._peers:
            del self._seen[next(iter(self._seen))]


def peer_address(host: str) -> IPv4Address | IPv6Address:
    """A peer's address without zone, and as IPv4 where it was mapped into IPv6 (``::ffff:127.0.0.1``)."""
    address = ip_address(host.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def peer_allowed(host: str, networks: Networks = PRIVATE_NETWORKS) -> bool:
    """Whether an accepted connection's peer may talk to us at all. Loopback always may."""
    address = peer_address(host)
    return address.is_loopback or any(address in network for network in networks)


def host_allowed(value: bytes, allowed: frozenset[bytes]) -> bool:
    """Whether a ``Host`` field names one of ``allowed``, with any port or none.

    The value is compared as a whole after splitting a port off at the last colon; it is never parsed as a URL.
    """
    text = value.lower()
    if text in allowed:
        return True
    name, colon, port = text.rpartition(b":")
    return bool(colon) and name in allowed and port.isdigit() and len(port) <= 5


def _shown(value: bytes | str) -> str:
    """Foreign text in a message of ours: ASCII, without control characters, and short."""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    return ascii(text if len(text) <= 60 else text[:60] + "...")


class Edge:
    """The checks with what they remember: the rules in force and the wrong tokens of each peer.

    ``rules`` may be replaced while requests are served.
    """

    def __init__(self, router: Router, rules: EdgeRules, clock: Clock) -> None:
        self.rules = rules
        self._router = router
        self._wrong_tokens = WrongTokens(clock)

    def check(self, head: RequestHead, peer: str) -> Match | Denial:
        """Decide whether a request may go on. ``peer`` is the client's address without its port.

        Raises ``BadRequest`` for what no client of ours sends: a body where none belongs (400), a request that has
        come through a proxy of this kind already (508).
        """
        fields: _Fields = {}
        for name, value in head.headers.raw:
            if name in _LOOKED_AT:
                fields.setdefault(name, []).append(value)

        found = self._router.find(head.method, head.path)
        denied = self._foreign_site(fields, found)
        if denied is not None:
            return denied
        match = self._served(head, fields, found)
        if isinstance(match, Denial):
            return match
        return self._wrong_token(fields, match.route, peer) or self._unusable_content(fields, match.route) or match

    def _foreign_site(self, fields: _Fields, found: Match | NoMatch) -> Denial | None:
        """Host, Origin and ``Sec-Fetch-Site``: what a browser sends on behalf of a page."""
        hosts = fields.get(b"host", _ABSENT)
        if len(hosts) != 1 or not host_allowed(hosts[0], self.rules.hosts):
            named = _shown(hosts[0]) if hosts else "''"
            message = f"Host {named} is not allowed here; add it to server.allowed_hosts or use 127.0.0.1"
        elif b"origin" in fields:
            origins = fields[b"origin"]
            if len(origins) == 1 and origins[0].lower() in self.rules.origins:
                return None
            message = f"Origin {_shown(origins[0])} is not allowed here; add it to server.allowed_origins"
        elif fields.get(b"sec-fetch-site", [b"none"]) != [b"none"]:
            message = "requests that a web page makes are not allowed here"
        else:
            return None
        return Denial(Failure.FORBIDDEN_ORIGIN, message, _words(found), close=True)

    def _served(self, head: RequestHead, fields: _Fields, found: Match | NoMatch) -> Match | Denial:
        """The loop guard, WebSocket upgrades, then path and method."""
        if self.rules.instance in fields.get(b"x-cccc-hop", _ABSENT):
            raise BadRequest(508, "this request has come through cccc before: an endpoint's URL points back at a proxy")
        words = _words(found)
        if isinstance(found, NoMatch) and not found.others and head.method != "OPTIONS":
            message = f"{_shown(head.path)} is not served here. Served are {self._router.served()}"
            return Denial(Failure.UNKNOWN_PATH, message, words)
        if any(value.strip().lower() == b"websocket" for value in fields.get(b"upgrade", _ABSENT)):
            # Codex asks with GET for a path that is served with POST, and falls back at once when it reads 426.
            return Denial(
                Failure.WEBSOCKET, "WebSocket is not spoken here; send the request with POST", words, close=True
            )
        if isinstance(found, NoMatch):
            message = f"method {_shown(head.method)} is not served at {_shown(head.path)}; served are: {found.allow}"
            return Denial(Failure.UNKNOWN_METHOD, message, words, allow=found.allow)
        return found

    def _wrong_token(self, fields: _Fields, route: Route, peer: str) -> Denial | None:
        """The token that the route asks for; an allowed origin always needs one."""
        tokens = self.rules.admin_tokens if route.guard is Guard.ADMIN else self.rules.proxy_tokens
        from_a_page = b"origin" in fields
        if not from_a_page and (route.guard is Guard.NONE or (route.guard is Guard.PROXY and not tokens)):
            return None
        if not tokens:
            message = "this needs a token and none is set (server.auth_token)"
        elif self._wrong_tokens.exhausted(peer):
            message = "too many wrong tokens came from this address; wait a minute"
        elif _token_sent(fields, tokens):
            return None
        else:
            self._wrong_tokens.add(peer)
            sent = b"authorization" in fields or b"x-api-key" in fields
            message = _WRONG_TOKEN[route.guard] if sent else _NO_TOKEN[route.guard]
        return Denial(Failure.WRONG_TOKEN, message, route.refuse)

    def _unusable_content(self, fields: _Fields, route: Route) -> Denial | None:
        """Type, encoding and length of the body that follows."""
        lengths = fields.get(b"content-length", _ABSENT)
        length = int(lengths[0]) if lengths else 0
        if not route.has_body:
            if length or b"transfer-encoding" in fields:
                raise BadRequest(400, f"{route.method} {route.path} takes no body")
            return None
        types = fields.get(b"content-type", _ABSENT)
        if len(types) != 1 or types[0].partition(b";")[0].strip().lower() != b"application/json":
            message = f"content-type {_shown(b', '.join(types))} is not supported; use application/json"
            return Denial(Failure.BAD_ENCODING, message, route.refuse)
        encodings = fields.get(b"content-encoding", _ABSENT)
        if len(encodings) > 1 or (encodings and encodings[0].strip().lower() not in CONTENT_ENCODINGS):
            named = _shown(b", ".join(encodings))
            message = f"content-encoding {named} is not supported; use identity, gzip, deflate or zstd"
            return Denial(Failure.BAD_ENCODING, message, route.refuse)
        if length > self.rules.max_request_bytes:
            message = f"request is {length} bytes, limit {self.rules.max_request_bytes} (server.max_request_bytes)"
            return Denial(Failure.TOO_LARGE, message, route.refuse)
        return None


def _words(found: Match | NoMatch) -> Refuse:
    """Who words a refusal: the route that serves the path, with whatever method; else no wire format is known."""
    if isinstance(found, Match):
        return found.route.refuse
    return found.others[0].refuse if found.others else plain_refusal


def _token_sent(fields: _Fields, tokens: Sequence[Secret]) -> bool:
    """Whether one of ``tokens`` was sent, as ``Authorization: Bearer`` (RFC 6750) or as ``x-api-key``.

    Claude Code may send both with different values: one that fits is enough. A field sent twice is ambiguous and
    counts as absent. Every token is compared, so that time tells nothing.
    """
    bearers = fields.get(b"authorization", _ABSENT)
    keys = fields.get(b"x-api-key", _ABSENT)
    sent: list[bytes] = []
    if len(bearers) == 1:
        scheme, _, credentials = bearers[0].partition(b" ")
        if scheme.lower() == b"bearer":
            sent.append(credentials.strip(b" "))
    if len(keys) == 1:
        sent.append(keys[0].strip(b" "))
    fits = False
    for candidate in sent:
        text = candidate.decode("utf-8", "surrogateescape")
        for token in tokens:
            fits |= token.matches(text)
    return fits
