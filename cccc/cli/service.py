"""``cccc service``: the proxy as a service of its user, so that it outlives the terminal."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from cccc.cli.group import Group
from cccc.cli.session import Session, pass_session
from cccc.cli.text import safe
from cccc.config.paths import CONFIG_VARIABLE, STATE_VARIABLE
from cccc.control.wire import to_json
from cccc.errors import ConfigError, ControlError
from cccc.setup.background import BackgroundService, ServiceDone, ServicePlan, ServiceStatus, program, supervisor


@click.group(
    cls=Group,
    examples=[
        ("cccc service install", "show the file, ask, write it, start the proxy"),
        ("cccc service status", "is it running, and does it answer"),
        ("cccc service remove", "stop it and take everything away again"),
    ],
)
def service() -> None:
    """The proxy as a service of yours (systemd, launchd): it outlives the terminal."""


@service.command(
    examples=[
        ("cccc service install", ""),
        ("cccc service install --config ~/work.yaml --yes", "this configuration, no questions"),
    ]
)
@pass_session
def install(session: Session) -> None:
    """Write the service's file and start the proxy with it, now and with every session.

    It runs with the --config and --state-dir that are given here. A configuration that refers to env:NAME finds no
    variables of your shell there: under systemd write them into service.env beside the configuration.
    """
    background, command = _service(session), _command(session)
    plan = background.plan(command)
    if not session.json:
        session.say(_shown(plan))
    if _agreed(session, f"Write {plan.path} and start the service?"):
        _tell(session, background.install(command), "wrote")


@service.command(examples=[("cccc service remove", "")])
@pass_session
def remove(session: Session) -> None:
    """Stop the service and remove what install wrote."""
    background = _service(session)
    if not background.changed() or _agreed(session, "The service's file was changed since. Remove it all the same?"):
        _tell(session, background.remove(), "removed")


@service.command(examples=[("cccc service status", ""), ("cccc service status --json", "for scripts")])
@pass_session
def status(session: Session) -> None:
    """What the supervisor says of the service, and whether the proxy answers."""
    status = _service(session).status(address=_address(session))
    if session.json:
        session.say_json(to_json(status))
    else:
        session.say(_lines(status))


def _service(session: Session) -> BackgroundService:
    machine = session.machine(project=None)
    return BackgroundService(supervisor(machine.home, machine.environ, machine.config), session.state_folder())


def _command(session: Session) -> list[str]:
    """This installation's program with the files that are named now: a service has another working folder."""
    words = [program(), "--no-tui"]
    given = (("--config", session.config, CONFIG_VARIABLE), ("--state-dir", session.state_dir, STATE_VARIABLE))
    for option, value, variable in given:
        if named := value or session.environ.get(variable):
            words += [option, str(Path(named).expanduser().absolute())]
    return words


def _agreed(session: Session, question: str) -> bool:
    if session.yes:
        return True
    if session.json:
        raise ConfigError(["nothing was done; with --json nobody is asked, so add --yes"])
    if click.confirm(question, default=True, err=True):
        return True
    session.note("Nothing was done.")
    return False


def _shown(plan: ServicePlan) -> str:
    """The file, or what would change in it."""
    if plan.before is None or plan.before == plan.after:
        return f"{safe(plan.path)}:\n\n{safe(plan.after)}".rstrip("\n")
    before, after = plan.before.splitlines(), plan.after.splitlines()
    return safe("\n".join(difflib.unified_diff(before, after, plan.path, plan.path, lineterm="")))


def _tell(session: Session, done: ServiceDone, what: str) -> None:
    if session.json:
        session.say_json(to_json(done))
    else:
        session.note(f"{what} {done.path}")
        for note in done.notes:
            session.note(note)
    if not done.complete:
        raise click.exceptions.Exit(1)


def _address(session: Session) -> str | None:
    try:
        return session.ask(lambda control: control.overview(), running=True).address
    except ControlError:
        return None


def _lines(status: ServiceStatus) -> list[str]:
    how = "installed" if status.installed else "not installed"
    edited = ", changed since" if status.changed else ""
    at_start = "starts with your session" if status.enabled else "does not start with your session"
    answers = f"answers at {status.address}" if status.answers else "does not answer"
    return [
        safe(f"service: {how} ({status.path}{edited})"),
        safe(f"{status.supervisor}: {status.state}, {at_start}"),
        safe(f"proxy: {answers}"),
    ]
