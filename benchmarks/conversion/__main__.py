"""``python -m benchmarks.conversion``: every pair of formats by itself, then through a running proxy."""

from __future__ import annotations

import os
import sys
from statistics import median

import anyio

from benchmarks.conversion import pure, sockets
from cccc.formats.registry import CODECS


def main() -> None:
    """Measure and print two Markdown tables."""
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f} at the start\n")
    print("| client | endpoint | events/s | added before the first event, ms |\n|---|---|---|---|")
    for client in CODECS:
        print(f"| {client} | {client} | {pure.passed_per_second(client):,.0f} | - |", flush=True)
        for upstream in CODECS:
            if upstream is not client:
                events, first = pure.converted_per_second(client, upstream), pure.first_event_ms(client, upstream)
                print(f"| {client} | {upstream} | {events:,.0f} | {first:.1f} |", flush=True)
    print("\n| client | endpoint | through a proxy: first event, ms | added to native, ms |\n|---|---|---|---|")
    for client in CODECS:
        times = anyio.run(sockets.first_event_ms, client)
        for upstream, took in times.items():
            added = median(one - native for one, native in zip(took, times[client], strict=True))
            print(f"| {client} | {upstream} | {median(took):.1f} | {added:+.1f} |", flush=True)


if __name__ == "__main__":
    main()
