"""The proxy as a service: what is written, what is asked of the supervisor, and that nothing is left of it."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cccc.errors import ConfigError, ControlError
from cccc.setup.background import BackgroundService, program, supervisor
from cccc.setup.launchd import Launchd
from cccc.setup.supervisor import Done, Supervisor, run_command
from cccc.setup.systemd import Systemd
from tests.setup.cases import tree

COMMAND = (
    "/opt/my tools/cccc",
    "--no-tui",
    "--config",
    '/home/me/100%/$HOME "it".yaml',
    "--state-dir",
    "/home/me/back\\s",
)


class Machine:
    """A supervisor's commands as they come; ``answers`` are those that do not end with 0."""

    def __init__(self, **answers: Done) -> None:
        self.asked: list[str] = []
        self.answers = answers

    def __call__(self, command: Sequence[str]) -> Done:
        self.asked.append(" ".join(command))
        return next((done for word, done in self.answers.items() if word.replace("_", "-") in command), Done(0, ""))


def systemd(home: Path) -> Systemd:
    return Systemd(home, {}, home / ".config" / "cccc" / "service.env")


def service(supervisor: Supervisor, folder: Path, machine: Machine) -> BackgroundService:
    (folder / "state").mkdir(exist_ok=True)
    return BackgroundService(supervisor, folder / "state", machine)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def both(home: Path) -> list[Supervisor]:
    return [systemd(home), Launchd(home, 501)]


@pytest.mark.parametrize("which", [0, 1], ids=["systemd", "launchd"])
def test_what_is_installed_is_removed_without_a_trace(which: int, home: Path) -> None:
    machine, one = Machine(), both(home)[which]
    background = service(one, home.parent, machine)
    before = tree(home.parent)

    done = background.install(COMMAND)

    assert done.path == str(one.path())
    assert one.path().read_bytes() == one.text(COMMAND)
    assert one.path().stat().st_mode & 0o777 == 0o600
    assert machine.asked == [" ".join(command) for command in one.start()]
    assert done.notes == (one.hint,)
    for folder in one.made_beside():
        folder.mkdir()  # the supervisor does

    machine.asked.clear()
    assert background.remove().notes == ()
    assert machine.asked == [" ".join(command) for command in (*one.stop(), *one.forget())]
    assert tree(home.parent) == before


def test_folders_that_were_there_stay(home: Path) -> None:
    background = service(systemd(home), home.parent, Machine())
    wants = home / ".config" / "systemd" / "user" / "default.target.wants"
    wants.mkdir(parents=True)
    before = tree(home)

    background.install(COMMAND)
    background.remove()

    assert tree(home) == before


def test_a_second_installation_replaces_the_first(home: Path) -> None:
    one = systemd(home)
    background = service(one, home.parent, Machine())
    before = tree(home.parent)
    background.install(COMMAND)

    plan = background.plan(COMMAND[:2])
    background.install(COMMAND[:2])

    assert plan.before == one.text(COMMAND).decode()
    assert one.path().read_bytes() == one.text(COMMAND[:2])
    background.remove()
    assert tree(home.parent) == before


@pytest.mark.parametrize(
    "act", [lambda one: one.plan(COMMAND), lambda one: one.install(COMMAND)], ids=["plan", "install"]
)
def test_a_service_of_somebody_else_is_left_alone(act: object, home: Path) -> None:
    one = systemd(home)
    one.path().parent.mkdir(parents=True)
    one.path().write_text("[Service]\nExecStart=/usr/bin/other\n")
    background = service(one, home.parent, Machine())
    before = tree(home.parent)

    with pytest.raises(ConfigError, match="did not touch it"):
        background.plan(COMMAND)
    with pytest.raises(ConfigError, match="did not touch it"):
        background.install(COMMAND)
    with pytest.raises(ControlError, match="no service was installed"):
        background.remove()

    assert tree(home.parent) == before


def test_a_file_that_was_edited_is_told(home: Path) -> None:
    one = systemd(home)
    background = service(one, home.parent, Machine())
    background.install(COMMAND)
    assert not background.changed()

    one.path().write_text(one.path().read_text() + "# mine\n")

    assert background.changed()
    assert background.status(address=None).changed


