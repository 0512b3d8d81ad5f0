"""Which upstreams the clients' own files and the environment name: what could be imported as endpoints, and what not.

Pure over what was read: trees of settings and variables in, findings out. Whatever stands in a tree, nothing raises;
what cannot be used is found all the same and says why. Sources: clients.md §1 and §4, the clients' own references.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from cccc.clients.addresses import same_address
from cccc.clients.claude_code import BASE_URL, ELSEWHERE, TOKEN, is_on
from cccc.clients.codex import PROVIDER
from cccc.clients.plan import DUMMY_KEY
from cccc.domain.endpoint import AuthType
from cccc.domain.secret import Secret

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_LONGEST_NAME = 100

_ANTHROPIC_KEYS: Mapping[str, AuthType] = MappingProxyType(
    {TOKEN: AuthType.AUTH_TOKEN, "ANTHROPIC_API_KEY": AuthType.API_KEY}
)
"""What Claude Code sends, the strongest first: one as Bearer, one as x-api-key."""

_OPENAI_BASES = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
_OPENAI_KEY = "OPENAI_API_KEY"
_CODEX_KEY = "CODEX_API_KEY"
_ANTHROPIC = "https://api.anthropic.com"
_OPENAI = "https://api.openai.com/v1"
_OFFICIAL: Mapping[str, str] = MappingProxyType({"api.anthropic.com": "anthropic", "api.openai.com": "openai"})

_MODELS: Mapping[str, str] = MappingProxyType(
    {
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "*opus*",
        "ANTHROPIC_DEFAULT_SONNET_MODEL": "*sonnet*",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "*haiku*",
        "ANTHROPIC_MODEL": "claude-*",
    }
)
"""Which names of models a variable of Claude Code replaces, the narrowest first."""

_API_ENDINGS: Mapping[str, str] = MappingProxyType({"responses": "responses", "chat": "chat/completions"})
"""What Codex adds to ``base_url``, by ``wire_api``."""

_LOOKS_LIKE_A_REFERENCE = re.compile(r"file:|env:|\$")

LOGIN = "a login belongs to its client and cannot be imported"
CLOUD = "a cloud's own service with its own login, which no endpoint speaks"
ITSELF = "leads to a cccc proxy: importing it would send requests in a circle"


@dataclass(frozen=True, slots=True)
class Upstream:
    """What an endpoint could be made of. ``urls`` by the key of the configuration (``url_anthropic``, …).

    ``key`` is the key itself, ``reference`` what names the place where it is (``${NAME}``); one of them. ``settings``
    are further keys of the endpoint.
    """

    name: str
    urls: Mapping[str, str]
    auth_type: AuthType = AuthType.AUTO
    key: Secret | None = None
    reference: str | None = None
    settings: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, in a few words; either an upstream, or why there is none to import."""

    what: str
    upstream: Upstream | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a finding depends on besides its file: the variables that are set, and the address of this proxy."""

    environ: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    here: str = ""

    def is_proxy(self, url: str, key: str) -> bool:
        """Whether requests sent there come back here, or to another proxy of ours."""
        return same_address(url, self.here) or key == DUMMY_KEY


def claude_code(tree: Any, around: Surroundings) -> list[Finding]:
    """What the ``settings.json`` of Claude Code names. A key that it leaves to the environment is referred to."""
    env = table(table(tree).get("env"))
    found = [Finding(switch, refused=CLOUD) for switch in ELSEWHERE if is_on(env.get(switch))]
    if text(env.get("CLAUDE_CODE_OAUTH_TOKEN")):
        found.append(Finding("claude.ai login", refused=LOGIN))
    url = text(env.get(BASE_URL))
    name, key = next(((name, key) for name in _ANTHROPIC_KEYS if (key := text(env.get(name)))), ("", ""))
    if not url and not key:
        return found
    what = f"base url {shown(url)}" if url else name
    if key:
        found.append(with_key(what, anthropic(url, env), key, around, auth=_ANTHROPIC_KEYS[name]))
    elif around.is_proxy(url, ""):
        found.append(Finding(what, refused=ITSELF))
    elif variable := next((name for name in _ANTHROPIC_KEYS if around.environ.get(name)), ""):
        found.append(with_variable(what, anthropic(url, env), variable, around, auth=_ANTHROPIC_KEYS[variable]))
    elif table(tree).get("apiKeyHelper"):
        found.append(Finding(what, refused="its key is printed by a program (apiKeyHelper), which no endpoint can ask"))
    else:
        found.append(Finding(what, refused="there is no key beside it"))
    return found


def anthropic(url: str, env: Mapping[str, Any]) -> Upstream:
    """The endpoint behind Claude Code's variables, without its key; the models they name are asked for by rules."""
    rules = [
        {"source_pattern": pattern, "target_model": model}
        for name, pattern in _MODELS.items()
        if (model := text(env.get(name)))
    ]
    settings = {"model_rewrite": {"enabled": True, "rules": rules}} if rules else {}
    return Upstream(named("", url or _ANTHROPIC), {"url_anthropic": url or _ANTHROPIC}, settings=settings)


