"""What a set-up script asks of the proxy: contents and records go in, contents and records come out.

The scripts run where there is no Python. They carry files to and fro, keep records and copies in a journal of the
same form as ours, and leave every decision to the proxy, so that there is one merge. Nothing is read from or written to
this machine's files here, and nothing of what was sent is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from cccc.clients import claude_code, codex, merge, openai_env
from cccc.clients.journal import Record, rebased
from cccc.clients.plan import ConfigPlan, FilePlan, Source, Target, diff
from cccc.clients.syntax import File
from cccc.domain.endpoint import ClientType
from cccc.errors import ConfigError
from cccc.setup.journal import KEPT
from cccc.setup.programs import PROGRAMS
from cccc.setup.records import name_of, next_copy

LARGEST = 4 * 1024 * 1024
"""Bytes of a file or a record."""

_NO_ENVIRONMENT = Source(claude_code.ENVIRONMENT)

_PLANS: Mapping[ClientType, Callable[[File, bytes | None, Target], ConfigPlan]] = MappingProxyType(
    {
        ClientType.CLAUDE_CODE: lambda file, before, target: claude_code.plan(
            file, before, target, [_NO_ENVIRONMENT], login=False
        ),
        ClientType.CODEX: lambda file, before, target: codex.plan(file, before, target, ()),
        ClientType.OPENAI: openai_env.plan,
    }
)
"""The plans of clients as far as their own file goes; what else a client reads is not sent."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another proxy's part of the file. ``copies`` are the names of those in its journal."""

    record: Record
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as a script found it: ``data`` is ``None`` where there is none.

    ``record`` is our part of it so far, ``backup`` the copy that the record names, ``copies`` the names of all,
    ``folders`` those that writing the file would have to make, the innermost first.
    """

    path: str
    data: bytes | None
    record: Record | None = None
    backup: bytes | None = None
    copies: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """What a script is to do. ``data`` is the file's new content, ``None``: no file.

    ``record`` is what to keep of it, ``None``: nothing. One without changes ends our part, and then ``folders`` go as
    well where they are empty. ``copy`` is the name under which the content of before is kept, ``stale`` are copies that
    go. ``joins``: we stand upon another proxy's set-up. ``neighbour`` is the place in ``Sent.neighbours`` of the one
    that stands upon ours and gets ``handed`` for its record, and our copy by the name of ``handed_copy``. ``said`` is
    what the person is told, with masked keys.
    """

    name: str
    data: bytes | None
    record: Record | None
    said: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    copy: str | None = None
    stale: tuple[str, ...] = ()
    joins: bool = False
    neighbour: int | None = None
    handed: Record | None = None
    handed_copy: str | None = None


def applied(client: ClientType, sent: Sent, target: Target, now: float) -> Merged:
    """The file set up. Raises ``ConfigError``; the file is to stay as it is then."""
    program = PROGRAMS[client]
    plan = _PLANS[client](program.file(sent.path), sent.data, target)
    (file,) = plan.files
    said = [f"careful: {one}" for one in plan.warnings] + list(plan.notes)
    path = Path(sent.path)
    if not file.changes:
        return Merged(name_of(path), sent.data, sent.record, (f"{sent.path} is as it should be", *said))
    copy: str | None = None
    stale: tuple[str, ...] = ()
    if sent.data is not None:
        copy, stale = next_copy(path, sent.copies, sent.record.backup if sent.record else None, KEPT)
    record = merge.recorded(
        sent.record,
        file,
        program.units,
        path=sent.path,
        folders=sent.folders,
        backup=copy,
        url=target.url,
        time=now,
    )
    reasons = [f"  {one.key}: {one.reason}" for one in file.effective]
    return Merged(
        name_of(path),
        file.after,
        record,
        (diff(file).rstrip("\n"), *reasons, *said),
        copy=copy,
        stale=stale,
        joins=merge.replaces_another(record, program.anchor),
    )


def restored(client: ClientType, sent: Sent, *, keep_table: bool = False) -> Merged:
    """The file without our part, as far as it is still ours. Raises ``ConfigError``."""
    program, record = PROGRAMS[client], sent.record
    name = name_of(Path(sent.path))
    if record is None:
        return Merged(name, sent.data, None, (f"{sent.path}: this set-up has changed nothing there",))
    if sent.data is None:
        return Merged(name, None, None, (f"{sent.path} is gone; there is nothing to undo",))
    file = program.file(sent.path)
    above = next(
        (place for place, one in enumerate(sent.neighbours) if merge.stands_upon(one.record, record, program.anchor)),
        None,
    )
    if above is not None and not merge.in_force(file, sent.data, record, program.anchor):
        return _handed_over(name, sent, record, above)
    result = merge.without(file, sent.data, record, sent.backup, program.units if keep_table else ())
    left = merge.remaining(record, result)
    change = diff(FilePlan(file, sent.data, result.data or b"", ())).rstrip("\n")
    said = (change or f"{sent.path} is as it should be", *result.conflicts)
    return Merged(name, result.data, left, said, folders=() if left.changes else record.folders)


def _handed_over(name: str, sent: Sent, record: Record, above: int) -> Merged:
    """Take ours away from beneath another proxy's set-up: it will lead back to what we found."""
    neighbour = sent.neighbours[above]
    merged = rebased(neighbour.record, record)
    copy = None
    if merged.backup is not None and merged.backup == record.backup and sent.backup is not None:
        copy, _ = next_copy(Path(sent.path), neighbour.copies, neighbour.record.backup, KEPT)
        merged = replace(merged, backup=copy)
    note = f"{sent.path}: another set-up ({neighbour.record.url}) was made upon this one and stays; undoing it leads"
    said = (f"{note} back to what was there before both",)
    return Merged(name, sent.data, None, said, neighbour=above, handed=merged, handed_copy=copy)


def require_absolute(path: str) -> None:
    """Refuse a path under which no record could be found again. Raises ``ConfigError``."""
    plain = path.isprintable() and not {'"', "\\"} & set(path) and str(Path(path)) == path and path.startswith("/")
    windows = path[1:3] == ":\\" and path.isprintable() and '"' not in path
    if not plain and not windows:
        raise ConfigError([f"{path!r}: is no path that a set-up script can handle: full, without quotes and dots"])
