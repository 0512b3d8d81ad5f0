"""The screens as people start them: a real terminal, a real proxy, real requests, and the terminal given back."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

import httpx
import pytest

from cccc.control import statefiles

ROOT = Path(__file__).parents[2]
BEGIN, END = b"\x1b[?1049h", b"\x1b[?1049l"
"""What takes the terminal's other page, and what gives it back."""


class Terminal:
    """A process on a terminal of 120 x 35."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.shown = b""
        self._master = master

    def until(self, text: bytes, limit: float = 30.0) -> None:
        """Read until this has been shown since the last time."""
        begun, ends = len(self.shown), time.monotonic() + limit
        while text not in self.shown[begun:]:
            assert time.monotonic() < ends, f"{text!r} was not shown: {self.shown[-2_000:]!r}"
            if not self._read(0.1) and self.process.poll() is not None:
                assert text in self.shown[begun:], f"ended without {text!r}: {self.shown[-2_000:]!r}"

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def ends(self, limit: float = 30.0) -> int:
        """Read until the process has ended; its exit code."""
        until = time.monotonic() + limit
        while self.process.poll() is None:
            assert time.monotonic() < until, "the process does not end"
            self._read(0.1)
        while self._read(0.1):
            pass
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:  # the other end is closed
            return False
        self.shown += data
        return bool(data)


@contextmanager
def terminal(home: Path, *args: str, program: tuple[str, ...] = ("-m", "cccc")) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 35, 120, 0, 0))
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "NO_COLOR": "1",
    }
    command = [sys.executable, *program, *args]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, env=environ, start_new_session=True
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)


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
        os.kill(person.process.pid, number)
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


CONFIG = "endpoints: [{{name: alpha, url_anthropic: 'http://127.0.0.1:{port}', auth_type: api_key, auth_value: k}}]\n"
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


def configured(folder: Path, port: int) -> tuple[str, ...]:
    """A configuration with one endpoint at this port, and the options for it."""
    config = folder / "config.yaml"
    config.touch(mode=0o600)
    config.write_text(CONFIG.format(port=port))
    return ("--config", str(config), "--state-dir", str(folder / "state"), "--port", "0")


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


@contextmanager
def upstream(may_answer: threading.Event) -> Iterator[int]:
    """Answers one request, but not before it may; its port."""

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            assert may_answer.wait(30)
            body = b'{"id":"msg_1","type":"message","role":"assistant","model":"m",'
            body += b'"content":[{"type":"text","text":"hi"}],'
            body += b'"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}'
            head = (
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            )
            connection.sendall(head % len(body) + body)

    with socket.create_server(("127.0.0.1", 0)) as listener, doing(answer):
        yield listener.getsockname()[1]


@contextmanager
def doing(work: Callable[[], None]) -> Iterator[None]:
    """Do it in a thread while the block runs."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    thread.join(30)
    assert not thread.is_alive()


def test_who_leaves_may_let_a_request_finish(tmp_path: Path) -> None:
    may_answer, answers = threading.Event(), list[httpx.Response]()

    def ask() -> None:
        address = statefiles.running(tmp_path / "state").address
        body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        answers.append(httpx.post(f"{address}/v1/messages", json=body, headers={"x-api-key": "k"}, timeout=30))

    with upstream(may_answer) as port, terminal(tmp_path, *configured(tmp_path, port)) as person:
        person.until(b"alpha")
        with doing(ask):
            person.until(b"1 live")
            person.press("q")
            person.until(b"1 request in flight")
            person.press("s")
            person.until(b"finishing the requests in flight")
            may_answer.set()
            assert person.ends() == 0
    assert [answer.status_code for answer in answers] == [200]
