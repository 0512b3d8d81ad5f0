"""The ways in which the screens come to an end before their proxy does, and the other way round."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from cccc.control import statefiles
from cccc.errors import NotRunning
from tests.e2e.held_request import asking, configured, upstream
from tests.e2e.terminal import BEGIN, END, terminal

PROGRAM = """
import sys
{change}
from cccc.cli.main import main
main()
"""

DEFECT = """
from tui.app import CcccApp
def action_next_theme(self):
    typed = "sk-this-is-a-key"
    raise LookupError("a defect [/] \\x1b]52;c;Zm9v\\x07" if typed else "")
CcccApp.action_next_theme = action_next_theme
"""
"""``T`` breaks the screens, with a key at hand and a hostile message."""

SLOW_START = """
import time
from cccc.storage.store import Store
opening = Store.open
def slowly(*args, **more):
    print("opening", flush=True)
    time.sleep(1.0)
    return opening(*args, **more)
Store.open = slowly
"""


def changed(change: str) -> tuple[str, ...]:
    """``cccc`` with a change that it would not have by itself."""
    return ("-c", PROGRAM.format(change=change))


def gone(folder: Path) -> bool:
    try:
        statefiles.running(folder / "state")
    except NotRunning:
        return True
    return False


def test_ctrl_c_after_leaving_ends_it_at_once(tmp_path: Path) -> None:
    may_answer = threading.Event()
    with upstream(may_answer) as port, terminal(tmp_path, *configured(tmp_path, port)) as person:
        person.until(b"alpha")
        with asking(tmp_path) as answers:
            person.until(b"1 live")
            person.press("Q")
            person.until(b"ctrl+c stops at once")
            person.signal(signal.SIGINT)
            assert person.ends(10) == 0
            may_answer.set()
    assert not any(answer.is_success for answer in answers)
    assert gone(tmp_path)


def test_a_defect_of_the_screens_cuts_no_request_off(tmp_path: Path) -> None:
    may_answer = threading.Event()
    with (
        upstream(may_answer) as port,
        terminal(tmp_path, *configured(tmp_path, port), program=changed(DEFECT)) as person,
    ):
        person.until(b"alpha")
        with asking(tmp_path) as answers:
            person.until(b"1 live")
            person.press("T")
            person.until(b"finishing the requests in flight")
            may_answer.set()
            assert person.ends() == 1
    assert [answer.status_code for answer in answers] == [200]
    assert gone(tmp_path)
    said = person.shown.partition(END)[2]
    assert b"LookupError: a defect [/" in said
    assert b"sk-this-is-a-key" not in said
    assert b"\x1b]" not in said
    assert b"\x07" not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_before_the_proxy_listens(tmp_path: Path, number: signal.Signals) -> None:
    with terminal(tmp_path, *configured(tmp_path, 9), program=changed(SLOW_START)) as person:
        person.until(b"opening")
        person.signal(number)
        assert person.ends(10) == 0
        assert BEGIN not in person.shown
        assert b"Traceback" not in person.shown
    assert gone(tmp_path)
