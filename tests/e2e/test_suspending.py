"""Stopped and continued: the terminal is given back before, taken after, and given back as it was at the end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.e2e.held_request import configured
from tests.e2e.terminal import BEGIN, END, Terminal, terminal


def until_stopped(person: Terminal) -> None:
    _, status = os.waitpid(person.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)


def test_ctrl_z_stops_attached_screens_but_never_a_proxy(tmp_path: Path) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    with terminal(tmp_path, *state, "--port", "0") as first:
        first.until(b"Welcome")
        first.press("\x1a")
        first.until(b"would stop the proxy")
        with terminal(tmp_path, *state, "attach") as second:
            second.until(b"attached")
            second.press("\x1a")
            second.until(END)
            until_stopped(second)
            second.signal(signal.SIGCONT)
            second.until(BEGIN)
            second.until(b"attached")
            second.press("q")
            assert second.ends() == 0
        first.press("q")
        assert first.ends() == 0


def test_stopped_and_continued_by_others(tmp_path: Path) -> None:
    with terminal(tmp_path, "--state-dir", str(tmp_path / "state"), "--port", "0") as person:
        before = person.settings()
        person.until(b"Welcome")
        person.signal(signal.SIGTSTP)
        person.until(END)
        until_stopped(person)
        assert person.settings() == before
        person.signal(signal.SIGCONT)
        person.until(BEGIN)
        person.until(b"Welcome")
        person.signal(signal.SIGSTOP)  # without a warning
        until_stopped(person)
        person.signal(signal.SIGCONT)
        person.until(BEGIN)
        person.until(b"Welcome")
        person.press("q")
        assert person.ends() == 0
        assert person.settings() == before


def test_ctrl_c_in_the_editor_is_for_the_editor(tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    editor.write_text("trap 'echo interrupted; exit 0' INT\necho edits $1\nwhile :; do sleep 0.1; done\n")
    with terminal(tmp_path, *configured(tmp_path, 9), environ={"EDITOR": f"sh {editor}"}) as person:
        person.until(b"alpha")
        person.press("6")
        person.until(b"[6 Config]")
        person.press("o")
        person.until(b"edits")
        os.killpg(person.process.pid, signal.SIGINT)  # as a terminal does
        person.until(b"interrupted")
        person.until(BEGIN)
        person.press("1")
        person.until(b"[1 Endpoints]")
        person.press("q")
        assert person.ends() == 0
