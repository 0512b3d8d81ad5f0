"""From a tree of plain data to ``Settings``, or to complaints in our own words.

The wordings are a table over pydantic's kinds of error; the foreign exception ends here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cccc.config import schema
from cccc.config.effective import text_of
from cccc.config.problems import Path, Problem, dotted, kind_of, nearest, shown, suggestion
from cccc.config.settings import Settings

_WORDINGS: Mapping[str, str] = {
    "cccc_found": "{found} {message}",
    "string_type": "is {found}; expected text (put it in quotes)",
    "int_type": "{found} is not a whole number",
    "int_parsing": "{found} is not a whole number",
    "int_parsing_size": "{found} has too many digits",
    "int_from_float": "{found} is not a whole number",
    "float_type": "{found} is not a number",
    "float_parsing": "{found} is not a number",
    "finite_number": "{found} is not a finite number",
    "bool_type": "{found} is neither true nor false",
    "bool_parsing": "{found} is neither true nor false",
    "greater_than": "{found} is too small; expected more than {gt}",
    "greater_than_equal": "{found} is too small; expected at least {ge}",
    "less_than_equal": "{found} is too large; expected at most {le}",
    "string_too_short": "is too short; expected at least {min_length} character",
    "string_too_long": "is too long; expected at most {max_length} characters",
    "too_short": "is empty; expected at least {min_length} item",
    "tuple_type": "is {found}; expected a list",
    "dict_type": "is {found}; expected a mapping (key: value)",
    "model_type": "is {found}; expected a mapping (key: value)",
}
_CHOICES = {"literal_error", "enum"}


def validate(data: Mapping[str, Any]) -> Settings | list[Problem]:
    """The settings, or everything that is wrong with the data."""
    problems = _duplicate_names(data)
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        return [*problems, *_explained(error.errors(include_url=False))]
    except RecursionError:
        return [*problems, Problem((), "the configuration is nested too deeply")]
    return problems or settings


def _duplicate_names(data: Mapping[str, Any]) -> list[Problem]:
    problems = []
    first: dict[str, int] = {}
    listed = data.get("endpoints")
    for index, endpoint in enumerate(listed if isinstance(listed, list) else ()):
        name = endpoint.get("name") if isinstance(endpoint, dict) else None
        if isinstance(name, str) and first.setdefault(name, index) != index:
            message = f"{shown(name)} is already the name of endpoints[{first[name]}]; names must be unique"
            problems.append(Problem(("endpoints", index, "name"), message))
    return problems


def _explained(errors: list[ErrorDetails]) -> Iterator[Problem]:
    """The complaints; a missing key whose misspelt form is complained about anyway is left out."""
    misspelt = set()
    for error in errors:
        section = schema.section_at(error["loc"][:-1])
        if error["type"] == "extra_forbidden" and section is not None:
            misspelt.add((*error["loc"][:-1], nearest(str(error["loc"][-1]), section.model_fields)))
    for error in errors:
        if error["type"] != "missing" or error["loc"] not in misspelt:
            yield _problem(error)


def _problem(error: ErrorDetails) -> Problem:
    kind = error["type"]
    context = error.get("ctx", {})
    at_key = error["loc"][-1:] == ("[key]",)
    path: Path = error["loc"][:-1] if at_key else error["loc"]
    match kind:
        case "cccc_plain":
            return Problem((), str(context["message"]))
        case "cccc":
            key = context.get("key")
            return Problem(path if key is None else (*path, str(key)), str(context["message"]), at_key=at_key)
        case "missing":
            return Problem(path, f"is missing; {dotted(path[:-1]) or 'the configuration'} needs it", at_key=True)
        case "extra_forbidden":
            return Problem(path, f"unknown key; {_nearest(path)}", at_key=True)
    found = _found(path, error["input"], at_key=at_key)
    if kind in _CHOICES:
        options = re.findall(r"'([^']*)'", str(context["expected"]))
        return Problem(path, f"{found} is unknown; {suggestion(str(error['input']), options)}")
    wording = _WORDINGS.get(kind, "is not usable here")
    return Problem(path, wording.format(found=found, **_bounds(path, context)), at_key=at_key)


def _found(path: Path, value: Any, *, at_key: bool) -> str:
    field = schema.field_at(path)
    if field is not None and schema.holds_secret(field) and not at_key:
        return kind_of(value)
    return shown(value)


def _bounds(path: Path, context: Mapping[str, Any]) -> dict[str, Any]:
    """The bounds of an error as they are written in the file (``168h`` instead of 604800.0)."""
    field = schema.field_at(path)
    unit = None if field is None else schema.unit_of(field)
    return {name: text_of(value, unit) if name in ("gt", "ge", "le") else value for name, value in context.items()}


def _nearest(path: Path) -> str:
    section = schema.section_at(path[:-1])
    return suggestion(str(path[-1]), section.model_fields) if section else "remove it"
