"""Codex: its provider table, its selection, and what would win over them.

The token goes into the table (``experimental_bearer_token``): that works beside any login, so ``auth.json`` is never
touched. Source: clients.md §4.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cccc.clients.addresses import same_address
from cccc.clients.plan import ConfigPlan, Effective, Source, Target, Wanted, planned
from cccc.clients.syntax import File, Path, Tree, at
from cccc.clients.toml_text import TomlSyntax

COMMAND = "cccc setup codex"
PROVIDER = "cccc"
"""Never "OpenAI": that name turns on a compaction which only OpenAI can answer."""

TABLE: Path = ("model_providers", PROVIDER)
SELECTION: Path = ("model_provider",)
ANCHOR: Path = (*TABLE, "base_url")
"""The setting that says where requests go."""

_TOKEN: Path = (*TABLE, "experimental_bearer_token")

RESUME = (
    "codex resume lists only threads of the selected provider, and fails for threads made through cccc when the table "
    "[model_providers.cccc] is gone: cccc setup restore codex --keep-table leaves it in place, unselected"
)
WAITS = "Codex waits for ever while the proxy is gone: keep it running, or run cccc setup restore codex"


def config_file(name: str) -> File:
    """The user's ``config.toml``; ``name`` is what a person is told of it."""
    return File(name, TomlSyntax(), COMMAND)


def wanted(target: Target) -> tuple[Wanted, ...]:
    """The settings of a set-up, in the order in which they are written."""
    found = [
        Wanted(SELECTION, PROVIDER, "Codex uses the table below"),
        Wanted((*TABLE, "name"), PROVIDER, "the table's title"),
        Wanted(ANCHOR, f"{target.url}/v1", "Codex sends its requests here"),
        Wanted((*TABLE, "wire_api"), "responses", "the only API that Codex still speaks"),
        Wanted(_TOKEN, target.key.reveal(), "what it shows to cccc; your real keys and logins stay where they are"),
        Wanted((*TABLE, "env_key"), None, "it would demand a variable in every shell"),
        Wanted((*TABLE, "requires_openai_auth"), None, "it would send your login to cccc"),
    ]
    if target.catalog:
        found.append(Wanted((*TABLE, "model_catalog_url"), f"{target.url}/v1/models", "models as the proxy knows them"))
    if target.model is not None:
        found.append(Wanted(("model",), target.model, "the model that Codex asks for"))
    found += [
        Wanted(("projects", one, "trust_level"), "trusted", "Codex may work there unasked") for one in target.trust
    ]
    return tuple(found)


def plan(file: File, before: bytes | None, target: Target, sources: Sequence[Source]) -> ConfigPlan:
    """The whole set-up. ``sources`` are the other files that Codex reads, the strongest first."""
    change = planned(file, before, wanted(target))
    found = tuple(warnings(file.tree(change.after), sources, file.name))
    return ConfigPlan((change,), found, (RESUME, WAITS))


def warnings(user: Tree, sources: Sequence[Source], name: str) -> Iterator[str]:
    """What stands in the way of the user's settings, and how to clear it, one sentence each."""
    for source in sources:
        selected = at(source.tree, SELECTION)
        if selected is not None and selected != PROVIDER:
            yield f"{source.name} sets model_provider, which wins over {name}: {source.remedy}"
        if at(source.tree, TABLE) is not None:
            yield f"{source.name} has a table [model_providers.cccc], which wins over {name}: {source.remedy}"
    for source in [*sources, Source(name, user, "remove it there")]:
        profile = source.tree.get("profile")
        chosen = at(source.tree, ("profiles", str(profile), *SELECTION))
        if profile is not None and chosen not in (None, PROVIDER):
            yield f"{source.name} selects the profile {profile!r}, whose model_provider wins: {source.remedy}"
    for key in ("auth", "gateway_oauth", "aws"):
        if at(user, (*TABLE, key)) is not None:
            yield f"{name}: [model_providers.cccc] has {key}, which may win over the token: remove it there"


def effective(user: Tree, target: Target, sources: Sequence[Source], name: str) -> tuple[Effective, ...]:
    """Every setting that matters as Codex uses it, with its source."""
    order = [*sources, Source(name, user)]
    provider, provider_source = _first(order, SELECTION)
    found = [Effective("model_provider", provider, provider_source, provider == PROVIDER)]
    table: Path = ("model_providers", str(provider or PROVIDER))
    for key in ("base_url", "wire_api", "experimental_bearer_token", "env_key", "requires_openai_auth"):
        value, source = _first(order, (*table, key))
        leads: bool | None = None
        if key == "base_url":
            leads = same_address(value, target.url)
        elif key == "experimental_bearer_token":
            leads = target.takes(value)
        if value is not None or leads is not None:
            found.append(Effective(".".join((*table, key)), value, source, leads))
    model, model_source = _first(order, ("model",))
    if model is not None:
        found.append(Effective("model", model, model_source))
    return tuple(found)


def _first(order: Sequence[Source], path: Path) -> tuple[Any, str | None]:
    for source in order:
        if (value := at(source.tree, path)) is not None:
            return value, source.name
    return None, None
