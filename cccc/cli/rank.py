"""``cccc rank``: the order of endpoints for a request that nobody has sent yet."""

from __future__ import annotations

import click

from cccc.cli import params, story
from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.control.api import ClientType
from cccc.control.wire import rank_json


@click.command(
    cls=Command,
    examples=[
        ("cccc rank --client claude_code", "who would be asked first"),
        ("cccc rank --client codex --model gpt-5.2-codex", "for one model"),
        ("cccc rank --client openai --path /v1/chat/completions --json", "for scripts"),
    ],
)
@click.option(
    "--client", "client_type", metavar=params.CLIENTS, required=True, callback=params.client, help="Who asks."
)
@click.option("--model", metavar="M", help="For this model.")
@click.option("--path", metavar="P", help="Instead of the client's usual path.")
@pass_session
def rank(session: Session, client_type: ClientType, model: str | None, path: str | None) -> None:
    """The order of endpoints for such a request now, with the reason for every place."""
    ranking = session.ask(lambda control: control.rank(client_type, model=model, path=path))
    if session.json:
        session.say_json(rank_json(ranking, client_type, model))
    else:
        session.say(story.order(ranking, session.clock.now(), session.width()))
