"""What the screens know: a pure fold of snapshots and events into one frozen ``Frame``.

A snapshot is the truth and replaces everything, requests in flight too; events that came while it was asked for are
folded once more over it. Events between two snapshots may come late, twice, out of order or not at all, and never
raise. A request is one ``Row`` from its first event to its end, with a revision that grows whenever
something about it changed, so that whoever has drawn it knows whether to draw it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cccc.control.api import (
    ClientType,
    EndpointChanged,
    EndpointView,
    Event,
    EventsLost,
    Overview,
    Ranking,
    RequestFinished,
    RequestProgress,
    RequestRecord,
    RequestRunning,
    RequestStarted,
    RequestSummary,
    Usage,
    Verdict,
    WireFormat,
)

ROWS_KEPT = 2_000
MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Row:
    """One request as a list shows it. ``verdict`` is ``None`` while it is in flight; times as in ``RequestRecord``."""

    id: str
    revision: int
    time: float
    client: str
    client_type: ClientType
    format: WireFormat
    model: str | None
    stream: bool
    endpoint: str | None = None
    target_format: WireFormat | None = None
    status: int | None = None
    verdict: Verdict | None = None
    ttft_ms: float | None = None
    duration_ms: float | None = None
    attempts: int = 0
    usage: Usage | None = None
    session: str | None = None
    error: str | None = None

    @property
    def live(self) -> bool:
        """Whether it is in flight."""
        return self.verdict is None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the proxy says when it is asked, all at about the same moment. ``rows`` are oldest first."""

    overview: Overview
    endpoints: tuple[EndpointView, ...]
    ranking: Ranking
    ranked_for: ClientType
    rows: tuple[RequestSummary, ...] | None = None
    """The newest of the log; ``None`` where they were not asked for and those that are known stay."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """The proxy does not answer: why, and when (wall time) it is asked again."""

    why: str
    retry_at: float


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything a screen draws from. ``heard`` is the wall time of the last news, ``None`` before the first."""

    now: float
    heard: float | None = None
    overview: Overview | None = None
    endpoints: tuple[EndpointView, ...] = ()
    ranking: Ranking | None = None
    ranked_for: ClientType = ClientType.CLAUDE_CODE
    rows: tuple[Row, ...] = ()
    trouble: Trouble | None = None

    @property
    def live(self) -> int:
        """Requests in flight, as far as is known."""
        return self.overview.in_flight if self.overview else 0

    def endpoint(self, name: str | None) -> EndpointView | None:
        """The endpoint of this name."""
        return next((view for view in self.endpoints if view.name == name), None)

    def row(self, request_id: str | None) -> Row | None:
        """The request with this id."""
        return next((row for row in reversed(self.rows) if row.id == request_id), None)


