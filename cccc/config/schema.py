"""Walking the settings model: which keys there are, what they are called, and what stands below them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from cccc.config.fields import Unit
from cccc.config.problems import Path
from cccc.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the model. ``pattern`` is its path with ``[]`` for the items of a list (``endpoints[].name``)."""

    pattern: str
    name: str
    field: FieldInfo
    section: type[BaseModel] | None
    is_list: bool

    @property
    def applies(self) -> str:
        """``live`` or ``restart``."""
        return applies(self.field)

    @property
    def unit(self) -> Unit | None:
        """The unit of a duration or a size."""
        return unit_of(self.field)


def applies(field: FieldInfo) -> str:
    """Whether a change of the field takes effect at once (``live``) or at the next start (``restart``)."""
    extra = field.json_schema_extra
    return str(extra["applies"]) if isinstance(extra, dict) else "live"


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _types(argument)


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field's value, or of the items of its list."""
    for found in _types(field.annotation):
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return None


def holds_secret(field: FieldInfo) -> bool:
    """Whether the field's value must not be repeated."""
    return any(found is SecretStr for found in _types(field.annotation))


def is_list(field: FieldInfo) -> bool:
    """Whether the field is a list."""
    return any(getattr(found, "__origin__", None) is tuple for found in _types(field.annotation))


def unit_of(field: FieldInfo) -> Unit | None:
    """The unit of a duration or a size, ``None`` for everything else."""
    for found in (*field.metadata, *_types(field.annotation)):
        if isinstance(found, Unit):
            return found
    return None


def section_at(path: Path) -> type[BaseModel] | None:
    """The model of the mapping at ``path``, or ``None`` where there is none."""
    model: type[BaseModel] | None = Settings
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        field = model.model_fields.get(part)
        model = None if field is None else section_of(field)
    return model


def field_at(path: Path) -> FieldInfo | None:
    """The field at ``path``; for a place inside a field's own value (a list item, a header) that field."""
    model: type[BaseModel] | None = Settings
    field: FieldInfo | None = None
    for part in path:
        if isinstance(part, int):
            continue
        if model is None:
            return field
        field = model.model_fields.get(part)
        if field is None:
            return None
        model = section_of(field)
    return field


def every_key(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Key]:
    """Every key, sections before what they hold, in the model's order."""
    for name, field in model.model_fields.items():
        section = section_of(field)
        listed = is_list(field)
        pattern = f"{prefix}{name}"
        yield Key(pattern, name, field, section, listed)
        if section is not None:
            yield from every_key(section, f"{pattern}{'[]' if listed else ''}.")
