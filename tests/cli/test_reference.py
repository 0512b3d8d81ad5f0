"""Every command is documented: examples first in its help, and the page in docs is current."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cccc.cli.reference import commands, page

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


@pytest.mark.parametrize(("name", "command"), [pytest.param(*found, id=found[0]) for found in commands()])
def test_every_command_opens_its_help_with_an_example(name: str, command: click.Command) -> None:
    told = command.get_help(click.Context(command, info_name=name))
    assert told.startswith("Examples:\n")
    assert name in told.split("Usage:")[0]
    assert command.help
    for option in ("--config", "--state-dir", "--json", "--yes"):
        assert f"\n  {option}" in told


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m cccc.cli.reference > docs/commands.md"
