"""When two addresses of a proxy mean the same."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def same_address(value: Any, url: str) -> bool:
    """Whether ``value`` is the proxy's root ``url``, with or without ``/v1`` and slashes at its end."""
    return isinstance(value, str) and _plain(value) == _plain(url)


def _plain(url: str) -> tuple[str, str, int | None, str] | str:
    try:
        parts = urlsplit(url.strip())
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
        path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
        return (parts.scheme, host, parts.port or _PORTS.get(parts.scheme), path)
    except ValueError:
        return url
