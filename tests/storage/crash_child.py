"""Writes to a store until it is killed: forks writers one after the other and kills each with SIGKILL in mid-work.

Every other writer is killed in its first quarter of a second, wherever it is then; the rest some moments after their
first record is in the file, so that there is something to be torn however busy the machine is.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from cccc.clock import SystemClock
from cccc.domain.record import RequestRecord
from cccc.storage.store import Store
from tests.storage.records import attempt, record


def whole(number: int) -> RequestRecord:
    """A record whose rows belong together: two attempts and four bodies."""
    body = random.Random(number).randbytes(2_000)
    tries = (attempt(response_body=body), attempt("beta", request_body=body))
    return record(number, attempts=tries, request_body=body, response_body=body, error=str(number))


def write_for_ever(folder: Path, first: int, tell: int | None) -> None:
    """``tell``: the end of a pipe that hears when the first record is in the file."""
    store = Store.open(folder, SystemClock())
    store.submit(whole(first))
    store.flush()
    if tell is not None:
        os.write(tell, b"!")
    for number in range(first + 1, first + 100_000):
        store.submit(whole(number))
        time.sleep(0.0005)


def main(folder: Path, kills: int) -> None:
    chance = random.Random(7)
    told, tell = os.pipe()
    for kill in range(kills):
        wait = kill % 2 == 1
        child = os.fork()
        if child == 0:
            write_for_ever(folder, kill * 100_000, tell if wait else None)
        if wait:
            os.read(told, 1)
            time.sleep(chance.uniform(0.0, 0.05))
        else:
            time.sleep(chance.uniform(0.02, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
