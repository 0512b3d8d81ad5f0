"""How a command reaches a control surface: the running proxy of this state folder, else the files it left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from cccc.cli.session import Session
from cccc.control import statefiles
from cccc.control.api import Control
from cccc.errors import NotRunning


@asynccontextmanager
async def found(session: Session, *, running: bool) -> AsyncIterator[Control]:
    """Prefer the running proxy. Without one: raise ``NotRunning`` where it must be ``running``, else work offline."""
    state_dir = session.state_folder()
    async with AsyncExitStack() as stack:
        try:
            control = await stack.enter_async_context(_remote(state_dir))
        except NotRunning:
            if running:
                raise
            control = await stack.enter_async_context(_local(session, state_dir))
        yield control


def _remote(state_dir: Path) -> AbstractAsyncContextManager[Control]:
    statefiles.running(state_dir)  # before httpx is loaded, which takes longer than to see that nothing runs
    from cccc.control.remote import connect

    return connect(state_dir)


def _local(session: Session, state_dir: Path) -> AbstractAsyncContextManager[Control]:
    from cccc.control.local import offline

    return offline(state_dir, session.config_path(), session.environ)
