"""The proxy that the environment names for an address, by the rules that curl, Go and httpx share.

Lower-case names win over upper-case ones; ``HTTPS_PROXY`` or ``HTTP_PROXY`` by the address's scheme, then
``ALL_PROXY``; ``NO_PROXY`` lists names (with everything below them), addresses, networks, or ``*``. Loopback
addresses are always asked directly.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from cccc.config.references import Unusable
from cccc.config.urls import Reach, ascii_host, reach
from cccc.domain.endpoint import EgressProxy, EgressType
from cccc.domain.secret import Secret

_TYPES = {"http": EgressType.HTTP, "socks5": EgressType.SOCKS5, "socks5h": EgressType.SOCKS5}
_PORTS = {EgressType.HTTP: 80, EgressType.SOCKS5: 1080}


def from_environment(url: str, environ: Mapping[str, str]) -> EgressProxy | Unusable | None:
    """The proxy for ``url``; ``None`` to ask directly, ``Unusable`` where the variable makes no sense."""
    parts = urlsplit(url)
    host = ascii_host(parts.hostname or "")
    if reach(host) is Reach.LOOPBACK:
        return None
    name, text = _first(environ, f"{parts.scheme.upper()}_PROXY", "ALL_PROXY")
    if not text or bypassed(host, parts.port, _first(environ, "NO_PROXY")[1]):
        return None
    return _parsed(name, text)


def _first(environ: Mapping[str, str], *names: str) -> tuple[str, str]:
    for name in names:
        for spelling in (name.lower(), name):
            if value := environ.get(spelling, "").strip():
                return spelling, value
    return names[0], ""


def bypassed(host: str, port: int | None, no_proxy: str) -> bool:
    """Whether ``NO_PROXY`` exempts a host."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    for entry in no_proxy.replace(",", " ").lower().split():
        if entry == "*":
            return True
        name, separator, entry_port = entry.rpartition(":")
        if separator and entry_port.isdigit() and ":" not in name.strip("[]") and port != int(entry_port):
            continue
        name = (name if separator and entry_port.isdigit() and ":" not in name else entry).strip("[]")
        if address is not None:
            if _contains(name, address):
                return True
        elif host == name.lstrip("*.") or host.endswith(f".{name.lstrip('*.')}"):
            return True
    return False


def _contains(network: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _parsed(name: str, text: str) -> EgressProxy | Unusable:
    advice = f"{name} names no usable proxy; expected http://host:port or socks5://host:port, or set proxy: none"
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return Unusable(advice)
    kind = _TYPES.get(parts.scheme)
    if kind is None or not host or port == 0:
        return Unusable(advice)
    password = None if parts.password is None else Secret(unquote(parts.password))
    username = None if parts.username is None else unquote(parts.username)
    return EgressProxy(kind, host, port or _PORTS[kind], username, password)
