from __future__ import annotations

import re
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from cccc.cli.main import SECTIONS
from cccc.server.edge import EdgeRules
from cccc.server.help_routes import help_routes
from cccc.server.routing import Router
from cccc.server.scripts import NAMES, script
from cccc.server.serve import Server
from tests.server.wire import Client, connected, request

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def asking(*, token_required: bool = False) -> AsyncIterator[Client]:
    rules = EdgeRules(allowed_hosts=["cccc.lan"])
    server = Server(Router(help_routes(lambda: token_required)), rules, port=0)
    async with anyio.create_task_group() as tasks:
        await tasks.start(server.run)
        async with connected(server) as client:
            yield client
        server.stop(now=True)


@pytest.mark.parametrize(
    ("host", "base"),
    [
        (b"127.0.0.1:8081", "http://127.0.0.1:8081"),
        (b"localhost:8081", "http://127.0.0.1:8081"),
        (b"LOCALHOST", "http://127.0.0.1"),
        (b"[::1]:8081", "http://[::1]:8081"),
        (b"cccc.lan:9000", "http://cccc.lan:9000"),
    ],
)
async def test_the_help_names_the_address_that_the_reader_used(host: bytes, base: str) -> None:
    async with asking() as client:
        await client.say(request(b"GET /help", host=host))

        status, fields, body = await client.answer()

    text = body.decode()
    assert status == 200
    assert fields[b"content-type"].startswith(b"text/plain")
    assert f"export ANTHROPIC_BASE_URL={base}\n" in text
    assert f"export OPENAI_BASE_URL={base}/v1\n" in text
    assert "{" not in text


@pytest.mark.parametrize(("token_required", "token"), [(False, "cccc-local"), (True, "YOUR_CCCC_TOKEN")])
async def test_the_lines_for_codex_are_a_configuration(token_required: bool, token: str) -> None:
    async with asking(token_required=token_required) as client:
        await client.say(request(b"GET /help", host=b"127.0.0.1:8081"))
        body = (await client.answer())[2].decode()

    begin = body.index('    model_provider = "cccc"')
    settings = tomllib.loads(body[begin : body.index("OpenAI-compatible tools:")])
    assert settings["model_provider"] == "cccc"
    assert settings["model_providers"]["cccc"] == {
        "name": "cccc",
        "base_url": "http://127.0.0.1:8081/v1",
        "wire_api": "responses",
        "experimental_bearer_token": token,
    }
    assert ("cccc token" in body) is token_required


@pytest.mark.parametrize("path", [b"/admin", b"/admin/"])
async def test_the_admin_page_says_what_can_be_seen(path: bytes) -> None:
    async with asking() as client:
        await client.say(request(b"GET " + path, host=b"127.0.0.1:8081"))
        status, _, body = await client.answer()

    assert status == 200
    assert b"cccc requests -f" in body


@pytest.mark.parametrize("path", [b"/", b"/api/hello"])
async def test_clients_that_knock_get_a_short_200_and_may_go_on(path: bytes) -> None:
    async with asking() as client:
        await client.say(request(b"HEAD " + path))
        status, fields = await client.answer_head()
        assert status == 200
        assert fields[b"x-cccc-request-id"].startswith(b"req_")

        await client.say(request(b"GET " + path))
        status, fields, body = await client.answer()
        assert status == 200
        assert 0 < len(body) < 200


@pytest.mark.parametrize("path", [b"/help", b"/admin/"])
@pytest.mark.parametrize("token_required", [False, True])
async def test_the_pages_name_no_command_that_does_not_exist(path: bytes, token_required: bool) -> None:
    async with asking(token_required=token_required) as client:
        await client.say(request(b"GET " + path))
        body = (await client.answer())[2].decode()

    assert _commands_named(body) <= {name for section in SECTIONS.values() for name in section}


def _commands_named(page: str) -> set[str]:
    return set(re.findall(r"(?m)(?:^ {4}|`)cccc ([a-z]+)", page))


async def test_pages_are_not_for_other_sites() -> None:
    async with asking() as client:
        await client.say(request(b"GET /help", b"origin: https://attacker.example"))
        assert await client.status() == 403


@pytest.mark.parametrize("name", NAMES)
async def test_the_scripts_are_served_as_they_stand(name: str) -> None:
    async with asking(token_required=True) as client:
        await client.say(request(f"GET /help/{name}".encode(), host=b"127.0.0.1:8081"))
        status, fields, body = await client.answer()

    assert (status, body) == (200, script(name))
    assert fields[b"content-type"].startswith(b"text/plain")


@pytest.mark.parametrize("token_required", [False, True])
async def test_the_help_has_a_line_for_every_script(token_required: bool) -> None:
    async with asking(token_required=token_required) as client:
        await client.say(request(b"GET /help", host=b"localhost:8081"))
        body = (await client.answer())[2].decode()

    key = " --key YOUR_CCCC_TOKEN" if token_required else ""
    for name in NAMES:
        assert f"http://127.0.0.1:8081/help/{name}" in body
    ends = [line for line in body.splitlines() if " --url " in line]
    assert len(ends) == len(NAMES)
    assert all(line.endswith(f" --url http://127.0.0.1:8081{key}") for line in ends)
