"""Starting what runs until it is stopped: the proxy, and the demo around it."""

from __future__ import annotations

from cccc.cli.session import Session


def run_proxy(session: Session) -> None:
    """``cccc --no-tui``: the proxy in the foreground, until SIGTERM or SIGINT."""
    from cccc.server.app import run

    run(
        config_path=session.config_path(),
        state_dir=session.state_folder(),
        environ=session.environ,
        options=session.options,
    )


def run_demo(session: Session, *, port: int, screens: bool) -> None:
    """``cccc demo``: providers, proxy and traffic, until SIGTERM or SIGINT."""
    from cccc.server.app import run_demo as run

    run(port=port, screens=screens, environ=session.environ)
