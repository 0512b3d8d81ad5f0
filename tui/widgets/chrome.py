"""What frames every screen: the line of the proxy above, the tabs, and the keys that apply below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from textual.events import Click

from tui import format as fmt
from tui.keys import EVERYWHERE, KEYS
from tui.state import Frame
from tui.widgets.drawn import Written
from tui.widgets.line import Piece

if TYPE_CHECKING:
    from tui.app import CcccApp


class _Line(Written):
    """One line across the screen, made of pieces. ``hits`` are (first cell, last cell, action) for the mouse."""

    DEFAULT_CSS = "_Line { height: 1; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.hits: list[tuple[int, int, str]] = []

    @property
    def cccc(self) -> CcccApp:
        """The app."""
        return self.app  # type: ignore[return-value]

    async def on_click(self, event: Click) -> None:
        """Do what stands under the mouse."""
        for first, last, action in self.hits:
            if first <= event.x <= last:
                await self.app.run_action(action)


class HeaderLine(_Line):
    """Which proxy, how long it runs, what it does; in trouble, what is wrong with it."""

    def written(self) -> list[list[Piece]]:
        frame, width = self.cccc.frame, self.size.width
        right = self._right(frame)
        left = _said(header(frame, self.cccc), width - sum(cell_len(part) for part, _ in right) - 1)
        space = width - sum(cell_len(part) for part, _ in (*left, *right))
        return [[*left, (" " * max(0, space), Style.null()), *right]]

    def _right(self, frame: Frame) -> list[Piece]:
        app = self.cccc
        pid = (
            f"{'attached' if app.attached else 'own'} {app.glyphs.dot} pid {frame.overview.pid}  "
            if frame.overview
            else ""
        )
        if self.size.width < 100:
            pid = ""
        return [(pid, app.palette["dim"]), (f"{fmt.clock(frame.now, precise=False)} ", Style.null())]


def header(frame: Frame, app: CcccApp) -> list[Piece]:
    """What the proxy does, or what is wrong with it."""
    glyphs, palette = app.glyphs, app.palette
    if frame.trouble is not None:
        left = max(0, round(frame.trouble.retry_at - frame.now))
        since = f", last data {fmt.clock(frame.heard)}" if frame.heard is not None else ""
        return [(f" {glyphs.failed} proxy gone, retrying in {left} s{since} ", palette["error"] + Style(bold=True))]
    known = frame.overview
    if known is None:
        return [(" cccc ", palette["bold"]), (f"{glyphs.bar} asking the proxy", palette["dim"])]
    bar = (f" {glyphs.bar} ", palette["dim"])
    address = (known.address or "no proxy").removeprefix("http://")
    up = f"  up {fmt.waiting(frame.now - known.started)}" if known.started is not None else ""
    usable = "success" if known.endpoints_usable else "error"
    doing = app.pulses[None]
    pieces: list[Piece] = [
        (f" cccc {_short(known.version)}", palette["bold"]),
        bar,
        (glyphs.healthy if known.endpoints_usable else glyphs.failed, palette[usable]),
        (f" {fmt.safe(address)}{up}", Style.null()),
        bar,
    ]
    if not frame.rows:
        return [*pieces, ("no requests yet", palette["dim"])]
    pieces.append((f"{doing.per_minute} req/min  {frame.live} live", Style.null()))
    if doing.error_share is not None:
        pieces.append((f"  {fmt.share(doing.error_share)} err", palette["error"] if doing.failed else Style.null()))
    return pieces


def _short(version: str) -> str:
    return ".".join(fmt.safe(version).split(".")[:2])


def _said(pieces: Sequence[Piece], room: int) -> list[Piece]:
    """As many of the pieces as there is room for."""
    kept: list[Piece] = []
    for said, style in pieces:
        short = fmt.cut(said, room)
        kept.append((short, style))
        room -= cell_len(short)
        if short != said:
            break
    return kept


class TabLine(_Line):
    """The modes, the one in front in brackets."""

    def written(self) -> list[list[Piece]]:
        app, pieces = self.cccc, list[Piece]()
        self.hits = []
        at = 0
        for tab in app.tabs:
            current = app.current_mode == tab.mode
            label = f"[{tab.digit} {tab.title}] " if current else f" {tab.digit} {tab.title}  "
            pieces.append((label, Style(bold=True) if current else app.palette["dim"]))
            self.hits.append((at, at + len(label) - 2, f"app.go('{tab.mode}')"))
            at += len(label)
        right = "^p commands   ? help "
        pieces.append((" " * (self.size.width - at - len(right)), Style.null()))
        if self.size.width - at > len(right):
            pieces.append((right, app.palette["dim"]))
            at = self.size.width - len(right)
            self.hits += [(at, at + 10, "app.commands"), (at + 14, at + 19, "app.help")]
        return [pieces]


class InnerTabs(_Line):
    """The tabs inside a pane, the one in front in brackets, with a line under them. ``go`` shows one by its place.

    Where there is not room for all, only the one in front has its count: the words behind the first digit.
    """

    DEFAULT_CSS = "InnerTabs { height: 2; }"

    def __init__(self, go: Callable[[int], object]) -> None:
        super().__init__()
        self._go = go
        self._names: tuple[tuple[str, bool], ...] = ()

    def show(self, names: Sequence[tuple[str, bool]]) -> None:
        """Name these; each with whether it is the one in front."""
        self._names = tuple(names)
        self.rewrite()

    def written(self) -> list[list[Piece]]:
        app, pieces, width = self.cccc, list[Piece](), self.size.width
        names = list(self._names)
        if sum(cell_len(name) + 3 for name, _ in names) > width:
            names = [(name if front else name.split(" ")[0] if _counts(name) else name, front) for name, front in names]
        self.hits = []
        at = 0
        for place, (name, front) in enumerate(names):
            label = fmt.cut(f"[{name}] " if front else f" {name}  ", max(0, width - at))
            if sum(cell_len(name) + 3 for name, _ in names) > width:
                label = fmt.cut(f"[{name}] " if front else f"{name} ", max(0, width - at))
            pieces.append((label, Style(bold=True) if front else app.palette["dim"]))
            self.hits.append((at, at + cell_len(label) - 2, str(place)))
            at += cell_len(label)
        return [pieces, [(app.glyphs.rule * width, app.palette["dim"])]]

    async def on_click(self, event: Click) -> None:
        """Show the tab under the mouse."""
        for first, last, place in self.hits:
            if event.y == 0 and first <= event.x <= last:
                self._go(int(place))


def _counts(name: str) -> bool:
    return any(char.isdigit() for char in name)


class RuleLine(_Line):
    """A line between the tabs and the screen; the proxy's own warnings stand in it."""

    def written(self) -> list[list[Piece]]:
        app, width = self.cccc, self.size.width
        warnings = app.frame.overview.warnings if app.frame.overview else ()
        if not warnings:
            return [[(app.glyphs.rule * width, app.palette["dim"])]]
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        said = fmt.cut(f" ! {fmt.safe(warnings[0])}", width - len(more)) + more
        return [[(fmt.fit(said, width), app.palette["warning"])]]


