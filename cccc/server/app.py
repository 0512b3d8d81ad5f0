"""The headless proxy as one call: configuration, store, runtime, routes, server, and the files that tell of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from cccc.clock import Clock, SystemClock
from cccc.config import AutoToken, Loaded, load, restart_keys
from cccc.config.edit import protect
from cccc.control import statefiles
from cccc.control.local import Local
from cccc.errors import ConfigError, ControlError, ListenError
from cccc.http.transport import HttpTransport
from cccc.proxy.reload import Reloader
from cccc.proxy.runtime import Runtime
from cccc.server.admin_routes import admin_routes
from cccc.server.edge import EdgeRules
from cccc.server.help_routes import help_routes
from cccc.server.logs import Logs, told_of
from cccc.server.merge_routes import merge_routes
from cccc.server.proxy_routes import proxy_routes
from cccc.server.routing import Router
from cccc.server.serve import Server, serve, undisturbed
from cccc.setup.leaving import take_leave
from cccc.setup.machine import Machine
from cccc.setup.service import ClientFiles
from cccc.storage.store import Store

Say = Callable[[str], None]


class App:
    """One proxy process: everything that ``run`` needs to know.

    ``find_config`` names the configuration file, ``None`` while there is none; ``options`` are the command line's, by
    name; ``say`` shows a line to the person who started it, ``log`` what the log says where it has no files (as ``say``
    where it is not given). ``machine`` is where the files of clients are, ``None``
    where they are none of our business.
    """

    def __init__(
        self,
        state_dir: Path,
        find_config: Callable[[], Path | None],
        environ: Mapping[str, str],
        options: Mapping[str, str],
        say: Say,
        *,
        clock: Clock | None = None,
        machine: Machine | None = None,
        log: Say | None = None,
    ) -> None:
        self._state_dir = state_dir
        self._find_config = find_config
        self._environ = environ
        self._options = options
        self._say = say
        self._log = log or say
        self._clock = clock or SystemClock()
        self._server: Server | None = None
        self.control: Local | None = None
        """What can be seen and done from ``on_listening`` on, in this proxy's own loop."""
        self._client_files = None if machine is None else ClientFiles(state_dir, machine, self._clock)

    def load(self) -> Loaded:
        """The configuration as it is now. Raises ``ConfigError``."""
        return load(self._find_config(), environ=self._environ, options=self._options)

    def stop(self, *, now: bool = False) -> None:
        """Stop gracefully, or at once. From any thread, more than once; before ``on_listening`` it does nothing."""
        if self._server is not None:
            self._server.stop(now=now)

    async def run(self, on_listening: Callable[[str], None], *, signals: bool = True) -> None:
        """Serve until stopped. ``signals=False`` leaves them alone, as a thread that is not the main one must.

        Raises ``ConfigError``, ``ListenError``, ``StorageError`` and ``ControlError``.
        """
        loaded = self.load()
        self._greet(loaded)
        await self._refuse_second()
        self._repair_clients()
        store = await anyio.to_thread.run_sync(partial(Store.open, self._state_dir, self._clock, warn=self._say))
        transport = HttpTransport(self._clock)
        with ExitStack() as ending:
            try:
                runtime = Runtime(loaded, store, transport, self._clock)
                runtime.context.submit = told_of(store.submit)
                runtime.context.owner = statefiles.admin_token(self._state_dir)
                level = loaded.settings.logging.level
                with Logs(self._log, loaded.log_directory, lambda: runtime.context.redactor, level) as logs:
                    await self._serve(runtime, logs, on_listening, ending, signals=signals)
            finally:
                with anyio.CancelScope(shield=True):
                    await transport.aclose()
                    await anyio.to_thread.run_sync(store.close)

    def _greet(self, loaded: Loaded) -> None:
        for warning in loaded.warnings:
            self._say(warning)
        if loaded.path is None:
            self._say("there is no configuration yet; cccc config path says where it belongs, cccc config example how")
        self._protect(loaded)

    def _protect(self, loaded: Loaded) -> None:
        if loaded.path is not None and loaded.literal_secrets:
            for change in protect(loaded.path):
                self._say(change)

    def _repair_clients(self) -> None:
        """A set-up that was killed left a client's file old or new; the journal is to say which."""
        if self._client_files is None:
            return
        try:
            for sentence in self._client_files.repair():
                self._say(sentence)
        except ConfigError as error:
            self._say(f"the journal of client set-ups is left as it is: {error}")

    async def _farewell(self, runtime: Runtime, address: str) -> None:
        """Clients that still point here wait in vain from now on, Codex for ever: say so, or restore them."""
        if self._client_files is None:
            return
        left = partial(take_leave, self._client_files, runtime.loaded, address)
        for sentence in await anyio.to_thread.run_sync(left):
            self._say(sentence)

    async def _refuse_second(self) -> None:
        """One proxy for one state folder: two would overwrite each other's word where they listen."""
        try:
            statefiles.running(self._state_dir)
            from cccc.control.remote import connect  # brings httpx, a tenth of the whole start, for a rare case

            async with connect(self._state_dir) as control:
                running = await control.overview()
        except ControlError:
            return
        raise ListenError(f"a proxy is already running at {running.address} (pid {running.pid}); stop it first")

    async def _serve(
        self, runtime: Runtime, logs: Logs, on_listening: Callable[[str], None], ending: ExitStack, *, signals: bool
    ) -> None:
        """``ending`` holds what is to be undone when everything has been written."""
        settings = runtime.loaded.settings.server
        local = Local(runtime, self.load, client_files=self._client_files)
        routes = (
            *proxy_routes(runtime),
            *admin_routes(local, self._clock),
            *help_routes(lambda: runtime.loaded.auth_token is not None),
            *merge_routes(lambda: runtime.loaded, self._state_dir, self._clock),
        )
        instance, begun_with = runtime.context.instance, runtime.loaded
        rules = self._rules(instance, begun_with)
        server = Server(Router(routes), rules, host=settings.host, port=settings.port, clock=self._clock)
        self._server = server

        def apply(loaded: Loaded) -> None:
            server.reconfigure(self._rules(instance, loaded))  # refuses what must not be, so it comes first
            runtime.apply(loaded)
            logs.set_level(loaded.settings.logging.level)
            self._protect(loaded)
            for key in restart_keys(begun_with, loaded):
                self._say(f"{key} is changed in the configuration; it takes effect when the proxy is started again")

        async def let_readers_go() -> None:
            await server.stopping_begun()
            runtime.context.bus.close()

        def listening(address: tuple[str, int]) -> None:
            host, port = address
            tasks.start_soon(let_readers_go)
            url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            local.address = url
            self.control = local
            statefiles.announce(self._state_dir, url, pid=os.getpid(), started=self._clock.now())
            on_listening(url)

        try:
            async with runtime.running(), anyio.create_task_group() as tasks:
                tasks.start_soon(Reloader(self._find_config, self.load, apply, self._say).run)
                tasks.start_soon(_stop_when_asked, runtime, server)
                await serve(server, listening, signals=signals)
                ending.enter_context(undisturbed())
                if local.address is not None:
                    await self._farewell(runtime, local.address)
                tasks.cancel_scope.cancel()
        finally:
            statefiles.withdraw(self._state_dir, pid=os.getpid())

    def _rules(self, instance: str, loaded: Loaded) -> EdgeRules:
        server, token = loaded.settings.server, loaded.auth_token
        if isinstance(token, AutoToken):
            token = statefiles.client_token(self._state_dir)
        return EdgeRules(
            instance=instance,
            allowed_hosts=server.allowed_hosts,
            allowed_origins=server.allowed_origins,
            proxy_tokens=() if token is None else (token,),
            admin_tokens=(statefiles.admin_token(self._state_dir),),
            max_request_bytes=server.max_request_bytes,
        )


async def _stop_when_asked(runtime: Runtime, server: Server) -> None:
    await runtime.stop_requested.wait()
    server.stop()
    await runtime.stop_at_once.wait()
    server.stop(now=True)
