"""The screens as people start them: a real terminal, a real proxy, real requests, and the terminal given back."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from cccc.control import statefiles
from tests.e2e.held_request import asking, configured, upstream
from tests.e2e.terminal import BEGIN, END, terminal


def test_the_demo_with_its_screens(tmp_path: Path) -> None:
    with terminal(tmp_path, "demo") as person:
        person.until(b"moody-relay")
        person.press("3")
        person.until(b"[3 Requests]")
        person.until(b"claude-")
        person.press("Q")
        assert person.ends() == 0
        assert person.shown.count(BEGIN) == person.shown.count(END) == 1


def test_a_second_one_attaches_and_leaves_the_first_alone(tmp_path: Path) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    with terminal(tmp_path, *state, "--port", "0") as first:
        first.until(b"Welcome")
        with terminal(tmp_path, *state) as second:
            second.until(b"attached")
            second.press("q")
            assert second.ends() == 0
        with terminal(tmp_path, *state, "attach") as third:
            third.until(b"attached")
            statefiles.running(tmp_path / "state")
            first.press("q")
            assert first.ends() == 0
            third.until(b"proxy gone")
            third.press("q")
            assert third.ends() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_gives_the_terminal_back(tmp_path: Path, number: signal.Signals) -> None:
    with terminal(tmp_path, "--state-dir", str(tmp_path / "state"), "--port", "0") as person:
        person.until(b"Welcome")
        person.signal(number)
        assert person.ends() == 0
        assert END in person.shown


def test_what_keeps_the_proxy_from_starting_is_one_sentence(tmp_path: Path) -> None:
    with terminal(tmp_path, "--config", str(tmp_path / "missing.yaml")) as person:
        assert person.ends() == 2
        assert BEGIN not in person.shown
        assert b"Traceback" not in person.shown


def test_nobody_to_attach_to(tmp_path: Path) -> None:
    with terminal(tmp_path, "attach", "--state-dir", str(tmp_path)) as person:
        assert person.ends() == 1
        assert b"no proxy is running" in person.shown


CRASHING = """
import sys
from pathlib import Path
import anyio
from cccc.errors import StorageError
from cccc.server import app

async def crash(*_):
    while not Path(sys.argv[0], "now").exists():
        await anyio.sleep(0.05)
    raise StorageError("the disk is gone")

app._stop_when_asked = crash
sys.argv[0] = sys.argv.pop(1)
from cccc.cli.main import main
main()
"""
"""``cccc`` whose proxy breaks as soon as there is a file ``now`` in the folder named first."""


def test_a_configuration_that_cannot_be_read_any_more_is_a_remark(tmp_path: Path) -> None:
    with terminal(tmp_path, *configured(tmp_path, 9)) as person:
        person.until(b"alpha")
        (tmp_path / "config.yaml").write_text("endpoints: [}")
        person.until(b"config.yaml")
        person.press("Q")
        assert person.ends() == 0


def test_a_proxy_that_breaks_takes_its_screens_along_and_says_why(tmp_path: Path) -> None:
    with terminal(tmp_path, str(tmp_path), *configured(tmp_path, 9), program=("-c", CRASHING)) as person:
        person.until(b"alpha")
        (tmp_path / "now").touch()
        assert person.ends() == 1
        assert b"the disk is gone" in person.shown.partition(END)[2], "after the terminal was given back"
        assert b"Traceback" not in person.shown


def test_who_leaves_may_let_a_request_finish(tmp_path: Path) -> None:
    may_answer = threading.Event()
    with upstream(may_answer) as port, terminal(tmp_path, *configured(tmp_path, port)) as person:
        person.until(b"alpha")
        with asking(tmp_path) as answers:
            person.until(b"1 live")
            person.press("q")
            person.until(b"1 request in flight")
            person.press("s")
            person.until(b"finishing the requests in flight")
            may_answer.set()
            assert person.ends() == 0
    assert [answer.status_code for answer in answers] == [200]
