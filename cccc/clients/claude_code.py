"""Claude Code: which settings point it at a proxy, and what would win over them.

Our keys stand in ``env`` of the user's ``settings.json``, which wins over the shell; project, local and managed
settings win over it. Sources: clients.md §1 and §2.1, code.claude.com/docs/en/settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from cccc.clients.addresses import same_address
from cccc.clients.json_text import JsonSyntax
from cccc.clients.plan import ConfigPlan, Effective, Source, Target, Wanted, planned
from cccc.clients.syntax import File, Tree, at

COMMAND = "cccc setup claude-code"
ENVIRONMENT = "environment"

BASE_URL = "ANTHROPIC_BASE_URL"
TOKEN = "ANTHROPIC_AUTH_TOKEN"
ANCHOR = ("env", BASE_URL)
"""The setting that says where requests go."""

_LOGIN = "subscription login"

_TIERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "model": ("ANTHROPIC_MODEL", "the model that Claude Code asks for"),
        "opus": ("ANTHROPIC_DEFAULT_OPUS_MODEL", "what stands for opus"),
        "sonnet": ("ANTHROPIC_DEFAULT_SONNET_MODEL", "what stands for sonnet"),
        "haiku": ("ANTHROPIC_DEFAULT_HAIKU_MODEL", "what stands for haiku: sub-agents and titles use it"),
    }
)

ELSEWHERE = (
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_MANTLE",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS",
)
"""Switches that send requests to a cloud's own service, whatever the base URL says."""

_EXTRA_KEY = "ANTHROPIC_API_KEY"
_SHOWN = (BASE_URL, TOKEN, _EXTRA_KEY, "API_TIMEOUT_MS", *(variable for variable, _ in _TIERS.values()))


def settings_file(name: str) -> File:
    """The user's ``settings.json``; ``name`` is what a person is told of it."""
    return File(name, JsonSyntax(), COMMAND)


def wanted(target: Target) -> tuple[Wanted, ...]:
    """The settings of a set-up, in the order in which they are written."""
    found = [
        (BASE_URL, target.url, "Claude Code sends its requests here"),
        (TOKEN, target.key.reveal(), "what it shows to cccc; your real keys stay with cccc"),
        ("API_TIMEOUT_MS", "600000", "an answer may take ten minutes to begin while endpoints are tried"),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1", "no telemetry and no paid side requests for titles"),
        ("CLAUDE_CODE_ATTRIBUTION_HEADER", "0", "a line that changes with every prompt would break prompt caches"),
    ]
    if target.tool_search:
        found.append(("ENABLE_TOOL_SEARCH", "true", "your endpoints understand tools that are loaded on demand"))
    for option, (variable, reason) in _TIERS.items():
        if (model := getattr(target, option)) is not None:
            found.append((variable, model, reason))
    return tuple(Wanted(("env", key), value, reason) for key, value, reason in found)


def plan(file: File, before: bytes | None, target: Target, sources: Sequence[Source], *, login: bool) -> ConfigPlan:
    """The whole set-up. ``sources`` are the other places where Claude Code looks, the strongest first, the environment
    last; ``login``: there is a subscription login.
    """
    change = planned(file, before, wanted(target))
    tree = file.tree(change.after)
    notes = (
        [f"You are logged in with a subscription: {TOKEN} wins over the login, which stays as it is"] if login else []
    )
    return ConfigPlan((change,), tuple(warnings(tree, target, sources, file.name)), tuple(notes))


def warnings(user: Tree, target: Target, sources: Sequence[Source], name: str) -> Iterator[str]:
    """What stands in the way of the user's settings, and how to clear it, one sentence each."""
    for source in sources:
        if source.name == ENVIRONMENT:
            continue
        for key in (BASE_URL, TOKEN):
            value = at(source.tree, ("env", key))
            fits = same_address(value, target.url) if key == BASE_URL else target.takes(value)
            if value is not None and not fits:
                yield f"{source.name} sets {key}, which wins over {name}: {source.remedy}"
    everywhere = [*sources, Source(name, user, "remove it there")]
    for source in everywhere:
        env = _env(source)
        for switch in ELSEWHERE:
            if is_on(env.get(switch)):
                yield f"{source.name} sets {switch}: Claude Code then ignores {BASE_URL}; {source.remedy}"
        if source.tree.get("apiKeyHelper"):
            yield (
                f"{source.name} sets apiKeyHelper: what it prints is sent to cccc as well, which never passes it on; "
                f"{source.remedy}"
            )
        if env.get(_EXTRA_KEY):
            yield (
                f"{source.name} sets {_EXTRA_KEY}: it is sent to cccc too, which never passes it on; {source.remedy}"
            )


def effective(user: Tree, target: Target, sources: Sequence[Source], name: str) -> tuple[Effective, ...]:
    """Every setting that matters as Claude Code uses it, with its source."""
    *files, environment = sources
    order = [*files, Source(name, user), environment]
    found = []
    for key in _SHOWN:
        source = next((one for one in order if _env(one).get(key) not in (None, "")), None)
        value = None if source is None else _env(source)[key]
        leads = same_address(value, target.url) if key == BASE_URL else target.takes(value) if key == TOKEN else None
        if value is not None or key in (BASE_URL, TOKEN):
            found.append(Effective(key, value, source.name if source else None, leads))
    for switch in ELSEWHERE:
        source = next((one for one in order if is_on(_env(one).get(switch))), None)
        if source is not None:
            found.append(Effective(switch, _env(source)[switch], source.name, leads_here=False))
    return tuple(found)


def _env(source: Source) -> Mapping[str, Any]:
    env = source.tree.get("env")
    return env if isinstance(env, dict) else {}


def is_on(value: Any) -> bool:
    """Whether Claude Code takes a switch for set."""
    return value is not None and str(value).strip().lower() not in ("", "0", "false", "no", "off")
