"""The reference of every command as Markdown, written from ``--help``: ``docs/commands.md``.

``python -m cccc.cli.reference`` prints it; a test holds the file against it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from cccc.cli.main import main

_INTRODUCTION = """\
# Commands

Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 wrong use or configuration. Every
listing has `--json`. `NO_COLOR` is honoured. What reads the log or the configuration works without a running proxy.
"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, in the order of the help."""
    yield from _below("cccc", main)


def _below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _below(f"{name} {child}", found)


def page() -> str:
    """The whole page."""
    sections = [_INTRODUCTION]
    for name, command in commands():
        context = click.Context(command, info_name=name, terminal_width=100, max_content_width=100)
        sections.append(f"## `{name}`\n\n```text\n{command.get_help(context).strip()}\n```\n")
    return "\n".join(sections)


if __name__ == "__main__":
    sys.stdout.write(page())
