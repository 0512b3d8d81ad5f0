from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cccc.cli.session import Session

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def systemctl(tmp_path: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed cccc, and a ``systemctl`` that writes down what it is asked."""
    programs, log = tmp_path / "bin", tmp_path / "asked"
    programs.mkdir()
    for name in ("cccc", "systemctl"):
        (programs / name).write_text(f'#!/bin/sh\necho "$@" >>{log}\n[ "$2" != is-active ] || echo active\n')
        (programs / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    environ.update(PATH=f"{programs}:/usr/bin:/bin", HOME=str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return log


def unit(tmp_path: Path) -> Path:
    return tmp_path / "home/.config/systemd/user/cccc.service"


def test_install_shows_asks_and_remove_takes_it_away(run: Run, tmp_path: Path, systemctl: Path) -> None:
    done = run("service", "install", "--config", "my.yaml", "--yes")

    assert done.exit_code == 0, done.output
    written = unit(tmp_path).read_text()
    assert written.rstrip("\n") in done.stdout
    words = f'"{tmp_path}/bin/cccc" "--no-tui" "--config" "{Path.cwd()}/my.yaml" "--state-dir" "{tmp_path}/state"'
    assert f"ExecStart={words}\n" in written
    assert "loginctl enable-linger" in done.stderr
    assert systemctl.read_text().splitlines() == [
        "--user daemon-reload",
        "--user enable cccc.service",
        "--user restart cccc.service",
    ]

    assert run("service", "remove").exit_code == 0
    assert not unit(tmp_path).parent.exists()


def test_without_a_yes_nothing_is_written(run: Run, tmp_path: Path, systemctl: Path) -> None:
    assert run("service", "install").exit_code == 1
    assert run("service", "install", "--json").exit_code == 2
    assert run("service", "remove").exit_code == 1
    assert not unit(tmp_path).exists()
    assert not systemctl.exists()


def test_status_says_whether_the_proxy_answers(run: Run, tmp_path: Path) -> None:
    run("service", "install", "--yes")

    assert "proxy: answers at http://" in run("service", "status").stdout
    told = json.loads(run("service", "status", "--json").stdout)
    assert (told["supervisor"], told["installed"], told["running"], told["answers"]) == ("systemd", True, True, True)


def test_status_without_a_proxy(offline: Session, run: Run) -> None:
    told = json.loads(run("service", "status", "--json").stdout)

    assert (told["installed"], told["answers"], told["address"]) == (False, False, None)


def test_where_nothing_supervises_it_is_said_in_a_sentence(run: Run, environ: dict[str, str]) -> None:
    environ["PATH"] = ""

    done = run("service", "install", "--yes")

    assert done.exit_code == 1
    assert done.stderr.startswith("cccc: neither systemd nor launchd is here")
    assert len(done.stderr.splitlines()) == 1


def test_a_supervisor_that_refuses_makes_the_command_fail(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bin/systemctl").write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")

    done = run("service", "install", "--yes")

    assert done.exit_code == 1
    assert "systemd did not do it (no bus); when it can, type: systemctl --user daemon-reload" in done.stderr
    assert unit(tmp_path).exists()
