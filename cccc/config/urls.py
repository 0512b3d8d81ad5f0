"""Which addresses an endpoint may have (security.md §5).

A key goes where this address points, so it is checked as a whole at load: scheme, no credentials in it, a host that
every parser reads alike, a real port. Nothing is resolved: rules for names go by the name.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from enum import Enum
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import idna

from cccc.config.fields import complaint
from cccc.config.problems import looks_secret, masked

_LONGEST = 2048
_SECRET_PARAMETER = re.compile(
    r"(?i)(?:^|[_-])(?:api[_-]?key|key|token|secret|password|passwd|pwd|auth|authorization|sig|signature)$"
)
_NUMERAL_HOST = re.compile(r"(?i)(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?")
_PRIVATE_SUFFIXES = (".local", ".lan", ".internal", ".home.arpa", ".localhost", ".test")
_ENDINGS = {
    "url_anthropic": ("/messages",),
    "url_openai": ("/responses", "/chat/completions"),
}
_OWNER = {ending: key for key, endings in _ENDINGS.items() for ending in endings}


class Reach(Enum):
    """How far an address reaches."""

    LOOPBACK = "loopback"
    PRIVATE = "private"
    LINK_LOCAL = "link-local"
    PUBLIC = "public"
    NOWHERE = "nowhere"


def shown_url(url: str) -> str:
    """The URL as it may be repeated: without credentials and query values."""
    head, query, _ = url.partition("?")
    scheme, slashes, rest = head.partition("//")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        authority = f"…@{authority.rpartition('@')[2]}"
    return f'"{masked(scheme + slashes + authority + slash + path)}{"?…" if query else ""}"'


def numeral(host: str) -> ipaddress.IPv4Address | None:
    """The address that odd numerals such as ``127.1``, ``2130706433`` or ``0x7f.1`` mean to the system."""
    if not _NUMERAL_HOST.fullmatch(host):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None


def reach(host: str) -> Reach:
    """How far ``host`` reaches, by its address or, for a name, by its ending."""
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = numeral(host)
    if address is None:
        name = host.rstrip(".").lower()
        if name == "localhost" or name.endswith(".localhost"):
            return Reach.LOOPBACK
        return Reach.PRIVATE if "." not in name or name.endswith(_PRIVATE_SUFFIXES) else Reach.PUBLIC
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return Reach.LOOPBACK
    if address.is_unspecified or address.is_multicast:
        return Reach.NOWHERE
    if address.is_link_local:
        return Reach.LINK_LOCAL
    return Reach.PUBLIC if address.is_global else Reach.PRIVATE


def ascii_host(host: str) -> str:
    """The host as it is asked for: lower case, and names of other alphabets in their ASCII form (UTS 46, IDNA 2008)."""
    return host.lower() if host.isascii() else idna.encode(host, uts46=True).decode("ascii")


def ascii_url(url: str) -> str:
    """A checked URL with its host in ASCII."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host.isascii():
        return url
    port = "" if parts.port is None else f":{parts.port}"
    return urlunsplit(parts._replace(netloc=f"{ascii_host(host)}{port}"))


def check_url(url: str, *, allow_insecure: bool, key: str | None = None) -> str:
    """The URL unchanged, or a complaint. ``key`` is the setting that holds it, for what its path may end in."""
    found = shown_url(url)
    if len(url) > _LONGEST:
        raise complaint(f"is longer than {_LONGEST} characters; expected an address such as https://api.example.com")
    if any(c.isspace() or not c.isprintable() for c in url):
        raise complaint(f"{found} contains a space or a control character; remove it")
    if "\\" in url:
        raise complaint(f"{found} contains a backslash; expected forward slashes")
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise complaint(f'{found} is not an address; expected "https://" at its start')
    if scheme.lower() not in ("https", "http"):
        raise complaint(f'{found} has scheme "{masked(scheme)}"; expected "https" (or "http" for a private address)')
    host = _checked_host(url, found)
    if scheme.lower() == "http" and not allow_insecure and reach(host) not in (Reach.LOOPBACK, Reach.PRIVATE):
        raise complaint(
            f"{found} sends keys unencrypted to a public address; expected https://, or allow_insecure: true"
        )
    _check_rest(url, found, key)
    return url


def _checked_host(url: str, found: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise complaint(f"{found} is not an address; expected one such as https://api.example.com") from None
    if "@" in parts.netloc:
        raise complaint(f"{found} contains credentials before the host; use auth_value (or header_overrides)")
    if not host:
        raise complaint(f"{found} names no host; expected one such as https://api.example.com")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or parts.netloc.endswith(":"):
        raise complaint(f"{found} has an unusable port; expected 1 to 65535")
    if ":" in host or parts.netloc.startswith("["):
        try:  # Python checks what stands in brackets since 3.11.4 only
            ipaddress.IPv6Address(host)
        except ValueError:
            raise complaint(f"{found} has an unusable IPv6 address; expected one such as [::1]") from None
        if "%" in host:
            raise complaint(f"{found} has an IPv6 zone; expected an address without one")
    else:
        _check_name(host, found)
    if reach(ascii_host(host)) is Reach.NOWHERE:
        raise complaint(f"{found} points at no single machine; use 127.0.0.1 for this one")
    return ascii_host(host)


def _check_name(host: str, found: str) -> None:
    try:
        name = ascii_host(host).rstrip(".")
    except (idna.IDNAError, UnicodeError):
        raise complaint(f"{found} has a host name that is not allowed (IDNA)") from None
    labels = name.split(".")
    if len(name) > 253 or not all(re.fullmatch(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", label) for label in labels):
        raise complaint(f"{found} has an unusable host name; expected letters, digits, hyphens and dots")
    if re.fullmatch(r"(?:0x[0-9a-f]*|\d+)", labels[-1]) and numeral(name) is None:
        raise complaint(f"{found} has an unusable IP address; expected four numbers from 0 to 255")


def _check_rest(url: str, found: str, key: str | None) -> None:
    parts = urlsplit(url)
    if "#" in url:
        raise complaint(f"{found} has a fragment (#…), which is never sent; remove it")
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if _SECRET_PARAMETER.search(name) or looks_secret(value):
            raise complaint(f"{found} carries a key in its query; use auth_value (or header_overrides)")
    path = parts.path.rstrip("/")
    for ending, owner in _OWNER.items():
        if key in _ENDINGS and key != owner and path.endswith(ending):
            raise complaint(f'{found} ends in "{ending}", which belongs to {owner}; move it there')


def notes(url: str) -> list[str]:
    """What is unusual about a checked URL, as warnings."""
    found = shown_url(url)
    host = urlsplit(url).hostname or ""
    asked = ascii_host(host)
    said = []
    if asked != host.lower():
        said.append(f'{found} is asked for as "{asked}"; check that this is the host you mean')
    if reach(asked) is Reach.LINK_LOCAL:
        said.append(f"{found} is a link-local address, where clouds keep their metadata service; check it")
    meant = numeral(asked)
    if meant is not None and str(meant) != asked:
        said.append(f"{found} means {meant}; write it like that")
    return said
