"""The palette: every action of the screen in front, every mode, every endpoint by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from cccc.control.api import CcccError, EndpointAction, Saved
from tui.format import safe
from tui.keys import EVERYWHERE, KEYS, LISTS
from tui.screens.saving import keep

if TYPE_CHECKING:
    from tui.app import CcccApp

_HIDDEN = {"app.commands", *LISTS}


@dataclass(frozen=True, slots=True)
class Command:
    """One entry: ``area: verb``, what it does in a sentence, and doing it."""

    name: str
    help: str
    run: Callable[[], Any]


class Commands(Provider):
    """What can be done now; entries that would mean nothing are left out."""

    async def discover(self) -> Hits:
        """Everything, while nothing is typed."""
        for command in self._all():
            yield DiscoveryHit(Text(command.name), command.run, text=command.name, help=command.help)

    async def search(self, query: str) -> Hits:
        """What fits the query, the better the higher."""
        matcher = self.matcher(query)
        for command in self._all():
            score = matcher.match(command.name)
            if score > 0:
                # Names hold text from outside: the match is marked in a Text, never by markup.
                yield Hit(score, Text(command.name), command.run, text=command.name, help=command.help)

    @property
    def _app(self) -> CcccApp:
        return self.app  # type: ignore[return-value]

    def _all(self) -> Iterator[Command]:
        yield from self._keys()
        for tab in self._app.tabs:
            yield Command(f"go: {tab.title.lower()}", "Show this screen", partial(self._app.switch_mode, tab.mode))
        yield from self._theme()
        yield from self._endpoints()

    def _keys(self) -> Iterator[Command]:
        enabled = {active.binding.id for active in self.screen.active_bindings.values() if active.enabled}
        for key in KEYS:
            if key.id not in enabled or {key.id, key.context} & _HIDDEN:
                continue
            area = "cccc" if key.context == EVERYWHERE else key.context
            action = key.verb if key.context == EVERYWHERE else f"screen.{key.verb}"
            yield Command(
                f"{area}: {key.label.lower()}", key.tooltip, partial(self._app.run_action, action, self.screen)
            )

    def _theme(self) -> Iterator[Command]:
        name = self._app.theme
        if name != self._app.kept_theme:
            said = "Write ui.theme into the configuration; shows the change first"
            yield Command(f"theme: keep {name}", said, partial(keep, self._app, {"ui.theme": name}, self._kept))

    def _kept(self, saved: Saved) -> None:
        self._app.kept_theme = self._app.theme
        self._app.say(f"theme {self._app.theme} is kept in {saved.path}")

    def _endpoints(self) -> Iterator[Command]:
        control = self._app.control
        for view in self._app.frame.endpoints:
            name = safe(view.name)
            if view.enabled:
                use = partial(self._do, control.use, view.name, seconds=3600.0)
                yield Command(f"{name}: use for an hour", "Put it above all others", use)
            switch, said = (
                (EndpointAction.DISABLE, "Take it out of the ranking until switched on")
                if view.enabled
                else (EndpointAction.ENABLE, "Put it back into the ranking")
            )
            verb = "switch off" if view.enabled else "switch on"
            yield Command(f"{name}: {verb}", said, partial(self._do, control.endpoint_action, view.name, switch))
            reset = partial(self._do, control.endpoint_action, view.name, EndpointAction.RESET)
            yield Command(f"{name}: reset breaker", "Put it back in use at once", reset)

    async def _do(self, work: Callable[..., Any], *args: Any, **more: Any) -> None:
        try:
            await work(*args, **more)
        except CcccError as error:
            self._app.say(str(error), severity="error")
        self._app.feed.ask_again()
