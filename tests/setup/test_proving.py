"""Starting a client once: what it is asked, and what is said of the ways in which it can go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cccc.control import statefiles
from cccc.control.api import ClientType, ProofState
from cccc.setup import proving
from tests.clock import ManualClock
from tests.setup.machines import machine

ANSWERS = r"""
mark=$(printf '%s\n' "$@" | sed -n 's/.*cccc-proof-[0-9a-f]*-\([0-9a-f]*\)-.*/\1/p')
printf '%s\n' "$PWD" > "$HOME/where"
echo "cccc-arrived-$mark"
"""


def client(folder: Path, name: str, script: str) -> dict[str, str]:
    """A client on the search path of a machine."""
    (folder / "bin").mkdir()
    program = folder / "bin" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    (folder / "home").mkdir(exist_ok=True)
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder / "home")}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    statefiles.announce(folder, "http://127.0.0.1:1", pid=1, started=0.0)
    return folder


def test_the_proxys_answer_proves_it(tmp_path: Path, state: Path) -> None:
    here = machine(tmp_path, project=tmp_path, **client(tmp_path, "codex", ANSWERS))
    proof = proving.prove(ClientType.CODEX, here, state, ManualClock(5.0))
    assert (proof.state, proof.time) == (ProofState.PROVED, 5.0)
    where = Path((tmp_path / "home/where").read_text().strip())
    assert where != tmp_path, "no project has a say"
    assert not where.exists()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (
            "echo 'API Error: 401 no key sk-ant-REAL-KEY-0123456789abcdef' >&2; exit 1",
            "API Error: 401 no key [redacted]",
        ),
        ("exit 3", "it ended with code 3 and said nothing"),
        ('for last; do :; done; echo "user: $last"', "it ended with code 0 and said nothing"),
        ("echo cccc-arrived-0000000000000000", "cccc-arrived-0000000000000000"),
    ],
)
def test_anything_else_does_not(script: str, says: str, tmp_path: Path, state: Path) -> None:
    here = machine(tmp_path, **client(tmp_path, "codex", script))
    proof = proving.prove(ClientType.CODEX, here, state, ManualClock())
    assert proof.state is ProofState.FAILED
    assert proof.message == f"Codex did not get the proxy's answer: {says}"


def test_a_client_that_does_not_end_is_ended(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "LIMIT", 0.2)
    here = machine(tmp_path, **client(tmp_path, "codex", "sleep 60 & sleep 60"))
    proof = proving.prove(ClientType.CODEX, here, state, ManualClock())
    assert (proof.state, "did not end within 0.2 s" in proof.message) == (ProofState.FAILED, True)


def test_what_cannot_be_tried_stays_open(tmp_path: Path, state: Path) -> None:
    here = machine(tmp_path)
    for kind, says in ((ClientType.CLAUDE_CODE, "claude is not installed"), (ClientType.OPENAI, "one of these tools")):
        proof = proving.prove(kind, here, state, ManualClock())
        assert (proof.state, says in proof.message) == (ProofState.OPEN, True)
    installed = machine(tmp_path, **client(tmp_path, "codex", ANSWERS))
    statefiles.withdraw(state, pid=1)
    proof = proving.prove(ClientType.CODEX, installed, state, ManualClock())
    assert (proof.state, "the proxy is not running" in proof.message) == (ProofState.OPEN, True)
