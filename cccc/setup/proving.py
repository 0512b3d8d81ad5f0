"""Starting a client once, to see that its requests arrive: the proxy answers, no endpoint is asked, nothing is paid."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from cccc.clock import Clock
from cccc.control.api import Proof, ProofState
from cccc.control.statefiles import admin_token, running
from cccc.domain import proof
from cccc.domain.endpoint import ClientType
from cccc.domain.redact import Redactor
from cccc.errors import NotRunning
from cccc.setup.machine import Machine
from cccc.setup.programs import PROGRAMS

LIMIT = 40.0
"""Seconds that a client may take to start and to print the answer."""

_COMMANDS: Mapping[ClientType, tuple[str, ...]] = MappingProxyType(
    {
        ClientType.CLAUDE_CODE: ("-p", "--no-session-persistence"),
        ClientType.CODEX: ("exec", "--skip-git-repo-check", "--ephemeral", "--sandbox", "read-only"),
    }
)
"""How each client asks one question and ends, leaving no session behind."""

_LONGEST = 300
_REDACTOR = Redactor()


def prove(client: ClientType, machine: Machine, state_dir: Path, clock: Clock) -> Proof:
    """Start the client in an empty folder, so that no project can have a say, and look for the proxy's answer.

    Takes up to ``LIMIT`` seconds. Raises ``ControlError`` where the state folder cannot be read.
    """
    program = PROGRAMS[client]

    def told(state: ProofState, message: str) -> Proof:
        return Proof(state, message, clock.now())

    if program.binary is None:
        return told(ProofState.OPEN, "the first request of one of these tools will show that they arrive")
    executable = machine.program(program.binary)
    if executable is None:
        return told(
            ProofState.OPEN, f"{program.binary} is not installed here; its first request will show that it arrives"
        )
    try:
        running(state_dir)
    except NotRunning:
        return told(ProofState.OPEN, f"the proxy is not running; the first request of {program.title} will show it")
    nonce = secrets.token_hex(8)
    asked = proof.prompt(admin_token(state_dir), clock.now(), nonce)
    with tempfile.TemporaryDirectory(prefix="cccc-proof-") as folder:
        code, output = _run([executable, *_COMMANDS[client], asked], Path(folder), machine.environ)
    if proof.expected(nonce) in output:
        return told(ProofState.PROVED, f"{program.title} was started once; its request arrived and cost nothing")
    if code is None:
        return told(ProofState.FAILED, f"{program.title} did not end within {LIMIT:g} s, and no answer was seen")
    return told(
        ProofState.FAILED, f"{program.title} did not get the proxy's answer: {_last_words(output, asked, code)}"
    )


def _run(command: list[str], folder: Path, environ: Mapping[str, str]) -> tuple[int | None, str]:
    """The exit code (``None``: it had to be ended) and everything that was printed."""
    try:
        process = subprocess.Popen(  # noqa: S603  (the client's own executable, found on the search path)
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return 1, f"cannot be started ({error.strerror})"
    try:
        output, _ = process.communicate(timeout=LIMIT)
        return process.returncode, output.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output.decode(errors="replace")


def _last_words(output: str, asked: str, code: int) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip() and asked not in line]
    return _REDACTOR.text(lines[-1])[:_LONGEST] if lines else f"it ended with code {code} and said nothing"
