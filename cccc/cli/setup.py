"""``cccc setup``: clients pointed at the proxy, what they really use, and the way back.

Works in this process, over this shell's environment: variables of the shell can win over what a file says, and those
of a proxy in the background are others.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from cccc.cli.group import Command, Group
from cccc.cli.session import Session, pass_session
from cccc.cli.text import safe, safe_line
from cccc.clients.plan import Target
from cccc.control import filters
from cccc.control.api import (
    SET_UP,
    ClientApplied,
    ClientOptions,
    ClientPlan,
    ClientRestored,
    ClientState,
    ClientType,
    ClientView,
    Proof,
    ProofState,
)
from cccc.control.wire import to_json
from cccc.errors import CcccError, ConfigError
from cccc.setup.service import ClientFiles
from cccc.setup.targets import NOWHERE, target

_ALL = "all"
_MARKS = {ProofState.PROVED: "proved", ProofState.OPEN: "not proved yet", ProofState.FAILED: "FAILED"}
_STATES = {
    ClientState.THROUGH_CCCC: "through cccc",
    ClientState.DIFFERS: "set up, but something else wins",
    ClientState.NOT_SET_UP: "not set up",
    ClientState.NOT_FOUND: "not found",
    ClientState.UNREADABLE: "cannot be read",
}


@click.group(
    cls=Group,
    examples=[
        ("cccc setup claude-code", "show the change, ask, write it, prove it"),
        ("cccc setup all --yes", "every client, without questions"),
        ("cccc setup codex --dry-run", "only show what would change"),
        ("cccc setup status", "what each client really uses, and why"),
        ("cccc setup restore claude-code", "undo it; what you changed since stays"),
    ],
)
def setup() -> None:
    """Point clients at the proxy, and back."""


def _options(*names: str) -> list[click.Option]:
    known = {
        "url": click.Option(["--url"], metavar="U", help="The proxy's address [the one that runs here]."),
        "key": click.Option(["--key"], metavar="K", help="What the client sends [the proxy's token, else cccc-local]."),
        "dry_run": click.Option(["--dry-run"], is_flag=True, help="Show what would change; write nothing."),
        "no_proof": click.Option(["--no-proof"], is_flag=True, help="Do not start the client afterwards."),
        "model": click.Option(["--model"], metavar="M", help="The model that the client asks for."),
        "opus": click.Option(["--opus"], metavar="M", help="What stands for opus."),
        "sonnet": click.Option(["--sonnet"], metavar="M", help="What stands for sonnet."),
        "haiku": click.Option(["--haiku"], metavar="M", help="What stands for haiku (sub-agents use it)."),
        "trust": click.Option(["--trust"], metavar="DIR", multiple=True, help="A folder where Codex may work unasked."),
        "catalog": click.Option(["--catalog"], is_flag=True, help="Codex reads the list of models from the proxy."),
    }
    return [known[name] for name in names]


_COMMON = ("url", "key", "dry_run", "no_proof")


def _command(name: str, clients: Sequence[ClientType], what: str, more: Sequence[str]) -> None:
    def carry_out(*, dry_run: bool, no_proof: bool, **given: Any) -> None:
        session = click.get_current_context().ensure_object(Session)
        options = ClientOptions(**{key: value for key, value in given.items() if value})
        _set_up(session, clients, options, dry_run=dry_run, proves=not no_proof)

    examples = [(f"cccc setup {name}", ""), (f"cccc setup {name} --dry-run", "only show the change")]
    params: list[click.Parameter] = [*_options(*_COMMON, *more)]
    setup.add_command(Command(name, callback=carry_out, help=what, params=params, examples=examples))


_command(
    "claude-code", [ClientType.CLAUDE_CODE], "Claude Code: env in settings.json.", ["model", "opus", "sonnet", "haiku"]
)
_command("codex", [ClientType.CODEX], "Codex: a provider in config.toml.", ["model", "catalog", "trust"])
_command("openai", [ClientType.OPENAI], "OpenAI-compatible tools: a file of variables, and snippets.", [])
_command(_ALL, SET_UP, "Every client.", [])


@setup.command(examples=[("cccc setup status", ""), ("cccc setup status --json", "for scripts")])
@pass_session
def status(session: Session) -> None:
    """What each client really uses, from which file or variable, and whether that leads here."""
    files, wanted = _here(session, ClientOptions(), default=NOWHERE)
    views = files.views(wanted)
    if session.json:
        session.say_json(to_json(views))
    else:
        session.say("\n\n".join(_view(view) for view in views))


@setup.command(
    examples=[
        ("cccc setup restore claude-code", ""),
        ("cccc setup restore codex --keep-table", "threads made through cccc can still be resumed"),
        ("cccc setup restore all", ""),
    ]
)
@click.argument("client")
@click.option("--keep-table", is_flag=True, help="Leave Codex's provider table in place, unselected.")
@pass_session
def restore(session: Session, client: str, *, keep_table: bool) -> None:
    """Undo what setup wrote into CLIENT's files. What you changed since stays."""
    clients = _clients(client)
    files = ClientFiles(session.state_folder(), session.machine(project=Path.cwd()), session.clock)
    if ClientType.CODEX in clients and not keep_table and not session.yes and _asks() and files.has_threads():
        keep_table = click.confirm(
            "Codex has threads that were made through cccc and need its table to be resumed. Keep it, unselected?",
            default=True,
            err=True,
        )
    results, failed = [], []
    for one in clients:
        try:
            results.append(files.restore(one, keep_table=keep_table))
        except CcccError as error:
            failed.append(error)
    if session.json:
        session.say_json(to_json(tuple(results)) if client == _ALL else to_json(results[0]) if results else None)
    else:
        for result in results:
            _tell_restored(session, result)
    if failed:
        raise ConfigError([line for error in failed for line in str(error).splitlines()])


