"""``python -m benchmarks.screens``: the screens' own loop, then the events of streams beside them."""

from __future__ import annotations

import os
import sys

from benchmarks.screens.lag import loop_lag
from tui.screens import TABS


def main() -> None:
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} at the start\n")
    print("| screen in front | loop lag p50, ms | p99, ms | longest, ms | of a core |\n|---|---|---|---|---|")
    for tab in TABS:
        lag = loop_lag(tab.mode)
        print(f"| {tab.title} | {lag.p50:.1f} | {lag.p99:.1f} | {lag.longest:.1f} | {lag.core:.0%} |", flush=True)


if __name__ == "__main__":
    main()
