"""Every key of the screens as data: bindings, footer, help and palette are all made from this table.

An id is ``screen.verb``; the verb is the action ``action_verb`` of that screen (of the app for ``app.…``), and the id
is what ``ui.keymap`` names. ``table``, ``log``, ``lines`` and ``form`` are the kinds of list, wherever they stand.
Keys that share a ``pair`` stand together in the footer under that label.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

EVERYWHERE = "app"
LISTS = frozenset({"table", "log", "lines", "form"})


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
    Key("endpoints.add", "a", "Add", "Add an endpoint in five steps; its address is asked what it speaks"),
    Key("endpoints.edit", "e", "Edit", "Change its address, key, models, name or priority"),
    Key("endpoints.test", "t", "Test", "Ask it in a few small requests what it speaks"),
    Key("endpoints.use", "u", "Use", "Put it above all others for an hour, or end that"),
    Key(
        "endpoints.switch", "space", "On/off", "Take it out of the ranking, or back in; written into the configuration"
    ),
    Key("endpoints.raise_priority", "plus", "Priority up", "One priority earlier: a smaller number", "Priority"),
    Key("endpoints.lower_priority", "minus", "Priority down", "One priority later: a larger number", "Priority"),
    Key("endpoints.reset", "b", "Reset breaker", "Forget failures and cooldowns, and use it again at once"),
    Key("endpoints.next_client", "c", "Next client", "Rank for another kind of client", footer=False),
    Key("endpoints.why", "w", "Why", "Why it has its place: the screen of the layers"),
    Key("endpoints.delete", "d", "Delete", "Take it out of the configuration; there are ten seconds to undo it"),
    Key("endpoints.undelete", "z", "Undo", "Take the last deletion or import back"),
    Key("endpoints.import_found", "i", "Import", "Import what was found on this machine; shows first what it writes"),
    Key("endpoints.open", "enter", "Open", "Everything about this endpoint"),
    Key("routing.next_client", "c", "Next client", "Rank for another kind of client"),
    Key("routing.model", "m", "Model", "Rank for a model"),
    Key("routing.down", "x", "What if down", "Rank as if it were down, or no longer; nothing is written"),
    Key("routing.raise_priority", "plus", "Priority up", "Rank as if its priority were one earlier", "Priority"),
    Key("routing.lower_priority", "minus", "Priority down", "Rank as if its priority were one later", "Priority"),
    Key("routing.write", "ctrl+s", "Write", "Write the supposed priorities into the configuration"),
    Key("routing.open", "enter", "Endpoint", "Show this endpoint on the screen of endpoints"),
    Key("routing.why", "w", "Why", "Why it has its place, on a page of its own"),
    Key("routing.clear", "escape", "Clear", "Suppose nothing any more, or leave the field of the model"),
    Key("requests.open", "enter", "Inspect", "Look at this request closely, while it runs and after"),
    Key("requests.filter", "slash", "Filter", "Show only some requests"),
    Key("requests.follow", "f,end,G", "Follow", "Go to the newest and stay there"),
    Key("requests.hold", "space", "Hold", "Let nothing move, and count what arrives meanwhile; or release it"),
    Key("requests.errors", "exclamation_mark", "Errors only", "Show only what failed, or everything again"),
    Key("requests.next_error", "n", "Next error", "Select the next request that failed", "Next/prev error"),
    Key("requests.previous_error", "N", "Previous error", "Select the one before that failed", "Next/prev error"),
    Key("requests.again", "r", "Send again", "Send it again; says first where it goes and what it costs"),
    Key("clients.apply", "a", "Apply", "Write exactly what the preview shows"),
    Key("clients.apply_all", "A", "Apply all", "Set up every client that is there and not set up"),
    Key("clients.undo", "u", "Undo", "Take back what was written and nobody changed since"),
    Key("clients.view", "v", "Side by side", "Old and new beside each other, or one below the other"),
    Key("clients.test", "t", "Test", "Start it once with a prompt that the proxy answers itself"),
    Key("clients.editor", "o", "$EDITOR", "Open its file in your editor"),
    Key("clients.next_change", "n", "Next change", "Walk to the next change", "Next/prev change"),
    Key("clients.previous_change", "N", "Previous change", "Walk to the change before", "Next/prev change"),
    Key("config.edit", "enter", "Edit", "Turn a switch or a choice, or type a value"),
    Key("config.search", "slash", "Search", "Find a setting in all sections"),
    Key("config.review", "ctrl+s", "Save", "See what would be written, then write it"),
    Key("config.default", "x", "Default", "Back to what it is where nobody says otherwise"),
    Key("config.undo_edit", "z", "Undo edit", "As it was before this edit"),
    Key("config.undo_save", "u", "Undo save", "Take the last save back, byte for byte"),
    Key("config.view", "v", "As text", "The section as it would stand in the file, or the form again"),
    Key("config.editor", "o", "$EDITOR", "Open the file in your editor"),
    Key("config.discard", "escape", "Back", "One step back; at last, after a question, forget all edits"),
    Key("stats.hour", "h", "Hour", "The last hour, minute by minute"),
    Key("stats.day", "d", "Day", "The last day, in steps of half an hour"),
    Key("stats.week", "w", "Week", "The last week, in steps of three hours"),
    Key("stats.group", "g", "Group", "Group by endpoint, model, client or day"),
    Key("stats.client", "c", "Client", "Only the next kind of client; after the last one everybody"),
    Key("stats.endpoint", "e", "Endpoint", "Only what the next endpoint answered; after the last one all"),
    Key("stats.measure", "t", "Measure", "Chart and shares of requests, tokens or cost"),
    Key("stats.sort", "s", "Sort", "Sort the tables by share, errors, time, tokens or name"),
    Key("stats.pause", "p", "Pause", "Let the figures stand, or go on"),
    Key("stats.open", "enter", "Details", "All figures on a page of their own"),
    Key("stats.export", "x", "CSV", "Write the figures into a new CSV file"),
    Key("inspector.back", "escape", "Back", "Close it"),
    Key("inspector.next_request", "j", "Next request", "The request below this one in the list", "Next/prev request"),
    Key(
        "inspector.previous_request",
        "k",
        "Previous request",
        "The request above this one in the list",
        "Next/prev request",
    ),
    Key("inspector.previous_tab", "left_square_bracket", "Tab to the left", "The tab to the left", "Tab"),
    Key("inspector.next_tab", "right_square_bracket", "Tab to the right", "The tab to the right", "Tab"),
    Key("inspector.play", "p", "Play/pause", "Play the stream again at its own pace, pause it, or go on"),
    Key("inspector.slower", "less_than_sign", "Slower", "Play it slower: x16, x4, x1", "Slower/faster"),
    Key("inspector.faster", "greater_than_sign", "Faster", "Play it faster: x1, x4, x16", "Slower/faster"),
    Key("inspector.unfold", "enter", "Open", "Open or close what is folded in this line"),
    Key("inspector.find", "slash", "Find", "Find text in this tab"),
    Key("inspector.next_found", "n", "Next found", "The next line that has it", "Next/prev found"),
    Key("inspector.previous_found", "N", "Previous found", "The line before that has it", "Next/prev found"),
    Key("inspector.more", "m", "All of it", "Lay out the whole body"),
    Key("inspector.pager", "o", "Pager", "Read this tab in your pager"),
    Key("inspector.curl", "u", "As curl", "Copy the last attempt as a curl command; a variable stands for the key"),
    Key("inspector.again", "r", "Send again", "Send it again; says first where it goes and what it costs"),
    Key(
        "inspector.save", "s", "Save", "Save all of it as a ZIP in the current folder; while it runs, this tab as text"
    ),
    Key("replay.send", "s,enter", "Send it", "Send the request again"),
    Key("replay.stay", "escape,n", "Leave it", "Send nothing"),
    Key("detail.back", "escape", "Back", "Close this page"),
    Key("help.back", "escape,question_mark,f1", "Close", "Close the help, or end the search"),
    Key("help.search", "slash", "Search", "Search keys and words"),
    Key("help.change", "k", "Change a key", "Give another key to something this screen does; shows what it writes"),
    Key("help.manual", "o", "Manual", "The help of all screens in your pager"),
    Key("leave.finish", "s,enter", "Stop after they finish", "Take no more requests, finish these, then leave"),
    Key("leave.now", "S", "Stop now", "Interrupt them and leave"),
    Key("leave.stay", "escape,n", "Stay", "Go on"),
    Key("unsaved.save", "s,enter", "Save", "Look at what would be written and save it, then leave"),
    Key("unsaved.drop", "d", "Drop", "Forget it and leave"),
    Key("unsaved.stay", "escape,n", "Stay", "Go on"),
    Key("wizard.next", "enter", "Next", "The next step; the last one writes"),
    Key("wizard.back", "shift+tab", "Back", "The step before"),
    Key("wizard.again", "r", "Probe again", "Ask once more what it speaks"),
    Key("wizard.keep", "space", "Keep/skip", "Use this format, or leave it aside"),
    Key("wizard.cancel", "escape", "Cancel", "Write nothing"),
    Key("keep_table.keep", "k,enter", "Keep the table", "Keep the table, unselected, so that threads can be resumed"),
    Key("keep_table.remove", "r", "Remove it", "Remove it with everything else that was written"),
    Key("keep_table.stay", "escape", "Stay", "Leave everything as it is"),
    Key("discard.discard", "d", "Discard", "Forget these edits"),
    Key("discard.stay", "escape", "Stay", "Go on editing"),
    Key("review.save", "s,enter,ctrl+s", "Save", "Write the file; the previous version is kept"),
    Key("review.stay", "escape", "Back", "Write nothing"),
    Key("importing.save", "s,enter,ctrl+s", "Import", "Write these endpoints; the previous version is kept"),
    Key("importing.stay", "escape", "Back", "Import nothing"),
    Key("table.cursor_up", "up,k", "Up", "The row above", footer=False),
    Key("table.cursor_down", "down,j", "Down", "The row below", footer=False),
    Key("table.page_up", "pageup", "Page up", "A page up", footer=False),
    Key("table.page_down", "pagedown", "Page down", "A page down", footer=False),
    Key("table.first", "home,g", "First", "The first row", footer=False),
    Key("table.last", "end,G", "Last", "The last row", footer=False),
    Key("log.cursor_up", "up,k", "Up", "The row above", footer=False),
    Key("log.cursor_down", "down,j", "Down", "The row below", footer=False),
    Key("log.page_up", "pageup", "Page up", "A page up", footer=False),
    Key("log.page_down", "pagedown", "Page down", "A page down", footer=False),
    Key("log.first", "home,g", "First", "The oldest row", footer=False),
    Key("lines.line_up", "up", "Up", "The line above", footer=False),
    Key("lines.line_down", "down", "Down", "The line below", footer=False),
    Key("lines.page_up", "pageup", "Page up", "A page up", footer=False),
    Key("lines.page_down", "pagedown", "Page down", "A page down", footer=False),
    Key("lines.first", "home,g", "First", "The first line", footer=False),
    Key("lines.last", "end,G", "Last", "The last line; what grows is followed from there", footer=False),
    Key("form.cursor_up", "up,k", "Up", "The setting above", footer=False),
    Key("form.cursor_down", "down,j", "Down", "The setting below", footer=False),
    Key("form.first", "home,g", "First", "The first setting", footer=False),
    Key("form.last", "end,G", "Last", "The last setting", footer=False),
    Key("app.copy", "y", "Copy", "Copy what is selected to the clipboard"),
    Key("app.commands", "ctrl+p", "Commands", "Find every action and endpoint by name", footer=False),
    Key("app.help", "question_mark,f1", "Help", "What this screen shows and which keys work", footer=False),
    Key("app.maximise", "F", "Maximise", "Give the pane in focus the whole screen, or give it back", footer=False),
    Key("app.next_theme", "T", "Theme", "Try the next theme", footer=False),
    Key("app.suspend", "ctrl+z", "To the shell", "Back to the shell until fg, where that stops no proxy", footer=False),
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
