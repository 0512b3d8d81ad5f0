"""The clients of the demo: files as a person has them, in a home folder of the demo's own, for set-ups to be tried on.

Neither the person's home nor their environment is ever looked at; no client is found, so none is started.
"""

from __future__ import annotations

from pathlib import Path

from cccc.setup.machine import Machine

NOTICE = "This file is the demo's own: try what you like, nothing of yours is read or written"

_FILES = {
    ".claude/settings.json": """\
{
  "$schema": "https://json.schemastore.org/claude-code-settings.json",
  "permissions": {
    "allow": ["Bash(uv run:*)", "Read"]
  },
  "env": {
    "ANTHROPIC_BASE_URL": "https://relay.example.eu/anthropic",
    "DISABLE_TELEMETRY": "1"
  },
  "model": "opus"
}
""",
    ".codex/config.toml": """\
# what the team agreed on
model = "gpt-5.2-codex"
approval_policy = "on-request"

[mcp_servers.docs]
command = "docs-server"
""",
}


def demo_machine(folder: Path) -> Machine:
    """A machine below ``folder``, with the files that are not there yet."""
    home = folder / "home"
    for name, text in _FILES.items():
        path = home / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
    return Machine(home, {}, home / ".config" / "cccc", root=folder / "root", abbreviates=False, notice=NOTICE)
