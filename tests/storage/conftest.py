"""A store in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cccc.storage.policy import LogPolicy
from cccc.storage.store import Store
from tests.clock import ManualClock

OpenStore = Callable[..., Store]


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def open_store(tmp_path: Path, clock: ManualClock, warnings: list[str]) -> Iterator[OpenStore]:
    """Opens stores on the same folder and closes them at the end."""
    opened: list[Store] = []

    def opener(policy: LogPolicy = LogPolicy(), **options: Any) -> Store:  # noqa: B008
        store = Store.open(tmp_path / "state", clock, policy, warn=warnings.append, **options)
        opened.append(store)
        return store

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()
