"""The contract over the fake itself: proves that the law book can be kept."""

from __future__ import annotations

import pytest

from tests.control.contract import ControlContract
from tests.control.fake import FakeControl


class TestFake(ControlContract):
    @pytest.fixture
    def control(self) -> FakeControl:
        return FakeControl()
