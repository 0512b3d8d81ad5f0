"""Model rewriting: ordered wildcards, first match wins, ``*`` matches ``/`` too."""

from __future__ import annotations

from collections.abc import Sequence

from cccc.domain.endpoint import ModelRule


def matches(pattern: str, model: str) -> bool:
    """Shell wildcards (``*``, ``?``, ``[…]``), case-sensitive; ``*`` matches ``/`` too."""
    raise NotImplementedError


def rewritten(model: str, rules: Sequence[ModelRule]) -> str:
    """The name under which ``model`` is sent; itself where no rule matches."""
    raise NotImplementedError
