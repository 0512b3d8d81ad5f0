"""The settings model as a form: every surface that edits settings is made from the one declaration."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import orjson
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from cccc.config import schema
from cccc.config.documents import is_toml
from cccc.config.effective import text_of
from cccc.config.fields import Unit
from cccc.config.loading import Loaded
from cccc.config.schema import Key
from cccc.control.api import ConfigField, ConfigForm, ConfigSection, ConfigValue, FieldKind

_OVERRIDES = ("env ", "option ")


def form(loaded: Loaded) -> ConfigForm:
    """The settings in force as sections of fields; lists of endpoints and taggers are edited elsewhere."""
    values = {value.key: value for value in loaded.values}
    keys = list(schema.every_key())
    sections = []
    for top in keys:
        if "." in top.pattern or top.section is None:
            continue
        fields = tuple(_field(key, values[key.pattern]) for key in keys if _belongs(key, top.name))
        if fields:
            sections.append(ConfigSection(top.name, str(top.field.title), str(top.field.description), fields))
    toml = loaded.path is not None and is_toml(loaded.path)
    return ConfigForm(None if loaded.path is None else str(loaded.path), toml, tuple(sections))


def editable() -> dict[str, Key]:
    """The keys that the form has, by their dotted names."""
    return {key.pattern: key for key in schema.every_key() if key.section is None and "[]" not in key.pattern}


def value_of(key: Key, text: str) -> Any:
    """What a text in the form's words stands for in the file. Raises ``ValueError`` with what was expected."""
    match kind_of(key):
        case FieldKind.FLAG:
            if text not in ("true", "false"):
                raise ValueError("expected true or false")
            return text == "true"
        case FieldKind.NUMBER:
            try:
                return int(text)
            except ValueError:
                pass  # a fraction then
            try:
                return float(text)
            except ValueError:
                raise ValueError("expected a number") from None
        case FieldKind.LIST | FieldKind.MAPPING as kind:
            wanted = list if kind is FieldKind.LIST else dict
            try:
                value = orjson.loads(text)
            except orjson.JSONDecodeError:
                value = None
            if not isinstance(value, wanted):
                raise ValueError(f"expected a {kind} written as JSON")
            return value
        case _:
            return text


def kind_of(key: Key) -> FieldKind:
    """What kind of value a key holds."""
    if key.unit is not None:
        return FieldKind.DURATION if key.unit is Unit.SECONDS else FieldKind.SIZE
    if schema.holds_secret(key.field):
        return FieldKind.SECRET
    annotation = _plain(key.field.annotation)
    if get_origin(annotation) is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        return FieldKind.CHOICE
    return _KINDS.get(get_origin(annotation) or annotation, FieldKind.TEXT)


_KINDS = {
    bool: FieldKind.FLAG,
    int: FieldKind.NUMBER,
    float: FieldKind.NUMBER,
    tuple: FieldKind.LIST,
    dict: FieldKind.MAPPING,
}


def _belongs(key: Key, section: str) -> bool:
    return key.section is None and "[]" not in key.pattern and key.pattern.startswith(f"{section}.")


def _field(key: Key, value: ConfigValue) -> ConfigField:
    field = key.field
    least, most = _bounds(field.metadata)
    default = None if field.default is PydanticUndefined else field.default
    return ConfigField(
        key=key.pattern,
        title=str(field.title),
        help=str(field.description),
        kind=kind_of(key),
        value=value.value,
        default=text_of(default, key.unit),
        source=value.source,
        live=key.applies == "live",
        choices=tuple(_choices(field.annotation)),
        least=least,
        most=most,
        overridden_by=value.source if value.source.startswith(_OVERRIDES) else None,
    )


def _plain(annotation: Any) -> Any:
    """The type without ``None`` and without what is said about it besides."""
    while True:
        arguments = [argument for argument in get_args(annotation) if argument is not NoneType]
        if hasattr(annotation, "__metadata__") or (NoneType in get_args(annotation) and len(arguments) == 1):
            annotation = arguments[0]
        else:
            return annotation


def _choices(annotation: Any) -> Iterator[str]:
    plain = _plain(annotation)
    if get_origin(plain) is Literal:
        yield from map(str, get_args(plain))
    elif isinstance(plain, type) and issubclass(plain, Enum) and not issubclass(plain, SecretStr):
        yield from (str(member.value) for member in plain)


def _bounds(metadata: list[Any]) -> tuple[float | None, float | None]:
    found: dict[str, float] = {}
    for constraint in metadata:
        for name in ("ge", "gt", "le", "lt"):
            bound = getattr(constraint, name, None)
            if isinstance(bound, int | float):
                found[name[0]] = bound
    return found.get("g"), found.get("l")
