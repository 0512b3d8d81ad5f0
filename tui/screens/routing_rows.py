"""The routing screen's two tables: those that would be tried, in their order, and those that are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import format as fmt
from tui.screens import layers
from tui.screens.layers import Answer
from tui.screens.routing_facts import until
from tui.state import Frame
from tui.theme import state
from tui.widgets.live_table import Column, TableRow

if TYPE_CHECKING:
    from tui.app import CcccApp

COLUMNS = (
    Column("rank", "#", 2, right=True),
    Column("name", "endpoint", 20),
    Column("native", "1 native", 8),
    Column("priority", "2 prio", 6, right=True, from_width=62),
    Column("health", "3 health", 12, from_width=47),
    Column("ttft", "4 ttfb", 8, right=True, from_width=56),
    Column("short", "placed by", 13, from_width=76, to_width=90),
    Column("placed", "placed here by", 27, from_width=90),
)
LEFT_OUT = (
    Column("mark", "", 2, right=True),
    Column("name", "not considered", 20),
    Column("reason", "", 50),
    Column("place", "", 12, from_width=88),
)


def order_rows(answer: Answer, frame: Frame, app: CcccApp) -> list[TableRow]:
    """Those that would be tried, in their order; what was not read is dim."""
    palette, glyphs, order = app.palette, app.glyphs, answer.ranking.order
    chosen = {one.endpoint for one in frame.overview.manual} if frame.overview else set()
    rows = []
    for at, one in enumerate(order):
        decider = layers.decided(order[at - 1].key, one.key) if at else None
        healthy, meaning = layers.standing(one, glyphs)
        full, short = layers.placed(order, at, glyphs.dot)
        supposed = answer.question.what_if.get(one.name)
        priority = ("*" if supposed is not None and supposed.priority is not None else "") + str(one.key.priority)
        cells = {
            "native": (layers.native(one, answer.question, glyphs), "native" if one.native else "convert"),
            "priority": (priority, "warning" if priority.startswith("*") else ""),
            "health": (healthy, meaning),
            "response_time": (layers.response_time(one), ""),
        }
        drawn = {
            name: (said, palette[how if layers.read(name, decider) else "dim"]) for name, (said, how) in cells.items()
        }
        name = fmt.safe(one.name)
        rows.append(
            TableRow(
                one.name,
                {
                    "rank": (str(one.rank), palette[""]),
                    "name": (f"{glyphs.arrow} {name}" if one.name in chosen else name, palette[""]),
                    "ttft": drawn.pop("response_time"),
                    "short": (short, palette["dim"]),
                    "placed": (full, palette["dim"]),
                    **drawn,
                },
            )
        )
    return rows


def left_out_rows(answer: Answer, frame: Frame, app: CcccApp) -> list[TableRow]:
    """Those that are not considered, why, until when, and the place they would have."""
    palette, rows = app.palette, []
    for one in answer.ranking.excluded:
        view = frame.endpoint(one.name)
        said, meaning = state(view, frame.now, app.glyphs) if view is not None else (fmt.NOTHING, "dim")
        supposed = answer.question.what_if.get(one.name)
        down = supposed is not None and supposed.down
        place = "" if one.would_be is None else f"would be #{one.would_be}"
        rows.append(
            TableRow(
                one.name,
                {
                    "mark": (app.glyphs.failed if down else said[:1], palette["warning" if down else meaning]),
                    "name": (fmt.safe(one.name), palette[""]),
                    "reason": (until(one, frame.now), palette["warning" if down else "dim"]),
                    "place": (place, palette["dim"]),
                },
            )
        )
    return rows
