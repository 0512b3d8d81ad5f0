"""``cccc why``: the routing decision of one request, told."""

from __future__ import annotations

import click

from cccc.cli import story
from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.control.wire import why_json


@click.command(
    cls=Command,
    examples=[
        ("cccc why req_01JZ8Q", "the beginning of the id is enough"),
        ("cccc why ID --json", "for scripts"),
    ],
)
@click.argument("request_id", metavar="ID")
@pass_session
def why(session: Session, request_id: str) -> None:
    """Why a request went where it went.

    Every candidate with the key that sorted it, who was left out and until when, what was tried, and the verdict.
    """
    record = session.ask(lambda control: control.request(request_id))
    if session.json:
        session.say_json(why_json(record))
    else:
        session.say(story.why(record, session.clock.now(), session.width()))
