"""The fold of snapshots and events: whatever comes in whatever order, it never raises, and a snapshot puts it right."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.control.api import (
    ClientType,
    EndpointChanged,
    Event,
    EventsLost,
    Overview,
    RequestFinished,
    RequestProgress,
    RequestRecord,
    RequestRunning,
    RequestStarted,
    Verdict,
    WireFormat,
)
from tests.control import world
from tui import state
from tui.state import DashboardState, Frame, Row, Snapshot, pulses, ttft_by_minute
from tui.theme import FAILED

ROWS = tuple(world.summary(record, seq) for seq, record in enumerate(world.RECORDS, 1))
SNAPSHOT = Snapshot(world.OVERVIEW, world.ENDPOINTS, world.RANKING, ClientType.CLAUDE_CODE, ROWS)
IDS = [*(record.id for record in world.RECORDS), "req_new", "req_other"]


def started(request_id: str, ago: float = 1.0) -> RequestStarted:
    return RequestStarted(request_id, world.NOW - ago, ClientType.CODEX, WireFormat.OPENAI_RESPONSES, "gpt-5.2", True)


def progress(request_id: str, attempt: int = 1) -> RequestProgress:
    return RequestProgress(request_id, "beta", attempt, 300.0, 1_000)


def finished(request_id: str) -> RequestFinished:
    return RequestFinished(replace(world.OK, id=request_id, time=world.NOW - 1))


events = st.one_of(
    st.builds(started, st.sampled_from(IDS), st.floats(0, 100)),
    st.builds(progress, st.sampled_from(IDS), st.integers(1, 6)),
    st.builds(finished, st.sampled_from(IDS)),
    st.builds(EndpointChanged, st.sampled_from(["alpha", "delta"])),
    st.builds(EventsLost, st.integers(1, 1000)),
)
snapshots = st.builds(
    lambda live, rows: replace(SNAPSHOT, overview=replace(world.OVERVIEW, in_flight=live), rows=ROWS if rows else None),
    st.integers(0, 5),
    st.booleans(),
)


def follow(steps: list[Event | Snapshot]) -> DashboardState:
    known = DashboardState()
    for step in steps:
        if isinstance(step, Snapshot):
            known.refreshed(step, world.NOW)
        else:
            known.fold(step, world.NOW)
        known.frame(world.NOW)
    return known


RUNNING = tuple(
    RequestRunning(started(name, ago), progress(name) if ago < 5 else None)
    for name, ago in (("req_x", 9), ("req_y", 2))
)


@given(st.lists(st.one_of(events, snapshots), max_size=40))
def test_what_is_in_flight_has_its_row_at_once(steps: list[Event | Snapshot]) -> None:
    known = follow(steps)
    snapshot = replace(SNAPSHOT, overview=replace(world.OVERVIEW, running=RUNNING, in_flight=2))
    known.refreshed(snapshot, world.NOW)
    frame = known.frame(world.NOW)
    live = [without_revision(row) for row in frame.rows if row.live]
    assert live == [without_revision(row) for row in follow([snapshot]).frame(world.NOW).rows if row.live]
    assert [(row.id, row.endpoint, row.ttft_ms) for row in live] == [("req_x", None, None), ("req_y", "beta", 300.0)]
    assert frame.live == 2


@dataclass
class Proxy:
    """What is true, and what the screens are told of it: any event may be lost, the answers never lie."""

    known: DashboardState = field(default_factory=DashboardState)
    live: dict[str, RequestRunning] = field(default_factory=dict)
    ended: list[RequestRecord] = field(default_factory=list)
    overview: Overview | None = None
    number: int = 0

    def tell(self, event: Event, lost: bool) -> None:
        if not lost:
            self.known.fold(event, world.NOW)

    def do(self, what: str, lost: bool) -> None:
        match what:
            case "start":
                self.number += 1
                event = started(f"req_{self.number}", 100.0 - self.number)
                self.live[event.id] = RequestRunning(event, None)
                self.tell(event, lost)
            case "progress" if self.live:
                name, one = next(iter(self.live.items()))
                self.live[name] = replace(one, progress=progress(name))
                self.tell(progress(name), lost)
            case "finish" if self.live:
                name = next(iter(self.live))
                start = self.live.pop(name).start
                self.ended.append(replace(world.OK, id=name, time=start.time))
                self.tell(RequestFinished(self.ended[-1]), lost)
            case "ask":
                self.known.asking()
                self.overview = replace(world.OVERVIEW, running=tuple(self.live.values()), in_flight=len(self.live))
            case "told" if self.overview is not None:
                rows = tuple(world.summary(record, seq) for seq, record in enumerate(self.ended, 1))
                self.known.refreshed(replace(SNAPSHOT, overview=self.overview, rows=rows), world.NOW)
                self.overview = None


@given(
    st.lists(st.tuples(st.sampled_from(["start", "progress", "finish", "ask", "told"]), st.booleans()), max_size=40),
    st.lists(st.sampled_from(["start", "progress", "finish"]), max_size=8),
)
def test_what_happens_while_the_proxy_is_asked_is_neither_lost_nor_doubled(
    before: list[tuple[str, bool]], meanwhile: list[str]
) -> None:
    proxy = Proxy()
    for what, lost in before:
        proxy.do(what, lost)
    for what in ("ask", *meanwhile, "told", *meanwhile):
        proxy.do(what, lost=False)
    frame = proxy.known.frame(world.NOW)
    assert {row.id for row in frame.rows if row.live} == set(proxy.live)
    assert {row.id for row in frame.rows if not row.live} == {record.id for record in proxy.ended}
    assert frame.live == len(proxy.live)


def without_revision(row: Row) -> Row:
    return replace(row, revision=0)


@given(st.lists(st.one_of(events, snapshots), max_size=40))
def test_after_a_fresh_snapshot_everything_is_as_the_proxy_says(steps: list[Event | Snapshot]) -> None:
    known = follow(steps)
    known.refreshed(SNAPSHOT, world.NOW)
    frame = known.frame(world.NOW)
    fresh = follow([SNAPSHOT]).frame(world.NOW)
    assert replace(frame, rows=()) == replace(fresh, rows=())
    heard = {step.record.id for step in steps if isinstance(step, RequestFinished)}
    logged = [without_revision(row) for row in frame.rows if not row.live and row.id not in heard - set(IDS[:4])]
    assert sorted(logged, key=lambda row: row.id) == [without_revision(row) for row in fresh.rows]
    assert not any(row.live for row in frame.rows), "none is in flight"
    assert (known.stale, known.rows_stale) == (False, False)


@given(st.lists(events, max_size=60))
def test_a_revision_grows_with_every_change(steps: list[Event]) -> None:
    known = DashboardState()
    seen: dict[str, Row] = {}
    for event in steps:
        known.fold(event, world.NOW)
        for row in known.frame(world.NOW).rows:
            before = seen.get(row.id)
            assert before is None or row == before or row.revision > before.revision
            seen[row.id] = row


def test_a_request_from_its_start_to_its_end() -> None:
    known = follow([replace(SNAPSHOT, overview=replace(world.OVERVIEW, in_flight=0)), started("req_new")])
    frame = known.frame(world.NOW)
    assert (frame.live, frame.rows[-1].id, frame.rows[-1].live) == (1, "req_new", True)
    known.fold(progress("req_new", attempt=2), world.NOW)
    row = known.frame(world.NOW).rows[-1]
    assert (row.endpoint, row.ttft_ms, row.attempts) == ("beta", 300.0, 2)
    known.fold(finished("req_new"), world.NOW)
    frame = known.frame(world.NOW)
    assert (frame.live, frame.rows[-1].verdict, frame.rows[-1].status) == (0, Verdict.OK, 200)
    known.fold(progress("req_new"), world.NOW)
    assert known.frame(world.NOW).rows[-1].verdict is Verdict.OK, "late news change nothing"


def test_a_request_whose_end_was_missed_is_gone_when_the_proxy_has_none() -> None:
    known = follow([SNAPSHOT, started("req_new"), EventsLost(1)])
    assert known.rows_stale
    known.refreshed(replace(SNAPSHOT, overview=replace(world.OVERVIEW, in_flight=0)), world.NOW)
    assert "req_new" not in {row.id for row in known.frame(world.NOW).rows}


def test_the_log_is_asked_only_where_the_end_of_a_request_stays_unheard() -> None:
    none_running = replace(SNAPSHOT, overview=replace(world.OVERVIEW, in_flight=0), rows=None)
    known = follow([SNAPSHOT, started("req_new"), none_running])
    assert (known.stale, known.rows_stale) == (True, False), "its end is on its way, as a rule"
    known.fold(finished("req_new"), world.NOW)
    known.refreshed(none_running, world.NOW)
    assert (known.stale, known.rows_stale) == (False, False)
    known = follow([SNAPSHOT, started("req_new"), none_running, none_running])
    assert known.rows_stale
    assert known.frame(world.NOW).row("req_new") is not None, "nobody knows yet what became of it"


def test_a_request_that_the_log_has_not_written_yet_stays() -> None:
    known = follow([started("req_new"), finished("req_new"), SNAPSHOT])
    assert known.frame(world.NOW).row("req_new") is not None


def test_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "ROWS_KEPT", 5)
    known = follow([finished(f"req_{number}") for number in range(9)])
    assert [row.id for row in known.frame(world.NOW).rows] == [f"req_{number}" for number in range(4, 9)]


def test_a_long_day_takes_no_more_room_than_a_full_log() -> None:
    known = follow([replace(SNAPSHOT, overview=replace(world.OVERVIEW, in_flight=0))])
    for number in range(5_000):
        known.fold(started(f"req_{number}"), world.NOW)
        known.fold(progress(f"req_{number}"), world.NOW)
        if number % 10:
            known.fold(finished(f"req_{number}"), world.NOW)
    frame = known.frame(world.NOW)
    assert len(frame.rows) == len(known._rows) == state.ROWS_KEPT
    assert frame.rows[-1].id == "req_4999"
    known.refreshed(replace(SNAPSHOT, overview=replace(world.OVERVIEW, in_flight=0)), world.NOW)
    assert not any(row.live for row in known.frame(world.NOW).rows), "those whose end was missed are gone"


def test_trouble_keeps_what_is_known_until_it_is_over() -> None:
    known = follow([SNAPSHOT])
    known.lost("the proxy has stopped", world.NOW + 3)
    frame = known.frame(world.NOW + 1)
    assert (frame.trouble, frame.heard) == (state.Trouble("the proxy has stopped", world.NOW + 3), world.NOW)
    assert frame.endpoints == world.ENDPOINTS
    known.refreshed(SNAPSHOT, world.NOW + 3)
    assert known.frame(world.NOW + 3).trouble is None


def test_frames_share_what_did_not_change() -> None:
    known = follow([SNAPSHOT])
    assert known.frame(world.NOW).rows is known.frame(world.NOW + 1).rows


def test_the_pulse_of_the_whole_and_of_each_endpoint() -> None:
    frame = follow([SNAPSHOT, started("req_new")]).frame(world.NOW)
    counted = pulses(frame, FAILED)
    assert counted[None] == state.Pulse(per_minute=3, ended=4, failed=1)
    assert counted["alpha"] == state.Pulse(per_minute=1, ended=2, failed=0)
    assert counted[None].error_share == 0.25
    assert pulses(Frame(world.NOW), FAILED)[None] == state.QUIET
    assert state.QUIET.error_share is None


def test_the_strip_has_the_mean_of_each_minute() -> None:
    frame = follow([SNAPSHOT]).frame(world.NOW)
    assert ttft_by_minute(frame, 3) == {
        "alpha": (598.0, None, 598.0),
        "beta": (None, 850.5, None),
        "gamma": (None, None, None),
    }
