"""The application: one frame, the modes that show it, and what is the same on all of them.

It is given a ``Control`` and nothing else of the proxy; who owns that proxy, and what becomes of it when the screens
close, is the business of whoever runs the app. ``Leave`` is what the person wants.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from enum import Enum
from typing import ClassVar, Literal

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widget import Widget

from cccc.control.api import Control, visible
from tui import theme
from tui.ascii import AsciiFilter
from tui.background import start
from tui.commands import Commands
from tui.feed import BEAT, Feed, FrameReady
from tui.format import counted, safe, safe_lines
from tui.keys import BY_ID, bindings
from tui.screens import TABS, Tab
from tui.screens.base import Dashboard
from tui.screens.help import HelpScreen
from tui.screens.leave import LeaveDialog, UnsavedDialog
from tui.state import Frame, pulses
from tui.terminal import TerminalDriver, TerminalGone
from tui.theme import ASCII, FAILED, GLYPHS, Glyphs, Look, Palette

_ASCII_ONLY = AsciiFilter()
_KEY_NAMES = {"enter": "enter", "up": "up", "down": "down", "left": "left", "right": "right"}


class Leave(Enum):
    """How the person leaves: let requests in flight finish first, or not."""

    FINISH = "finish"
    NOW = "now"


class _WholeCells(ScrollBarRender):
    """Scroll bars without eighths of a block, which are two cells wide in some terminals."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


ScrollBar.renderer = _WholeCells


