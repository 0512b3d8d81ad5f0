"""Where the clients look, on this machine: folders named by variables, projects, managed files, egress proxies."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cccc.control.api import ClientType
from cccc.setup.programs import PROGRAMS
from tests.setup.cases import TARGET, URL
from tests.setup.machines import machine


@pytest.mark.parametrize(
    ("client", "environ", "expected"),
    [
        (ClientType.CLAUDE_CODE, {}, "home/.claude/settings.json"),
        (ClientType.CLAUDE_CODE, {"CLAUDE_CONFIG_DIR": "{}/elsewhere"}, "elsewhere/settings.json"),
        (ClientType.CODEX, {}, "home/.codex/config.toml"),
        (ClientType.CODEX, {"CODEX_HOME": "{}/elsewhere"}, "elsewhere/config.toml"),
        (ClientType.OPENAI, {}, "home/.config/cccc/env.sh"),
    ],
)
def test_files_are_where_the_client_looks(
    client: ClientType, environ: dict[str, str], expected: str, tmp_path: Path
) -> None:
    named = {name: value.format(tmp_path) for name, value in environ.items()}
    assert PROGRAMS[client].path(machine(tmp_path, **named)) == tmp_path / expected


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.skipif(sys.platform == "darwin", reason="managed settings have another place there")
def test_the_strongest_settings_of_claude_code_win(tmp_path: Path) -> None:
    project, program = tmp_path / "project", PROGRAMS[ClientType.CLAUDE_CODE]
    here = machine(tmp_path, project=project, ANTHROPIC_BASE_URL="https://shell.example")
    places = [
        tmp_path / "home/.claude/settings.json",
        project / ".claude/settings.json",
        project / ".claude/settings.local.json",
        tmp_path / "root/etc/claude-code/managed-settings.json",
        tmp_path / "root/etc/claude-code/managed-settings.d/10-a.json",
        tmp_path / "root/etc/claude-code/managed-settings.d/20-b.json",
    ]

    def source() -> tuple[str | None, str | None]:
        path = program.path(here)
        user = json.loads(path.read_text()) if path.exists() else {}
        first = program.effective(user, TARGET, here, "~/.claude/settings.json")[0]
        return first.value, first.source

    assert source() == ("https://shell.example", "environment")
    for number, place in enumerate(places):
        put(place, json.dumps({"env": {"ANTHROPIC_BASE_URL": f"https://{number}.example"}}))
        assert source() == (f"https://{number}.example", here.shown(place))
    assert len(program.warnings({}, TARGET, here, "x")) == 5


def test_a_project_that_is_the_home_folder_is_not_read_twice(tmp_path: Path) -> None:
    here = machine(tmp_path, project=tmp_path / "home")
    user = {"env": {"ANTHROPIC_BASE_URL": "https://relay.example", "ANTHROPIC_AUTH_TOKEN": "x"}}
    put(tmp_path / "home/.claude/settings.json", json.dumps(user))
    assert PROGRAMS[ClientType.CLAUDE_CODE].warnings(user, TARGET, here, "x") == ()


@pytest.mark.parametrize(
    "place", ["root/etc/codex/managed_config.toml", "home/.codex/managed_config.toml", "p/.codex/config.toml"]
)
def test_the_strongest_settings_of_codex_win(place: str, tmp_path: Path) -> None:
    here = machine(tmp_path, project=tmp_path / "p")
    put(tmp_path / place, 'model_provider = "theirs"\n')
    program = PROGRAMS[ClientType.CODEX]
    assert program.effective({"model_provider": "cccc"}, TARGET, here, "x")[0].value == "theirs"
    assert len(program.warnings({}, TARGET, here, "x")) == 1


@pytest.mark.parametrize("text", ["not toml at all [", "", "\x00"])
def test_what_cannot_be_read_elsewhere_is_passed_over(text: str, tmp_path: Path) -> None:
    here = machine(tmp_path, project=tmp_path / "p")
    put(tmp_path / "p/.codex/config.toml", text)
    put(tmp_path / "p/.claude/settings.json", text)
    for program in PROGRAMS.values():
        assert program.warnings({}, TARGET, here, "x") == ()


@pytest.mark.parametrize(
    ("environ", "warns"),
    [
        ({}, False),
        ({"HTTP_PROXY": "http://p:1"}, True),
        ({"http_proxy": "http://p:1", "no_proxy": "example.com,127.0.0.1"}, False),
        ({"ALL_PROXY": "socks5://p:1", "NO_PROXY": "*"}, False),
        ({"HTTP_PROXY": "http://p:1", "NO_PROXY": "example.com"}, True),
    ],
)
def test_an_egress_proxy_would_get_the_clients_requests(environ: dict[str, str], warns: bool, tmp_path: Path) -> None:
    for program in PROGRAMS.values():
        found = [one for one in program.warnings({}, TARGET, machine(tmp_path, **environ), "x") if "NO_PROXY" in one]
        assert len(found) == warns
        assert URL.startswith("http://127.0.0.1")


def test_a_login_is_noted(tmp_path: Path) -> None:
    here, program = machine(tmp_path), PROGRAMS[ClientType.CLAUDE_CODE]
    file = program.file("x")
    assert program.plan(file, None, TARGET, here).notes == ()
    put(tmp_path / "home/.claude/.credentials.json", "{}")
    assert len(program.plan(file, None, TARGET, here).notes) == 1
