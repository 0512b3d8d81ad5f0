"""``cccc demo``: simulated providers, real requests, no key."""

from __future__ import annotations

import click

from cccc.cli.group import Command
from cccc.cli.params import PORT
from cccc.cli.session import Session, pass_session


@click.command(
    cls=Command,
    examples=[
        ("cccc demo", "see it work, without a key"),
        ("cccc demo --no-tui --port 0", "without screens, on a free port"),
    ],
)
@click.option("--no-tui", is_flag=True, help="Without the screens.")
@click.option("--port", metavar="N", type=PORT, default=0, help="Port to listen on, 0 for a free one.")
@pass_session
def demo(session: Session, *, no_tui: bool, port: int) -> None:
    """Simulated providers in every wire format behind a real proxy, with a little traffic.

    Needs no key, touches no file of yours, and leaves nothing behind.
    """
    from cccc.cli.run import run_demo

    run_demo(session, port=port, tui=not no_tui)
