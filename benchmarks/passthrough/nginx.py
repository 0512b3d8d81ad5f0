"""nginx twice: as the upstream that answers at once, and as the gateway to compare with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SMALL_ANSWER = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5",
    "content": [{"type": "text", "text": "Hello! " * 8}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 12, "output_tokens": 9},
}

EVENTS = 500
EVENTS_IN_ALL = EVENTS + 5
"""With the frame around the text deltas."""


def stream_body() -> bytes:
    """One Anthropic answer of 500 text deltas and its frame."""

    def event(name: str, data: dict[str, object]) -> bytes:
        text = json.dumps({"type": name, **data}, separators=(",", ":"))
        return f"event: {name}\ndata: {text}\n\n".encode()

    message = {**SMALL_ANSWER, "content": [], "stop_reason": None}
    delta = {"index": 0, "delta": {"type": "text_delta", "text": "Some words of an answer. "}}
    return b"".join(
        [
            event("message_start", {"message": message}),
            event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
            event("content_block_delta", delta) * EVENTS,
            event("content_block_stop", {"index": 0}),
            event("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": EVENTS}}),
            event("message_stop", {}),
        ]
    )


def _config(folder: Path, upstream: int, gateway: int, paced: int) -> str:
    answer = json.dumps(SMALL_ANSWER).replace("'", r"\'")
    return f"""
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream origin {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{upstream};
    root {folder};
    location = /v1/messages {{ default_type application/json; return 200 '{answer}'; }}
    location = /stream/v1/messages {{
      types {{ }} default_type text/event-stream; error_page 405 =200 /stream.sse; try_files /stream.sse =404;
    }}
    location = /stream.sse {{ types {{ }} default_type text/event-stream; }}
  }}
  server {{
    listen 127.0.0.1:{gateway};
    location / {{
      proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
    location /paced/ {{ proxy_pass http://127.0.0.1:{paced}/; proxy_http_version 1.1; proxy_buffering off; }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, upstream: int, gateway: int, paced: int) -> Iterator[None]:
    """Run both servers on 127.0.0.1 while the block runs; ``paced`` is the port of the paced upstream."""
    (folder / "stream.sse").write_bytes(stream_body())
    config = folder / "nginx.conf"
    config.write_text(_config(folder, upstream, gateway, paced))
    process = subprocess.Popen(["nginx", "-c", str(config), "-p", str(folder)], stderr=subprocess.PIPE)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
