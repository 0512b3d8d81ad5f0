"""Which upstreams the configuration of another tool names: CCCC's own, claude-code-router's, cc-switch's, a client's.

A file is known by its shape, never by its name; the first row of ``KINDS`` that it fits reads it. Pure over trees, and
nothing raises whatever stands in them.

Sources: the example configuration of musistudio/claude-code-router (``Providers``, ``Router``; variables as ``$NAME``),
the data model of farion1231/cc-switch (``claude`` and ``codex`` with ``providers`` and ``settingsConfig``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cccc.clients import finding
from cccc.clients.finding import Finding, Surroundings, Upstream, named, table, text
from cccc.clients.syntax import Unusable
from cccc.clients.toml_text import TomlSyntax
from cccc.domain.endpoint import AuthType
from cccc.domain.secret import Secret

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_REFERENCE = re.compile(r"file:.|\$\{[A-Za-z_][A-Za-z0-9_]*\}\Z|env:[A-Za-z_][A-Za-z0-9_]*\Z")
_URLS = ("url_anthropic", "url_openai", "url_gemini")
_KNOWN_APART = frozenset({"name", "auth_type", "auth_value", *_URLS})


@dataclass(frozen=True, slots=True)
class Kind:
    """One format: its name, how it is known, and what reads it (tree, neighbouring file, surroundings)."""

    title: str
    fits: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Mapping[str, Any], Any, Surroundings], list[Finding]]


def own(tree: Mapping[str, Any], _: Any, around: Surroundings) -> list[Finding]:
    """CCCC's own configuration, this program's or that of the Go program: every entry as it stands."""
    found = []
    for entry in tree["endpoints"]:
        one = table(entry)
        urls = {key: url for key in _URLS if (url := text(one.get(key)))}
        name = named(text(one.get("name")), next(iter(urls.values()), ""))
        value = text(one.get("auth_value"))
        if any(around.is_proxy(url, value) for url in urls.values()):
            found.append(Finding(name, refused=finding.ITSELF))
            continue
        refers = _REFERENCE.match(value) is not None
        upstream = Upstream(
            name,
            urls,
            _auth(one.get("auth_type")),
            key=None if refers or not value else Secret(value),
            reference=value if refers else None,
            settings={key: setting for key, setting in one.items() if key not in _KNOWN_APART},
        )
        found.append(Finding(name, upstream))
    return found


def _auth(value: Any) -> AuthType:
    try:
        return AuthType(value)
    except ValueError:
        return AuthType.AUTO


def router(tree: Mapping[str, Any], _: Any, around: Surroundings) -> list[Finding]:
    """claude-code-router: every provider; the models that its routes name are asked for by rules."""
    providers = tree.get("Providers", tree.get("providers"))
    routes = table(tree.get("Router"))
    entries = providers if isinstance(providers, list) else []
    return [_routed(table(entry), routes, around) for entry in entries]


def _routed(entry: Mapping[str, Any], routes: Mapping[str, Any], around: Surroundings) -> Finding:
    url, key = text(entry.get("api_base_url")), text(entry.get("api_key"))
    own_name = text(entry.get("name"))
    name = named(own_name, url)
    if not url:
        return Finding(name, refused="it has no api_base_url")
    uses = _transformers(entry)
    if "gemini" in uses or "vertex-gemini" in uses:
        return Finding(name, refused="it speaks Gemini, which endpoints cannot be asked in yet")
    speaks_anthropic = url.rstrip("/").endswith("/messages") or "anthropic" in uses
    urls = {"url_anthropic" if speaks_anthropic else "url_openai": url}
    rules = _rules(own_name, entry, routes)
    settings: dict[str, Any] = {"model_rewrite": {"enabled": True, "rules": rules}} if rules else {}
    if not speaks_anthropic and not url.rstrip("/").endswith(("/chat/completions", "/responses")):
        settings["target_format"] = "openai_chat"
    upstream = Upstream(name, urls, settings=settings)
    what = f"{name}, {finding.shown(url)}"
    if match := _VARIABLE.fullmatch(key):
        return finding.with_variable(what, upstream, match[1] or match[2], around)
    if not key:
        return Finding(what, refused="there is no key beside it")
    return finding.with_key(what, upstream, key, around)


def _transformers(entry: Mapping[str, Any]) -> set[str]:
    uses = table(entry.get("transformer")).get("use")
    names = [use[0] if isinstance(use, list) and use else use for use in uses] if isinstance(uses, list) else []
    return {name.lower() for name in names if isinstance(name, str)}


def _rules(name: str, entry: Mapping[str, Any], routes: Mapping[str, Any]) -> list[dict[str, str]]:
    """What stands for Claude's names: the model of the background route for haiku, of the default route for the rest;
    the first model of the list where no route names this provider.
    """
    models = entry.get("models")
    listed = [model for model in models if isinstance(model, str) and model] if isinstance(models, list) else []
    rules = []
    for route, pattern, otherwise in (("background", "*haiku*", ""), ("default", "claude-*", next(iter(listed), ""))):
        provider, _, model = text(routes.get(route)).partition(",")
        wanted = model.strip() if provider.strip() == name else otherwise
        if wanted:
            rules.append({"source_pattern": pattern, "target_model": wanted})
    return rules


def switcher(tree: Mapping[str, Any], _: Any, around: Surroundings) -> list[Finding]:
    """cc-switch: the providers of Claude Code and of Codex, each of which keeps the client's own files."""
    found = []
    groups = {app: table(table(tree.get(app)).get("providers")) for app in ("claude", "codex")}
    if not any(groups.values()):
        groups["claude"] = table(tree.get("providers"))  # its first version knew Claude Code alone
    for app, providers in groups.items():
        for entry in providers.values():
            settings = table(entry).get("settingsConfig")
            name = named(text(table(entry).get("name")), "")
            each = finding.claude_code(settings, around) if app == "claude" else _codex(settings, around)
            found += [_renamed(one, name) for one in each] or [Finding(name, refused="it has no address and no key")]
    return found


