"""The configuration file that points a proxy at simulated providers (interface: Configuration)."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import PATHS, Action, WireFormat

_URL_KEY = {
    WireFormat.ANTHROPIC: "url_anthropic",
    WireFormat.OPENAI_CHAT: "url_openai",
    WireFormat.OPENAI_RESPONSES: "url_openai",
}


def endpoint(provider: SimulatedProvider, **more: Any) -> dict[str, Any]:
    """The ``endpoints[]`` entry for a provider that runs; ``more`` adds or replaces keys."""
    urls: dict[str, str] = {}
    for wire_format in provider.formats:
        key = _URL_KEY[wire_format]
        full = f"{provider.base_url}/{PATHS[wire_format, Action.TURN]}"
        urls[key] = provider.base_url if key in urls else full
    entry = {"name": provider.name, **urls, "auth_type": "auto", "auth_value": provider.key or "any-key"}
    return entry | more


def configuration(endpoints: Iterable[dict[str, Any]], **sections: Any) -> str:
    """A whole configuration as YAML; ``sections`` are the others by name."""
    text = StringIO()
    YAML().dump({**sections, "endpoints": list(endpoints)}, text)
    return text.getvalue()