def credentials(tree: Any) -> list[Finding]:
    """What Claude Code's ``.credentials.json`` names."""
    return [Finding("claude.ai login", refused=LOGIN)] if table(tree).get("claudeAiOauth") else []


def codex(tree: Any, auth: Any, around: Surroundings) -> list[Finding]:
    """What the ``config.toml`` and ``auth.json`` of Codex name: every provider, and the login."""
    return [*providers(tree, auth, around), *openai(tree, auth, around)]


def providers(tree: Any, auth: Any, around: Surroundings) -> list[Finding]:
    """The tables ``[model_providers.…]`` of Codex."""
    login_key = text(table(auth).get(_OPENAI_KEY))
    entries = table(table(tree).get("model_providers")).items()
    return [_provider(str(name), table(entry), login_key, around) for name, entry in entries]


def openai(tree: Any, auth: Any, around: Surroundings) -> list[Finding]:
    """The provider that Codex brings along, by its key or its login."""
    found = []
    if key := text(table(auth).get(_OPENAI_KEY)):
        url = text(table(tree).get("openai_base_url")) or _OPENAI
        what = 'provider "openai", key from auth.json'
        found.append(with_key(what, Upstream("openai", {"url_openai": url}), key, around))
    if table(auth).get("tokens"):
        found.append(Finding("ChatGPT login", refused=LOGIN))
    return found


def _provider(name: str, entry: Mapping[str, Any], login_key: str, around: Surroundings) -> Finding:
    url, what = text(entry.get("base_url")), f'provider "{name}"'
    variable, token = text(entry.get("env_key")), text(entry.get("experimental_bearer_token"))
    if name == PROVIDER or around.is_proxy(url, token):
        return Finding(what, refused=ITSELF)
    if not url:
        return Finding(what, refused="it has no base_url")
    if entry.get("query_params"):
        return Finding(what, refused="it needs query_params; add it by hand with them in its address")
    ending = _API_ENDINGS.get(text(entry.get("wire_api")) or "responses")
    if ending is None:
        return Finding(what, refused="its wire_api is none that endpoints speak")
    headers = {str(key): value for key, value in table(entry.get("http_headers")).items() if isinstance(value, str)}
    upstream = Upstream(
        named(name, url),
        {"url_openai": f"{url.rstrip('/')}/{ending}"},
        settings={"header_overrides": headers} if headers else {},
    )
    if token:
        return with_key(what, upstream, token, around)
    if variable:
        return with_variable(f"{what}, key from env", upstream, variable, around)
    if entry.get("requires_openai_auth") and login_key:
        return with_key(f"{what}, key from auth.json", upstream, login_key, around)
    if entry.get("requires_openai_auth") and around.environ.get(_CODEX_KEY):
        return with_variable(f"{what}, key from env", upstream, _CODEX_KEY, around)
    return Finding(what, refused="there is no key beside it")


