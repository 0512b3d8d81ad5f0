"""What could be imported as endpoints: found on this machine or in one file, and what an import would write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cccc.control.configuring import ConfigProblem, Saved


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found. ``source`` reads ``~/.claude/settings.json`` or ``environment``.

    ``endpoint`` is the name that it would get, ``None`` where it cannot be imported; ``note`` says why not, or what is
    good to know. ``holds_key``: the key itself would be written, not the name of the variable that holds it.
    """

    source: str
    what: str
    endpoint: str | None = None
    note: str = ""
    holds_key: bool = False


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What ``import_apply`` would write into ``path``: a unified diff with masked keys, and what is odd about it.

    ``kind`` says what the file was taken for, empty for what lies about on this machine. ``seen`` names exactly this
    plan. Nothing is written where ``changes`` is false.
    """

    kind: str
    found: tuple[Found, ...]
    path: str
    diff: str
    problems: tuple[ConfigProblem, ...]
    seen: str

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        return bool(self.diff)


class ImportControl(Protocol):
    """The part of ``Control`` that is about importing. Raises ``CcccError`` subclasses only."""

    async def import_plan(self, path: str | None = None) -> ImportPlan:
        """What an import would write, and what was found: in the file at an absolute path, else on this machine.

        Nothing is written and nothing is sent anywhere. Raises ``ConfigError`` for a file that nobody here knows.
        """
        ...

    async def import_apply(self, path: str | None = None, *, seen: str | None = None) -> Saved:
        """Carry that plan out. With ``seen`` nothing is written when it would not be the plan that was seen."""
        ...
