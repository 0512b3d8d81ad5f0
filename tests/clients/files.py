"""Editing as the tests need it: text in, text out, and back."""

from __future__ import annotations

from cccc.clients import claude_code, codex, openai_env
from cccc.clients.journal import Record, composed, made_tables, undone
from cccc.clients.plan import Target, Wanted, planned
from cccc.clients.syntax import File, Path
from cccc.domain.secret import Secret

TARGET = Target("http://127.0.0.1:8080", Secret("cccc-local"))
CLAUDE = claude_code.settings_file("~/.claude/settings.json")
CODEX = codex.config_file("~/.codex/config.toml")
ENV = openai_env.env_file("~/.config/cccc/env.sh")


def set_up(file: File, text: str, wanted: tuple[Wanted, ...], units: tuple[Path, ...] = ()) -> tuple[str, Record]:
    """The text after a set-up, and what the journal says of it."""
    before = text.encode()
    plan = planned(file, before, wanted)
    tree = file.tree(before)
    changes = composed(None, tree, wanted)
    made = made_tables(tree, changes)
    record = Record(
        path="/x", existed=True, digest_before=None, digest_after="", changes=changes, made=made,
        units=tuple(unit for unit in units if unit in made),
    )  # fmt: skip
    return plan.after.decode(), record


def take_back(file: File, text: str, record: Record, *, keep: tuple[Path, ...] = ()) -> tuple[str, tuple[str, ...]]:
    """The text without our part, by the merge alone, and the conflicts."""
    result = undone(file, text.encode(), record, keep=keep)
    return result.data.decode(), result.conflicts
