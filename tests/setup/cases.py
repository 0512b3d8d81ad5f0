"""The three files that are set up, for tests that hold for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cccc.clients.plan import Target
from cccc.domain.endpoint import ClientType
from cccc.domain.secret import Secret
from cccc.setup.machine import Machine
from cccc.setup.service import ClientFiles
from tests.clock import ManualClock
from tests.setup.machines import machine

URL = "http://127.0.0.1:8080"
TARGET = Target(URL, Secret("cccc-local"))
ELSEWHERE = Target("http://127.0.0.1:9090", Secret("another-key"))


@dataclass(frozen=True)
class Case:
    """One client: its file below the home folder, and contents that a person could have."""

    client: ClientType
    path: str
    text: str
    broken: str
    edit: tuple[str, str]
    """What somebody replaces by what in our text: a setting that is none of ours."""

    def __str__(self) -> str:
        return self.client.value

    def file(self, machine: Machine) -> Path:
        return machine.home / self.path


CLAUDE = Case(
    ClientType.CLAUDE_CODE,
    ".claude/settings.json",
    '{\n    "$schema": "https://json.schemastore.org/claude-code-settings.json",\n    "hooks": {"Stop": []},\n'
    '    "permissions": { "allow": ["Bash(uv run:*)"] },\n'
    '    "env": {\n        "ANTHROPIC_BASE_URL": "https://relay.example.eu",\n        "MINE": "\\u00e9 1"\n    },\n'
    '    "unknown": 1e2,\n    "model": "opus"\n}\n',
    '{"env": {},}',
    ('"opus"', '"haiku"'),
)
CODEX = Case(
    ClientType.CODEX,
    ".codex/config.toml",
    "# my settings\nmodel = \"opus\"   # the best\nmodel_provider = 'relay' # why not\n\n"
    '[model_providers.relay]\nname = "r"\nbase_url = "https://relay.example.eu/v1"\n\n'
    '# tools\n[mcp_servers."a.b"]\ncommand = "sh"\nargs = [\n  "-c", # inline\n'
    '  "true",\n]\n\n[projects."/home/me"]\ntrust_level = "trusted"\n',
    "model = opus\n",
    ('"opus"', '"haiku"'),
)
OPENAI = Case(
    ClientType.OPENAI,
    ".config/cccc/env.sh",
    '# mine\nexport OPENAI_API_KEY=mine\nexport EDITOR="opus"\n',
    "export A='x\n",
    ('"opus"', '"haiku"'),
)
CASES = (CLAUDE, CODEX, OPENAI)


def clients(folder: Path, *, state: str = "state", project: Path | None = None) -> ClientFiles:
    """The clients of a machine below ``folder``, set up for the proxy of one state folder."""
    state_dir = folder / state
    state_dir.mkdir(parents=True, exist_ok=True)
    return ClientFiles(state_dir, machine(folder, project=project), ManualClock())


def written(case: Case, files: ClientFiles, text: str | None = None, mode: int = 0o644) -> Path:
    """The client's file with its usual content."""
    path = case.file(files.machine)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((case.text if text is None else text).encode())
    path.chmod(mode)
    return path


def tree(folder: Path) -> dict[str, tuple[str, int, object]]:
    """Everything below a folder: kind, mode, content or target."""
    found: dict[str, tuple[str, int, object]] = {}
    for path in sorted(folder.rglob("*")):
        name, mode = str(path.relative_to(folder)), path.lstat().st_mode & 0o7777
        if path.is_symlink():
            found[name] = ("link", 0, str(path.readlink()))
        elif path.is_dir():
            found[name] = ("folder", mode, None)
        elif path.is_fifo():
            found[name] = ("fifo", mode, None)
        else:
            found[name] = ("file", mode, path.read_bytes())
    return found
