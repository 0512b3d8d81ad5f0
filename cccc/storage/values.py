"""Frozen values to JSON and back, exactly, driven by their type hints.

Reading is forgiving where programs of different age share a database: unknown keys are ignored and missing ones take
the field's default. Everything else that does not fit the hint is a ``ValueError``.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Hashable, Mapping
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import orjson

T = TypeVar("T")
Decoder = Callable[[Any], Any]


def dumps(value: object) -> bytes:
    """Any value made of frozen dataclasses, named tuples, enums, tuples, mappings and scalars, as JSON.

    Raises ``TypeError`` for what JSON cannot hold exactly: bytes, integers beyond 64 bits, lone surrogates.
    """
    return orjson.dumps(value, default=_plain)


def loads(hint: type[T], data: bytes | str) -> T:
    """The value that ``dumps`` wrote. Raises ``ValueError`` where ``data`` is not JSON for ``hint``."""
    return cast("T", decoder(cast("Hashable", hint))(orjson.loads(data)))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


@cache
def decoder(hint: Hashable) -> Decoder:
    """How a parsed JSON value becomes an instance of ``hint``."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: value
    if origin in (Union, types.UnionType):
        return _optional(arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        item = decoder(arguments[0])
        return lambda value: tuple(map(item, _checked(list, value)))
    if origin is tuple:
        parts = tuple(map(decoder, arguments))
        return lambda value: tuple(part(found) for part, found in zip(parts, _checked(list, value), strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        item = decoder(arguments[1])
        return lambda value: MappingProxyType({key: item(found) for key, found in _checked(dict, value).items()})
    if dataclasses.is_dataclass(hint):
        return _dataclass(cast("type", hint))
    if isinstance(hint, type) and issubclass(hint, tuple):
        return _named_tuple(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _scalar(hint)


def _checked(kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise ValueError(f"{kind.__name__} expected, {type(value).__name__} found")
    return value


def _optional(arguments: tuple[Any, ...]) -> Decoder:
    inner = [decoder(each) for each in arguments if each is not types.NoneType]
    if len(inner) != 1:
        raise TypeError("only unions with None can be read back")
    return lambda value: None if value is None else inner[0](value)


def _dataclass(kind: type) -> Decoder:
    hints = get_type_hints(kind)
    fields = {field.name: decoder(hints[field.name]) for field in dataclasses.fields(kind)}

    def read(value: object) -> object:
        found = _checked(dict, value)
        try:
            return kind(**{name: read_field(found[name]) for name, read_field in fields.items() if name in found})
        except TypeError as error:
            raise ValueError(f"{kind.__name__}: {error}") from error

    return read


def _named_tuple(kind: type) -> Decoder:
    parts = [decoder(hint) for hint in get_type_hints(kind).values()]
    return lambda value: kind(*(part(found) for part, found in zip(parts, _checked(list, value), strict=True)))


_SCALARS: Mapping[type, Decoder] = MappingProxyType(
    {
        str: lambda value: _checked(str, value),
        int: lambda value: _checked(int, value),
        float: lambda value: float(_checked_number(value)),
        bool: lambda value: bool(_checked(int, value)),
    }
)


def _checked_number(value: object) -> float:
    if not isinstance(value, int | float):
        raise ValueError(f"number expected, {type(value).__name__} found")
    return value


def _scalar(hint: Any) -> Decoder:
    try:
        return _SCALARS[hint]
    except KeyError:
        raise TypeError(f"{hint!r} has no JSON form") from None
