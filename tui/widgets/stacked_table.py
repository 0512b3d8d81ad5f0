"""Several tables under each other that are walked through as one."""

from __future__ import annotations

from textual.message import Message

from tui.widgets.live_table import LiveTable


class StackedTable(LiveTable):
    """One of several tables that are walked through as one."""

    CURSOR_STAYS = False

    class Left(Message):
        """The cursor wants to go beyond the end: down, or up."""

        def __init__(self, table: StackedTable, *, down: bool) -> None:
            super().__init__()
            self.table = table
            self.down = down

    def action_cursor_down(self) -> None:
        """The row below, or the next table."""
        if self.place is None or self.place == len(self.rows) - 1:
            self.post_message(self.Left(self, down=True))
        else:
            super().action_cursor_down()

    def action_cursor_up(self) -> None:
        """The row above, or the table before."""
        if not self.place:
            self.post_message(self.Left(self, down=False))
        else:
            super().action_cursor_up()

    def on_focus(self) -> None:
        """What is under the cursor of the table in focus is selected."""
        self._tell()
