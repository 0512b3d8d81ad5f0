"""``python -m benchmarks.screens``: the screens' own loop, then streams beside them; ``--soak``: a long day."""

from __future__ import annotations

import os
import sys
from statistics import median

from benchmarks.passthrough.paced import Delays
from benchmarks.screens.delay import Way, event_delays
from benchmarks.screens.lag import loop_lag
from benchmarks.screens.soak import REQUESTS, soak
from tui.screens import TABS

ROUNDS = 5
ALONE = Way("none", None)
WAYS = (ALONE, Way("Requests", "3"))


def main() -> None:
    """Measure and print Markdown tables."""
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} at the start\n")
    if sys.argv[1:2] == ["--soak"]:
        _soak(int(sys.argv[2]) if len(sys.argv) > 2 else REQUESTS)
    else:
        _lag()
        _delay()
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _lag() -> None:
    print("| screen in front | loop lag p50, ms | p99, ms | longest, ms | of a core |\n|---|---|---|---|---|")
    for tab in TABS:
        lag = loop_lag(tab.mode)
        print(f"| {tab.title} | {lag.p50:.1f} | {lag.p99:.1f} | {lag.longest:.1f} | {lag.core:.0%} |", flush=True)


def _delay() -> None:
    """Rounds alternate, so that a machine that slows down slows both; a ratio is one of neighbours."""
    seen: dict[Way, list[Delays]] = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way in WAYS:
            seen[way].append(event_delays(way))
    print(f"\n| median of {ROUNDS} rounds | delay p50, ms | p99, ms | p99 to no screens |\n|---|---|---|---|")
    for way, all_of_it in seen.items():
        ratio = median(one.p99 / alone.p99 for one, alone in zip(all_of_it, seen[ALONE], strict=True))
        p50, p99 = median(one.p50 for one in all_of_it), median(one.p99 for one in all_of_it)
        print(f"| {way.name} | {p50:.2f} | {p99:.2f} | {ratio:.2f} |")


def _soak(requests: int) -> None:
    done = soak(requests)
    print(
        "| requests | seconds | memory at first, MB | warm | at last | growth for 10,000 |\n|---|---|---|---|---|---|"
    )
    print(
        f"| {requests:,} | {done.seconds:.0f} | {done.first_mb:.0f} | {done.warm_mb:.0f} | {done.last_mb:.0f} |"
        f" {done.slope:+.1f} |"
    )


if __name__ == "__main__":
    main()
