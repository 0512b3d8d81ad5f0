"""What is shown of the programs that a proxy serves, and what can be done to their files (``control.api`` exports it).

A client is set up in three steps: ``client_plan`` says what would change and why, ``client_apply`` writes exactly that,
``client_prove`` starts the client once and sees its request arrive. ``client_restore`` undoes what was written and
nobody has changed since. Everything that is text here may be shown: keys are masked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from cccc.domain.endpoint import ClientType

SET_UP = (ClientType.CLAUDE_CODE, ClientType.CODEX, ClientType.OPENAI)
"""The clients that can be set up, in the order in which they are shown."""


class ClientState(StrEnum):
    """Where a client's requests go."""

    THROUGH_CCCC = "through_cccc"
    DIFFERS = "differs"
    """Set up by us, but something else has changed it or wins over it."""
    NOT_SET_UP = "not_set_up"
    NOT_FOUND = "not_found"
    """Not set up, and neither the program nor a file of it is there."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ClientSetting:
    """One setting as the client uses it. ``source`` reads ``~/.claude/settings.json`` or ``environment``.

    ``value`` is ``None`` where it is set nowhere. ``leads_here``: it is what a set-up for this proxy would have it be;
    ``None`` where that does not matter.
    """

    key: str
    value: str | None
    source: str | None
    leads_here: bool | None = None


class ProofState(StrEnum):
    """What became of starting a client once."""

    PROVED = "proved"
    OPEN = "open"
    """Not tried, or not possible here; the first request of the client will tell."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the client's requests arrive. ``message`` is one sentence; ``time`` a wall time."""

    state: ProofState
    message: str
    time: float


@dataclass(frozen=True, slots=True)
class ClientView:
    """One client: where its requests go and by which setting.

    ``program`` is where its executable was found. ``warnings`` say what wins over our settings and how to clear it.
    ``restorable``: there is something of ours that could be undone. ``backups`` are paths, the newest first.
    """

    client: ClientType
    title: str
    state: ClientState
    files: tuple[str, ...]
    program: str | None
    settings: tuple[ClientSetting, ...] = ()
    warnings: tuple[str, ...] = ()
    restorable: bool = False
    backups: tuple[str, ...] = ()
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What a set-up may be told. ``None`` is the sensible value.

    ``url`` is the proxy's root, ``key`` what the client sends. ``model`` and the three tiers are names of models that
    Claude Code (Codex: ``model``) asks for; without them these settings are not touched. ``trust`` are folders in which
    Codex may work without asking first. ``catalog``: Codex reads the list of models from the proxy.
    """

    url: str | None = None
    key: str | None = field(default=None, repr=False)
    model: str | None = None
    opus: str | None = None
    sonnet: str | None = None
    haiku: str | None = None
    trust: tuple[str, ...] = ()
    catalog: bool = False


@dataclass(frozen=True, slots=True)
class PlannedReason:
    """Why a setting is written."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file as it is and as it would be; ``diff`` is unified, empty where nothing changes.

    ``checked`` says what was proved about the new text. ``exists``: whether there is such a file now.
    """

    path: str
    exists: bool
    before: str
    after: str
    diff: str
    reasons: tuple[PlannedReason, ...]
    checked: str


@dataclass(frozen=True, slots=True)
class ClientPlan:
    """What ``client_apply`` would do. ``seen`` names exactly this plan.

    ``warnings`` are what stands in the way; ``notes`` what is good to know (snippets for other tools, ways back).
    """

    client: ClientType
    title: str
    url: str
    files: tuple[PlannedFile, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    seen: str

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        return any(file.diff for file in self.files)


@dataclass(frozen=True, slots=True)
class ClientApplied:
    """What was written (paths), where the previous content is kept, and what is good to know."""

    client: ClientType
    title: str
    written: tuple[str, ...]
    backups: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClientRestored:
    """What was undone (paths). ``conflicts`` name what somebody changed since and therefore stays."""

    client: ClientType
    title: str
    restored: tuple[str, ...]
    conflicts: tuple[str, ...]
    notes: tuple[str, ...]


class ClientControl(Protocol):
    """The part of ``Control`` that is about clients. Raises ``CcccError`` subclasses only."""

    async def clients(self) -> tuple[ClientView, ...]:
        """Every client of ``SET_UP``, in that order."""
        ...

    async def client_plan(self, client: ClientType, options: ClientOptions = ClientOptions()) -> ClientPlan:
        """What a set-up would change; nothing is written. Raises ``ConfigError`` where a file cannot be edited."""
        ...

    async def client_apply(
        self, client: ClientType, options: ClientOptions = ClientOptions(), *, seen: str | None = None
    ) -> ClientApplied:
        """Carry out that plan. With ``seen`` nothing is written when it would not be the plan that was seen."""
        ...

    async def client_restore(self, client: ClientType, *, keep_table: bool = False) -> ClientRestored:
        """Undo what set-ups have written and nobody changed since.

        ``keep_table`` leaves Codex's provider table in place, unselected, so that threads made through it can be
        resumed.
        """
        ...

    async def client_prove(self, client: ClientType) -> Proof:
        """Start the client once with a prompt that the proxy answers itself. Takes up to half a minute."""
        ...