def environment(around: Surroundings) -> list[Finding]:
    """What the variables themselves name; the keys stay where they are and are referred to."""
    environ, found = around.environ, []
    for name, auth in _ANTHROPIC_KEYS.items():
        if environ.get(name):
            url = text(environ.get(BASE_URL))
            what = " and ".join([name, *([BASE_URL] if url else [])])
            found.append(with_variable(what, anthropic(url, environ), name, around, auth=auth))
            break
    if environ.get(_OPENAI_KEY):
        base = next((name for name in _OPENAI_BASES if text(environ.get(name))), "")
        url = text(environ.get(base)) or _OPENAI
        what = " and ".join([_OPENAI_KEY, *([base] if base else [])])
        found.append(with_variable(what, Upstream(named("", url), {"url_openai": url}), _OPENAI_KEY, around))
    if environ.get("CLAUDE_CODE_OAUTH_TOKEN"):
        found.append(Finding("claude.ai login", refused=LOGIN))
    return found


def with_key(
    what: str, upstream: Upstream, key: str, around: Surroundings, *, auth: AuthType = AuthType.AUTH_TOKEN
) -> Finding:
    """The upstream with the key that stands in the file. What reads like a reference is never taken for a key:
    a file from elsewhere must not be able to name a file whose content is then sent somewhere.
    """
    if _leads_back(upstream, key, around):
        return Finding(what, refused=ITSELF)
    if _LOOKS_LIKE_A_REFERENCE.match(key):
        return Finding(what, refused="its key names another place instead of being one")
    return Finding(what, _keyed(upstream, auth, key=Secret(key)))


def with_variable(
    what: str, upstream: Upstream, variable: str, around: Surroundings, *, auth: AuthType = AuthType.AUTH_TOKEN
) -> Finding:
    """The upstream with the variable that holds its key."""
    value = around.environ.get(variable, "")
    if _leads_back(upstream, value, around):
        return Finding(what, refused=ITSELF)
    if not value:
        return Finding(what, refused=f"its key is in the variable {variable}, which is not set here")
    return Finding(what, _keyed(upstream, auth, reference=f"${{{variable}}}"))


def _leads_back(upstream: Upstream, key: str, around: Surroundings) -> bool:
    return any(around.is_proxy(url, key) for url in upstream.urls.values())


def _keyed(upstream: Upstream, auth: AuthType, *, key: Secret | None = None, reference: str | None = None) -> Upstream:
    return Upstream(upstream.name, upstream.urls, auth, key, reference, upstream.settings)


def distinct(upstreams: Iterable[Upstream], taken: Iterable[str]) -> Iterator[Upstream]:
    """The same with names that nobody has: ``relay``, ``relay-2``, …"""
    used = set(taken)
    for one in upstreams:
        name, number = one.name, 2
        while name in used:
            name, number = f"{one.name[: _LONGEST_NAME - 4]}-{number}", number + 1
        used.add(name)
        yield Upstream(name, one.urls, one.auth_type, one.key, one.reference, one.settings)


def named(name: str, url: str) -> str:
    """A name that an endpoint may have: the one it had, else its host."""
    kept = "".join(character for character in name if character.isprintable()).strip()[:_LONGEST_NAME].strip()
    if kept and kept != "auto":
        return kept
    host = _host(url)
    return _OFFICIAL.get(host, host.removeprefix("api.")[:_LONGEST_NAME]) or "imported"


def shown(url: str) -> str:
    """An address as it may be seen: without a user, a password or a query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else parts.path


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "".join(character for character in host if character.isprintable())


def table(value: Any) -> Mapping[str, Any]:
    """The value where it is a table, else an empty one."""
    return value if isinstance(value, Mapping) else _NOTHING


def text(value: Any) -> str:
    """The value where it is text, without outer spaces, else nothing."""
    return value.strip() if isinstance(value, str) else ""
