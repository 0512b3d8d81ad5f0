"""A proxy's merge route on a free port, and scripts that are run against it in a home folder of their own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from cccc.clients.plan import Target
from cccc.config import Loaded, load
from cccc.control.api import ClientOptions, ClientType
from cccc.server import scripts
from cccc.server.edge import EdgeRules
from cccc.server.help_routes import help_routes
from cccc.server.merge_routes import merge_routes
from cccc.server.routing import Router
from cccc.server.serve import Server
from cccc.setup.targets import target
from tests.clock import ManualClock

_LIMIT = 20


@dataclass(frozen=True)
class Proxy:
    """A proxy that listens at ``url``, with the folder of its state."""

    url: str
    state_dir: Path
    loaded: Loaded

    def target(self, key: str | None = None) -> Target:
        """What ``cccc setup --url --key`` would point a client at."""
        return target(self.loaded, self.state_dir, ClientOptions(url=self.url, key=key))


def _configured(state_dir: Path, token: str | None) -> Loaded:
    state_dir.mkdir(parents=True, exist_ok=True)
    config = state_dir / "config.yaml"
    config.write_text("server: {port: 0}\n" if token is None else f"server: {{port: 0, auth_token: {token}}}\n")
    config.chmod(0o600)
    return load(config, environ={}, options={})


@asynccontextmanager
async def merging(state_dir: Path, token: str | None = None) -> AsyncIterator[Proxy]:
    """Serve the help pages and the merge."""
    loaded = _configured(state_dir, token)
    routes = (*help_routes(lambda: token is not None), *merge_routes(lambda: loaded, state_dir, ManualClock()))
    rules = EdgeRules(proxy_tokens=() if loaded.auth_token is None else (loaded.auth_token,))
    server = Server(Router(routes), rules, port=0)
    async with anyio.create_task_group() as tasks:
        host, port = await tasks.start(server.run)
        yield Proxy(f"http://{host}:{port}", state_dir, loaded)
        server.stop(now=True)


@dataclass(frozen=True)
class Ran:
    """How a script ended and what it printed."""

    code: int
    stdout: str
    stderr: str


@dataclass
class Script:
    """One script in one shell, run by a person whose home folder is ``home``."""

    home: Path
    shell: tuple[str, ...] = ("dash",)
    name: str = scripts.SOURCE
    environ: Mapping[str, str] = field(default_factory=dict)
    path: str = os.environ["PATH"]

    async def run(self, *words: str, stdin: bytes | None = None) -> Ran:
        """Run it without a terminal. ``stdin``: the script itself comes that way, as through ``curl | sh``."""
        script = ["-s", "--"] if stdin is not None else [str(scripts.folder() / self.name)]
        environ = {"HOME": str(self.home), "PATH": self.path, "TMPDIR": str(self.home.parent), **self.environ}
        with anyio.fail_after(_LIMIT):
            done = await anyio.run_process(
                [*self.shell, *script, *words],
                input=stdin,
                env=environ,
                check=False,
                start_new_session=True,
            )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


NAMES = {ClientType.CLAUDE_CODE: "claude-code", ClientType.CODEX: "codex", ClientType.OPENAI: "openai"}
