"""``cccc attach``: the screens alone, on a proxy that runs."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import click

from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.control.api import Control
from cccc.errors import ControlError


@click.command(
    cls=Command,
    examples=[
        ("cccc attach", "the proxy of this user"),
        ("cccc attach --url http://127.0.0.1:9000", "one behind a tunnel; its admin.token is in the state folder"),
    ],
)
@click.option("--url", metavar="URL", help="Where the proxy listens; else the one that runs with this state folder.")
@pass_session
def attach(session: Session, url: str | None) -> None:
    """The screens on a running proxy. It goes on when they are left."""
    if not session.interactive():
        raise ControlError("the screens need a terminal; for scripts there is --json on every listing")
    from cccc.cli import screens

    screens.attach(session, session.control(running=True) if url is None else _at(session, url))


def _at(session: Session, url: str) -> AbstractAsyncContextManager[Control]:
    from cccc.control.remote import connect_to

    return connect_to(url, session.state_folder())
