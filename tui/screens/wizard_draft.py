"""What the endpoint wizard has been told so far, and the endpoint that it makes. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cccc.control.api import (
    AuthType,
    ConfigValue,
    EndpointDraft,
    EndpointView,
    FormatProbe,
    Preset,
    ProbeReport,
    Secret,
    WireFormat,
)

URLS = {"url_anthropic": "Anthropic address", "url_openai": "OpenAI address"}
TIERS = ("opus", "sonnet", "haiku")
_WHOLE = re.compile(r"-?[0-9]{1,7}")
_OPENAI = {WireFormat.OPENAI_CHAT: "chat_completions", WireFormat.OPENAI_RESPONSES: "responses"}


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything told so far. ``editing`` is the name of the endpoint that is changed, ``None`` for a new one.

    ``skipped`` are the formats of the probe that shall not be used; ``tiers`` the models to ask for instead of Claude's
    three sizes; ``rules`` other rewrites that are there and stay. ``models`` are wildcards, comma separated.
    """

    name: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    auth_type: AuthType = AuthType.AUTO
    key: str = field(default="", repr=False)
    reference: str = ""
    priority: str = "1"
    tiers: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[tuple[str, str], ...] = ()
    models: str = ""
    report: ProbeReport | None = None
    skipped: frozenset[WireFormat] = frozenset()
    editing: str | None = None
    before: Wish | None = None
    """As it was before it was edited: only what differs is written."""


def from_preset(preset: Preset | None, taken: Sequence[str]) -> Wish:
    """A new endpoint of a provider, or of none that is known; named so that no other one has the name."""
    if preset is None:
        return Wish(name=_free("endpoint", taken))
    return Wish(
        name=_free(preset.name, taken),
        urls=dict(preset.urls),
        auth_type=preset.auth_type,
        reference=f"${{{preset.key_env}}}" if preset.key_env else "",
    )


def _free(name: str, taken: Sequence[str]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free


def from_config(view: EndpointView, values: Sequence[ConfigValue]) -> Wish | None:
    """An endpoint as the configuration has it; ``None`` where it does not have it."""
    said = {value.key: value.value for value in values}
    place = next(
        (key.removesuffix(".name") for key, name in said.items()
         if key.startswith("endpoints[") and key.endswith("].name") and name == view.name),
        None,
    )  # fmt: skip
    if place is None:
        return None
    rules: list[tuple[str, str]] = []
    while (pattern := said.get(f"{place}.model_rewrite.rules[{len(rules)}].source_pattern")) is not None:
        rules.append((pattern, said.get(f"{place}.model_rewrite.rules[{len(rules)}].target_model", "")))
    tiers = {tier: target for tier in TIERS for pattern, target in rules if pattern == f"*{tier}*"}
    wish = Wish(
        name=view.name,
        urls={key: said[f"{place}.{key}"] for key in URLS if said.get(f"{place}.{key}", "none") != "none"},
        priority=str(view.priority),
        tiers=tiers,
        rules=tuple(rule for rule in rules if rule[0] not in {f"*{tier}*" for tier in TIERS}),
        models=", ".join(view.models),
        editing=view.name,
    )
    return replace(wish, before=wish)


def probed(wish: Wish, report: ProbeReport) -> Wish:
    """With what the probe found: formats that do not work are skipped until the person says otherwise."""
    return replace(wish, report=report, skipped=frozenset(one.wire_format for one in report.formats if not one.ok))


def turned(wish: Wish, wire_format: WireFormat) -> Wish:
    """One format kept that was skipped, or the other way round."""
    return replace(wish, skipped=wish.skipped ^ {wire_format})


def draft(wish: Wish) -> EndpointDraft:
    """The endpoint as it would be written."""
    return EndpointDraft(
        name=wish.name.strip(),
        urls=_kept_urls(wish),
        auth_type=wish.auth_type,
        key=Secret(wish.key) if wish.key else None,
        key_reference=None if wish.key else wish.reference.strip() or None,
        settings=_settings(wish),
    )


def question(wish: Wish) -> EndpointDraft:
    """What a probe asks about: every address, whatever an earlier probe found."""
    return draft(replace(wish, name=wish.name or "endpoint", priority="1", report=None, skipped=frozenset()))


def _formats_at(wish: Wish, url: str) -> list[FormatProbe]:
    return [one for one in wish.report.formats if one.url == url] if wish.report else []


def _kept_urls(wish: Wish) -> dict[str, str]:
    """Addresses of which at least one format is kept."""
    urls = {key: url.strip() for key, url in wish.urls.items() if url.strip()}
    return {
        key: url
        for key, url in urls.items()
        if not (found := _formats_at(wish, url)) or any(one.wire_format not in wish.skipped for one in found)
    }


def _settings(wish: Wish) -> dict[str, str]:
    before = wish.before or Wish()
    settings: dict[str, str] = {}
    if wish.before is None or wish.priority != before.priority:
        settings["priority"] = str(int(wish.priority))
    if _filled(wish.tiers) != _filled(before.tiers):
        rules = [(f"*{tier}*", target) for tier, target in _filled(wish.tiers).items()]
        settings["model_rewrite"] = json.dumps(
            {
                "enabled": True,
                "rules": [
                    {"source_pattern": pattern, "target_model": target} for pattern, target in (*rules, *wish.rules)
                ],
            }
        )
    if (models := _list(wish.models)) != _list(before.models):
        settings["models"] = json.dumps(models)
    if (preference := _preference(wish)) is not None:
        settings["openai_preference"] = json.dumps(preference)
    return settings


def _preference(wish: Wish) -> str | None:
    """Which of a base address' two OpenAI APIs was chosen, where it was asked in both and one is skipped."""
    found = _formats_at(wish, wish.urls.get("url_openai", "").strip())
    both = [one.wire_format for one in found if one.wire_format in _OPENAI]
    kept = [one for one in both if one not in wish.skipped]
    return _OPENAI[kept[0]] if len(both) > 1 and len(kept) == 1 else None


def _filled(tiers: Mapping[str, str]) -> dict[str, str]:
    return {tier: model.strip() for tier, model in tiers.items() if model.strip()}


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def complaint(wish: Wish, step: int) -> str | None:
    """Why the wizard cannot go on from this step, in a sentence."""
    match step:
        case 2 if not any(url.strip() for url in wish.urls.values()):
            return "an address is missing: one of the two is enough"
        case 2 if not (wish.key or wish.reference.strip() or wish.editing):
            return "the key is missing: type it, or say where it is, such as ${NAME} or file:PATH"
        case 3 if not _kept_urls(wish):
            return "no format is kept: space keeps one"
        case 5 if not wish.name.strip():
            return "a name is missing"
        case 5 if not _WHOLE.fullmatch(wish.priority.strip()):
            return "the priority is a whole number; smaller is tried first"
    return None
