"""A proxy as its users run it: a process of its own with a configuration file and a state folder."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import orjson

_ROOT = Path(__file__).parents[2]
_MARK = b"listening on "
_START_LIMIT = 90.0
_STOP_LIMIT = 40.0


@dataclass
class ProxyProcess:
    """A proxy that runs or ran. ``log`` is what it has written to stderr so far."""

    base_url: str
    config: Path
    state_dir: Path
    log: bytearray = field(default_factory=bytearray)
    told_to_stop: bool = False
    """A test has sent the signal itself."""

    async def json(self, *command: str) -> Any:
        """The output of ``cccc COMMAND --json`` on this proxy's configuration and state."""
        line = [*_cccc(self.config, self.state_dir), *command, "--json"]
        with anyio.fail_after(_START_LIMIT):
            done = await anyio.run_process(line, env=_environment(self.state_dir), cwd=_ROOT, check=False)
        assert done.returncode == 0, f"cccc {' '.join(command)}: {done.stderr.decode()}"
        return orjson.loads(done.stdout)


@asynccontextmanager
async def running_proxy(folder: Path, config_text: str) -> AsyncIterator[ProxyProcess]:
    """Start ``cccc --no-tui`` on a free port and stop it with SIGTERM; it must end by itself, with code 0."""
    state_dir = folder / "state"
    state_dir.mkdir(parents=True, exist_ok=True)
    config = folder / "config.yaml"
    config.write_text(config_text, encoding="utf-8")
    command = [*_cccc(config, state_dir), "--no-tui", "--port", "0"]
    proxy = ProxyProcess("", config, state_dir)
    failure: Exception | None = None
    async with (
        await anyio.open_process(command, env=_environment(state_dir), cwd=_ROOT, stdout=None) as process,
        anyio.create_task_group() as group,
    ):
        try:
            with anyio.fail_after(_START_LIMIT):
                proxy.base_url = await group.start(_read_log, process, proxy.log)
            yield proxy
            if not proxy.told_to_stop:
                process.send_signal(signal.SIGTERM)
            with anyio.fail_after(_STOP_LIMIT):
                code = await process.wait()
            assert code == 0, f"the proxy ended with {code}"
        except Exception as error:  # noqa: BLE001 (raised again once the group has ended)
            error.add_note(f"what the proxy said:\n{proxy.log.decode(errors='replace')}")
            failure = error
        finally:
            if process.returncode is None:
                process.kill()
            group.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _read_log(
    process: anyio.abc.Process, log: bytearray, *, task_status: anyio.abc.TaskStatus[str] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Keep what the process says, and report the address as soon as it is there."""
    assert process.stderr is not None
    told = False
    async for data in process.stderr:
        log += data
        line = next((line for line in bytes(log).split(b"\n")[:-1] if _MARK in line), None)
        if line is not None and not told:
            told = True
            task_status.started(line.partition(_MARK)[2].strip().decode())
    assert told, f"the proxy ended before it listened: {log.decode(errors='replace')}"


def _cccc(config: Path, state_dir: Path) -> list[str]:
    return [sys.executable, "-m", "cccc", "--config", str(config), "--state-dir", str(state_dir)]


def _environment(state_dir: Path) -> dict[str, str]:
    """A home of its own, and no key or proxy of the developer's."""
    return {"PATH": os.environ["PATH"], "HOME": str(state_dir.parent), "LANG": "C.UTF-8", "NO_COLOR": "1"}


def closed_port() -> int:
    """A port on the loopback address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
