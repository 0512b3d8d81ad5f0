"""``cccc config`` over real files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cccc.cli.session import Session
from tests.cli.conftest import Run

GOOD = """\
endpoints:
  - name: one
    url_anthropic: https://api.example.com
    auth_type: api_key
    auth_value: sk-0123456789abcdefghij
streaming: {}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(GOOD)
    return path


def test_a_good_file(run: Run, file: Path) -> None:
    result = run("config", "check", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "streaming" in result.stderr
    assert result.stderr.endswith(f"{file}: 1 usable endpoint, 1 warning.\n")


def test_a_good_file_as_json(run: Run, file: Path) -> None:
    (warning,) = json.loads(run("--config", str(file), "config", "check", "--json").stdout)
    assert not warning["fatal"]


def test_a_broken_file_is_exit_2_with_every_complaint(run: Run, file: Path) -> None:
    file.write_text(GOOD.replace("url_anthropic", "url_antropic") + "serve: 1\n")
    result = run("config", "check", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["config.yaml"] * len(
        result.stderr.splitlines()
    )
    assert "url_antropic" in result.stderr
    assert "serve" in result.stderr
    told = run("config", "check", str(file), "--json")
    assert told.exit_code == 2
    assert [problem["message"] for problem in json.loads(told.stdout)] == result.stderr.splitlines()


def test_a_missing_file_is_exit_2(run: Run, tmp_path: Path) -> None:
    result = run("--config", str(tmp_path / "gone.yaml"), "config", "check")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_the_path_even_of_a_file_that_is_not_there(run: Run, file: Path, clean_world: Path) -> None:
    assert run("config", "path", "--config", str(file)).stdout == f"{file}\n"


def test_the_path_that_would_be(run: Run, clean_world: Path) -> None:
    result = run("config", "path")
    assert result.stdout.strip().startswith(str(clean_world))
    assert "does not exist yet" in result.stderr


def test_the_path_as_json(run: Run, session: Session, file: Path) -> None:
    told = json.loads(run("config", "path", "--config", str(file), "--json").stdout)
    assert told == {"config": str(file), "exists": True, "state_dir": str(session.state_folder())}


@pytest.mark.parametrize(("args", "suffix"), [((), "yaml"), (("--toml",), "toml")])
def test_the_example_checks(run: Run, tmp_path: Path, args: tuple[str, ...], suffix: str) -> None:
    path = tmp_path / f"example.{suffix}"
    path.write_text(run("config", "example", *args).stdout)
    assert run("config", "check", str(path)).exit_code == 0
