"""Runs the real Claude Code and the real Codex without a person, against any base URL.

The binaries are found as ``claude`` and ``codex`` in the folder that ``CCCC_TEST_CLIENTS`` names. Each client has a
home of its own; no setting of the developer is read, nothing is written outside the folders it is given.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

FOLDER_VARIABLE = "CCCC_TEST_CLIENTS"
LIMIT = 100.0
"""Seconds that one run of a client may take."""


def require_clients() -> None:
    """Skip the test where the clients are not installed; fail it in CI."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder is None:
        reason = f"{FOLDER_VARIABLE} is not set: it names the folder with the binaries claude and codex"
    elif missing := [name for name in ("claude", "codex") if not Path(folder, name).exists()]:
        reason = f"{folder} ({FOLDER_VARIABLE}) has no {' and no '.join(missing)}"
    else:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def binary(name: str) -> str:
    """The path of a client that ``require_clients`` has found."""
    return str(Path(os.environ[FOLDER_VARIABLE], name))


@dataclass(frozen=True)
class Run:
    """How one run of a client ended."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Client:
    """A client in a home of its own. ``folder`` is where it works."""

    home: Path
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        """What the process sees: nothing of the developer's but the search path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            **more,
        }


class ClaudeCode(Client):
    """Claude Code in print mode."""

    async def ask(
        self, prompt: str, base_url: str, *, model: str = "claude-opus-4-8", key: str = "a-key", **settings: str
    ) -> Run:
        """One prompt; ``base_url`` is the root of an Anthropic API, without ``/v1``.

        ``settings`` are environment variables of Claude Code.
        """
        config = self.home / "claude"
        config.mkdir(parents=True, exist_ok=True)
        environment = self.environment(
            CLAUDE_CONFIG_DIR=str(config),
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
            **{
                "CLAUDE_CODE_MAX_RETRIES": "2",
                "ANTHROPIC_BASE_URL": base_url,
                "ANTHROPIC_AUTH_TOKEN": key,
                "ANTHROPIC_MODEL": model,
                **settings,
            },
        )
        command = [binary("claude"), "-p", prompt, "--allowedTools", "Bash,Write,Read"]
        return await _run(command, self.folder, environment)


_CODEX_CONFIG = """\
model = "{model}"
model_provider = "cccc"

[model_providers.cccc]
name = "cccc"
base_url = "{base_url}"
wire_api = "responses"
experimental_bearer_token = "{key}"
{settings}
[features]
unbounded_connection_retries = false
"""

_BUILT_IN_CONFIG = """\
model = "{model}"
openai_base_url = "{base_url}"

[features]
unbounded_connection_retries = false
"""

_COMPACTING_CONFIG = """\
model = "{model}"
model_provider = "named"
model_auto_compact_token_limit = 10

[model_providers.named]
name = "OpenAI"
base_url = "{base_url}"
experimental_bearer_token = "{key}"

[features]
unbounded_connection_retries = false
"""


class Codex(Client):
    """Codex in exec mode. Its own sandbox is off: what it runs comes from our scripts, and containers have none."""

    async def ask(
        self, prompt: str, base_url: str, *, model: str = "gpt-5.5", key: str = "a-key", **settings: str
    ) -> Run:
        """One prompt; ``base_url`` is the root of an OpenAI API, without ``/v1``.

        ``settings`` are keys of Codex's provider table, as TOML.
        """
        config = self.home / "codex"
        config.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        text = _CODEX_CONFIG.format(model=model, base_url=f"{base_url}/v1", key=key, settings=lines)
        (config / "config.toml").write_text(text, encoding="utf-8")
        return await self._exec(prompt, CODEX_HOME=str(config))

    async def ask_built_in(self, prompt: str, base_url: str, *, model: str = "gpt-5.5", key: str = "a-key") -> Run:
        """One prompt through Codex's built-in provider, sent to another address: it tries WebSocket first."""
        config = self.home / "codex"
        config.mkdir(parents=True, exist_ok=True)
        text = _BUILT_IN_CONFIG.format(model=model, base_url=f"{base_url}/v1")
        (config / "config.toml").write_text(text, encoding="utf-8")
        return await self._exec(prompt, CODEX_HOME=str(config), CODEX_API_KEY=key)

    async def compact_between(
        self, first: str, second: str, base_url: str, *, model: str = "gpt-5.5", key: str = "a-key"
    ) -> Run:
        """Two prompts of one session, compacted in between as Codex does with a provider that it takes for OpenAI."""
        config = self.home / "codex"
        config.mkdir(parents=True, exist_ok=True)
        text = _COMPACTING_CONFIG.format(model=model, base_url=f"{base_url}/v1", key=key)
        (config / "config.toml").write_text(text, encoding="utf-8")
        run = await self._exec(first, CODEX_HOME=str(config))
        assert run.code == 0, run
        return await self._exec("resume", "--last", second, CODEX_HOME=str(config))

    async def _exec(self, *arguments: str, **variables: str) -> Run:
        command = [
            *(binary("codex"), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"),
            *arguments,
        ]
        return await _run(command, self.folder, self.environment(**variables))


async def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> Run:
    with anyio.fail_after(LIMIT):
        done = await anyio.run_process(command, cwd=folder, env=environment, check=False, stdin=None, input=b"")
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())
