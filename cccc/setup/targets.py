"""What a client is to be pointed at: the proxy's address, the key that it takes, and what its endpoints understand."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from cccc.clients.addresses import same_address
from cccc.clients.plan import DUMMY_KEY, Target
from cccc.config import AutoToken, Loaded
from cccc.control import statefiles
from cccc.control.api import ClientOptions
from cccc.domain.endpoint import ClientType, Endpoint
from cccc.domain.secret import Secret
from cccc.errors import ConfigError, ControlError

_ANY = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "localhost": "127.0.0.1"}  # noqa: S104  (addresses to avoid)
_ANTHROPIC = "api.anthropic.com"


NOWHERE = "http://127.0.0.1:1"
"""An address at which no proxy is: what nothing leads to where a proxy with a port of its own choice does not run."""


def target(
    loaded: Loaded, state_dir: Path, options: ClientOptions, address: str | None = None, *, default: str | None = None
) -> Target:
    """What the options say, and what the proxy's own settings say where they are silent.

    ``address`` is where the proxy listens; absent: where the one of the state folder does, else where it would;
    ``default`` stands where even that is unknown.
    Raises ``ConfigError`` for values that cannot work, and for a key that this proxy would refuse.
    """
    here = _here(loaded, state_dir, address)
    url = (options.url or here or default or "").rstrip("/").removesuffix("/v1")
    if not url:
        raise ConfigError(["--url: is needed while the proxy does not run and its port is 0"])
    demanded = _demanded(loaded, state_dir)
    ours = here is not None and same_address(url, here)
    if options.key is not None and ours and demanded is not None and not demanded.matches(options.key):
        raise ConfigError(["--key: the proxy would refuse it; it asks for the token that cccc token shows"])
    key = options.key if options.key is not None else demanded.reveal() if demanded else DUMMY_KEY
    return Target(
        url=url,
        key=Secret(key),
        model=options.model,
        opus=options.opus,
        sonnet=options.sonnet,
        haiku=options.haiku,
        tool_search=_understand_deferred_tools(loaded.endpoints),
        catalog=options.catalog,
        trust=options.trust,
    )


def _here(loaded: Loaded, state_dir: Path, address: str | None) -> str | None:
    server = loaded.settings.server
    if address is None:
        try:
            address = statefiles.running(state_dir).address
        except ControlError:
            if not server.port:
                return None
            host = f"[{server.host}]" if ":" in server.host else server.host
            address = f"http://{host}:{server.port}"
    parts = urlsplit(address)
    host = parts.hostname or ""
    shown = _ANY.get(host, f"[{host}]" if ":" in host else host)
    return f"{parts.scheme}://{shown}:{parts.port}"


def _demanded(loaded: Loaded, state_dir: Path) -> Secret | None:
    if isinstance(loaded.auth_token, AutoToken):
        return statefiles.client_token(state_dir)
    return loaded.auth_token


def _understand_deferred_tools(endpoints: tuple[Endpoint, ...]) -> bool:
    """Only Anthropic itself is known to; one endpoint that does not would break the turns that come to it."""
    serving = [one for one in endpoints if one.enabled and one.client_type in (None, ClientType.CLAUDE_CODE)]
    return bool(serving) and all(
        any(urlsplit(url).hostname == _ANTHROPIC for url in one.urls.values()) for one in serving
    )
