"""The merge route as a script meets it: guarded, bounded, silent about what it was sent."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.setup.exchange import Proxy, merging

pytestmark = pytest.mark.anyio

TOKEN = "the-token-of-this-proxy-0123456789"
OWN_KEY = "sk-somebodys-own-key-0123456789"
PATH = "/home/me/.claude/settings.json"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def asked(**more: Any) -> dict[str, Any]:
    return {"path": b64(PATH.encode()), "file": None, "url": "http://127.0.0.1:8080", **more}


async def send(
    proxy: Proxy, body: object, *, client: str = "claude-code", headers: Mapping[str, str] | None = None
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": "application/json", **(headers or {})}
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.post(f"{proxy.url}/help/merge/{client}", content=content, headers=fields)


def decoded(answer: httpx.Response, member: str) -> str:
    return base64.b64decode(answer.json()[member]).decode()


async def test_an_answer_has_one_member_on_a_line(tmp_path: Path) -> None:
    async with merging(tmp_path) as proxy:
        answer = await send(proxy, asked())

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    lines = answer.text.splitlines()
    assert (lines[0], lines[-1]) == ("{", "}")
    assert [line.partition(":")[0] for line in lines[1:-1]] == [f'  "{name}"' for name in answer.json()]


async def test_the_key_that_is_sent_is_the_key_that_is_written(tmp_path: Path) -> None:
    async with merging(tmp_path, TOKEN) as proxy:
        answer = await send(proxy, asked(), headers={"authorization": f"Bearer {TOKEN}"})

    assert json.loads(decoded(answer, "file"))["env"]["ANTHROPIC_AUTH_TOKEN"] == TOKEN
    assert TOKEN not in decoded(answer, "said")


async def test_keys_are_neither_shown_nor_logged_nor_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    before = {"env": {"ANTHROPIC_AUTH_TOKEN": OWN_KEY}}
    for text in (json.dumps(before).encode(), f'{{"env": {{"KEY": "{OWN_KEY}",}}'.encode()):
        async with merging(tmp_path) as proxy:
            answer = await send(proxy, asked(file=b64(text)))

        assert OWN_KEY not in (decoded(answer, "said") if answer.status_code == 200 else answer.text)
    assert OWN_KEY not in caplog.text
    assert [path.name for path in kept(tmp_path)] == ["config.yaml"]


def kept(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer another"}, 401),
        ({"authorization": f"Bearer {TOKEN}", "origin": "https://attacker.example"}, 403),
        ({"authorization": f"Bearer {TOKEN}", "host": "attacker.example"}, 403),
        ({"authorization": f"Bearer {TOKEN}", "content-type": "text/plain"}, 415),
    ],
)
async def test_refusals_of_the_edge_are_a_sentence(headers: Mapping[str, str], status: int, tmp_path: Path) -> None:
    async with merging(tmp_path, TOKEN) as proxy:
        answer = await send(proxy, asked(), headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.text.splitlines()) == 1


RECORD = b64(b'{"path": 1}')


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "the body is not a JSON object"),
        ([], 400, "the body is not a JSON object"),
        ({}, 422, "no path"),
        (asked(path=b64(b"settings.json")), 422, "no path"),
        (asked(path=b64(b"/home/me/../you/settings.json/")), 422, "no path"),
        (asked(path=b64(b'/home/"/settings.json')), 422, "no path"),
        (asked(path=b64(b"/\xff")), 400, "path: is not UTF-8"),
        (asked(file="?"), 400, "file: expected base64"),
        (asked(file=3), 400, "file: expected text"),
        (asked(file="AAAA" * (4 * 2**20 // 3 + 1)), 413, "file: is larger than 4 MiB"),
        (asked(record=RECORD), 400, "record: is no record"),
        (asked(neighbours=[{}]), 400, "neighbours: expected records"),
        (asked(neighbours=[{}] * 21), 400, "neighbours: expected a list of 20"),
        (asked(url="file:///etc/passwd"), 422, "--url"),
        (asked(file=b64(b"{,}")), 422, f"{PATH}:1:2: cannot be read as JSON"),
    ],
)
async def test_what_cannot_be_merged_is_told(body: object, status: int, said: str, tmp_path: Path) -> None:
    async with merging(tmp_path) as proxy:
        answer = await send(proxy, body)

    assert (answer.status_code, said in answer.text) == (status, True), answer.text


async def test_only_clients_with_files_are_merged(tmp_path: Path) -> None:
    async with merging(tmp_path) as proxy:
        answers = [(await send(proxy, asked(), client=name)).status_code for name in ("codex", "openai", "gemini", "x")]

    assert answers == [200, 200, 404, 404]


@pytest.mark.parametrize("windows", ["C:\\Users\\me\\.claude\\settings.json"])
async def test_paths_of_windows_are_paths(windows: str, tmp_path: Path) -> None:
    async with merging(tmp_path) as proxy:
        answer = await send(proxy, asked(path=b64(windows.encode())))

    assert json.loads(decoded(answer, "record"))["path"] == windows
