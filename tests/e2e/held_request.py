"""A request that is in flight for as long as a test wants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from cccc.control import statefiles

CONFIG = "endpoints: [{{name: alpha, url_anthropic: 'http://127.0.0.1:{port}', auth_type: api_key, auth_value: k}}]\n"


def configured(folder: Path, port: int) -> tuple[str, ...]:
    """A configuration with one endpoint at this port, and the options for it."""
    config = folder / "config.yaml"
    config.touch(mode=0o600)
    config.write_text(CONFIG.format(port=port))
    return ("--config", str(config), "--state-dir", str(folder / "state"), "--port", "0")


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
            try:
                connection.sendall(head % len(body) + body)
            except OSError:  # the proxy has stopped at once
                pass

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


@contextmanager
def asking(folder: Path) -> Iterator[list[httpx.Response]]:
    """Send a request to the proxy with this folder's state; after the block its answer is there, if any."""
    answers = list[httpx.Response]()

    def ask() -> None:
        address = statefiles.running(folder / "state").address
        body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
        try:
            answers.append(httpx.post(f"{address}/v1/messages", json=body, headers={"x-api-key": "k"}, timeout=30))
        except httpx.TransportError:
            pass  # cut off: there is no answer

    with doing(ask):
        yield answers
