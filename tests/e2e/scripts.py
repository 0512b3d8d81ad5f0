"""Whole sessions that the real clients play without a person.

A session is one prompt, ``write FILE with TEXT``, that takes three turns: a tool call that writes the file, one that
reads it back, and the last words, which only come when the text came back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cccc.demo.brains import write_then_read
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import WireFormat
from tests.e2e.real_clients import ClaudeCode, Codex, Run

TURNS = 3
TEXT = "three wise words"
UPSTREAM_KEY = "upstream-key-0123456789abcdef"
CLIENT_KEY = "client-key-0123456789abcdef"


@dataclass(frozen=True)
class Script:
    """A client, the model it asks for, and how the proxy will name it."""

    name: str
    client: type[ClaudeCode | Codex]
    model: str
    wire_format: WireFormat
    client_type: str
    file: str = "notes.txt"

    def __str__(self) -> str:
        return self.name

    def provider(self, name: str, key: str = UPSTREAM_KEY) -> SimulatedProvider:
        """A provider of the client's own format."""
        return SimulatedProvider(self.wire_format, name=name, key=key, brain=write_then_read)

    async def play(self, folder: Path, base_url: str, key: str = CLIENT_KEY) -> Run:
        """The session; asserts that its file is written and its last words are said."""
        client = self.client(home=folder / "home", folder=folder / "work")
        file = client.folder / self.file
        shown = str(file) if self.client is ClaudeCode else self.file
        run = await client.ask(f"write {shown} with {TEXT}", base_url, model=self.model, key=key)
        assert run.code == 0, run
        assert run.stdout.strip() == f"Done: {shown}", run
        assert file.read_text(encoding="utf-8") == f"{TEXT}\n"
        return run


CLAUDE_CODE = Script("claude-code", ClaudeCode, "claude-opus-4-8", WireFormat.ANTHROPIC, "claude_code")
CODEX = Script("codex-apply-patch", Codex, "gpt-5.5", WireFormat.OPENAI_RESPONSES, "codex")
SCRIPTS = [
    CLAUDE_CODE,
    Script("claude-code-unknown-model", ClaudeCode, "glm-5", WireFormat.ANTHROPIC, "claude_code"),
    CODEX,
    Script("codex-unknown-model", Codex, "glm-5", WireFormat.OPENAI_RESPONSES, "codex"),
    Script("codex-lite", Codex, "gpt-6.1-sol", WireFormat.OPENAI_RESPONSES, "codex"),
]
