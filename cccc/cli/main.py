"""The program: ``cccc`` and the table of its subcommands, each imported only when it is used."""

from __future__ import annotations

import click

from cccc import __version__
from cccc.cli.group import Lazy, RootGroup
from cccc.cli.params import PORT
from cccc.cli.session import Session, pass_session

SECTIONS = {
    "Run": {
        "demo": Lazy("cccc.cli.demo:demo", "Try it: simulated providers and a little traffic, no key needed."),
        "attach": Lazy("cccc.cli.attach:attach", "The screens on a proxy that runs already."),
    },
    "See": {
        "requests": Lazy("cccc.cli.requests:requests", "The request log; -f follows it."),
        "show": Lazy("cccc.cli.show:show", "One request with everything that was tried for it."),
        "why": Lazy("cccc.cli.why:why", "Why a request went where it went."),
        "export": Lazy("cccc.cli.export:export", "One request as a ZIP, for a report of a bug."),
        "rank": Lazy("cccc.cli.rank:rank", "The order of endpoints for a request now."),
        "probe": Lazy("cccc.cli.probe:probe", "Does every endpoint answer: key, stream, tools, timings."),
        "stats": Lazy("cccc.cli.stats:stats", "Requests, errors, latencies, tokens, cost."),
    },
    "Steer": {
        "endpoints": Lazy("cccc.cli.endpoints:endpoints", "The pool: list, show, add, test, remove, enable, …"),
        "replay": Lazy("cccc.cli.replay:replay", "Send a captured request again and compare the answers."),
        "use": Lazy("cccc.cli.use:use", "Put one endpoint above all others for a while."),
    },
    "Set up": {
        "setup": Lazy("cccc.cli.setup:setup", "Point Claude Code, Codex and other tools here; status, and back."),
        "run": Lazy("cccc.cli.launch:run", "Start Claude Code or Codex through the proxy, changing no file."),
        "import": Lazy("cccc.cli.importing:import_", "Endpoints from clients' files and other tools' configurations."),
        "config": Lazy("cccc.cli.config:config", "The configuration: show, check, path, example."),
        "service": Lazy("cccc.cli.service:service", "The proxy as a service of yours: install, remove, status."),
        "token": Lazy("cccc.cli.token:token", "The token that clients send (auth_token: auto)."),
    },
}


@click.group(
    "cccc",
    cls=RootGroup,
    sections=SECTIONS,
    invoke_without_command=True,
    examples=[
        ("cccc demo", "see it work, without a key"),
        ("cccc config example", "print a configuration to start from"),
        ("cccc", "run the proxy on http://127.0.0.1:8080 with its screens"),
        ("cccc --no-tui", "run the proxy alone"),
        ("cccc requests -f", "watch what it does"),
        ("cccc why ID", "why a request went where it went"),
    ],
)
@click.option("--no-tui", is_flag=True, help="Run the proxy alone, without the screens.")
@click.option("--host", metavar="H", help="Address to listen on [127.0.0.1].")
@click.option("--port", metavar="N", type=PORT, help="Port to listen on, 0 for a free one [8080].")
@click.option("--log-level", metavar="L", help="How much is logged: debug, info, warning, error [info].")
@click.version_option(__version__, prog_name="cccc", message="%(prog)s %(version)s")
@pass_session
@click.pass_context
def main(
    ctx: click.Context, session: Session, *, no_tui: bool, host: str | None, port: int | None, log_level: str | None
) -> None:
    """A local proxy for Claude Code, Codex and other AI clients.

    It picks the best endpoint for every request, fails over, and shows why.
    """
    given = {"host": host, "port": port, "log-level": log_level}
    session.options = {name: str(value) for name, value in given.items() if value is not None}
    if ctx.invoked_subcommand is not None:
        said = [f"--{name}" for name in session.options] + (["--no-tui"] if no_tui else [])
        if said:
            raise click.UsageError(f"{said[0]} belongs to cccc alone; it says nothing to {ctx.invoked_subcommand!r}.")
    elif no_tui:
        from cccc.cli.run import run_proxy

        run_proxy(session)
    else:
        from cccc.cli.run import show_proxy

        show_proxy(session)
