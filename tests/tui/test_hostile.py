"""No text from outside steers the terminal or breaks a screen: the corpus in every field of every screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle

import pytest

from cccc.control.api import RequestStarted
from cccc.errors import ControlError
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.corpus import HOSTILE, assert_harmless
from tests.tui.pilot import SMALL, WIDE, Screens, screens

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
            attempts=tuple(
                replace(attempt, endpoint=next(some), error=next(some), model_sent=next(some))
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


def texts() -> Iterator[object]:
    for number, portion in enumerate(PORTIONS):
        yield pytest.param(portion, id=str(number))


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
