"""Sending a request again needs the proxy that runs, and a body."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.cli.conftest import Run
from tests.control import world
from tests.control.fake import FakeControl


def test_the_original_comes_first_and_without_contents(run: Run) -> None:
    shown = json.loads(run("replay", world.OK.id, "--json").stdout)
    assert shown[0]["id"] == world.OK.id
    assert len(shown) == 2
    assert {one["request_body"] for one in shown} == {None}


@pytest.mark.usefixtures("offline")
def test_it_needs_a_proxy(run: Run) -> None:
    result = run("replay", world.OK.id)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no proxy is running" in result.stderr


def test_what_cannot_be_sent_again_is_said(run: Run, fake: FakeControl) -> None:
    fake.records[0] = replace(world.OK, request_body=None)
    assert "was not kept" in run("replay", world.OK.id).stderr
    assert "did you mean 'beta'?" in run("replay", world.FAILED_OVER.id, "--endpoint", "betta").stderr
