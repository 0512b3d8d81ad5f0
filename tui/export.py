"""Statistics as CSV, in a file of their own that never takes the place of another."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from errno import EEXIST
from pathlib import Path

from cccc.control.api import SeriesView
from tui.format import safe

_FIELDS = ("requests", "errors", "ttft_p50_ms", "ttft_p95_ms", "prompt_tokens", "output_tokens", "cost_usd",
           "cache_share")  # fmt: skip
_TRIES = 100


def as_csv(series: SeriesView) -> str:
    """One row a bucket; after its figures the requests of every group (RFC 4180, times in ISO 8601)."""
    groups = sorted({key for bucket in series.buckets for key in bucket.parts})
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["time", *_FIELDS, *(f"{series.by.value} {safe(key)}" for key in groups)])
    for bucket in series.buckets:
        time = datetime.fromtimestamp(bucket.time, UTC).isoformat()
        figures = (getattr(bucket, name) for name in _FIELDS)
        writer.writerow([time, *figures, *(bucket.parts.get(key, 0) for key in groups)])
    return text.getvalue()


def stem(series: SeriesView) -> str:
    """What such a file is called: ``cccc-stats-hour-20260701-123200``."""
    return f"cccc-stats-{series.span.value}-{datetime.fromtimestamp(series.until).astimezone():%Y%m%d-%H%M%S}"


def write_new(folder: Path, name: str, text: str) -> Path:
    """Write a file that was not there before, with a number behind its name where that is taken. Raises ``OSError``."""
    for number in range(1, _TRIES + 1):
        path = folder / (f"{name}.csv" if number == 1 else f"{name}-{number}.csv")
        try:
            with path.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(EEXIST, "too many files of that name", str(folder / name))
