"""Whether a proxy serves the list of models that Codex can be told to read."""

from __future__ import annotations

import json
from http.client import HTTPException
from urllib.request import ProxyHandler, Request, build_opener

from cccc.clients.plan import Target
from cccc.errors import ConfigError

_ANSWERS_WITHIN = 10.0
_LARGEST = 8 * 1024 * 1024


def require_catalog(target: Target) -> None:
    """Codex does not start with a list that is empty. Raises ``ConfigError`` where this one would be."""
    request = Request(  # noqa: S310  (a target's address is http or https)
        f"{target.url}/v1/models",
        headers={"user-agent": "codex_exec/0", "authorization": f"Bearer {target.key.reveal()}"},
    )
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_ANSWERS_WITHIN) as answer:
            models = json.loads(answer.read(_LARGEST)).get("models")
    except (OSError, ValueError, AttributeError, HTTPException):
        raise ConfigError([f"--catalog: {target.url}/v1/models does not answer; start the proxy first"]) from None
    if not models:
        raise ConfigError(["--catalog: the proxy lists no models for Codex, which would not start with an empty list"])
