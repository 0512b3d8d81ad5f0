"""``cccc export``: one request as a ZIP for whoever has to find out what went wrong."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.errors import ControlError


@click.command(
    cls=Command,
    examples=[
        ("cccc export ID", "into ID.zip"),
        ("cccc export ID -o bug.zip", "into another file"),
    ],
)
@click.argument("request_id", metavar="ID")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write [ID.zip].",
)
@pass_session
def export(session: Session, request_id: str, output: Path | None) -> None:
    """Write what was asked, sent and answered for one request, and when, into a ZIP.

    Credentials are masked; the words of the conversation are in it. The file is readable by you alone.
    """
    record = session.ask(lambda control: control.request(request_id))
    data = session.ask(lambda control: control.save(record.id))
    target = output or Path(f"{record.id}.zip")
    _write(target, data)
    if session.json:
        session.say_json({"id": record.id, "file": str(target), "bytes": len(data)})
    else:
        session.note(f"{target} holds {record.id} ({len(data)} bytes); look at it before you pass it on.")


def _write(path: Path, data: bytes) -> None:
    """A new file for the owner alone; one that exists is left alone. Raises ``ControlError``."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    except FileExistsError:
        raise ControlError(f"{path} exists; name another file with -o") from None
    except OSError as error:
        raise ControlError(f"{path} cannot be written ({error.strerror}); name another file with -o") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
