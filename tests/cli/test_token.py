"""``cccc token``: shown, made, and honest about not being asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cccc.cli.session import Session
from cccc.control import statefiles
from tests.cli.conftest import Run

NOT_ASKED = "server.auth_token is not auto: this token is not asked for at present.\n"


@pytest.fixture
def auto(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("server: {auth_token: auto}\n")
    session.config = str(path)


@pytest.mark.usefixtures("auto")
def test_shows_the_same_token_again(run: Run, session: Session) -> None:
    first = run("token")
    assert (first.exit_code, first.stderr) == (0, "")
    assert run("token").stdout == first.stdout
    assert first.stdout.strip() == statefiles.client_token(session.state_folder()).reveal()


@pytest.mark.usefixtures("auto")
def test_makes_another_one(run: Run) -> None:
    old, new = run("token").stdout, run("token", "new")
    assert new.stdout not in ("", old)
    assert run("token").stdout == new.stdout
    assert "Restart the proxy" in new.stderr


@pytest.mark.usefixtures("auto")
def test_as_json(run: Run) -> None:
    shown = run("token").stdout.strip()
    assert json.loads(run("token", "--json").stdout) == {"token": shown}


def test_says_when_nobody_asks_for_it(run: Run) -> None:
    assert run("token").stderr == NOT_ASKED
