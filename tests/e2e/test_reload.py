"""A configuration that changes while the proxy runs: what is taken up, and what the person reads about it."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from tests.e2e.proxy_process import ProxyProcess, running_proxy

_POOL = """\
server: {{port: {port}, auth_token: {token}}}
endpoints:
  - name: lab
    url_anthropic: https://api.example.com
    auth_value: a-key-in-the-file
"""


async def said(proxy: ProxyProcess, text: str) -> None:
    with anyio.fail_after(20):
        while text not in proxy.log.decode():  # noqa: ASYNC110  (another process writes it)
            await anyio.sleep(0.05)


@pytest.mark.anyio
async def test_a_file_that_appears_changed_is_taken_up_and_kept_private(tmp_path: Path) -> None:
    async with running_proxy(tmp_path, "") as proxy:
        proxy.config.write_text(_POOL.format(port=8123, token="auto"), encoding="utf-8")
        proxy.config.chmod(0o644)
        await said(proxy, "configuration reloaded: 1 endpoint\n")

        assert proxy.config.stat().st_mode & 0o077 == 0
        assert f"{proxy.config} was open to others (mode 0644); it is now 0600\n" in proxy.log.decode()


@pytest.mark.anyio
async def test_what_waits_for_a_restart_is_said(tmp_path: Path) -> None:
    async with running_proxy(tmp_path, "") as proxy:
        proxy.config.write_text("logging: {log_directory: logs}\n", encoding="utf-8")
        await said(proxy, "configuration reloaded")

        assert (
            "logging.log_directory is changed in the configuration; it takes effect when the proxy is started again\n"
            in proxy.log.decode()
        )


@pytest.mark.anyio
async def test_a_token_that_cannot_be_read_leaves_the_running_configuration(tmp_path: Path) -> None:
    async with running_proxy(tmp_path, "") as proxy:
        (proxy.state_dir / "auth.token").write_text("")
        proxy.config.write_text(_POOL.format(port=8123, token="auto"), encoding="utf-8")
        await said(proxy, "the configuration was not reloaded; the running one stays\n")

        assert await proxy.json("endpoints", "list") == []
