"""Python's search for garbage, arranged for a process that runs all day and must not stand still for long."""

from __future__ import annotations

import gc

OLDEST_AFTER = 200
"""Collections of the middle generation until the oldest is searched: some minutes in a busy proxy, not some seconds."""


def settle() -> None:
    """Call once everything is loaded and set up.

    What is there now, some hundred thousand objects of the modules, stays for good and is not searched again; of what
    comes the oldest are searched rarely, because all threads stand still for it, 15 to 150 ms
    (https://docs.python.org/3/library/gc.html#gc.freeze).
    """
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, OLDEST_AFTER)
