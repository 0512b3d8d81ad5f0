"""The building blocks of the settings model: how a field is declared, and the types that several sections share.

Every field carries a title, a description, bounds and whether a change applies to the running proxy (``live``) or
after a ``restart``; documentation, examples and messages are derived from these.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from cccc.config.quantities import parse_duration, parse_size

LONGEST = 86_400.0 * 7
"""The longest duration that can be set, in seconds."""


class Unit(Enum):
    """What a number counts, where people write it with a unit. Stands in the metadata of ``Duration`` and ``Size``."""

    SECONDS = "seconds"
    BYTES = "bytes"


class Section(BaseModel):
    """A mapping of the configuration. A key without a value counts as absent; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


def live(title: str, description: str, **options: Any) -> Any:
    """Declare a field whose change takes effect in the running proxy."""
    return Field(title=title, description=description, json_schema_extra={"applies": "live"}, **options)


def restart(title: str, description: str, **options: Any) -> Any:
    """Declare a field whose change takes effect at the next start."""
    return Field(title=title, description=description, json_schema_extra={"applies": "restart"}, **options)


def complaint(message: str) -> PydanticCustomError:
    """What a validator raises: the whole sentence, without place and key."""
    return PydanticCustomError("cccc", "{message}", {"message": message})


def complaint_found(message: str) -> PydanticCustomError:
    """What a validator raises when the sentence is to begin with the value that was found."""
    return PydanticCustomError("cccc_found", "{message}", {"message": message})


def complaint_plain(message: str) -> PydanticCustomError:
    """What a validator raises when the sentence names by itself what it is about."""
    return PydanticCustomError("cccc_plain", "{message}", {"message": message})


def complaint_about(key: str, message: str) -> PydanticCustomError:
    """What a validator of a whole section raises when one key of it is to blame."""
    return PydanticCustomError("cccc", "{message}", {"message": message, "key": key})


def _or_complain(parse: Callable[[object], Any]) -> Callable[[object], Any]:
    def parsed(value: object) -> Any:
        try:
            return parse(value)
        except ValueError as error:
            raise complaint_found(str(error)) from None

    return parsed


def _absent_when_empty(value: object) -> object:
    if value == "" or (isinstance(value, SecretStr) and not value.get_secret_value()):
        return None
    return value


Duration = Annotated[float, BeforeValidator(_or_complain(parse_duration)), Field(gt=0, le=LONGEST), Unit.SECONDS]
"""Seconds; written ``10s``, ``500ms``, ``5m``, ``1h`` or as a number."""

Size = Annotated[int, BeforeValidator(_or_complain(parse_size)), Unit.BYTES]
"""Bytes; written ``64MiB`` or as a number."""

Absent = BeforeValidator(_absent_when_empty)
"""``""`` means the same as leaving the key out."""
