"""Writes to a store until it is killed: forks writers one after the other and kills each with SIGKILL in mid-work."""

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


def write_for_ever(folder: Path, first: int) -> None:
    store = Store.open(folder, SystemClock())
    for number in range(first, first + 100_000):
        store.submit(whole(number))
        time.sleep(0.0005)


def main(folder: Path, kills: int) -> None:
    chance = random.Random(7)
    for kill in range(kills):
        child = os.fork()
        if child == 0:
            write_for_ever(folder, kill * 100_000)
        time.sleep(chance.uniform(0.02, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
