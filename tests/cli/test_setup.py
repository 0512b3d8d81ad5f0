"""``cccc setup`` and ``cccc run``, as a person types them, in a home folder of a test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cccc.cli.main import main
from cccc.cli.session import Session
from tests.cli.conftest import Run
from tests.setup.cases import CASES, CLAUDE, CODEX, Case, tree


@pytest.fixture
def home(clean_world: Path, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The home folder that the command sees, in a working folder without settings."""
    environ |= {"HOME": str(clean_world), "PATH": ""}
    monkeypatch.chdir(tmp_path)
    return clean_world


def put(home: Path, case: Case, text: str | None = None) -> Path:
    path = home / case.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(case.text if text is None else text)
    return path


def test_every_client_up_and_back(run: Run, home: Path) -> None:
    for case in CASES:
        put(home, case)
    before = tree(home)
    up = run("setup", "all", "--yes")
    assert up.exit_code == 0, up.output
    assert [line for line in up.stderr.splitlines() if line.startswith("wrote ")] == [
        f"wrote ~/{one.path}" for one in CASES
    ]
    assert run("setup", "status").stdout.count(": through cccc\n") == 3
    back = run("setup", "restore", "all", "--yes")
    assert (back.exit_code, back.stdout) == (0, "")
    assert tree(home) == before
    assert [view["state"] for view in json.loads(run("setup", "status", "--json").stdout)] == ["not_set_up"] * 3


def test_dry_run_shows_and_writes_nothing(run: Run, home: Path) -> None:
    put(home, CLAUDE)
    before = tree(home)
    result = run("setup", "claude-code", "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.startswith("--- ~/.claude/settings.json\n+++ ~/.claude/settings.json\n")
    assert '+        "ANTHROPIC_AUTH_TOKEN": "cccc-local"' in result.stdout
    assert "env.ANTHROPIC_BASE_URL: Claude Code sends its requests here" in result.stderr
    assert tree(home) == before


@pytest.mark.parametrize(("answer", "writes"), [("y\n", True), ("\n", True), ("n\n", False)])
def test_asks_before_it_writes(session: Session, home: Path, answer: str, writes: bool) -> None:
    result = CliRunner().invoke(main, ["setup", "codex"], obj=session, input=answer)
    assert result.exit_code == 0
    assert "Write this?" in result.stderr
    assert (home / CODEX.path).exists() is writes


def test_nobody_who_could_answer_is_a_no(session: Session, home: Path) -> None:
    assert CliRunner().invoke(main, ["setup", "codex"], obj=session, input="").exit_code == 1
    result = CliRunner().invoke(main, ["setup", "codex", "--json"], obj=session)
    assert (result.exit_code, "add --yes" in result.stderr) == (2, True)
    assert not (home / CODEX.path).exists()


def test_as_json(run: Run, home: Path) -> None:
    said = json.loads(run("setup", "codex", "--yes", "--json").stdout)
    assert said["applied"]["written"] == ["~/.codex/config.toml"]
    assert (said["proof"]["state"], said["changes"]) == ("open", True)
    assert [one["client"] for one in json.loads(run("setup", "all", "--yes", "--json").stdout)] == [
        "claude_code",
        "codex",
        "openai",
    ]
    assert json.loads(run("setup", "restore", "codex", "--json").stdout)["restored"] == ["~/.codex/config.toml"]


def test_a_broken_file_is_one_sentence_and_the_others_are_done(run: Run, home: Path) -> None:
    broken = put(home, CODEX, "# 1\n# 2\n# 3\n# 4\n# 5\n# 6\nmodel_provider = x\n")
    result = run("setup", "all", "--yes")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "~/.codex/config.toml:7:18: cannot be read as TOML (Invalid value). cccc did not touch it. "
        "Fix line 7, or run: cccc setup codex --dry-run"
    )
    assert broken.read_text().endswith("model_provider = x\n")
    assert (home / CLAUDE.path).exists()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["setup", "codex", "--url", "nonsense", "--yes"], "--url: expected the proxy's address"),
        (["setup", "codex", "--key", "a b", "--yes"], "--key: expected"),
        (["setup", "codex", "--trust", "here", "--yes"], "--trust: expected"),
        (
            ["setup", "codex", "--catalog", "--url", "http://127.0.0.1:1", "--yes"],
            "--catalog: http://127.0.0.1:1/v1/models",
        ),
        (["setup", "restore", "emacs"], "'emacs' is no client that is set up"),
        (["setup", "emacs"], "No such command 'emacs'"),
        (["run", "emacs"], "'emacs' is not one of"),
    ],
)
def test_wrong_use(run: Run, home: Path, line: list[str], says: str) -> None:
    before = tree(home / ".codex") if (home / ".codex").exists() else {}
    result = run(*line)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr
    assert before == (tree(home / ".codex") if (home / ".codex").exists() else {})


def test_a_refused_key_is_an_error_before_anything_is_written(run: Run, home: Path, session: Session) -> None:
    config = home / "c.yaml"
    config.write_text("server: {auth_token: the-token-of-this-proxy}\n")
    session.config = str(config)
    result = run("setup", "codex", "--key", "mine", "--yes")
    assert (result.exit_code, "--key: the proxy would refuse it" in result.stderr) == (2, True)
    assert not (home / CODEX.path).exists()
    shown = run("setup", "codex", "--yes")
    assert "the-token-of-this-proxy" not in shown.output
    assert "the-token-of-this-proxy" in (home / CODEX.path).read_text()


def test_models_of_a_vendor_for_the_tiers(run: Run, home: Path) -> None:
    run(
        "setup",
        "claude-code",
        "--yes",
        "--model",
        "glm-5",
        "--opus",
        "glm-5",
        "--sonnet",
        "glm-4.7",
        "--haiku",
        "glm-air",
    )
    env = json.loads((home / CLAUDE.path).read_text())["env"]
    assert (env["ANTHROPIC_MODEL"], env["ANTHROPIC_DEFAULT_HAIKU_MODEL"]) == ("glm-5", "glm-air")


def test_status_names_what_wins(run: Run, home: Path, environ: dict[str, str], tmp_path: Path) -> None:
    run("setup", "claude-code", "--yes")
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude/settings.local.json").write_text('{"env": {"ANTHROPIC_BASE_URL": "https://project.example"}}')
    environ["CLAUDE_CODE_USE_BEDROCK"] = "1"
    shown = run("setup", "status").stdout
    assert "Claude Code: set up, but something else wins" in shown
    assert "✗ ANTHROPIC_BASE_URL = https://project.example" in shown
    assert "✗ CLAUDE_CODE_USE_BEDROCK = 1 (from environment)" in shown


def test_hostile_names_are_shown_as_they_are(run: Run, home: Path) -> None:
    put(home, CODEX, 'model = "\\u001b[2Jx"\n')
    assert "\x1b" not in run("setup", "status").stdout
    assert "\x1b" not in run("setup", "codex", "--dry-run").stdout


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ('test "$*" = "-p --x" && exit 0', 0), ("kill -9 $$", -9)])
def test_run_passes_words_and_exit_codes_through(script: str, code: int, home: Path, tmp_path: Path) -> None:
    program = tmp_path / "codex"
    program.write_text(f'#!/bin/sh\nwhile [ "$1" = -c ]; do shift 2; done\n{script}\n')
    program.chmod(0o755)
    line = [sys.executable, "-m", "cccc", "--state-dir", str(tmp_path / "s"), "run", "codex", "--", "-p", "--x"]
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(home)}
    done = subprocess.run(line, env=environ, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert done.returncode == code, done.stderr
