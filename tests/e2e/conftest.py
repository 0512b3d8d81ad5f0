"""Where the tests of the real clients run."""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep them in one process: they start several clients at once themselves, and more of them starve each other."""
    for item in items:
        if item.get_closest_marker("real_clients"):
            item.add_marker(pytest.mark.xdist_group("real clients"))
