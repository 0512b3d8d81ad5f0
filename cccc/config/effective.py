"""Every setting in force with its source, for ``cccc config show`` and the configuration screen. Secrets are masked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from pydantic import BaseModel, SecretStr

from cccc.config.endpoint_settings import EgressSettings
from cccc.config.fields import Unit
from cccc.config.problems import Path, dotted
from cccc.config.quantities import format_duration, format_size
from cccc.config.references import AUTO, is_reference
from cccc.config.schema import unit_of
from cccc.config.settings import Settings
from cccc.config.urls import shown_url
from cccc.control.api import ConfigValue
from cccc.domain.secret import Secret

NOTHING = "none"

_ADDRESSES = {"url_anthropic", "url_openai", "url_gemini", "token_url"}


def effective(settings: Settings, source: Callable[[Path], str]) -> tuple[ConfigValue, ...]:
    """All values in the model's order; ``source`` says where the value at a path came from."""
    return tuple(ConfigValue(dotted(path), text, source(path)) for path, text in _leaves(settings, ()))


def _leaves(section: BaseModel, path: Path) -> Iterator[tuple[Path, str]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        deeper = (*path, name)
        if isinstance(value, EgressSettings) and value.type == NOTHING:
            yield deeper, NOTHING
        elif isinstance(value, BaseModel):
            yield from _leaves(value, deeper)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for index, item in enumerate(value):
                yield from _leaves(item, (*deeper, index))
        elif isinstance(value, str) and name in _ADDRESSES:
            yield deeper, shown_url(value).strip('"')
        else:
            yield deeper, text_of(value, unit_of(field))


def text_of(value: Any, unit: Unit | None = None) -> str:
    """A value as text, in the form in which it could stand in the file."""
    match value:
        case None:
            return NOTHING
        case bool():
            return "true" if value else "false"
        case SecretStr():
            return masked_secret(value)
        case Enum():
            return str(value.value)
        case str():
            return value
        case int() | float() if unit is Unit.SECONDS:
            return format_duration(value)
        case int() if unit is Unit.BYTES:
            return format_size(value)
        case float():
            return f"{value:g}"
        case dict():
            return json.dumps({key: _plain(item) for key, item in value.items()}, ensure_ascii=False)
        case tuple() | list():
            return json.dumps([_plain(item) for item in value], ensure_ascii=False)
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    return masked_secret(value) if isinstance(value, SecretStr) else value


def masked_secret(value: SecretStr) -> str:
    """A reference as it stands; of a literal key only what may be seen of it."""
    text = value.get_secret_value()
    return text if is_reference(text) or text in ("", AUTO) else Secret(text).masked
