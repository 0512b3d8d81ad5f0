"""``cccc probe``: does every endpoint answer, in each of its formats, with its key, as a stream and with tools."""

from __future__ import annotations

import click

from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.cli.table import Cell, Column, Row, table
from cccc.cli.text import safe_line
from cccc.cli.words import NOTHING, letters, milliseconds
from cccc.control.api import Check, Control, ProbeReport
from cccc.control.wire import checks_of, probe_json

_COLUMNS = (
    Column("endpoint", shrinks=True),
    Column("speaks"),
    Column("path", shrinks=True, narrowest=12),
    Column("plain"),
    Column("stream"),
    Column("tools"),
)


@click.command(
    cls=Command,
    examples=[
        ("cccc probe", "every endpoint that is switched on"),
        ("cccc probe NAME", "one of them"),
        ("cccc probe --json", "for scripts; exit 1 if one fails"),
    ],
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--model", metavar="M", help="The model to ask for; without it the cheapest that an endpoint lists.")
@pass_session
@click.pass_context
def probe(ctx: click.Context, session: Session, names: tuple[str, ...], model: str | None) -> None:
    """Ask endpoints a few small questions: key, streaming, tool call, count_tokens, model list.

    Each endpoint costs some small requests. Health, statistics and what was learned stay as they are.
    """
    if not run(session, names, model):
        ctx.exit(1)


def run(session: Session, names: tuple[str, ...], model: str | None) -> bool:
    """Probe these endpoints, or all that are switched on, and say what was found; whether each one answers."""

    async def ask(control: Control) -> tuple[ProbeReport, ...]:
        wanted = names or tuple(view.name for view in await control.endpoints() if view.enabled)
        return tuple([await control.probe_endpoint(name, model=model) for name in wanted])

    reports = session.ask(ask)
    if session.json:
        session.say_json(probe_json(reports))
    elif not reports:
        session.note("No endpoint is switched on; cccc endpoints add adds one.")
    else:
        rows = [row for report in reports for row in _rows(report)]
        remarks = [line for report in reports for line in _remarks(report)]
        session.say([*table(_COLUMNS, rows, session.width()), *(["", *remarks] if remarks else [])])
    return all(report.ok for report in reports)


def _rows(report: ProbeReport) -> list[Row]:
    return [
        (report.endpoint, letters((one.wire_format,)), one.path, _cell(one.plain), _cell(one.stream), _cell(one.tools))
        for one in report.formats
    ]


def _cell(check: Check) -> str | Cell:
    if check.ok is None:
        return NOTHING
    if check.ok:
        return Cell(f"✓ ok {milliseconds(check.ms)}", "green")
    return Cell(f"✗ {check.status or 'failed'}", "red")


def _remarks(report: ProbeReport) -> list[str]:
    """Everything that no column holds, a line each."""
    said = [f"{name}: {check.error}" for name, check in checks_of(report) if check.error is not None]
    said += [f"{one.wire_format.value}: {quirk}" for one in report.formats for quirk in one.quirks]
    said += [f"{check.name}: {check.note}" for check in (report.count_tokens, report.models) if check and check.ok]
    said.append(f"cost: {report.requests} requests, {report.tokens} tokens")
    return [safe_line(f"{report.endpoint}  {line}") for line in said]