class CcccApp(App[Leave]):
    """The screens over ``control``. ``attached``: its proxy runs elsewhere and goes on without us."""

    TITLE = "cccc"
    CSS_PATH = "app.tcss"
    COMMANDS = {Commands}  # noqa: RUF012  (Textual's own form)
    ENABLE_COMMAND_PALETTE = False  # it is our own key that opens it
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  (Textual's own form)
        (0, "-narrow"),
        (80, "-small"),
        (100, "-normal"),
        (120, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("app"),
        *(
            Binding(tab.digit, f"go('{tab.mode}')", tab.title, id=f"app.{tab.mode}", tooltip=f"Show {tab.title}")
            for tab in TABS
        ),
    ]

    def __init__(
        self,
        control: Control,
        *,
        attached: bool = True,
        look: Look | None = None,
        now: Callable[[], float] = time.time,
        tabs: tuple[Tab, ...] = TABS,
        beat: float = BEAT,
    ) -> None:
        super().__init__(driver_class=TerminalDriver)
        look = look or Look()
        self.tabs = tabs
        self.control = control
        self.attached = attached
        self.beat = beat
        self.glyphs: Glyphs = GLYPHS[look.glyphs]
        self.set_class(self.glyphs is ASCII, "-ascii")
        self.frame = Frame(now())
        self.pulses = pulses(self.frame, FAILED)
        self.feed = Feed(control, lambda frame: self.post_message(FrameReady(frame)), now, beat=beat)
        self._palette = Palette({})
        for each in theme.themes():
            self.register_theme(each)
        self.theme = look.theme if look.theme in self.available_themes else theme.DEFAULT_THEME
        self.kept_theme = self.theme
        """The one that comes again at the next start."""
        self.set_keymap({key: keys for key, keys in (look.keymap or {}).items() if key in BY_ID})
        for tab in tabs:
            self.add_mode(tab.mode, tab.screen)

    @property
    def palette(self) -> Palette:
        """Styles by meaning in the theme in force."""
        return self._palette

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every drawn line passes through."""
        filters = super().get_line_filters()
        return [*filters, _ASCII_ONLY] if self.glyphs is ASCII else filters

    @property
    def in_front(self) -> Dashboard | None:
        """The screen that shows frames now, dialogs left aside."""
        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, Dashboard)), None)

    def get_key_display(self, binding: Binding) -> str:
        """A key as people write it, without characters whose width differs between terminals."""
        return binding.key_display or _KEY_NAMES.get(binding.key) or super().get_key_display(binding)

    def on_mount(self) -> None:
        """Show the first mode and begin to follow the proxy."""
        self.theme_changed_signal.subscribe(self, lambda _: self._theme_changed())
        self._theme_changed()
        self.switch_mode(self.tabs[0].mode)
        start(self, self.feed.run, "feed")

    def on_frame_ready(self, message: FrameReady) -> None:
        """Hand the newest frame to the screen that is in front; the others ask when they come there."""
        if not self.is_running:
            return  # the screens are being taken down
        before, self.frame = self.frame, message.frame
        if self.frame.rows is not before.rows or int(self.frame.now) != int(before.now):
            self.pulses = pulses(self.frame, FAILED)
        if (screen := self.in_front) is not None and screen.ready:
            with self.batch_update():
                screen.show_frame()

    def on_terminal_gone(self, _: TerminalGone) -> None:
        """As after a signal to leave."""
        self.exit(Leave.FINISH)

    def say(self, text: str, *, severity: Literal["information", "warning", "error"] = "information") -> None:
        """A remark that goes away by itself."""
        self.notify("\n".join(map(safe, text.splitlines())), severity=severity, markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """A dialog keeps the keys of the screens behind it to itself."""
        if action == "copy":
            return self.in_front is not None and self.in_front.copies()
        return True

    def action_go(self, mode: str) -> None:
        """Show another mode."""
        self.switch_mode(mode)

    def action_commands(self) -> None:
        """Open the palette."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="every action and endpoint is here by name"))

    def action_help(self) -> None:
        """Explain the screen in front and its keys."""
        if (screen := self.in_front) is not None and not isinstance(screen, HelpScreen):
            self.push_screen(HelpScreen(screen))

    def action_maximise(self) -> None:
        """Give the pane in focus the whole screen, or give it back."""
        if self.screen.maximized is not None:
            self.screen.minimize()
        elif isinstance(self.focused, Widget):
            self.screen.maximize(self.focused)

    def action_next_theme(self) -> None:
        """Try the next theme, in the order of their names."""
        names = sorted(self.available_themes)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.say(f"theme {self.theme}; ctrl+p, theme: keep writes it into the configuration")

    def action_copy(self) -> None:
        """Copy what the screen in front has selected."""
        said = self.in_front.copyable() if self.in_front is not None else None
        if said is not None:
            self.copy_to_clipboard(visible(said))
            lines = said.splitlines()
            self.say(f"copied {counted(len(lines), 'line')}" if len(lines) > 1 else f"copied {said}")

    def action_suspend(self) -> None:
        """Back to the shell; not where that would stop the proxy too."""
        if self.attached:
            self.action_suspend_process()
        else:
            self.say("ctrl+z would stop the proxy too, in the middle of every answer; q leaves", severity="warning")

    def action_leave(self) -> None:
        """Leave; ask first where edits would be lost, and where requests in flight would end with us."""
        self._with_nothing_unsaved(self._leave)

    def action_leave_now(self) -> None:
        """Leave without asking for anything but edits that would be lost."""
        self._with_nothing_unsaved(lambda: self.exit(Leave.FINISH))

    def _leave(self) -> None:
        if self.attached or not self.frame.live or self.frame.trouble is not None:
            self.exit(Leave.FINISH)
        elif not isinstance(self.screen, LeaveDialog):
            self.push_screen(LeaveDialog(self.frame.live), self._answered)

    def _with_nothing_unsaved(self, leave: Callable[[], None]) -> None:
        screens = [
            screen for stack in self._screen_stacks.values() for screen in stack if isinstance(screen, Dashboard)
        ]
        screen = next((screen for screen in screens if screen.ready and screen.unsaved), None)
        if screen is None:
            leave()
        elif not isinstance(self.screen, UnsavedDialog):

            def answered(answer: str | None) -> None:
                if answer == "save":
                    screen.save_unsaved(leave)
                elif answer == "drop":
                    screen.drop_unsaved()
                    leave()

            self.push_screen(UnsavedDialog(screen.unsaved or ""), answered)

    def _answered(self, leave: str | None) -> None:
        if leave is not None:
            self.exit(Leave(leave))

    def _fatal_error(self) -> None:
        """Say what broke in plain text. Rich would show the values of variables too, and keys are among them."""
        self.panic(Text("\n".join(safe_lines(traceback.format_exc()))))

    def _theme_changed(self) -> None:
        self._palette = Palette(self.theme_variables)
        if (screen := self.in_front) is not None and screen.ready:
            screen.refresh_look()
