"""``cccc import``: endpoints from the clients' own files, the environment, or another tool's configuration."""

from __future__ import annotations

from pathlib import Path

import click

from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.cli.text import safe, safe_line
from cccc.control.api import Found, ImportPlan, Saved
from cccc.control.wire import to_json
from cccc.errors import ConfigError


@click.command(
    "import",
    cls=Command,
    examples=[
        ("cccc import", "what is found on this machine: shown, asked, written"),
        ("cccc import --dry-run", "only show it"),
        ("cccc import ~/.claude-code-router/config.json", "another tool's file"),
        ("cccc import old/config.yaml --yes", "without questions"),
    ],
)
@click.argument("path", required=False)
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@pass_session
def import_(session: Session, *, path: str | None, dry_run: bool) -> None:
    """Endpoints from what is there already. Shows what would be written, asks, writes all of it or nothing.

    Without PATH: what Claude Code's and Codex's own files and the environment have. With PATH: a configuration of CCCC,
    of claude-code-router or of cc-switch, or a client's own file. Keys in variables stay there and are referred to;
    a key that stands in a file is written into the configuration, which only you can read. Logins cannot be imported.

    Nothing is sent anywhere.
    """
    wanted = None if path is None else str(Path(path).expanduser().absolute())
    plan = session.ask(lambda control: control.import_plan(wanted))
    if not session.json:
        _tell(session, plan)
    saved = None
    if plan.changes and not dry_run and _agreed(session):
        saved = session.ask(lambda control: control.import_apply(wanted, seen=plan.seen))
    if session.json:
        session.say_json({**to_json(plan), "saved": None if saved is None else to_json(saved)})
    elif saved is not None:
        _tell_saved(session, plan, saved)


def _tell(session: Session, plan: ImportPlan) -> None:
    if not plan.found:
        session.note("Nothing was found." if not plan.kind else f"It is {plan.kind}, and names no endpoint.")
        return
    for one in plan.found:
        session.note(_line(one))
    if plan.changes:
        session.say(safe(plan.diff).rstrip("\n"))
    else:
        session.note("Nothing of it can be imported.")
    for problem in plan.problems:
        session.note(f"careful: {problem.message}")


def _line(one: Found) -> str:
    if one.endpoint is None:
        said = f"not imported: {one.note}"
    else:
        said = f"endpoint {one.endpoint}" + (", with its key in the file" if one.holds_key else "")
    return safe_line(f"{one.source}: {one.what} → {said}")


def _agreed(session: Session) -> bool:
    """Ask the person, unless told not to. Raises ``ConfigError`` where nobody can be asked."""
    if session.yes:
        return True
    if session.json:
        raise ConfigError(["nothing was written; with --json nobody is asked, so add --yes or --dry-run"])
    if click.confirm("Write this?", default=True, err=True):
        return True
    session.note("Nothing was written.")
    return False


def _tell_saved(session: Session, plan: ImportPlan, saved: Saved) -> None:
    session.note(f"wrote {saved.path}")
    if saved.backup is not None:
        session.note(f"the content before is kept in {saved.backup}")
    names = " ".join(one.endpoint for one in plan.found if one.endpoint is not None)
    session.note(f"whether they answer: cccc probe {names}")