class DashboardState:
    """Takes what comes, in whatever order, and says on demand what is known."""

    def __init__(self) -> None:
        self.changed = True
        """Whether something happened since the last frame."""
        self.stale = True
        """Whether the proxy should be asked again: an endpoint changed, or events were lost."""
        self.rows_stale = True
        """Whether requests may be missing or wrong."""
        self._snapshot: Snapshot | None = None
        self._rows: dict[str, Row] = {}
        self._heard: float | None = None
        self._trouble: Trouble | None = None
        self._in_flight = 0
        self._tuple: tuple[Row, ...] | None = None
        self._missed: frozenset[str] = frozenset()
        """Requests that the proxy did not name as in flight when it was asked last, and whose end was not heard of."""
        self._meanwhile: list[Event] | None = None
        """What has happened since the proxy was asked; ``None`` while it is not."""

    def asking(self) -> None:
        """The proxy is asked from now on until ``refreshed``: what happens meanwhile may be in its answer or not."""
        self._meanwhile = []

    def refreshed(self, snapshot: Snapshot, now: float) -> None:
        """Take what the proxy says now."""
        self._snapshot, self._heard, self._trouble = snapshot, now, None
        self._in_flight = snapshot.overview.in_flight
        self.changed, self.stale = True, False
        if snapshot.rows is not None:
            self.rows_stale = False
        self._take_rows(snapshot)
        meanwhile, self._meanwhile = self._meanwhile or (), None
        for event in meanwhile:
            self.fold(event, now)

    def fold(self, event: Event, now: float) -> None:
        """Take one event."""
        if self._meanwhile is not None:
            self._meanwhile.append(event)
        self._heard = now
        self.changed = True
        match event:
            case RequestStarted():
                if event.id not in self._rows:
                    self._put(_started(event))
                    self._in_flight += 1
            case RequestProgress():
                self._progress(event)
            case RequestFinished(record):
                known = self._rows.get(record.id)
                if known is not None and known.live:
                    self._in_flight = max(0, self._in_flight - 1)
                if known is None or known.live:
                    self._put(_finished(record, known))
                    self.stale = True
            case EndpointChanged():
                self.stale = True
            case EventsLost():
                self.stale = self.rows_stale = True

    def lost(self, why: str, retry_at: float) -> None:
        """The proxy does not answer; what is known stays, and is old."""
        self._trouble, self._meanwhile = Trouble(why, retry_at), None
        self.changed = self.stale = self.rows_stale = True

    def frame(self, now: float) -> Frame:
        """What is known, with the time that it is."""
        self.changed = False
        if self._tuple is None:
            self._tuple = tuple(self._rows.values())
        known = self._snapshot
        if known is None:
            return Frame(now, self._heard, rows=self._tuple, trouble=self._trouble)
        return Frame(
            now=now,
            heard=self._heard,
            overview=replace(known.overview, in_flight=self._in_flight),
            endpoints=known.endpoints,
            ranking=known.ranking,
            ranked_for=known.ranked_for,
            rows=self._tuple,
            trouble=self._trouble,
        )

    def _progress(self, event: RequestProgress) -> None:
        row = self._rows.get(event.id)
        if row is not None and row.live:
            self._put(replace(_progressed(row, event), revision=row.revision + 1))

    def _put(self, row: Row) -> None:
        self._rows[row.id] = row
        self._tuple = None
        if len(self._rows) > ROWS_KEPT:
            del self._rows[next(iter(self._rows))]

    def _take_rows(self, snapshot: Snapshot) -> None:
        """Those of the log, those whose end we heard (the log may be about to write them), and what is in flight.

        Whose end was missed is in the log. Where that was not asked for this time, it is asked for if the end has still
        not been heard of the next time: as a rule it is on its way.
        """
        known = self._rows
        rows = {row.id: row for row in known.values() if not row.live}
        for summary in snapshot.rows or ():
            rows[summary.id] = _logged(summary, known.get(summary.id))
        for one in snapshot.overview.running:
            if one.start.id not in rows:
                rows[one.start.id] = _running(one, known.get(one.start.id))
            else:  # it has ended since
                self._in_flight = max(0, self._in_flight - 1)
        missed = {row.id: row for row in known.values() if row.live and row.id not in rows}
        if snapshot.rows is None and missed:
            rows |= missed
            self.stale = True
            self.rows_stale |= not self._missed.isdisjoint(missed)
        self._missed = frozenset(missed)
        ordered = sorted(rows.values(), key=lambda row: row.time)[-ROWS_KEPT:]
        if [*known.values()] != ordered:
            self._rows = {row.id: row for row in ordered}
            self._tuple = None


def _started(event: RequestStarted) -> Row:
    return Row(
        id=event.id,
        revision=0,
        time=event.time,
        client=event.client_type.value,
        client_type=event.client_type,
        format=event.format,
        model=event.model,
        stream=event.stream,
    )


def _progressed(row: Row, event: RequestProgress) -> Row:
    attempts = max(row.attempts, event.attempt)
    return replace(row, endpoint=event.endpoint, ttft_ms=event.ttft_ms, attempts=attempts)


