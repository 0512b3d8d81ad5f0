"""Programs of the user's that have the terminal for a while: an editor, a pager."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence


def run(command: Sequence[str], given: bytes | None = None) -> int:
    """Run one until it ends, with ``given`` on its standard input; its exit code. In the main thread, screens aside.

    A terminal sends ctrl+c to all programs that it controls, so to us as well: it is meant for the one in front.
    Raises ``OSError`` where it cannot be started.
    """
    with subprocess.Popen(command, stdin=None if given is None else subprocess.PIPE) as program:  # noqa: S603
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # not before: a program would inherit that
        try:
            program.communicate(given)
        finally:
            signal.signal(signal.SIGINT, before)
    return program.returncode
