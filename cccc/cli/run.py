"""Starting what runs until it is stopped: the proxy, and the demo around it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol

from cccc.cli.session import Session
from cccc.errors import CcccError, ControlError

if TYPE_CHECKING:
    from cccc.server.app import App

Say = Callable[[str], None]
Listening = Callable[["App", str], None]


class Proxy(Protocol):
    """Something with a proxy in it that runs until it is stopped.

    ``say`` shows a line to a person, ``log`` one of the log; ``listening`` is called with the proxy and its address
    once it accepts connections; without ``signals`` they are left to somebody else.
    """

    async def __call__(self, say: Say, log: Say, listening: Listening, *, signals: bool) -> None: ...


def run_proxy(session: Session) -> None:
    """``cccc --no-tui``: the proxy in the foreground, until SIGTERM or SIGINT."""
    _headless(session, _proxy(session), lambda url: f"listening on {url}")


def show_proxy(session: Session) -> None:
    """``cccc``: the proxy with its screens, or the screens on the one that runs; without a terminal the proxy alone."""
    if not session.interactive():
        run_proxy(session)
        return
    from cccc.cli import screens

    if _is_running(session):
        screens.attach(session, session.control(running=True))
    else:
        screens.show(session, _proxy(session))


def run_demo(session: Session, *, port: int, tui: bool) -> None:
    """``cccc demo``: providers, proxy and traffic, until SIGTERM or SIGINT, or until its screens are left."""
    with _demo_folder(session) as folder:
        proxy = partial(_demo, folder, port)
        if tui and session.interactive():
            from cccc.cli import screens

            screens.show(Session(environ={**session.environ, "CCCC_STATE_DIR": str(folder)}), proxy)
        else:
            watch = f"watch it with: cccc requests -f --state-dir {folder}"
            _headless(session, proxy, lambda url: f"listening on {url}\n{watch}")


def _headless(session: Session, proxy: Proxy, greeting: Callable[[str], str]) -> None:
    from cccc.cli.background import make_room

    def listening(_: App, url: str) -> None:
        session.note(greeting(url))
        make_room()

    run_loop(lambda: proxy(session.note, session.note, listening, signals=True))


def _proxy(session: Session) -> Proxy:
    async def proxy(say: Say, log: Say, listening: Listening, *, signals: bool) -> None:
        from cccc.server.app import App

        machine = session.machine(project=None)  # where a proxy was started says nothing about where clients will be
        state = session.state_folder()
        app = App(state, session.config_path, session.environ, session.options, say, machine=machine, log=log)
        await app.run(lambda url: listening(app, url), signals=signals)

    return proxy


async def _demo(folder: Path, port: int, say: Say, log: Say, listening: Listening, *, signals: bool) -> None:
    import anyio

    from cccc.demo.clients import demo_machine
    from cccc.demo.world import demo_world
    from cccc.server.app import App

    async with demo_world(folder) as world, anyio.create_task_group() as tasks:
        # An empty environment: neither the user's settings nor their egress proxy belong into the demo.
        machine = demo_machine(folder)
        app = App(folder, lambda: world.config_path, {}, {"port": str(port)}, say, machine=machine, log=log)

        def begin(url: str) -> None:
            listening(app, url)
            tasks.start_soon(world.traffic, url)

        await app.run(begin, signals=signals)
        tasks.cancel_scope.cancel()


def _is_running(session: Session) -> bool:
    """Whether a proxy of this state folder answers."""
    from cccc.control import statefiles

    try:
        statefiles.running(session.state_folder())
        session.ask(lambda control: control.overview(), running=True)
    except ControlError:
        return False
    return True


@contextmanager
def _demo_folder(session: Session) -> Iterator[Path]:
    """The folder named on the command line, else one that is gone afterwards."""
    if session.state_dir is not None:
        yield session.state_folder()
        return
    with TemporaryDirectory(prefix="cccc-demo-") as folder:
        yield Path(folder)


def run_loop(main: Callable[[], Awaitable[None]]) -> None:
    """Run ``main`` in an event loop of its own, of any thread. Raises one of the errors meant for a person."""
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
