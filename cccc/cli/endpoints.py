"""``cccc endpoints``: the pool and what can be done to it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import click

from cccc.cli import drafting
from cccc.cli import probe as probing
from cccc.cli.group import Group
from cccc.cli.session import Session, pass_session
from cccc.cli.table import Column, Row, table
from cccc.cli.text import safe_line
from cccc.cli.words import NOTHING, count, letters, milliseconds, share, state, wall
from cccc.control.api import EndpointAction, EndpointView
from cccc.control.wire import to_json
from cccc.errors import UnknownEndpoint

_COLUMNS = (
    Column("endpoint", shrinks=True),
    Column("speaks", drop=3),
    Column("for", drop=4),
    Column("priority", right=True),
    Column("state"),
    Column("success", right=True, drop=2),
    Column("response", right=True),
    Column("in flight", right=True, drop=1),
    Column("last error", shrinks=True),
)


@click.group(
    cls=Group,
    examples=[
        ("cccc endpoints list", "the pool and its health"),
        ("cccc endpoints show NAME", "one endpoint in full"),
        ("cccc endpoints add --preset anthropic", "add one; asks for the key"),
        ("cccc endpoints test NAME", "ask it a few small questions"),
        ("cccc endpoints disable NAME", "take one out, in the configuration file"),
        ("cccc endpoints reset NAME", "forget its failures and cooldowns"),
    ],
)
def endpoints() -> None:
    """The pool of endpoints."""


@endpoints.command("list", examples=[("cccc endpoints list", ""), ("cccc endpoints list --json", "for scripts")])
@pass_session
def list_(session: Session) -> None:
    """Every endpoint with its state.

    In the order of the configuration. A speaks Anthropic Messages, C OpenAI Chat, R OpenAI Responses, G Gemini.
    """
    views = session.ask(lambda control: control.endpoints())
    if session.json:
        session.say_json(to_json(views))
    elif not views:
        session.note("No endpoint is configured; cccc config example prints a configuration to start from.")
    else:
        session.say(table(_COLUMNS, [_row(view, session.clock.now()) for view in views], session.width()))


@endpoints.command(examples=[("cccc endpoints show NAME", "")])
@click.argument("name")
@pass_session
def show(session: Session, name: str) -> None:
    """One endpoint: addresses, key, health and what went wrong last."""
    view = _named(session.ask(lambda control: control.endpoints()), name)
    if session.json:
        session.say_json(to_json(view))
    else:
        session.say(_lines(view, session.clock.now()))


endpoints.add_command(drafting.add)


@endpoints.command(examples=[("cccc endpoints test NAME", "")])
@click.argument("name")
@pass_session
@click.pass_context
def test(ctx: click.Context, session: Session, name: str) -> None:
    """Ask an endpoint a few small questions, as cccc probe does. Exit 1 if it does not answer as it should."""
    if not probing.run(session, (name,), None):
        ctx.exit(1)


@endpoints.command(examples=[("cccc endpoints enable NAME", "")])
@click.argument("name")
@pass_session
def enable(session: Session, name: str) -> None:
    """Use an endpoint again. Written into the configuration file in place."""
    _act(session, name, EndpointAction.ENABLE, "is enabled")


@endpoints.command(examples=[("cccc endpoints disable NAME", "")])
@click.argument("name")
@pass_session
def disable(session: Session, name: str) -> None:
    """Take an endpoint out. Written into the configuration file in place."""
    _act(session, name, EndpointAction.DISABLE, "is disabled")


@endpoints.command(examples=[("cccc endpoints priority NAME 2", "smaller is tried first")])
@click.argument("name")
@click.argument("priority", type=int)
@pass_session
def priority(session: Session, name: str, priority: int) -> None:
    """Set an endpoint's priority. Written into the configuration file in place."""
    _act(session, name, EndpointAction.PRIORITY, f"has priority {priority}", priority=priority)


@endpoints.command(examples=[("cccc endpoints reset NAME", "")])
@click.argument("name")
@pass_session
def reset(session: Session, name: str) -> None:
    """Close an endpoint's breaker and end its cooldowns."""
    _act(session, name, EndpointAction.RESET, "starts afresh: breaker closed, no cooldowns")


endpoints.add_command(drafting.remove)


def _act(session: Session, name: str, action: EndpointAction, done: str, *, priority: int | None = None) -> None:
    view = session.ask(lambda control: control.endpoint_action(name, action, priority=priority))
    if session.json:
        session.say_json(to_json(view))
    else:
        session.note(f"{view.name} {done}.")


def _named(views: Sequence[EndpointView], name: str) -> EndpointView:
    by_name = {view.name: view for view in views}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, n=1)
        raise UnknownEndpoint(name, near[0] if near else None)
    return by_name[name]


def _row(view: EndpointView, now: float) -> Row:
    return (
        view.name,
        letters(view.formats),
        view.client_type or "all",
        str(view.priority),
        state(view, now),
        share(view.success_rate),
        milliseconds(view.ttft_ms),
        count(view.in_flight),
        _last_error(view, now),
    )


def _last_error(view: EndpointView, now: float) -> str:
    if view.last_error is None:
        return NOTHING
    when = "" if view.last_error_at is None else f", {wall(view.last_error_at, now)}"
    return f"{view.last_error}{when}"


def _lines(view: EndpointView, now: float) -> list[str]:
    facts = (
        ("name", view.name),
        ("addresses", "  ".join(view.urls)),
        ("speaks", ", ".join(view.formats)),
        ("key", view.auth),
        ("for", view.client_type or "every client"),
        ("priority", str(view.priority)),
        ("tags", ", ".join(view.tags) or NOTHING),
        ("models", ", ".join(view.models) or "any"),
        ("state", state(view, now).text),
        ("reason", view.reason or NOTHING),
        ("breaker", view.breaker.replace("_", "-")),
        ("opened by", ", ".join(view.causes) or NOTHING),
        ("cooldown", NOTHING if view.cooldown_until is None else f"until {wall(view.cooldown_until, now)}"),
        ("rate limit", view.unified_status or NOTHING),
        ("success", share(view.success_rate)),
        ("response", milliseconds(view.ttft_ms)),
        ("in flight", count(view.in_flight)),
        ("last error", _last_error(view, now)),
    )
    return [f"{label:<11} {safe_line(value)}" for label, value in facts]
