"""Screens in a fixed world: local time is UTC, nobody's colours."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.control.fake import FakeControl


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC, and the terminal has colours."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        patch.delenv("NO_COLOR", raising=False)
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def fake() -> FakeControl:
    return FakeControl()
