"""Model rewriting: ordered wildcards, first match wins, ``*`` matches ``/`` too."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from cccc.domain.endpoint import ModelRule


def matches(pattern: str, model: str) -> bool:
    """Shell wildcards (``*``, ``?``, ``[…]``), case-sensitive; ``*`` matches ``/`` too.

    ``fnmatch`` knows no folders and keeps its compiled patterns.
    """
    return fnmatchcase(model, pattern)


def rewritten(model: str, rules: Sequence[ModelRule]) -> str:
    """The name under which ``model`` is sent; itself where no rule matches."""
    return next((rule.target for rule in rules if matches(rule.pattern, model)), model)
