"""How a command reaches a control surface: the running proxy of this state folder, else the files it left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from cccc.control import statefiles
from cccc.control.api import Control
from cccc.errors import NotRunning
from cccc.setup.machine import Machine


@asynccontextmanager
async def found(
    state_dir: Path,
    config_path: Callable[[], Path | None],
    environ: Mapping[str, str],
    *,
    running: bool,
    machine: Machine | None = None,
) -> AsyncIterator[Control]:
    """Prefer the running proxy. Without one: raise ``NotRunning`` where it must be ``running``, else work offline.

    ``machine`` is where the clients' files are when we work offline.
    """
    async with AsyncExitStack() as stack:
        try:
            control = await stack.enter_async_context(_remote(state_dir))
        except NotRunning:
            if running:
                raise
            control = await stack.enter_async_context(_local(state_dir, config_path(), environ, machine))
        yield control


def _remote(state_dir: Path) -> AbstractAsyncContextManager[Control]:
    statefiles.running(state_dir)  # before httpx is loaded, which takes longer than to see that nothing runs
    from cccc.control.remote import connect

    return connect(state_dir)


def _local(
    state_dir: Path, config_path: Path | None, environ: Mapping[str, str], machine: Machine | None
) -> AbstractAsyncContextManager[Control]:
    from cccc.control.local import offline

    return offline(state_dir, config_path, environ, machine=machine)
