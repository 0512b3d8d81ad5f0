"""The taggers of the configuration: ``type: path`` with its keys beside it, or the Go program's
``type: builtin`` with ``builtin_type`` and the keys below ``config``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from cccc.config.fields import Section, complaint_about, complaint_found, live
from cccc.domain.tags import TaggerType

BUILTIN = "builtin"

PARAMS: Mapping[TaggerType, tuple[str, ...]] = {
    TaggerType.PATH: ("path_pattern",),
    TaggerType.HEADER: ("header_name", "expected_value"),
    TaggerType.QUERY: ("param_name", "expected_value"),
    TaggerType.METHOD: ("methods",),
    TaggerType.BODY_JSON: ("json_path", "expected_value"),
    TaggerType.USER_MESSAGE: ("expected_value",),
    TaggerType.MODEL: ("expected_value",),
    TaggerType.THINKING: ("min_budget_tokens",),
}
"""The keys of each type; all are required but ``min_budget_tokens``."""

_OPTIONAL = {"min_budget_tokens"}


def _known_type(value: object) -> object:
    if value != BUILTIN and value not in tuple(TaggerType):
        raise complaint_found(f"is an unknown type of tagger; expected one of {', '.join(TaggerType)}")
    return value


class TaggerParams(Section):
    """The keys of the single types."""

    path_pattern: str | None = live("Path", "type path: wildcards for the request's path.", default=None, min_length=1)
    header_name: str | None = live("Header", "type header: name of the header.", default=None, min_length=1)
    param_name: str | None = live("Parameter", "type query: name of the query parameter.", default=None, min_length=1)
    expected_value: str | None = live(
        "Expected value",
        "types header, query, body-json, user-message, model: wildcards for the value.",
        default=None,
        min_length=1,
    )
    methods: tuple[str, ...] | None = live("Methods", "type method: HTTP methods.", default=None, min_length=1)
    json_path: str | None = live(
        "Path in the body", "type body-json: dotted path such as metadata.user_id.", default=None, min_length=1
    )
    min_budget_tokens: int | None = live(
        "Thinking budget", "type thinking: smallest budget that counts.", default=None, ge=0
    )


class TaggerSettings(TaggerParams):
    """One tagger."""

    name: Annotated[str | None, Field(min_length=1, max_length=100)] = live(
        "Name", "Shown in explanations; the tag where absent.", default=None
    )
    type: Annotated[str, BeforeValidator(_known_type)] = live(
        "Type", "path, header, query, method, body-json, user-message, model or thinking; or builtin."
    )
    builtin_type: TaggerType | None = live("Builtin type", "The type where type is builtin.", default=None)
    tag: Annotated[str, Field(min_length=1, max_length=100)] = live("Tag", "The tag that fitting requests get.")
    enabled: bool = live("Enabled", "Whether this tagger is asked.", default=True)
    config: TaggerParams = live("Keys", "The type's keys, where they are not beside it.", default=TaggerParams())

    @property
    def tagger_type(self) -> TaggerType:
        """The builtin type, however it was written."""
        return self.builtin_type if self.builtin_type is not None else TaggerType(self.type)

    @property
    def params(self) -> dict[str, Any]:
        """The keys of the type that are set."""
        names = PARAMS[self.tagger_type]
        found = {name: getattr(self, name) if getattr(self, name) is not None else getattr(self.config, name)
                 for name in names}  # fmt: skip
        return {name: value for name, value in found.items() if value is not None}

    @model_validator(mode="before")
    @classmethod
    def _no_scripts(cls, data: Any) -> Any:
        kind = data.get("type") if isinstance(data, dict) else None
        if kind in ("starlark", "script"):
            raise complaint_about(
                "type",
                f'script taggers ("{kind}") are not in this version; expected one of {", ".join(TaggerType)}, '
                "or remove this tagger",
            )
        return data

    @model_validator(mode="after")
    def _complete(self) -> TaggerSettings:
        if (self.type == BUILTIN) != (self.builtin_type is not None):
            raise complaint_about("builtin_type", "type: builtin and builtin_type belong together; set both or neither")
        kind = self.tagger_type
        wanted = PARAMS[kind]
        for name in wanted:
            if name not in self.params and name not in _OPTIONAL:
                raise complaint_about(name, f"is missing; a tagger of type {kind} needs {' and '.join(wanted)}")
        for name in TaggerParams.model_fields:
            if name not in wanted and (getattr(self, name) is not None or getattr(self.config, name) is not None):
                raise complaint_about(name, f"has no meaning for type {kind}; expected {' and '.join(wanted)}")
        return self
