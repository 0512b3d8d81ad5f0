"""``cccc use`` needs a proxy that runs; what changes endpoints does not."""

from __future__ import annotations

import pytest

from cccc.cli.session import Session
from cccc.control.api import ClientType, Manual
from tests.cli.conftest import Run
from tests.control import world
from tests.control.fake import FakeControl


def test_chooses_for_one_client_and_a_while(run: Run, fake: FakeControl) -> None:
    assert run("use", "beta", "--client", "claude", "--for", "30m").exit_code == 0
    assert fake.manual == (Manual("beta", ClientType.CLAUDE_CODE, world.NOW + 1800),)


def test_until_further_notice(run: Run) -> None:
    assert run("use", "beta").stderr == "beta is asked first for every client until further notice.\n"


@pytest.mark.usefixtures("offline")
def test_says_that_no_proxy_is_running(run: Run, fake: FakeControl) -> None:
    result = run("use", "beta")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "cccc: no proxy is running (start one with: cccc --no-tui)\n"
    assert fake.manual == ()


@pytest.mark.parametrize("verb", ["enable", "disable", "reset"])
def test_endpoints_are_changed_without_a_proxy_too(run: Run, offline: Session, verb: str) -> None:
    assert run("endpoints", verb, "alpha").exit_code == 0
