"""A request in a file of one's own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.control import world


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_named_after_the_request_and_private(run: Run, here: Path) -> None:
    result = run("export", world.OK.id)
    assert (result.exit_code, result.stdout) == (0, "")
    written = here / f"{world.OK.id}.zip"
    assert zipfile.is_zipfile(written)
    assert written.stat().st_mode & 0o077 == 0
    assert f"{world.OK.id}.zip holds {world.OK.id}" in result.stderr


def test_nothing_is_written_over(run: Run, here: Path) -> None:
    (here / "bug.zip").write_text("mine")
    result = run("export", world.OK.id, "-o", "bug.zip")
    assert result.exit_code == 1
    assert "bug.zip exists; name another file with -o" in result.stderr
    assert (here / "bug.zip").read_text() == "mine"
    assert "cannot be written" in run("export", world.OK.id, "-o", "nowhere/bug.zip").stderr


def test_as_json(run: Run) -> None:
    said = json.loads(run("export", world.OK.id, "-o", "bug.zip", "--json").stdout)
    assert (said["id"], said["file"]) == (world.OK.id, "bug.zip")


def test_an_unknown_request(run: Run) -> None:
    result = run("export", "req_99")
    assert (result.exit_code, result.stdout) == (1, "")
