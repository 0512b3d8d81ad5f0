"""What a proxy without any endpoint answers to whoever asks, over HTTP."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.e2e.proxy_process import running_proxy

_PATHS = {
    "/": 200,
    "/api/hello": 200,
    "/help": 200,
    "/admin/": 200,
    "/health": 503,
    "/models": 200,
    "/v1/models": 200,
    "/v1/models/none": 404,
    "/nowhere": 404,
    "/v1/messages": 405,
    "/admin/api/overview": 401,
}


@pytest.mark.anyio
async def test_every_answer_carries_the_name_of_its_request(tmp_path: Path) -> None:
    async with (
        running_proxy(tmp_path, "") as proxy,
        httpx.AsyncClient(base_url=proxy.base_url, trust_env=False) as client,
    ):
        answers = {path: await client.get(path) for path in _PATHS}

    assert {path: answer.status_code for path, answer in answers.items()} == _PATHS
    names = [answer.headers.get("x-cccc-request-id", "") for answer in answers.values()]
    assert [len(name) for name in names] == [len("req_") + 26] * len(_PATHS)
    assert len(set(names)) == len(_PATHS)
