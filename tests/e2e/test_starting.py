"""Starting the proxy where it cannot: one sentence and an exit code, in a process of its own as a person sees it."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def start(state_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "cccc", "--state-dir", str(state_dir), *options]
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(state_dir.parent), "LANG": "C.UTF-8"}
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60, cwd=_ROOT, env=environ)


@pytest.mark.parametrize("command", [("--no-tui",), ("demo",)])
def test_a_port_that_another_program_has(tmp_path: Path, command: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        done = start(tmp_path / "state", *command, "--port", str(port))

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"cccc: port {port} on 127.0.0.1 is taken by another program; stop it, or choose another with --port"
    )
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state" / "run.json").exists()


def test_a_configuration_that_is_named_and_missing(tmp_path: Path) -> None:
    done = start(tmp_path / "state", "--no-tui", "--config", str(tmp_path / "none.yaml"))

    assert done.returncode == 2
    assert done.stderr == f"{tmp_path}/none.yaml: does not exist; cccc config example prints a file to start from\n"
