"""What every screen is: the header, the tabs and the keys around a body that is drawn from frames.

A screen sees frames only while it is in front: ``on_frame`` is called for every new one, and once when it comes to
the front. ``applies`` says whether a key means anything now; keys that do not are neither shown nor obeyed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.screen import Screen

from cccc.control.api import CcccError
from tui.keys import BY_ID, bindings, keys_of
from tui.state import Frame
from tui.widgets.chrome import HeaderLine, KeyLine, RuleLine, TabLine
from tui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tui.app import CcccApp


class Dashboard(Screen[None]):
    """The frame around a body. Subclasses give ``CONTEXT``, ``body``, ``on_frame`` and their actions."""

    CONTEXT: ClassVar[str] = ""
    """The first part of the ids of its keys."""

    def __init_subclass__(cls) -> None:
        cls.BINDINGS = bindings(cls.CONTEXT)
        super().__init_subclass__()

    def __init__(self) -> None:
        super().__init__()
        self.about = self.CONTEXT
        """The name of its help file."""
        self._applying: tuple[bool, ...] = ()
        self.ready = False
        """Whether its parts are there, so that frames may be drawn."""

    @property
    def cccc(self) -> CcccApp:
        """The app."""
        return self.app  # type: ignore[return-value]

    @property
    def frame(self) -> Frame:
        """The newest frame."""
        return self.cccc.frame

    def compose(self) -> ComposeResult:
        yield HeaderLine()
        yield TabLine()
        yield RuleLine()
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """What stands between the tabs and the keys."""
        yield from ()

    def on_frame(self, frame: Frame) -> None:
        """Draw from this frame whatever differs from what is drawn."""

    def applies(self, verb: str) -> bool:  # noqa: ARG002  (most screens need no other answer)
        """Whether this key of the screen means anything now."""
        return True

    def refresh_keys(self) -> None:
        """Something happened that may change which keys apply."""
        applying = tuple(self.applies(key.verb) for key in keys_of(self.CONTEXT))
        if applying != self._applying:
            self._applying = applying
            self.refresh_bindings()

    def copyable(self) -> str | None:
        """What ``y`` copies: one line or several."""
        return None

    def copies(self) -> bool:
        """Whether there is something to copy."""
        return self.copyable() is not None

    @property
    def unsaved(self) -> str | None:
        """What would be lost if the screens were left now, in a few words."""
        return None

    def save_unsaved(self, then: Callable[[], None]) -> None:
        """Save it, as the person agrees to; ``then`` follows when it is written."""
        then()

    def drop_unsaved(self) -> None:
        """Forget it."""

    def show_frame(self) -> None:
        """Draw the newest frame."""
        self.set_class(self.frame.trouble is not None, "-trouble")
        for line in (*self.query(HeaderLine), *self.query(RuleLine)):
            line.rewrite()
        self.on_frame(self.frame)

    def on_screen_resume(self) -> None:
        """In front again: what was missed is drawn at once."""
        self.ready = True
        self.query_one(TabLine).rewrite()
        self.show_frame()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Hide keys that mean nothing now."""
        return f"{self.CONTEXT}.{action}" not in BY_ID or self.applies(action)

    def refresh_look(self) -> None:
        """The theme has changed: what was drawn with the old one's colours is drawn again."""
        for line in self.query("HeaderLine, TabLine, RuleLine, KeyLine, Facts"):
            line.refresh()
        for table in self.query(LineTable):
            table.forget()
        self.show_frame()

    async def attempt(self, work: Awaitable[object], done: str | None = None) -> bool:
        """Do something to the proxy; say what came of it. Whether it worked."""
        try:
            await work
        except CcccError as error:
            self.cccc.say(str(error), severity="error")
            return False
        if done is not None:
            self.cccc.say(done)
        self.cccc.feed.ask_again()
        return True