def _running(one: RequestRunning, known: Row | None) -> Row:
    row = _started(one.start)
    if one.progress is not None:
        row = _progressed(row, one.progress)
    return row if known is None else _over(row, known)


def _over(row: Row, known: Row) -> Row:
    """A row in place of one that was known: the same, or with a revision of its own."""
    if row.revision != known.revision:
        row = replace(row, revision=known.revision)
    return known if row == known else replace(row, revision=known.revision + 1)


def _finished(record: RequestRecord, known: Row | None) -> Row:
    return Row(
        id=record.id,
        revision=known.revision + 1 if known else 0,
        time=record.time,
        client=record.client,
        client_type=record.client_type,
        format=record.wire_format,
        model=record.model,
        stream=record.stream,
        endpoint=record.endpoint,
        target_format=record.target_format,
        status=record.status,
        verdict=record.verdict,
        ttft_ms=record.ttft_ms,
        duration_ms=record.duration_ms,
        attempts=len(record.attempts),
        usage=record.usage,
        session=record.session,
        error=record.error,
    )


def logged(summary: RequestSummary) -> Row:
    """A row of the log."""
    return _logged(summary, None)


def _logged(summary: RequestSummary, known: Row | None) -> Row:
    row = Row(
        id=summary.id,
        revision=known.revision if known is not None else 0,
        time=summary.time,
        client=summary.client,
        client_type=summary.client_type,
        format=summary.format,
        model=summary.model,
        stream=summary.stream,
        endpoint=summary.endpoint,
        target_format=summary.target_format,
        status=summary.status,
        verdict=summary.verdict,
        ttft_ms=summary.ttft_ms,
        duration_ms=summary.duration_ms,
        attempts=summary.attempts,
        usage=summary.usage,
        session=summary.session,
        error=summary.error,
    )
    return row if known is None else _over(row, known)


@dataclass(frozen=True, slots=True)
class Pulse:
    """Requests of the last minute, those of the last hour that have ended, and the failed among them."""

    per_minute: int
    ended: int
    failed: int

    @property
    def error_share(self) -> float | None:
        return self.failed / self.ended if self.ended else None


def pulses(frame: Frame, failed: frozenset[Verdict]) -> Mapping[str | None, Pulse]:
    """Of what each endpoint answered, by its name, and of the whole proxy under ``None``; quiet ones are missing."""
    counts: dict[str | None, list[int]] = {}
    for row in reversed(frame.rows):
        ago = frame.now - row.time
        if ago >= HOUR:
            break
        sums = counts.get(row.endpoint)
        if sums is None:
            sums = counts[row.endpoint] = [0, 0, 0]
        if ago < MINUTE:
            sums[0] += 1
        if row.verdict is not None:
            sums[1] += 1
            if row.verdict in failed:
                sums[2] += 1
    whole = [sum(figures) for figures in zip(*counts.values(), strict=True)] or [0, 0, 0]
    return {**{name: Pulse(*sums) for name, sums in counts.items()}, None: Pulse(*whole)}


QUIET = Pulse(0, 0, 0)


def ttft_by_minute(frame: Frame, minutes: int) -> Mapping[str, tuple[float | None, ...]]:
    """Mean time to first byte in milliseconds per endpoint and minute, oldest first; ``None`` without an answer."""
    sums: dict[str, list[tuple[float, int]]] = {view.name: [(0.0, 0)] * minutes for view in frame.endpoints}
    for row in frame.rows:
        ago = int((frame.now - row.time) // MINUTE)
        if row.endpoint in sums and row.ttft_ms is not None and 0 <= ago < minutes:
            total, number = sums[row.endpoint][minutes - 1 - ago]
            sums[row.endpoint][minutes - 1 - ago] = (total + row.ttft_ms, number + 1)
    return {name: tuple(total / number if number else None for total, number in cells) for name, cells in sums.items()}
