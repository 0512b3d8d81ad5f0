"""``cccc run``: a client through the proxy for one process only; no file of it is changed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.control.api import ClientOptions
from cccc.setup.launching import PROGRAM_NAMES, launch


@click.command(
    cls=Command,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    examples=[
        ("cccc run claude", "Claude Code through the proxy, this once"),
        ("cccc run codex -- exec 'fix the test'", "what stands after -- is Codex's own"),
    ],
)
@click.option("--url", metavar="U", help="The proxy's address [the one that runs here].")
@click.option("--key", metavar="K", help="What the client sends [the proxy's token, else cccc-local].")
@click.argument("client", type=click.Choice(sorted(PROGRAM_NAMES)))
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@pass_session
def run(session: Session, *, url: str | None, key: str | None, client: str, args: Sequence[str]) -> None:
    """Start CLIENT with settings for this process only. Its exit code is this command's."""
    from cccc.config import load
    from cccc.setup.targets import target

    state = session.state_folder()
    loaded = load(session.config_path(), environ=session.environ, options={})
    theirs = args[1:] if args[:1] == ("--",) else args
    wanted = target(loaded, state, ClientOptions(url=url, key=key))
    command, environ = launch(PROGRAM_NAMES[client], wanted, session.machine(project=Path.cwd()), state, theirs)
    os.execve(command[0], command, environ)  # noqa: S606  (the client's own executable, found on the search path)
