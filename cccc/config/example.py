"""An annotated configuration with every key, written from the model: ``cccc config example``.

What has a default stands there with it; what has none is a comment with a sample value.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from cccc.config.effective import text_of
from cccc.config.endpoint_settings import EndpointSettings
from cccc.config.fields import Unit
from cccc.config.schema import applies, section_of, unit_of
from cccc.config.settings import Settings

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z./][\w./-]*")
_WORDS_WITH_MEANING = {"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"}

_HEADER = """\
CCCC, the Claude Code and Codex Companion: configuration.

Every key has a default and may be left out, but for an endpoint's name, address and key.
Durations: 500ms, 10s, 5m, 1h. Keys instead of literal values: ${ENV_NAME}, env:ENV_NAME or file:PATH.
Variables such as CCCC_SERVER__PORT stand above this file. Check it with: cccc config check"""

_SAMPLES: Mapping[str, Any] = {
    "server.auth_token": "auto",
    "logging.log_directory": "./logs",
    "ui.theme": "textual-dark",
    "ui.language": "en",
}
"""Values for keys without a default."""

_TAGGER: Mapping[str, Any] = {"type": "path", "path_pattern": "/v1/messages*", "tag": "claude"}

_ENDPOINTS: tuple[Mapping[str, Any], ...] = (
    {
        "name": "anthropic-official",
        "url_anthropic": "https://api.anthropic.com/v1/messages",
        "auth_type": "api_key",
        "auth_value": "YOUR_ANTHROPIC_API_KEY",
        "client_type": "claude_code",
    },
    {
        "name": "universal-provider",
        "url_openai": "https://api.provider.com/v1/chat/completions",
        "auth_type": "auth_token",
        "auth_value": "YOUR_TOKEN",
        "priority": 2,
        "model_rewrite": {
            "enabled": True,
            "rules": [{"source_pattern": "claude-*", "target_model": "provider-claude-model"}],
        },
    },
)
"""The entries that stand there; the first is followed by all other keys as comments."""

_ENDPOINT_SAMPLES: Mapping[str, Any] = {
    "url_openai": "https://api.provider.com/v1",
    "url_gemini": "https://generativelanguage.googleapis.com",
    "target_format": "openai_chat",
    "supports_responses": True,
    "max_tokens_field_name": "max_completion_tokens",
    "model_rewrite": {"enabled": True, "rules": [{"source_pattern": "claude-*", "target_model": "other-model"}]},
    "header_overrides": {"x-team": "tools"},
    "parameter_overrides": {"temperature": 0.7, "top_k": ""},
    "proxy": {"type": "socks5", "address": "127.0.0.1:1080"},
    "timeouts": {"first_event": "5m"},
    "max_concurrency": 4,
    "context_window": 200_000,
    "oauth_config": {"access_token": "file:access.token", "token_url": "https://auth.provider.com/token"},
    "count_tokens_enabled": False,
}


def example(*, toml: bool) -> str:
    """The example in TOML or YAML. It loads as it stands, without warnings."""
    lines = [f"# {line}".rstrip() for line in _HEADER.splitlines()]
    writer = _Toml() if toml else _Yaml()
    for name, field in Settings.model_fields.items():
        section = section_of(field)
        if section is EndpointSettings:
            lines += ["", *_comment(str(field.description), ""), *writer.endpoints()]
        elif section is not None:
            lines += ["", *writer.section(name, section, (name,), 0)]
    return "\n".join(lines) + "\n"


def _comment(text: str, indent: str) -> list[str]:
    return [f"{indent}# {line}" for line in textwrap.wrap(text, _WIDTH - len(indent))]


def _described(model: type[BaseModel], name: str, indent: str) -> list[str]:
    field = model.model_fields[name]
    note = "" if applies(field) == "live" else " Applies after a restart."
    return _comment(f"{field.description}{note}", indent)


class _Yaml:
    def pair(self, name: str, value: Any, unit: Unit | None = None) -> str:
        return f"{name}: {self.value(value, unit)}"

    def value(self, value: Any, unit: Unit | None = None) -> str:
        if isinstance(value, Mapping):
            return "{" + ", ".join(self.pair(key, item) for key, item in value.items()) + "}"
        if isinstance(value, list | tuple):
            return "[" + ", ".join(self.value(item) for item in value) + "]"
        text = text_of(value, unit)
        plain = not isinstance(value, str) or (_PLAIN.fullmatch(text) and text not in _WORDS_WITH_MEANING)
        return text if plain else json.dumps(text)

    def section(self, name: str, model: type[BaseModel], path: tuple[str, ...], depth: int) -> Iterator[str]:
        yield from _comment(str(model.__doc__).strip(), "  " * depth)
        yield f"{'  ' * depth}{name}:"
        yield from self.keys(model, path, depth + 1)

    def keys(self, model: type[BaseModel], path: tuple[str, ...], depth: int) -> Iterator[str]:
        indent = "  " * depth
        for name, field in model.model_fields.items():
            inner = section_of(field)
            if inner is not None and isinstance(field.default, BaseModel):
                yield from self.section(name, inner, (*path, name), depth)
                continue
            yield from _described(model, name, indent)
            if inner is not None:
                yield f"{indent}# {self.pair(name, [_TAGGER])}"
            sample = _SAMPLES.get(".".join((*path, name)))
            commented = "# " if field.default is None else ""
            value = sample if field.default is None else field.default
            yield f"{indent}{commented}{self.pair(name, value, unit_of(field))}"

    def endpoints(self) -> Iterator[str]:
        yield "endpoints:"
        for index, entry in enumerate(_ENDPOINTS):
            lead = "  - "
            for name, value in entry.items():
                if index == 0:
                    yield from _described(EndpointSettings, name, "    " if lead.isspace() else "  ")
                yield f"{lead}{self.pair(name, value)}"
                lead = "    "
            if index == 0:
                yield from _other_endpoint_keys(self, entry, "    ")


class _Toml(_Yaml):
    def pair(self, name: str, value: Any, unit: Unit | None = None) -> str:
        return f"{name} = {self.value(value, unit)}"

    def value(self, value: Any, unit: Unit | None = None) -> str:
        if isinstance(value, Mapping):
            return "{ " + ", ".join(self.pair(key, item) for key, item in value.items()) + " }" if value else "{}"
        if isinstance(value, str) or unit is not None:
            return json.dumps(text_of(value, unit))
        return super().value(value, unit)

    def section(self, name: str, model: type[BaseModel], path: tuple[str, ...], depth: int) -> Iterator[str]:
        del name, depth
        yield from _comment(str(model.__doc__).strip(), "")
        yield f"[{'.'.join(path)}]"
        yield from self.keys(model, path, 0)

    def endpoints(self) -> Iterator[str]:
        for index, entry in enumerate(_ENDPOINTS):
            yield "[[endpoints]]"
            for name, value in entry.items():
                if index == 0:
                    yield from _described(EndpointSettings, name, "")
                yield self.pair(name, value)
            if index == 0:
                yield from _other_endpoint_keys(self, entry, "")
            if entry is not _ENDPOINTS[-1]:
                yield ""


def _other_endpoint_keys(writer: _Yaml, entry: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, field in EndpointSettings.model_fields.items():
        if name not in entry:
            yield from _described(EndpointSettings, name, indent)
            yield f"{indent}# {writer.pair(name, _ENDPOINT_SAMPLES.get(name, field.default), unit_of(field))}"
