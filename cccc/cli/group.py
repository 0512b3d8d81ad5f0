"""What every command of this program has: examples first in its help, the shared options, errors in one sentence.

``--config``, ``--state-dir``, ``--json`` and ``--yes`` are accepted before and after the subcommand: they are
parameters of every command here, and write what they say into the ``Session``; what stands further right wins.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from io import TextIOWrapper
from typing import Any, cast

import click

from cccc.cli.session import Session
from cccc.cli.text import safe_line
from cccc.errors import BadFilter, CcccError, ConfigError

Examples = Sequence[tuple[str, str]]

_EXAMPLE_WIDTH = 48
"""Longer examples stand on a line of their own."""

_WRONG_USE = (ConfigError, BadFilter)


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.ensure_object(Session)
    if param.name is not None and value not in (None, False):
        setattr(session, param.name, value)


def _shared_options() -> list[click.Option]:
    return [
        click.Option(["--config"], metavar="PATH", expose_value=False, callback=_remember, help="Configuration file."),
        click.Option(
            ["--state-dir"], metavar="DIR", expose_value=False, callback=_remember, help="Folder of log, state, tokens."
        ),
        click.Option(["--json"], is_flag=True, expose_value=False, callback=_remember, help="Answer in JSON."),
        click.Option(["--yes"], is_flag=True, expose_value=False, callback=_remember, help="Ask nothing."),
    ]


class Command(click.Command):
    """A command with examples and the shared options."""

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.shared = _shared_options()
        self.params = [*self.params, *self.shared]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, usage, text, own options; then those that every command has."""
        with formatter.section("Examples"):
            formatter.write_dl(list(self.examples), col_max=_EXAMPLE_WIDTH)
        formatter.write_paragraph()
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        own = [one for one in self.get_params(ctx) if isinstance(one, click.Option) and one not in self.shared]
        for title, params in (("Options", own), ("Options of every command", self.shared)):
            records = [record for param in params if (record := param.get_help_record(ctx)) is not None]
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        self.format_epilog(ctx, formatter)


class Group(Command, click.Group):
    """A noun with its verbs."""

    command_class = Command


@dataclass(frozen=True, slots=True)
class Lazy:
    """A subcommand that is imported when it is used: ``module:attribute`` and what the list says of it."""

    where: str
    what: str


class RootGroup(Group):
    """The program itself: sections of lazy subcommands, and the one place where errors become exit codes."""

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, Lazy]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sections = sections
        self._lazy = {name: lazy for section in sections.values() for name, lazy in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return None
        module, attribute = lazy.where.split(":")
        command = cast("click.Command", getattr(import_module(module), attribute))
        command.short_help = lazy.what
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from difflib import get_close_matches

        name = args[0]
        if name not in self._lazy and not name.startswith("-"):
            near = get_close_matches(name, self._lazy, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {safe_line(name)!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, section in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, lazy.what) for name, lazy in section.items()])

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # a glyph must not end a command on a small terminal
        try:
            return super().invoke(ctx)
        except CcccError as error:
            raise (WrongUse if isinstance(error, _WRONG_USE) else Failed)(error) from None


class Failed(click.ClickException):
    """An error of ours on its way out: one sentence a line, to stderr."""

    def __init__(self, error: CcccError) -> None:
        super().__init__(str(error))
        # Complaints about a configuration begin with its file; nothing may stand before that.
        self._prefix = "" if isinstance(error, ConfigError) else "cccc: "

    def show(self, file: Any = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"{self._prefix}{safe_line(line)}", file=file, err=file is None)


class WrongUse(Failed):
    """The same for what the person asked or configured wrongly."""

    exit_code = 2