def _set_up(
    session: Session, clients: Sequence[ClientType], options: ClientOptions, *, dry_run: bool, proves: bool
) -> None:
    files, wanted = _here(session, options)
    done: list[tuple[ClientPlan, ClientApplied | None, Proof | None]] = []
    failed: list[CcccError] = []
    for client in clients:
        try:
            done.append(_one(session, files, client, wanted, dry_run=dry_run, proves=proves))
        except CcccError as error:
            failed.append(error)
    if session.json:
        said = [_json(*one) for one in done]
        session.say_json(said if len(clients) > 1 else said[0] if said else None)
    if failed:
        raise ConfigError([line for error in failed for line in str(error).splitlines()])
    if any(proof is not None and proof.state is ProofState.FAILED for _, _, proof in done):
        raise click.exceptions.Exit(1)


def _one(
    session: Session, files: ClientFiles, client: ClientType, wanted: Target, *, dry_run: bool, proves: bool
) -> tuple[ClientPlan, ClientApplied | None, Proof | None]:
    plan = files.plan(client, wanted)
    if not session.json:
        _tell_plan(session, plan)
    if dry_run or (plan.changes and not _agreed(session, plan)):
        return plan, None, None
    applied = files.apply(client, wanted, seen=plan.seen)
    proof = files.prove(client) if proves else None
    if not session.json:
        _tell_applied(session, applied, proof)
    return plan, applied, proof


def _agreed(session: Session, plan: ClientPlan) -> bool:
    """Ask the person, unless told not to. Raises ``ConfigError`` where nobody can be asked."""
    if session.yes:
        return True
    if session.json:
        raise ConfigError([f"{plan.title}: nothing was written; with --json nobody is asked, so add --yes"])
    if click.confirm("Write this?", default=True, err=True):
        return True
    session.note("Nothing was written.")
    return False


def _asks() -> bool:
    return sys.stdin.isatty()


def _here(session: Session, options: ClientOptions, *, default: str | None = None) -> tuple[ClientFiles, Target]:
    from cccc.config import load

    state = session.state_folder()
    loaded = load(session.config_path(), environ=session.environ, options={})
    files = ClientFiles(state, session.machine(project=Path.cwd()), session.clock)
    return files, target(loaded, state, options, default=default)


def _clients(name: str) -> Sequence[ClientType]:
    if name == _ALL:
        return SET_UP
    try:
        found = filters.client_type(name)
    except ValueError:
        found = None
    if found not in SET_UP:
        raise click.UsageError(
            f"{safe_line(name)!r} is no client that is set up; expected claude-code, codex, openai or all."
        )
    return (found,)


def _tell_plan(session: Session, plan: ClientPlan) -> None:
    for file in plan.files:
        if not file.diff:
            session.note(f"{plan.title}: {file.path} is as it should be")
            continue
        session.say(safe(file.diff).rstrip("\n"))
        session.note("".join(f"  {one.key}: {one.reason}\n" for one in file.reasons).rstrip("\n"))
    for warning in plan.warnings:
        session.note(f"careful: {warning}")
    for note in plan.notes:
        session.note(note)


def _tell_applied(session: Session, applied: ClientApplied, proof: Proof | None) -> None:
    for path in applied.written:
        session.note(f"wrote {path}")
    for backup in applied.backups:
        session.note(f"the content before is kept in {backup}")
    if proof is not None:
        session.note(f"{_MARKS[proof.state]}: {proof.message}")


def _tell_restored(session: Session, result: ClientRestored) -> None:
    for path in result.restored:
        session.note(
            f"{result.title}: {path} is as it was, but for what you changed since"
            if result.conflicts
            else f"{result.title}: restored {path}"
        )
    for line in (*result.conflicts, *result.notes):
        session.note(line)


def _view(view: ClientView) -> str:
    lines = [f"{view.title}: {_STATES[view.state]}"]
    lines += [f"  {safe_line(one)}" for one in view.files]
    for one in view.settings:
        mark = {True: "✓", False: "✗", None: " "}[one.leads_here]
        where = f"from {one.source}" if one.source else "set nowhere"
        lines.append(
            safe_line(f"  {mark} {one.key} = {one.value} ({where})" if one.value else f"  {mark} {one.key} ({where})")
        )
    lines += [safe_line(f"  careful: {warning}") for warning in view.warnings]
    if view.proof is not None:
        lines.append(safe_line(f"  {_MARKS[view.proof.state]}: {view.proof.message}"))
    return "\n".join(lines)


def _json(plan: ClientPlan, applied: ClientApplied | None, proof: Proof | None) -> object:
    return {
        **to_json(plan),
        "applied": None if applied is None else to_json(applied),
        "proof": None if proof is None else to_json(proof),
    }
