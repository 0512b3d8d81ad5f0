"""The real clients set up by ``cccc setup``: proved, a session with tools through the proxy, and back byte for byte."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from cccc.demo.configuration import configuration, endpoint
from cccc.demo.provider import SimulatedProvider
from tests.e2e.proxy_process import ProxyProcess, running_proxy
from tests.e2e.real_clients import FOLDER_VARIABLE, LIMIT, Run, binary, require_clients
from tests.e2e.scripts import CLAUDE_CODE, CODEX, TEXT, TURNS, UPSTREAM_KEY, Script

pytestmark = [pytest.mark.anyio, pytest.mark.real_clients]

ROOT = Path(__file__).parents[2]
TOKEN = "the-token-of-this-proxy-0123456789"


@pytest.fixture(autouse=True)
def clients() -> None:
    require_clients()


@dataclass(frozen=True)
class Person:
    """A home folder, a working folder, and what a person types there."""

    home: Path
    folder: Path

    def __post_init__(self) -> None:
        self.home.mkdir()
        self.folder.mkdir()

    async def cccc(self, proxy: ProxyProcess, *words: str) -> Run:
        """A command of ours on the proxy's configuration and state."""
        line = [
            sys.executable,
            "-m",
            "cccc",
            "--config",
            str(proxy.config),
            "--state-dir",
            str(proxy.state_dir),
            *words,
        ]
        return await self._run(line, PYTHONPATH=str(ROOT))

    async def client(self, script: Script) -> Run:
        """The session of a script, with no setting but those in the client's own files."""
        prompt = f"write {self.shown(script)} with {TEXT}"
        if script is CLAUDE_CODE:
            return await self._run([binary("claude"), "-p", prompt, "--allowedTools", "Bash,Write,Read"])
        flags = ("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "-m", script.model)
        return await self._run([binary("codex"), *flags, prompt])

    def shown(self, script: Script) -> str:
        return str(self.folder / script.file) if script is CLAUDE_CODE else script.file

    async def _run(self, line: list[str], **more: str) -> Run:
        environment = {
            "HOME": str(self.home),
            "PATH": f"{os.environ[FOLDER_VARIABLE]}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            **more,
        }
        with anyio.fail_after(LIMIT):
            done = await anyio.run_process(line, cwd=self.folder, env=environment, check=False, input=b"")
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


SETTINGS = """\
{
   "$schema": "https://json.schemastore.org/claude-code-settings.json",
   "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"}]}]},
   "permissions": { "allow": ["Bash(true:*)"], "deny": [] },
   "env": { "MINE": "\\u00e9" },
   "some_key_of_tomorrow": {"x": 1e2}
}
"""
CONFIG = """\
# my settings, hands off
model_verbosity = "low"   # terse

# tools
[mcp_servers."not.there"]
command = "true"
args = [
  "-c", # inline
]
enabled = false

[features]
unbounded_connection_retries = false  # end some day
"""
FILES = {CLAUDE_CODE: (".claude/settings.json", SETTINGS), CODEX: (".codex/config.toml", CONFIG)}
NAMES = {CLAUDE_CODE: "claude-code", CODEX: "codex"}
each = pytest.mark.parametrize("script", [CLAUDE_CODE, CODEX], ids=str)


def pool(upstream: SimulatedProvider) -> str:
    """A proxy that demands a token; the provider runs already."""
    return configuration([endpoint(upstream)], server={"auth_token": TOKEN})


@each
@pytest.mark.parametrize("kind", ["no file", "a full file", "edited in between"])
async def test_up_proved_used_and_back(script: Script, kind: str, tmp_path: Path) -> None:
    person, upstream = Person(tmp_path / "home", tmp_path / "work"), script.provider("only", UPSTREAM_KEY)
    name, text = FILES[script]
    file = person.home / name
    if kind != "no file":
        file.parent.mkdir()
        file.write_text(text)
        file.chmod(0o640)
    async with upstream.running(), running_proxy(tmp_path, pool(upstream)) as proxy:
        done = await person.cccc(proxy, "setup", NAMES[script], "--yes")
        assert done.code == 0, done
        assert "proved: " in done.stderr, done
        assert TOKEN not in done.stdout + done.stderr
        assert upstream.turns == [], "a proof asks no endpoint"
        run = await person.client(script)
        assert run.code == 0, run
        assert run.stdout.strip() == f"Done: {person.shown(script)}", run
        assert (person.folder / script.file).read_text() == f"{TEXT}\n"
        (view,) = [
            one
            for one in json.loads((await person.cccc(proxy, "setup", "status", "--json")).stdout)
            if one["client"] == script.client_type
        ]
        assert (view["state"], view["proof"]["state"]) == ("through_cccc", "proved")
        if kind == "edited in between":
            file.write_text(file.read_text().replace("1e2", "2e2").replace('"low"', '"medium"'))
        back = await person.cccc(proxy, "setup", "restore", NAMES[script], "--yes")
        assert back.code == 0, back
    assert len(upstream.turns) == TURNS
    if kind == "no file":
        assert not file.exists()
    else:
        edits = kind == "edited in between"
        assert file.read_text() == (text.replace("1e2", "2e2").replace('"low"', '"medium"') if edits else text)
        assert file.stat().st_mode & 0o777 == 0o640
    stats = json.loads((await person.cccc(proxy, "stats", "--by", "client", "--json")).stdout)
    assert [group["requests"] for group in stats["groups"]] == [TURNS], "the proof is counted nowhere"


@each
async def test_for_one_process_only(script: Script, tmp_path: Path) -> None:
    """A file that points elsewhere does not win, and is not touched."""
    person, upstream = Person(tmp_path / "home", tmp_path / "work"), script.provider("only", UPSTREAM_KEY)
    name, _ = FILES[script]
    file = person.home / name
    file.parent.mkdir()
    elsewhere = {
        CLAUDE_CODE: '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "ANTHROPIC_AUTH_TOKEN": "x"}}',
        CODEX: 'model_provider = "x"\n[model_providers.x]\nname = "x"\nbase_url = "http://127.0.0.1:9/v1"\n',
    }[script]
    file.write_text(elsewhere)
    prompt = f"write {person.shown(script)} with {TEXT}"
    words = {
        CLAUDE_CODE: ["claude", "--", "-p", prompt, "--allowedTools", "Bash,Write,Read"],
        CODEX: ["codex", "--", "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", prompt],
    }[script]
    if script is CODEX:
        words[3:3] = ["-m", script.model]
    async with upstream.running(), running_proxy(tmp_path, pool(upstream)) as proxy:
        run = await person.cccc(proxy, "run", *words)
        assert run.code == 0, run
        assert run.stdout.strip() == f"Done: {person.shown(script)}", run
    assert file.read_text() == elsewhere
    assert len(upstream.turns) == TURNS
