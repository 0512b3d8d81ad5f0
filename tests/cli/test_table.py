"""Alignment by cells, and what gives way on a small screen."""

from __future__ import annotations

from cccc.cli.table import Cell, Column, stream, table

NAME = Column("name", shrinks=True)
NUMBER = Column("n", right=True)


def test_columns_line_up_by_cells() -> None:
    rows = [("a", "1"), ("汉字汉字", "20"), ("e\u0301e", "300")]
    assert table((NAME, NUMBER), rows, None) == [
        "name        n",
        "a           1",
        "汉字汉字   20",
        "e\u0301e        300",
    ]


def test_hostile_cells_are_one_safe_line() -> None:
    assert table((NAME,), [("a\nb\x1b[2J",)], None)[1] == "a␊b␛[2J"


def test_colour_does_not_move_anything() -> None:
    plain, coloured = (table((NAME, NUMBER), [(cell, "1")], None)[1] for cell in ("ok", Cell("ok", "green")))
    assert coloured.replace("\x1b[32m", "").replace("\x1b[0m", "") == plain


def test_elastic_columns_give_way_first() -> None:
    rows = [("a-very-long-name", "12345")]
    assert table((NAME, NUMBER), rows, 18)[1] == "a-very-lon…  12345"


def test_then_the_least_important_column_goes() -> None:
    columns = (NAME, Column("later", drop=2), Column("first", drop=1))
    rows = [("a-very-long-name", "later", "first")]
    assert table(columns, rows, 17)[0].split() == ["name", "later"]
    assert table(columns, rows, 9)[0].split() == ["name"]


def test_what_must_stay_stays() -> None:
    assert table((Column("id"),), [("req_01",)], 3) == ["id", "req_01"]


def test_the_indent_counts() -> None:
    assert max(map(len, table((NAME,), [("x" * 50,)], 20, indent="    "))) == 20


def test_rows_to_come_have_their_least_widths() -> None:
    layout = stream((Column("name", least=6), NUMBER), None)
    assert (layout.header(), layout.line(("a", "1")), layout.line(("abcdefgh", "1"))) == (
        "name    n",
        "a       1",
        "abcde…  1",
    )