def test_a_supervisor_that_does_not_answer_is_told_with_what_is_left_to_do(home: Path) -> None:
    machine = Machine(daemon_reload=Done(1, "Failed to connect to bus: No medium found"))
    notes = service(systemd(home), home.parent, machine).install(COMMAND).notes

    assert notes[0].startswith("systemd did not do it (Failed to connect to bus: No medium found)")
    commands = [" ".join(command) for command in systemd(home).start()]
    assert notes[0].endswith(f"type: {'; '.join(commands)}")


@pytest.mark.parametrize(
    ("answers", "enabled", "running", "word"),
    [
        ({"is_enabled": Done(0, "enabled"), "is_active": Done(0, "active")}, True, True, "active"),
        ({"is_enabled": Done(0, "enabled"), "is_active": Done(3, "failed")}, True, False, "failed"),
        ({"is_enabled": Done(1, "disabled"), "is_active": Done(3, "inactive")}, False, False, "inactive"),
        ({"is_enabled": Done(1, ""), "is_active": Done(127, "")}, False, False, "unknown"),
    ],
)
def test_what_systemd_says(answers: dict[str, Done], enabled: bool, running: bool, word: str, home: Path) -> None:
    status = service(systemd(home), home.parent, Machine(**answers)).status(address="http://127.0.0.1:8080")

    assert (status.enabled, status.running, status.state) == (enabled, running, word)
    assert (status.installed, status.answers) == (False, True)


@pytest.mark.parametrize(
    ("printed", "enabled", "running"),
    [
        (Done(0, "gui/501/cccc.proxy = {\n\tstate = running\n}"), True, True),
        (Done(0, "gui/501/cccc.proxy = {\n\tstate = waiting\n}"), True, False),
        (Done(113, "Could not find service"), False, False),
    ],
)
def test_what_launchd_says(printed: Done, enabled: bool, running: bool, home: Path) -> None:
    state = Launchd(home, 501).state(Machine(print=printed))

    assert (state.enabled, state.running) == (enabled, running)


def test_the_agent_is_a_property_list_with_the_command() -> None:
    agent = plistlib.loads(Launchd(Path("/Users/me"), 501).text(COMMAND))

    assert agent["ProgramArguments"] == list(COMMAND)
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["Umask"] == 0o077


def test_words_of_the_unit_are_escaped_for_systemd() -> None:
    text = systemd(Path("/home/50%")).text(COMMAND).decode()

    assert '"/home/me/100%%/$$HOME \\"it\\".yaml"' in text
    assert '"/home/me/back\\\\s"' in text
    assert "EnvironmentFile=-/home/50%%/.config" in text
    with pytest.raises(ConfigError, match="control characters"):
        systemd(Path("/home/me")).text(["/usr/bin/cccc", "--config", "/tmp/a\n[Service]\nExecStart=/bin/false"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    executable = tmp_path / "my tools" / "cccc"
    executable.parent.mkdir()
    executable.write_text("#!/bin/sh\n")
    executable.chmod(0o755)
    unit = tmp_path / "cccc.service"
    unit.write_bytes(systemd(tmp_path).text([str(executable), *COMMAND[1:]]))
    done = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )

    assert str(unit) not in done.stderr, done.stderr
    assert "cccc.service" not in done.stderr, done.stderr


def test_the_machine_decides_who_supervises(tmp_path: Path) -> None:
    (tmp_path / "systemctl").write_text("#!/bin/sh\n")
    (tmp_path / "systemctl").chmod(0o755)

    assert supervisor(tmp_path, {}, tmp_path, platform="darwin").name == "launchd"
    assert supervisor(tmp_path, {"PATH": str(tmp_path)}, tmp_path, platform="linux").name == "systemd"
    with pytest.raises(ControlError, match="neither systemd nor launchd"):
        supervisor(tmp_path, {"PATH": ""}, tmp_path, platform="linux")


def test_a_service_needs_an_installed_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ConfigError, match="installed as a program"):
        program()
    (tmp_path / "cccc").write_text("#!/bin/sh\n")
    (tmp_path / "cccc").chmod(0o755)
    assert program() == str(tmp_path / "cccc")


def test_commands_that_cannot_be_started_end_with_a_sentence() -> None:
    assert run_command(["/nowhere/systemctl"]).code == 127
    assert run_command(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"]) == Done(3, "out\nerr")
