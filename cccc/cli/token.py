"""``cccc token``: what clients send under ``auth_token: auto``."""

from __future__ import annotations

import click

from cccc.cli.group import Group
from cccc.cli.session import Session, pass_session
from cccc.control import statefiles
from cccc.domain.secret import Secret


@click.group(
    cls=Group,
    invoke_without_command=True,
    examples=[("cccc token", "show it"), ("cccc token new", "make another one")],
)
@pass_session
@click.pass_context
def token(ctx: click.Context, session: Session) -> None:
    """The token that clients send when server.auth_token is auto; made when there is none yet."""
    if ctx.invoked_subcommand is None:
        _tell(session, statefiles.client_token(session.state_folder()))
        _warn_if_unused(session)


@token.command(examples=[("cccc token new", "")])
@pass_session
def new(session: Session) -> None:
    """Replace the token. Restart the proxy and set the clients up again afterwards."""
    _tell(session, statefiles.new_client_token(session.state_folder()))
    session.note("Restart the proxy and give the clients this token; the old one ends with the restart.")
    _warn_if_unused(session)


def _tell(session: Session, secret: Secret) -> None:
    if session.json:
        session.say_json({"token": secret.reveal()})
    else:
        session.say(secret.reveal())


def _warn_if_unused(session: Session) -> None:
    from cccc.config import AUTO, load

    if load(session.config_path(), environ=session.environ, options={}).auth_token is not AUTO:
        session.note("server.auth_token is not auto: this token is not asked for at present.")
