"""The screens. A mode is one line in ``TABS``; its digit, tab, palette entry and help follow from that line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui.screens.base import Dashboard
from tui.screens.clients import ClientsScreen
from tui.screens.config import ConfigScreen
from tui.screens.endpoints import EndpointsScreen
from tui.screens.requests import RequestsScreen
from tui.screens.routing import RoutingScreen
from tui.screens.stats import StatsScreen


@dataclass(frozen=True, slots=True)
class Tab:
    """One mode: its name in code, keys and help file, the digit that shows it, its title, and what makes its screen."""

    mode: str
    digit: str
    title: str
    screen: Callable[[], Dashboard]


TABS: tuple[Tab, ...] = (
    Tab("endpoints", "1", "Endpoints", EndpointsScreen),
    Tab("routing", "2", "Routing", RoutingScreen),
    Tab("requests", "3", "Requests", RequestsScreen),
    Tab("stats", "4", "Stats", StatsScreen),
    Tab("clients", "5", "Clients", ClientsScreen),
    Tab("config", "6", "Config", ConfigScreen),
)