def _codex(settings: Any, around: Surroundings) -> list[Finding]:
    """Codex's two files in one: ``config`` is the text of one, ``auth`` the tree of the other."""
    try:
        tree = TomlSyntax().read(text(table(settings).get("config")))
    except Unusable:
        return []
    auth = table(settings).get("auth")
    return finding.providers(tree, auth, around) or finding.openai(tree, auth, around)


def _renamed(one: Finding, name: str) -> Finding:
    if one.upstream is None:
        return Finding(f"{name}, {one.what}", refused=one.refused)
    was = one.upstream
    upstream = Upstream(name, was.urls, was.auth_type, was.key, was.reference, was.settings)
    return Finding(f"{name}, {one.what}", upstream)


KINDS: tuple[Kind, ...] = (
    Kind("a configuration of CCCC", lambda tree: isinstance(tree.get("endpoints"), list), own),
    Kind(
        "a configuration of claude-code-router",
        lambda tree: isinstance(tree.get("Providers", tree.get("providers")), list),
        router,
    ),
    Kind(
        "a configuration of cc-switch",
        lambda tree: any(
            isinstance(table(part).get("providers"), Mapping) for part in (tree, tree.get("claude"), tree.get("codex"))
        ),
        switcher,
    ),
    Kind(
        "the settings of Codex",
        lambda tree: "model_providers" in tree or "model_provider" in tree,
        finding.codex,
    ),
    Kind(
        "the login of Codex",
        lambda tree: "OPENAI_API_KEY" in tree or "tokens" in tree,
        lambda tree, _, around: finding.codex({}, tree, around),
    ),
    Kind("the login of Claude Code", lambda tree: "claudeAiOauth" in tree, lambda tree, *_: finding.credentials(tree)),
    Kind(
        "the settings of Claude Code",
        lambda tree: isinstance(tree.get("env"), Mapping) or "$schema" in tree or "permissions" in tree,
        lambda tree, _, around: finding.claude_code(tree, around),
    ),
)


def kind_of(tree: Any) -> Kind | None:
    """The format of a file, by its shape; ``None`` for one that nobody here knows."""
    return next((kind for kind in KINDS if kind.fits(table(tree))), None)
