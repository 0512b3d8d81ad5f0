"""Frozen dataclasses as JSON and back, following their own annotations.

Knows nothing of what the values mean: ``JsonCodec`` is given the exceptions (which fields are wall times, which have
another public name, what is shown besides) as tables. Tuples become lists, named tuples and dataclasses objects,
enums their values, bytes text where they are UTF-8, else ``{"base64": …}``. Unknown keys are ignored when reading,
missing ones take the field's default.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum, IntEnum
from types import MappingProxyType, NoneType, UnionType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

Json = Any
"""What ``json.loads`` returns."""


class Mismatch(Exception):
    """A piece of JSON is not of the expected shape. ``place`` reads like ``[3].usage.input``."""

    def __init__(self, expected: str, place: str = "") -> None:
        self.expected = expected
        self.place = place
        super().__init__(f"no {expected} at {place.lstrip('.') or 'the top'}")

    def inside(self, step: str) -> Mismatch:
        """The same, seen from one level further out."""
        return Mismatch(self.expected, f"{step}{self.place}")


def time_text(seconds: float) -> str:
    """A wall time as ISO 8601 in UTC, to the microsecond: ``2026-07-01T12:00:00.250000Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def time_from_text(text: str) -> float:
    """A wall time from ISO 8601 with zone. Raises ``ValueError``."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.timestamp()


class Codec(NamedTuple):
    """The two directions for one annotation. ``read`` raises ``Mismatch``."""

    write: Callable[[Any], Json]
    read: Callable[[Json], Any]


class JsonCodec:
    """Builds and remembers the ``Codec`` of every annotation it is asked for.

    ``times`` are the names of fields that hold wall times; ``names`` maps (class, field) to the public name;
    ``derived`` adds values that are shown and not read back.
    """

    def __init__(
        self,
        *,
        times: frozenset[str],
        names: Mapping[tuple[type, str], str],
        derived: Mapping[type, Mapping[str, Callable[[Any], Json]]],
    ) -> None:
        self._times = times
        self._names = names
        self._derived = derived
        self._known: dict[Any, Codec] = dict(_PLAIN)

    def of(self, hint: Any) -> Codec:
        """The codec for an annotation. Raises ``TypeError`` where there is none."""
        codec = self._known.get(hint)
        if codec is None:
            codec = self._known[hint] = self._build(hint)
        return codec

    def _build(self, hint: Any) -> Codec:
        origin, args = get_origin(hint), get_args(hint)
        if NoneType in args or origin is UnionType:
            (inner,) = (arg for arg in args if arg is not NoneType)
            return _optional(self.of(inner))
        if origin is tuple:
            return _sequence(self.of(args[0])) if args[-1] is Ellipsis else _fixed(tuple(map(self.of, args)))
        if origin is not None and issubclass(origin, Mapping):
            return _mapping(self.of(args[1]))
        if isinstance(hint, type) and issubclass(hint, Enum):
            return _enum(hint)
        if isinstance(hint, type) and (is_dataclass(hint) or hasattr(hint, "_fields")):
            return self._record(hint)
        raise TypeError(f"no JSON for {hint!r}")

    def _entry(self, cls: type, name: str, hint: Any, declared: Field[Any] | None) -> _Entry:
        codec = self.of(hint)
        if name in self._times:
            codec = _optional(_TIME) if NoneType in get_args(hint) else _TIME
        required = declared is None or (declared.default is MISSING and declared.default_factory is MISSING)
        return _Entry(name, self._names.get((cls, name), name), codec, required)

    def _record(self, cls: type) -> Codec:
        hints = get_type_hints(cls)
        declared = {field.name: field for field in fields(cls)} if is_dataclass(cls) else dict.fromkeys(hints)
        entries = tuple(self._entry(cls, name, hints[name], field) for name, field in declared.items())
        derived = self._derived.get(cls, {})

        def write(value: Any) -> Json:
            shown = {entry.key: entry.codec.write(getattr(value, entry.field)) for entry in entries}
            return shown | {key: compute(value) for key, compute in derived.items()}

        def read(value: Json) -> Any:
            if not isinstance(value, dict):
                raise Mismatch("object")
            found: dict[str, Any] = {}
            for entry in entries:
                try:
                    if entry.key in value:
                        found[entry.field] = entry.codec.read(value[entry.key])
                    elif entry.required:
                        raise Mismatch("value")
                except Mismatch as error:
                    raise error.inside(f".{entry.key}") from None
            return cls(**found)

        return Codec(write, read)


class _Entry(NamedTuple):
    field: str
    key: str
    codec: Codec
    required: bool


def _same(value: Any) -> Any:
    return value


def _plain(kind: type, *accepted: type) -> Codec:
    def read(value: Json) -> Any:
        if not isinstance(value, accepted or kind) or (isinstance(value, bool) and kind is not bool):
            raise Mismatch(kind.__name__)
        return kind(value)

    return Codec(_same, read)


def _write_bytes(value: bytes) -> Json:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


def _read_bytes(value: Json) -> bytes:
    match value:
        case str():
            return value.encode("utf-8")
        case {"base64": str(text)}:
            return base64.b64decode(text)
        case _:
            raise Mismatch("body")


def _read_time(value: Json) -> float:
    try:
        return time_from_text(value)
    except (TypeError, ValueError):
        raise Mismatch("time with zone") from None


_TIME = Codec(time_text, _read_time)
_PLAIN: Mapping[Any, Codec] = MappingProxyType(
    {
        str: _plain(str),
        bool: _plain(bool),
        int: _plain(int),
        float: _plain(float, int, float),
        bytes: Codec(_write_bytes, _read_bytes),
    }
)


def _optional(inner: Codec) -> Codec:
    return Codec(
        lambda value: None if value is None else inner.write(value),
        lambda value: None if value is None else inner.read(value),
    )


def _sequence(inner: Codec) -> Codec:
    def read(value: Json) -> Any:
        if not isinstance(value, list):
            raise Mismatch("list")
        items = []
        for index, item in enumerate(value):
            try:
                items.append(inner.read(item))
            except Mismatch as error:
                raise error.inside(f"[{index}]") from None
        return tuple(items)

    return Codec(lambda value: [inner.write(item) for item in value], read)


def _fixed(inner: tuple[Codec, ...]) -> Codec:
    def read(value: Json) -> Any:
        if not isinstance(value, list) or len(value) != len(inner):
            raise Mismatch(f"list of {len(inner)}")
        return tuple(codec.read(item) for codec, item in zip(inner, value, strict=True))

    return Codec(lambda value: [codec.write(item) for codec, item in zip(inner, value, strict=True)], read)


def _mapping(inner: Codec) -> Codec:
    def read(value: Json) -> Any:
        if not isinstance(value, dict):
            raise Mismatch("object")
        return MappingProxyType({key: inner.read(item) for key, item in value.items()})

    return Codec(lambda value: {key: inner.write(item) for key, item in value.items()}, read)


def _enum(kind: type[Enum]) -> Codec:
    """Text enums are their values; numbered ones, whose numbers only order them, are their names."""
    members = {member.name.lower() if issubclass(kind, IntEnum) else member.value: member for member in kind}
    texts = {member: text for text, member in members.items()}

    def read(value: Json) -> Any:
        if not isinstance(value, str) or value not in members:
            raise Mismatch(kind.__name__)
        return members[value]

    return Codec(texts.__getitem__, read)
