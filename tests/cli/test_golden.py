"""Every command's whole output against a kept one, for people and as JSON.

After a wanted change: ``UPDATE_GOLDEN=1 pytest tests/cli/test_golden.py``, and look at the difference.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from cccc.cli.session import Session
from tests.cli.conftest import Run
from tests.control import world

GOLDEN = Path(__file__).parent / "golden"

COMMANDS = [
    "endpoints list",
    "endpoints show beta",
    "endpoints show gamma",
    "endpoints add delta --url-openai https://d.example/v1 --key-env DELTA_KEY",
    "endpoints add --preset glm --key-env ZAI_API_KEY --priority 3",
    "endpoints remove alpha",
    "endpoints test beta",
    "probe",
    "endpoints disable alpha",
    "endpoints priority beta 7",
    "endpoints reset beta",
    f"show {world.OK.id}",
    f"show {world.FAILED.id}",
    f"why {world.FAILED_OVER.id}",
    f"why {world.FAILED.id}",
    f"why {world.GONE.id}",
    "rank --client claude_code --model claude-opus-4-5",
    "requests",
    "requests --filter failed",
    "stats",
    "stats --by model --since 1h",
    "use beta --client codex --for 1h",
    "use auto",
    f"replay {world.OK.id} --endpoint alpha --endpoint beta",
    "config show",
]


def name_of(command: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", command.lower().replace("req_01jz8q4t0000000000000000", "")).strip("-")


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_for_people(run: Run, command: str) -> None:
    result = run(*command.split())
    assert result.exit_code == 0, result.output
    told = result.stdout + "".join(f"stderr: {line}\n" for line in result.stderr.splitlines())
    assert_golden(f"{name_of(command)}.txt", told)


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_as_json(run: Run, command: str) -> None:
    result = run(*command.split(), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    json.loads(result.stdout)
    assert_golden(f"{name_of(command)}.json", result.stdout)


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize(
    "command", ["endpoints list", "requests", "stats", f"why {world.FAILED_OVER.id}", "config show"]
)
def test_tables_give_way_to_a_small_screen(
    run: Run, session: Session, monkeypatch: pytest.MonkeyPatch, command: str, width: int
) -> None:
    wide = run(*command.split()).stdout
    monkeypatch.setattr(Session, "width", lambda _: width)
    narrow = run(*command.split()).stdout
    rows = [
        line for line in narrow.splitlines() if not line.startswith(("claude-cli", "  (key:", "!"))
    ]  # prose may wrap
    assert max(map(len, rows)) <= width
    assert narrow.count("\n") == wide.count("\n")
