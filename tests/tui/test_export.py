"""The CSV file: what stands in it, and that no other file is touched."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from cccc.control.api import Bucket, Span, StatsKey
from tests.control import world
from tests.tui.counted import series
from tui import export
from tui.export import as_csv, stem, write_new

HOUR = series(Span.HOUR, StatsKey.ENDPOINT, world.NOW)


def test_a_row_for_every_bucket_with_its_groups() -> None:
    header, *rows = csv.reader(as_csv(HOUR).splitlines())
    assert header[:2] == ["time", "requests"]
    names = ("anthropic-official", "openai-official", "openrouter", "relay-eu")
    assert header[-4:] == [f"endpoint {name}" for name in names]
    assert len(rows) == 60
    assert rows[0][0] == "2026-07-01T11:33:00+00:00"
    assert [int(row[1]) for row in rows] == [bucket.requests for bucket in HOUR.buckets]
    assert rows[28][3:5] == ["", ""], "what is not known is empty"


def test_names_from_outside_are_made_safe() -> None:
    bucket = Bucket(world.NOW, 1, parts={'\x1b[2J=HYPERLINK("x"),\r\n': 1})
    header, row = csv.reader(as_csv(replace(HOUR, buckets=(bucket,))).splitlines())
    assert header[-1] == 'endpoint ␛[2J=HYPERLINK("x"),␍␊'
    assert row[-1] == "1"


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    taken = tmp_path / "figures.csv"
    taken.write_text("mine")
    (tmp_path / "figures-2.csv").symlink_to(tmp_path / "elsewhere")
    assert write_new(tmp_path, "figures", "a,b\r\n") == tmp_path / "figures-3.csv"
    assert (tmp_path / "figures-3.csv").read_bytes() == b"a,b\r\n"
    assert taken.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


def test_it_gives_up_some_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_TRIES", 2)
    write_new(tmp_path, "figures", "")
    write_new(tmp_path, "figures", "")
    with pytest.raises(FileExistsError):
        write_new(tmp_path, "figures", "")


@pytest.mark.parametrize("span", list(Span))
def test_its_name_says_span_and_time(span: Span) -> None:
    assert stem(replace(HOUR, span=span)) == f"cccc-stats-{span.value}-20260701-123200"
