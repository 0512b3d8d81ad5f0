"""``cccc use``: a person's choice, above the four layers until it ends."""

from __future__ import annotations

import click

from cccc.cli import params
from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.cli.words import wall
from cccc.control.api import ClientType, Manual
from cccc.control.wire import to_json

_AUTO = "auto"


@click.command(
    cls=Command,
    examples=[
        ("cccc use NAME --for 1h", "ask this endpoint first for an hour"),
        ("cccc use NAME --client codex", "for one client, until told otherwise"),
        ("cccc use auto", "back to the four layers"),
    ],
)
@click.argument("endpoint")
@click.option("--client", "client_type", metavar=params.CLIENTS, callback=params.client, help="Only for this client.")
@click.option("--for", "seconds", metavar="T", callback=params.span, help="How long: 30m, 1h, 2d.")
@pass_session
def use(session: Session, endpoint: str, client_type: ClientType | None, seconds: float | None) -> None:
    """Put ENDPOINT above all others; auto ends that. Failover still works. Needs a running proxy."""
    name = None if endpoint == _AUTO else endpoint
    if name is None and seconds is not None:
        raise click.UsageError("--for has no meaning with auto.")
    if seconds == 0:
        raise click.UsageError("--for 0 would end at once; write 30m, 1h, 2d, or cccc use auto to end a choice.")
    chosen = session.ask(lambda control: control.use(name, client_type=client_type, seconds=seconds), running=True)
    if session.json:
        session.say_json(to_json(chosen))
        return
    for manual in chosen:
        session.note(_told(manual, session.clock.now()))
    if not chosen:
        session.note("The four layers decide for every client.")


def _told(manual: Manual, now: float) -> str:
    until = "until further notice" if manual.until is None else f"until {wall(manual.until, now)}"
    return f"{manual.endpoint} is asked first for {manual.client_type or 'every client'} {until}."
