"""How this room's tests talk to a provider: bodies in each format, and a client that shows what came as it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import anyio
import orjson
from anyio.abc import SocketStream

from cccc.domain.endpoint import WireFormat

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
FORMATS = (A, C, R)
PATH = {A: "/v1/messages", C: "/v1/chat/completions", R: "/v1/responses"}

_SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}}


def ask(wire_format: WireFormat, text: str = "hello", *, stream: bool = True, **more: Any) -> dict[str, Any]:
    """A request with one user message."""
    match wire_format:
        case WireFormat.ANTHROPIC:
            body = {"max_tokens": 1024, "messages": [{"role": "user", "content": text}]}
        case WireFormat.OPENAI_CHAT:
            body = {"messages": [{"role": "user", "content": text}], "stream_options": {"include_usage": True}}
        case _:
            body = {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}]}
    return {"model": "demo-model", "stream": stream, **body, **more}


def with_shell(wire_format: WireFormat) -> dict[str, Any]:
    """A tool that runs commands, as each format offers it: additional fields for ``ask``."""
    match wire_format:
        case WireFormat.ANTHROPIC:
            return {"tools": [{"name": "Bash", "input_schema": _SCHEMA}]}
        case WireFormat.OPENAI_CHAT:
            return {"tools": [{"type": "function", "function": {"name": "Bash", "parameters": _SCHEMA}}]}
        case _:
            return {"tools": [{"type": "function", "name": "Bash", "parameters": _SCHEMA}]}


@dataclass
class Raw:
    """What a plain socket got. ``reset``: the connection ended with RST."""

    data: bytes
    reset: bool

    @property
    def head(self) -> str:
        return self.data.partition(b"\r\n\r\n")[0].decode("latin-1").lower()

    @property
    def status(self) -> int:
        return int(self.head.split(" ")[1])

    @property
    def framed_body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def body(self) -> bytes:
        """The body without chunked framing, as far as it came."""
        rest = self.framed_body
        if "transfer-encoding: chunked" not in self.head:
            return rest
        body = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            body += rest[:length]
            rest = rest[length + 2 :]
        return body

    @property
    def whole(self) -> bool:
        """Whether the framing says that all has come."""
        if self.status == 204:
            return True
        if "transfer-encoding: chunked" in self.head:
            return self.framed_body.endswith(b"0\r\n\r\n")
        lengths = [line.split(": ")[1] for line in self.head.split("\r\n") if line.startswith("content-length")]
        return bool(lengths) and len(self.framed_body) == int(lengths[0])


def post(path: str, body: Any, **headers: str) -> bytes:
    """A request as bytes."""
    data = orjson.dumps(body)
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"content-length: {len(data)}\r\n{fields}\r\n"
    ).encode() + data


async def dial(url: str) -> SocketStream:
    """A plain connection."""
    host, _, port = url.removeprefix("http://").partition(":")
    return await anyio.connect_tcp(host, int(port))


async def until_end(stream: SocketStream) -> Raw:
    """Everything until the peer closes or resets."""
    data = b""
    try:
        while True:
            data += await stream.receive()
    except anyio.EndOfStream:
        return Raw(data, reset=False)
    except anyio.BrokenResourceError:
        return Raw(data, reset=True)


async def until(stream: SocketStream, mark: bytes) -> bytes:
    """Everything until ``mark`` has come."""
    data = b""
    while mark not in data:
        data += await stream.receive()
    return data


async def exchange(url: str, request: bytes) -> Raw:
    """One request on a connection of its own, until the peer ends it or its framing says that all has come."""
    async with await dial(url) as stream:
        await stream.send(request)
        raw = Raw(b"", reset=False)
        try:
            while not (b"\r\n\r\n" in raw.data and raw.whole):
                raw.data += await stream.receive()
        except anyio.EndOfStream:
            pass
        except anyio.BrokenResourceError:
            raw.reset = True
        return raw
