"""Starting what runs until it is stopped: the proxy, and the demo around it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from cccc.cli.session import Session
from cccc.errors import CcccError


def run_proxy(session: Session) -> None:
    """``cccc --no-tui``: the proxy in the foreground, until SIGTERM or SIGINT."""
    from cccc.server.app import App

    machine = session.machine(project=None)  # where a proxy was started says nothing about where clients will be
    state = session.state_folder()
    app = App(state, session.config_path, session.environ, session.options, session.note, machine=machine)
    _run(lambda: app.run(lambda url: session.note(f"listening on {url}")))


def run_demo(session: Session, *, port: int) -> None:
    """``cccc demo``: providers, proxy and traffic, until SIGTERM or SIGINT."""
    with _demo_folder(session) as folder:
        _run(lambda: _demo(session, folder, port))


async def _demo(session: Session, folder: Path, port: int) -> None:
    import anyio

    from cccc.demo.world import demo_world
    from cccc.server.app import App

    async with demo_world(folder) as world, anyio.create_task_group() as tasks:
        # An empty environment: neither the user's settings nor their egress proxy belong into the demo.
        app = App(folder, lambda: world.config_path, {}, {"port": str(port)}, session.note)

        def listening(url: str) -> None:
            session.note(f"listening on {url}\nwatch it with: cccc requests -f --state-dir {folder}")
            tasks.start_soon(world.traffic, url)

        await app.run(listening)
        tasks.cancel_scope.cancel()


@contextmanager
def _demo_folder(session: Session) -> Iterator[Path]:
    """The folder named on the command line, else one that is gone afterwards."""
    if session.state_dir is not None:
        yield session.state_folder()
        return
    with TemporaryDirectory(prefix="cccc-demo-") as folder:
        yield Path(folder)


def _run(main: Callable[[], Awaitable[None]]) -> None:
    import anyio

    os.umask(0o077)  # whatever this process writes is its owner's alone
    try:
        anyio.run(main, backend_options={"use_uvloop": find_spec("uvloop") is not None})
    except BaseExceptionGroup as group:
        if (ours := _first_of_ours(group)) is None:
            raise
        raise ours from None


def _first_of_ours(error: BaseException) -> CcccError | None:
    """What ended the tasks, where it is nothing but errors meant for a person: one of them is enough to say."""
    if isinstance(error, BaseExceptionGroup):
        found = [_first_of_ours(inner) for inner in error.exceptions]
        return found[0] if all(found) else None
    return error if isinstance(error, CcccError) else None
