"""A client for one process only: its command line, its environment, and nothing that others can see or that stays."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from cccc.clients.plan import Target
from cccc.control.api import ClientType
from cccc.domain.secret import Secret
from cccc.errors import ControlError
from cccc.setup.launching import launch
from tests.setup.cases import tree
from tests.setup.machines import machine

TARGET = Target("http://127.0.0.1:4711", Secret("the-token-of-this-proxy"))


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "bin").mkdir()
    for name in ("claude", "codex"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return str(tmp_path / "bin")


def test_claude_code_gets_settings_that_win(tmp_path: Path, path: str) -> None:
    here = machine(tmp_path, PATH=path, MINE="1")
    before = tree(here.home)
    command, environ = launch(ClientType.CLAUDE_CODE, TARGET, here, tmp_path / "state", ["-p", "hi"])
    assert command[0] == f"{path}/claude"
    assert command[1] == "--settings"
    assert command[3:] == ["-p", "hi"]
    settings = Path(command[2])
    assert settings.stat().st_mode & 0o777 == 0o600
    env = json.loads(settings.read_text())["env"]
    assert (env["ANTHROPIC_BASE_URL"], env["ANTHROPIC_AUTH_TOKEN"]) == (TARGET.url, TARGET.key.reveal())
    assert environ == {"PATH": path, "MINE": "1", **env}
    assert TARGET.key.reveal() not in " ".join(command)
    assert tree(here.home) == before


@pytest.mark.parametrize("given", [["--settings", "x.json"], ["-p", "hi", "--settings=x.json"]])
def test_settings_of_ones_own_stay(given: list[str], tmp_path: Path, path: str) -> None:
    command, environ = launch(ClientType.CLAUDE_CODE, TARGET, machine(tmp_path, PATH=path), tmp_path / "state", given)
    assert command[1:] == given
    assert environ["ANTHROPIC_BASE_URL"] == TARGET.url


def test_codex_gets_a_provider_and_the_token_by_a_variable(tmp_path: Path, path: str) -> None:
    command, environ = launch(
        ClientType.CODEX, TARGET, machine(tmp_path, PATH=path), tmp_path / "state", ["exec", "hi"]
    )
    flags, values = command[1:-2:2], command[2:-2:2]
    assert set(flags) == {"-c"}
    assert command[-2:] == ["exec", "hi"]
    config = tomllib.loads("\n".join(values))
    assert config["model_provider"] == "cccc"
    provider = config["model_providers"]["cccc"]
    assert provider["base_url"] == f"{TARGET.url}/v1"
    assert environ[provider["env_key"]] == TARGET.key.reveal()
    assert TARGET.key.reveal() not in " ".join(command)


def test_a_client_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert os.environ.get("PATH")
    with pytest.raises(ControlError, match="codex is not on the search path"):
        launch(ClientType.CODEX, TARGET, machine(tmp_path), tmp_path / "state", [])
