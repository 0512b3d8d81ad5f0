from __future__ import annotations

from cccc.proxy.pulse import Pulse


def test_it_counts_the_last_minute_and_shares_the_last_five() -> None:
    pulse = Pulse()
    for ended, error in [(0.0, True), (100.0, True), (250.0, False), (290.0, False), (300.0, False)]:
        pulse.note(ended, error=error)
    assert pulse.per_minute(301.0) == 3
    assert pulse.error_share(301.0) == 0.25
    assert pulse.per_minute(400.0) == 0
    assert pulse.error_share(601.0) is None


def test_it_stays_small() -> None:
    pulse = Pulse()
    for number in range(20_000):
        pulse.note(number / 1_000, error=False)
    assert pulse.per_minute(20.0) == 10_000