class KeyLine(_Line):
    """The keys that apply now, in the order of the table, under the names that the user gave them."""

    def on_mount(self) -> None:
        """Follow what may be pressed."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def written(self) -> list[list[Piece]]:
        palette, pieces = self.cccc.palette, list[Piece]()
        self.hits = []
        at = 0
        for keys, label, action in footer(self.cccc):
            if at + cell_len(keys) + cell_len(label) + 2 > self.size.width:
                break
            pieces += [(f" {keys}", palette["accent"] + Style(bold=True)), (f" {label} ", Style.null())]
            width = cell_len(keys) + cell_len(label) + 3
            self.hits.append((at, at + width - 2, action))
            at += width
        return [pieces]


def footer(app: CcccApp) -> list[tuple[str, str, str]]:
    """(keys, label, action) of what the footer shows, in the table's order; a pair of keys stands there once.

    Where nothing of the screen applies, help and leaving are what is left.
    """
    always = {"app.help", "app.leave"}
    names = {
        active.binding.id: app.get_key_display(active.binding)
        for active in reversed(app.screen.active_bindings.values())  # of several keys the first one counts
        if active.enabled
    }
    shown: dict[str, tuple[str, str, str]] = {}
    footed = {key.id for key in KEYS if key.footer and key.id in names} or always
    for key in KEYS:
        if key.id not in footed or key.id not in names:
            continue
        label, name = key.pair or key.label, names[key.id]
        if label in shown:
            name = f"{shown[label][0]}/{name}"
        shown[label] = (name, label, f"{'app' if key.context == EVERYWHERE else 'screen'}.{key.verb}")
    return list(shown.values())
