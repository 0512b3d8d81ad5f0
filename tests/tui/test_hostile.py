"""No text from outside steers the terminal or breaks a screen: the corpus in every field of every screen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from cccc.control.api import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    FlowEnded,
    FlowPiece,
    Loss,
    RequestStarted,
    StatsKey,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from cccc.errors import ControlError
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui import counted
from tests.tui.corpus import HOSTILE, assert_harmless
from tests.tui.counted import Counted
from tests.tui.pilot import SMALL, WIDE, Screens, screens
from tui.inspector.tabs import Tab
from tui.screens.inspector import InspectorScreen

pytestmark = pytest.mark.anyio

_AT_ONCE = 30
PORTIONS = [HOSTILE[start : start + _AT_ONCE] for start in range(0, len(HOSTILE), _AT_ONCE)]


def hostile_world(texts: Sequence[str]) -> FakeControl:
    """A proxy whose every name, model, error and header is one of these."""
    some = cycle(texts)
    fake = FakeControl()
    records = [
        replace(
            record,
            id=f"req_{number}",
            time=world.NOW - 100 + number,
            client=next(some),
            model=next(some),
            endpoint=next(some),
            error=next(some),
            session=next(some),
            client_reason=next(some),
            notes={next(some): next(some)},
            response_headers=((next(some), next(some)),),
            response_body=next(some).encode("utf-8", "surrogatepass"),
            attempts=tuple(
                replace(
                    attempt,
                    endpoint=next(some),
                    error=next(some),
                    model_sent=next(some),
                    response_body=b"data: " + next(some).encode("utf-8", "surrogatepass"),
                )
                for attempt in record.attempts
            ),
        )
        for number, record in zip(range(len(texts)), cycle(world.RECORDS), strict=False)
    ]
    fake.records = records
    fake.views = {
        text: replace(
            world.BETA,
            name=text, urls=(next(some),), auth=next(some), models=(next(some),), tags=(next(some),), reason=next(some),
            last_error=next(some), causes=(next(some),),
        )
        for text in texts
    }  # fmt: skip
    return fake


def look(shown: Screens) -> None:
    strips = shown.app.screen._compositor.render_strips()
    assert len(strips) == shown.app.size.height
    assert_harmless(strips, shown.app.size.width)


def texts() -> list[object]:
    return [pytest.param(portion, id=str(number)) for number, portion in enumerate(PORTIONS)]


def test_the_corpus_is_large() -> None:
    assert len(set(HOSTILE)) >= 80


@pytest.mark.parametrize("portion", texts())
async def test_endpoints(portion: Sequence[str]) -> None:
    async with screens(hostile_world(portion), size=WIDE) as shown:
        await shown.until(lambda: shown.app.frame.endpoints)
        for _ in range(3):
            look(shown)
            await shown.press("down", "y")
        await shown.press("enter")
        look(shown)


@pytest.mark.parametrize("portion", texts())
async def test_requests(portion: Sequence[str]) -> None:
    async with screens(hostile_world(portion), size=SMALL, keys=("3",)) as shown:
        await shown.until(lambda: shown.app.frame.rows)
        look(shown)
        for key in ("up", "y", "pageup", "enter"):
            await shown.press(key)
            look(shown)


def hostile_flow(texts: Sequence[str]) -> Iterator[FlowPiece]:
    """A request whose every word comes from somebody who means harm."""
    some = cycle(text[:20_000] for text in texts)
    for number in range(1, 4):
        bodies = [
            json.dumps({next(some): next(some), "messages": [{"role": next(some), "content": next(some)}] * 3})
            for _ in range(2)
        ]
        asked, sent = (body.encode("utf-8", "surrogatepass") for body in bodies)
        headers = ((next(some), next(some)), ("x-api-key", next(some)))
        yield ClientAsked(next(some), next(some), headers, asked)
        yield UpstreamAsked(number, next(some), next(some), next(some), headers, sent, True, 1.0 * number)
        yield UpstreamAnswered(number, 200, headers, 2.0 * number)
        for text in texts:
            data = json.dumps({"choices": [{"delta": {"content": text[:20_000], "reasoning": next(some)[:999]}}]})
            yield UpstreamSaid(number, text[:99], data.encode(), 3.0)
            yield ClientGot(next(some)[:99], next(some).encode("utf-8", "surrogatepass"), 4.0)
        yield UpstreamSaid(number, "", json.dumps({"choices": [{"delta": {}, "finish_reason": next(some)}]}).encode())
        yield UpstreamEnded(number, next(some), 5.0 * number)
        yield ClientAnswered(200, headers, 6.0 * number)
    losses = tuple(Loss(next(some)[:999], next(some)[:999], next(some)[:999]) for _ in texts)
    notes = {next(some)[:999]: next(some)}
    yield FlowEnded(replace(world.FAILED_OVER, id="req_0", losses=losses, notes=notes, error=next(some)))


@pytest.mark.parametrize("size", [WIDE, SMALL], ids=["wide", "small"])
@pytest.mark.parametrize("portion", texts())
async def test_every_tab_of_the_inspector(portion: Sequence[str], size: tuple[int, int]) -> None:
    fake = hostile_world(portion)
    with fake.runs("req_0") as flow:
        for piece in hostile_flow(portion):
            flow.send_nowait(piece)
        async with screens(fake, size=size, keys=("3", "home", "enter")) as shown:
            inspector = shown.app.screen
            assert isinstance(inspector, InspectorScreen)
            await shown.until(lambda: inspector.seen.ended and inspector.quiet)
            for _ in Tab:
                look(shown)
                await shown.press("y", "p", "end", "enter")
                look(shown)
                await shown.press("right_square_bracket")
                await shown.until(lambda: inspector.quiet)


@pytest.mark.parametrize("portion", texts())
async def test_routing(portion: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = world.RANKING.order
    some = cycle(portion)
    order = tuple(
        replace(one, name=name, rank=rank, model_sent=next(some))
        for rank, (one, name) in enumerate(zip(cycle((first, second)), portion[::2], strict=False), 1)
    )
    excluded = tuple(replace(world.RANKING.excluded[0], name=name, reason=next(some)) for name in portion[1::2])
    monkeypatch.setattr(world, "RANKING", replace(world.RANKING, order=order, excluded=excluded))
    fake = hostile_world(portion)
    fake.records = [replace(record, ranking=world.RANKING) for record in fake.records]
    async with screens(fake, size=WIDE, keys=("2",)) as shown:
        await shown.until(lambda: "Why is" in shown.text())
        for keys in ("x", "minus", "down", "y", "m", "escape", "w"):
            await shown.press(keys)
            look(shown)


@pytest.mark.parametrize("portion", texts())
async def test_stats(portion: Sequence[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    names = (*portion, "1", "2", "3", "4")
    crowd = [(512, 1, 1_600.0, 7_100_000, 138_000, 61.0)] * len(names)
    monkeypatch.setattr(counted, "KEYS", dict.fromkeys(StatsKey, names))
    monkeypatch.setattr(counted, "CROWD", crowd)
    fake = Counted()
    fake.views = hostile_world(portion).views
    async with screens(fake, size=SMALL if portion is PORTIONS[0] else WIDE, keys=("4",)) as shown:
        await shown.until(lambda: "842" in shown.text())
        for key in ("e", "e", "x", "enter"):
            await shown.press(key)
            look(shown)


@pytest.mark.parametrize("portion", texts())
async def test_the_palette_and_remarks(portion: Sequence[str]) -> None:
    async with screens(hostile_world(portion)) as shown:
        await shown.until(lambda: shown.app.frame.endpoints)
        for text in portion[:5]:
            shown.app.say(text[:3_000], severity="error")
        await shown.press("ctrl+p")
        await shown.until(lambda: "endpoints:" in shown.text())
        look(shown)


@pytest.mark.parametrize("portion", texts())
async def test_live_rows_header_and_filter(portion: Sequence[str]) -> None:
    fake = FakeControl()
    async with screens(fake, keys=("3",)) as shown:
        for number, text in enumerate(portion):
            fake.emit(
                RequestStarted(f"req_{number}", world.NOW, world.OK.client_type, world.OK.wire_format, text, True)
            )
        await shown.until(lambda: len(shown.app.frame.rows) > len(portion))
        look(shown)
        for text in portion[:3]:
            shown.front.query_one("#filter").value = f"status:{text}"  # type: ignore[attr-defined]
            await shown.pilot.pause()
            look(shown)


async def test_trouble_and_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeControl()
    monkeypatch.setattr(
        world, "OVERVIEW", replace(world.OVERVIEW, version="\x1b[2J", address="\x1b[2J", warnings=HOSTILE)
    )
    async with screens(fake) as shown:
        look(shown)

        async def gone(*_: object) -> object:
            raise ControlError("\x1b]52;c;ZXZpbA==\x07")

        monkeypatch.setattr(fake, "overview", gone)
        await shown.until(lambda: shown.app.frame.trouble)
        look(shown)
