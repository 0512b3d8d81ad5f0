"""``cccc config``: what is in force and where it comes from, whether a file is right, and where it lies."""

from __future__ import annotations

from pathlib import Path

import click

from cccc.cli.group import Group
from cccc.cli.session import Session, pass_session
from cccc.cli.table import Column, table
from cccc.cli.words import counted
from cccc.control.api import ConfigProblem
from cccc.control.wire import to_json
from cccc.errors import ConfigError

_COLUMNS = (Column("key", shrinks=True), Column("value", shrinks=True), Column("source"))


@click.group(
    cls=Group,
    examples=[
        ("cccc config example > config.yaml", "a file to start from"),
        ("cccc config check", "is it right?"),
        ("cccc config show", "every value with its source"),
        ('$EDITOR "$(cccc config path)"', ""),
    ],
)
def config() -> None:
    """The configuration."""


@config.command(examples=[("cccc config show", ""), ("cccc config show --json", "for scripts")])
@pass_session
def show(session: Session) -> None:
    """Every value in force with its source. Secrets are masked.

    Sources: default, file:LINE, env NAME, option --NAME.
    """
    view = session.ask(lambda control: control.config())
    if session.json:
        session.say_json(to_json(view))
        return
    session.say(table(_COLUMNS, [(one.key, one.value, one.source) for one in view.values], session.width()))
    for problem in view.problems:
        session.note(problem.message)
    if view.path is None:
        session.note("There is no configuration file; these are the defaults.")


@config.command(examples=[("cccc config check", ""), ("cccc config check new.yaml", "before it is used")])
@click.argument("path", required=False)
@pass_session
def check(session: Session, path: str | None) -> None:
    """Check the configuration file, or the one at PATH.

    Nothing is put in force. Exit code 2 if it is wrong.
    """
    from cccc.config import load

    chosen = session.config_path() if path is None else Path(path)
    try:
        loaded = load(chosen, environ=session.environ, options={})
    except ConfigError as error:
        if session.json:
            session.say_json(to_json(tuple(ConfigProblem(text, fatal=True) for text in error.problems)))
        raise
    if session.json:
        session.say_json(to_json(tuple(ConfigProblem(text, fatal=False) for text in loaded.warnings)))
        return
    for warning in loaded.warnings:
        session.note(warning)
    where = "There is no configuration file" if chosen is None else str(chosen)
    endpoints, warnings = counted(len(loaded.endpoints), "usable endpoint"), counted(len(loaded.warnings), "warning")
    session.note(f"{where}: {endpoints}, {warnings}.")


@config.command(examples=[('$EDITOR "$(cccc config path)"', "")])
@pass_session
def path(session: Session) -> None:
    """Where the configuration file is, or would be."""
    from cccc.config.paths import default_config

    found = session.config_path()
    chosen = found or default_config()
    exists = chosen.exists()
    if session.json:
        session.say_json({"config": str(chosen), "exists": exists, "state_dir": str(session.state_folder())})
        return
    session.say(str(chosen))
    if not exists:
        session.note("It does not exist yet; cccc config example prints one to start from.")


@config.command(examples=[("cccc config example > config.yaml", ""), ("cccc config example --toml", "")])
@click.option("--toml", is_flag=True, help="In TOML instead of YAML.")
@pass_session
def example(session: Session, *, toml: bool) -> None:
    """Print a configuration with every key and what it does."""
    from cccc.config.example import example as written

    session.say(written(toml=toml).rstrip("\n"))
