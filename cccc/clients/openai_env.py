"""OpenAI-compatible tools: a file of variables that a shell sources, and what to write into tools that read none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cccc.clients.addresses import same_address
from cccc.clients.env_text import EnvSyntax
from cccc.clients.plan import DUMMY_KEY, ConfigPlan, Effective, Source, Target, Wanted, planned
from cccc.clients.shells import QUOTERS, Unquotable
from cccc.clients.syntax import File, Path, Tree

COMMAND = "cccc setup openai"
BASE_URL = "OPENAI_BASE_URL"
KEY = "OPENAI_API_KEY"
ANCHOR: Path = (BASE_URL,)
"""The setting that says where requests go."""

_OLD_BASE_URL = "OPENAI_API_BASE"

_PLACE = "YOUR_CCCC_TOKEN"
"""What stands for a real key wherever it would be shown."""

_LANGUAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fish": ("fish", "set -gx {name} {value}"),
        "powershell": ("PowerShell", "$env:{name} = {value}"),
        "cmd": ("cmd", 'set "{name}={value}"'),
        "dotenv": (".env", "{name}={value}"),
    }
)
"""The languages that do not read the file: a title, and one variable in it."""


def env_file(name: str) -> File:
    """The file; ``name`` is what a person is told of it."""
    return File(name, EnvSyntax(), COMMAND)


def wanted(target: Target) -> tuple[Wanted, ...]:
    """The variables of a set-up."""
    base = f"{target.url}/v1"
    return (
        Wanted((BASE_URL,), base, "OpenAI's SDKs and most tools send their requests here"),
        Wanted((_OLD_BASE_URL,), base, "the same for tools that know its old name (Aider)"),
        Wanted((KEY,), target.key.reveal(), "what they show to cccc; your real keys stay with cccc"),
    )


def plan(file: File, before: bytes | None, target: Target) -> ConfigPlan:
    """The whole set-up. The notes say how to use the file, and hold a snippet for each tool."""
    return ConfigPlan(
        (planned(file, before, wanted(target)),),
        (),
        (f"In your shell's start-up file: . {file.name}", *snippets(target)),
    )


def snippets(target: Target) -> tuple[str, ...]:
    """What to write into tools that have settings of their own. A key is not shown: its place says where to find it."""
    base, key = f"{target.url}/v1", target.key.reveal()
    if key != DUMMY_KEY:
        key = _PLACE
    opencode = {
        "provider": {
            "cccc": {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": base, "apiKey": key}, "models": {}}
        }
    }
    aider = (f"openai-api-base: {base}", f"openai-api-key: {key}")
    continued = (
        *("models:", "  - name: cccc", "    provider: openai", "    model: MODEL"),
        *(f"    apiBase: {base}", f"    apiKey: {key}"),
    )
    cursor = (
        "turn on Override OpenAI Base URL; Cursor calls from its own servers,",
        f"so it needs an address that they can reach in place of {base}",
    )
    return (
        _snippet("Aider (.aider.conf.yml)", aider),
        _snippet("Continue (config.yaml)", continued),
        _snippet("Cursor (Settings, Models)", cursor),
        _snippet("OpenCode (opencode.json; name your models)", (json.dumps(opencode),)),
        *(_snippet(title, _lines(base, key, language)) for language, (title, _) in _LANGUAGES.items()),
        *((f"Put what cccc token prints in the place of {_PLACE}",) if key == _PLACE else ()),
    )


def _snippet(title: str, body: Sequence[str]) -> str:
    return "\n  ".join((f"{title}:", *body))


def _lines(base: str, key: str, language: str) -> tuple[str, ...]:
    """The variables in another language; one that has no way of writing a value says so."""
    _, form = _LANGUAGES[language]
    try:
        return tuple(
            form.format(name=name, value=QUOTERS[language](value)) for name, value in ((BASE_URL, base), (KEY, key))
        )
    except Unquotable as error:
        return (f"the address {error}",)


def effective(user: Tree, target: Target, environment: Source, name: str) -> tuple[Effective, ...]:
    """The two variables as a shell has them now, else as the file would set them."""
    found = []
    for key in (BASE_URL, KEY):
        value, source = environment.tree.get(key), environment.name
        if value is None:
            value, source = user.get(key), name
        leads = same_address(value, target.url) if key == BASE_URL else target.takes(value)
        found.append(Effective(key, value, None if value is None else source, leads))
    return tuple(found)
