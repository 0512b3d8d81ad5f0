"""The pictures of the documentation can be drawn anew, and show what they are called."""

from __future__ import annotations

import html
from pathlib import Path

import pytest

from tests.tui.pictures import PICTURES, main


def test_every_picture_is_written_and_shows_its_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["pictures", str(tmp_path)])
    main()
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.svg" for name in PICTURES}
    for name, picture in PICTURES.items():
        text = html.unescape((tmp_path / f"{name}.svg").read_text(encoding="utf-8")).replace("\xa0", " ")
        assert picture.says in text, name
        assert "@font-face" not in text, "nothing is fetched from elsewhere"
