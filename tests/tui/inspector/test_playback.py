"""Playing a stream again: the position follows the clock, whatever is pressed when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cccc.control.api import ClientGot, UpstreamSaid
from tests.clock import ManualClock
from tui.inspector.playback import SPEEDS, Playback
from tui.inspector.seen import Both

steps = st.lists(st.one_of(st.floats(0.0, 5.0), st.sampled_from(["pause", "faster", "slower"])), max_size=30)


@given(steps)
def test_it_never_goes_back_and_never_beyond_the_end(done: list[float | str]) -> None:
    clock = ManualClock()
    playback = Playback(100.0, 9_000.0, clock.monotonic)
    wanted = 100.0
    for step in done:
        before = playback.position_ms
        match step:
            case "pause":
                playback.pause()
            case "faster" | "slower":
                playback.change_speed(1 if step == "faster" else -1)
            case float():
                wanted += step * 1000.0 * playback.speed * playback.playing
                clock.advance(step)
        assert before - 0.001 <= playback.position_ms <= 9_000.0
        assert abs(playback.position_ms - min(wanted, 9_000.0)) < 0.01
        assert playback.speed in SPEEDS
    assert playback.over is (playback.position_ms >= 9_000.0)


def test_what_it_says() -> None:
    clock = ManualClock()
    playback = Playback(0.0, 9_662.0, clock.monotonic)
    playback.change_speed(1)
    clock.advance(0.3085)
    assert playback.said() == "playing x4  +1 234 of 9 662 ms"
    playback.pause()
    assert playback.said() == "paused x4  +1 234 of 9 662 ms"


def test_a_line_shows_the_sides_that_were_there_by_then() -> None:
    said, got = UpstreamSaid(1, "", b"1", 10.0), ClientGot("", b"1", 12.0)
    both = Both(said, got)
    assert [both.until(at) for at in (9.0, 10.0, 12.0)] == [Both(), Both(said), both]
    unknown = Both(UpstreamSaid(1, "", b"1", None))
    assert unknown.until(0.0) == unknown, "what came nobody knows when was there before"
