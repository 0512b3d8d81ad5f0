"""The moving average of layer 4."""

from __future__ import annotations

import pytest

from cccc.domain.response_time import FORGOTTEN_AFTER, WEIGHT, ResponseTime, measured


def test_the_first_measurement_is_the_mean() -> None:
    assert measured(None, 800.0, 10.0) == ResponseTime(800.0, 10.0)


def test_a_new_measurement_counts_with_its_weight() -> None:
    assert measured(ResponseTime(1000.0, 10.0), 500.0, 20.0).ms == pytest.approx(1000 - WEIGHT * 500)


def test_an_old_mean_is_forgotten() -> None:
    old = ResponseTime(1000.0, 10.0)
    assert old.current(10.0 + FORGOTTEN_AFTER) == 1000.0
    assert old.current(10.1 + FORGOTTEN_AFTER) is None
    assert measured(old, 200.0, 11.0 + FORGOTTEN_AFTER).ms == 200.0
