"""A terminal that goes away without a signal, or that takes nothing: the screens end or wait, its proxy goes on."""

from __future__ import annotations

import signal
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest

from cccc.control import statefiles
from cccc.errors import NotRunning
from tests.e2e.held_request import asking, configured, upstream
from tests.e2e.terminal import END, Terminal, terminal
from tui.terminal import PATIENCE_S


def until_refused(folder: Path, limit: float = 10.0) -> None:
    """Wait until the proxy takes no more connections."""
    address, ends = httpx.URL(statefiles.running(folder / "state").address), time.monotonic() + limit
    while time.monotonic() < ends:
        try:
            socket.create_connection((address.host, address.port or 80), 1.0).close()
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the proxy still takes connections")


def hold(person: Terminal) -> None:
    """Draw much more than a terminal takes of which nobody reads."""
    for _ in range(10):
        person.press("21")
        time.sleep(0.1)
    time.sleep(1.5 * PATIENCE_S)


def test_the_screens_end_and_the_request_in_flight_does_not(tmp_path: Path) -> None:
    may_answer = threading.Event()
    with upstream(may_answer) as port, terminal(tmp_path, *configured(tmp_path, port)) as person:
        person.until(b"alpha")
        with asking(tmp_path) as answers:
            person.until(b"1 live")
            person.goes_away()
            until_refused(tmp_path)
            assert person.process.poll() is None
            may_answer.set()
            assert person.ends(10) == 0
    assert [answer.status_code for answer in answers] == [200]
    with pytest.raises(NotRunning):
        statefiles.running(tmp_path / "state")


def test_a_second_word_ends_it_at_once(tmp_path: Path) -> None:
    may_answer = threading.Event()
    with upstream(may_answer) as port, terminal(tmp_path, *configured(tmp_path, port)) as person:
        person.until(b"alpha")
        with asking(tmp_path) as answers:
            person.until(b"1 live")
            person.goes_away()
            until_refused(tmp_path)
            person.signal(signal.SIGTERM)
            assert person.ends(10) == 0
            may_answer.set()
    assert not any(answer.is_success for answer in answers)


def test_a_proxy_without_screens_goes_on_without_its_terminal(tmp_path: Path) -> None:
    with terminal(tmp_path, *configured(tmp_path, 9), "--no-tui") as person:
        person.until(b"listening on")
        person.goes_away()
        (tmp_path / "config.yaml").write_text("endpoints: [}")  # something to say
        address = statefiles.running(tmp_path / "state").address
        for _ in range(20):  # longer than a changed file goes unnoticed
            assert httpx.get(f"{address}/health").status_code in (200, 503)
            time.sleep(0.1)
        person.signal(signal.SIGTERM)
        assert person.ends(10) == 0


def test_attached_screens_just_end(tmp_path: Path) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    with terminal(tmp_path, *state, "--port", "0") as first:
        first.until(b"Welcome")
        with terminal(tmp_path, *state, "attach") as second:
            second.until(b"attached")
            second.goes_away()
            assert second.ends(10) == 0
        first.press("q")
        assert first.ends() == 0


def test_a_terminal_that_takes_nothing_holds_no_request_up_and_is_drawn_anew(tmp_path: Path) -> None:
    may_answer = threading.Event()
    may_answer.set()
    with upstream(may_answer) as port, terminal(tmp_path, *configured(tmp_path, port)) as person:
        person.until(b"alpha")
        hold(person)
        with asking(tmp_path) as answers:
            pass
        assert [answer.status_code for answer in answers] == [200]
        person.until(b"\x18")
        person.until(b"[1 Endpoints]")
        person.until(b"alpha")
        person.press("q")
        assert person.ends() == 0
        assert END in person.shown


def test_a_signal_ends_the_screens_on_a_terminal_that_takes_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path, *configured(tmp_path, 9)) as person:
        person.until(b"alpha")
        hold(person)
        person.signal(signal.SIGTERM)
        assert person.process.wait(10) == 0


def test_a_terminal_that_goes_away_while_it_takes_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path, *configured(tmp_path, 9)) as person:
        person.until(b"alpha")
        hold(person)
        person.goes_away()
        assert person.ends(10) == 0
