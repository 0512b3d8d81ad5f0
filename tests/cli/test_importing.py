"""``cccc import``: shown, asked, written; over the fake, and in a home folder of a test's own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cccc.cli.session import Session, _found
from cccc.control.api import Found, ImportPlan
from tests.cli.conftest import Run
from tests.control import world
from tests.control.fake import FakeControl


def test_what_was_found_is_shown_and_written_when_agreed(run: Run, fake: FakeControl) -> None:
    result = run("import", input="y\n")
    assert result.exit_code == 0
    assert result.stdout.rstrip("\n") == world.IMPORTABLE.diff.rstrip("\n")
    assert (
        "base url https://relay.example.eu/anthropic → endpoint relay.example.eu, with its key in the" in result.stderr
    )
    assert "→ not imported: a login belongs to its client" in result.stderr
    assert "whether they answer: cccc probe relay.example.eu openai" in result.stderr
    assert "openai" in fake.views


@pytest.mark.parametrize(("arguments", "answer"), [((), "n\n"), (("--dry-run",), "")])
def test_nothing_is_written_without_a_yes(run: Run, fake: FakeControl, arguments: tuple[str, ...], answer: str) -> None:
    assert run("import", *arguments, input=answer).exit_code == 0
    assert "openai" not in fake.views


def test_json(run: Run, fake: FakeControl) -> None:
    assert run("import", "--json").exit_code == 2
    said = json.loads(run("import", "--json", "--dry-run").stdout)
    assert (said["saved"], said["changes"], len(said["found"])) == (None, True, 3)
    assert "openai" not in fake.views
    said = json.loads(run("import", "--json", "--yes").stdout)
    assert said["saved"]["path"] == world.SAVED.path


def test_nothing_found_is_said(run: Run, fake: FakeControl) -> None:
    fake.importable = ImportPlan("", (), "/x", "", (), "0")
    result = run("import")
    assert (result.exit_code, result.stderr) == (0, "Nothing was found.\n")
    fake.importable = replace(fake.importable, found=(Found("\x1b[2J", "\u202e", note="\x07"),))
    result = run("import")
    assert "\x1b" not in result.stderr
    assert "\u202e" not in result.stderr
    assert "Nothing of it can be imported." in result.stderr


def test_an_unknown_file_is_exit_2(run: Run) -> None:
    result = run("import", "x.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is in no format that can be imported" in result.stderr


def test_for_real_and_without_a_proxy(
    run: Run,
    session: Session,
    environ: dict[str, str],
    clean_world: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "reach", _found)
    config = tmp_path / "config.yaml"
    config.write_text("# mine\n")
    environ |= {"HOME": str(clean_world), "PATH": "", "OPENAI_API_KEY": "k", "CCCC_CONFIG": str(config)}
    result = run("import", "--yes")
    assert result.exit_code == 0, result.output
    assert config.read_text().startswith("# mine\nendpoints:\n  - name: openai\n")
    assert '"${OPENAI_API_KEY}"' in config.read_text()
    (tmp_path / "r.json").write_text('{"Providers": []}')
    monkeypatch.chdir(tmp_path)
    assert "It is a configuration of claude-code-router, and names no endpoint." in run("import", "r.json").stderr
