"""Every key of the screens as data: bindings, footer, help and palette are all made from this table.

An id is ``screen.verb``; the verb is the action ``action_verb`` of that screen (of the app for ``app.…``), and the id
is what ``ui.keymap`` names. ``table`` and ``log`` are the two kinds of list, wherever they stand. Keys that share a
``pair`` stand together in the footer under that label.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

EVERYWHERE = "app"
LISTS = frozenset({"table", "log"})


@dataclass(frozen=True, slots=True)
class Key:
    """One binding. ``keys`` are Textual's names, comma separated; ``footer`` says whether the last line shows it."""

    id: str
    keys: str
    label: str
    tooltip: str
    pair: str = ""
    footer: bool = True

    @property
    def context(self) -> str:
        """Where the key works: a screen's name, or ``app``."""
        return self.id.partition(".")[0]

    @property
    def verb(self) -> str:
        """The action's name."""
        return self.id.partition(".")[2]

    def binding(self) -> Binding:
        return Binding(
            self.keys,
            self.verb,
            self.label,
            tooltip=self.tooltip,
            id=self.id,
            show=self.footer,
            priority=self.id in _PRIORITY,
        )


_PRIORITY = frozenset({"app.commands", "app.leave_now"})
"""Keys that a field does not get; all others are letters that must stay typable."""

KEYS: tuple[Key, ...] = (
    Key("endpoints.use", "u", "Use", "Put it above all others for an hour, or end that"),
    Key(
        "endpoints.switch", "space", "On/off", "Take it out of the ranking, or back in; written into the configuration"
    ),
    Key("endpoints.raise_priority", "plus", "Priority up", "One priority earlier: a smaller number", "Priority"),
    Key("endpoints.lower_priority", "minus", "Priority down", "One priority later: a larger number", "Priority"),
    Key("endpoints.reset", "b", "Reset breaker", "Forget failures and cooldowns, and use it again at once"),
    Key("endpoints.next_client", "c", "Next client", "Rank for another kind of client"),
    Key("endpoints.open", "enter", "Details", "Everything about this endpoint"),
    Key("requests.open", "enter", "Details", "Everything about this request"),
    Key("requests.filter", "slash", "Filter", "Show only some requests"),
    Key("requests.follow", "f,end,G", "Follow", "Go to the newest and stay there"),
    Key("requests.hold", "space", "Hold", "Let nothing move, and count what arrives meanwhile; or release it"),
    Key("requests.errors", "exclamation_mark", "Errors only", "Show only what failed, or everything again"),
    Key("requests.next_error", "n", "Next error", "Select the next request that failed", "Next/prev error"),
    Key("requests.previous_error", "N", "Previous error", "Select the one before that failed", "Next/prev error"),
    Key("detail.back", "escape", "Back", "Close this page"),
    Key("help.back", "escape,question_mark,f1", "Close", "Close the help"),
    Key("leave.finish", "s,enter", "Stop after they finish", "Take no more requests, finish these, then leave"),
    Key("leave.now", "S", "Stop now", "Interrupt them and leave"),
    Key("leave.stay", "escape,n", "Stay", "Go on"),
    Key("table.cursor_up", "up,k", "Up", "The row above", footer=False),
    Key("table.cursor_down", "down,j", "Down", "The row below", footer=False),
    Key("table.page_up", "pageup", "Page up", "A page up", footer=False),
    Key("table.page_down", "pagedown", "Page down", "A page down", footer=False),
    Key("table.scroll_top", "home,g", "First", "The first row", footer=False),
    Key("table.scroll_bottom", "end,G", "Last", "The last row", footer=False),
    Key("log.cursor_up", "up,k", "Up", "The row above", footer=False),
    Key("log.cursor_down", "down,j", "Down", "The row below", footer=False),
    Key("log.page_up", "pageup", "Page up", "A page up", footer=False),
    Key("log.page_down", "pagedown", "Page down", "A page down", footer=False),
    Key("log.first", "home,g", "First", "The oldest row", footer=False),
    Key("app.copy", "y", "Copy", "Copy what is selected to the clipboard"),
    Key("app.commands", "ctrl+p", "Commands", "Find every action and endpoint by name", footer=False),
    Key("app.help", "question_mark,f1", "Help", "What this screen shows and which keys work", footer=False),
    Key("app.maximise", "F", "Maximise", "Give the pane in focus the whole screen, or give it back", footer=False),
    Key("app.next_theme", "T", "Theme", "Try the next theme", footer=False),
    Key("app.leave", "q", "Leave", "Leave; asks when requests are in flight", footer=False),
    Key("app.leave_now", "Q,ctrl+q", "Leave at once", "Leave; requests in flight still finish", footer=False),
)


def keys_of(context: str) -> tuple[Key, ...]:
    """The keys of one screen, in the order of its footer."""
    return tuple(key for key in KEYS if key.context == context)


def bindings(context: str) -> list[BindingType]:
    """The same as a class's ``BINDINGS``."""
    return [key.binding() for key in keys_of(context)]


BY_ID = {key.id: key for key in KEYS}
