"""Which hosts are the vendors' own: only those know the newest fields of their format."""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import urlsplit

from cccc.domain.endpoint import Endpoint, WireFormat

_OPENAI = ("api.openai.com", ".api.openai.com", ".openai.azure.com", "chatgpt.com")
OFFICIAL = MappingProxyType(
    {
        WireFormat.ANTHROPIC: ("api.anthropic.com",),
        WireFormat.OPENAI_CHAT: _OPENAI,
        WireFormat.OPENAI_RESPONSES: _OPENAI,
        WireFormat.GEMINI: ("generativelanguage.googleapis.com",),
    }
)
"""Host names of each format's vendor; one that begins with a dot stands for all below it."""


def is_official(endpoint: Endpoint, wire_format: WireFormat) -> bool:
    """Whether an endpoint's address in a format is its vendor's own."""
    return is_official_url(endpoint.urls[wire_format], wire_format)


def is_official_url(url: str, wire_format: WireFormat) -> bool:
    """The same for an address."""
    host = (urlsplit(url).hostname or "").lower()
    return any(host.endswith(name) if name.startswith(".") else host == name for name in OFFICIAL[wire_format])
