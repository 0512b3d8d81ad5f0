"""How a command reaches a control surface: the running proxy of this state folder, else the files it left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

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
            statefiles.running(state_dir)
            from cccc.control.remote import connect

            control = await stack.enter_async_context(connect(state_dir))
        except NotRunning:
            if running:
                raise
            from cccc.control.local import offline

            control = await stack.enter_async_context(offline(state_dir, session.config_path(), session.environ))
        yield control
