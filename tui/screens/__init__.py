"""The screens. A mode is one line in ``TABS``; its digit, tab, palette entry and help follow from that line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui.screens.base import Dashboard
from tui.screens.endpoints import EndpointsScreen
from tui.screens.requests import RequestsScreen


@dataclass(frozen=True, slots=True)
class Tab:
    """One mode: its name in code, keys and help file, the digit that shows it, its title, and what makes its screen."""

    mode: str
    digit: str
    title: str
    screen: Callable[[], Dashboard]


TABS: tuple[Tab, ...] = (
    Tab("endpoints", "1", "Endpoints", EndpointsScreen),
    Tab("requests", "3", "Requests", RequestsScreen),
)
