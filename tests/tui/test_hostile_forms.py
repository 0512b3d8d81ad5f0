"""The corpus in clients' files, settings, probes and endpoints: nothing steers the terminal or breaks a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

import pytest

from cccc.control.api import ClientPlan, Learned, ModelRule, PlannedFile, PlannedReason
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import SMALL, screens
from tests.tui.test_hostile import look, texts

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("portion", texts())
async def test_clients(portion: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    some = cycle(portion)
    fake = FakeControl()
    fake.client_views = {
        client: replace(
            view,
            title=next(some),
            files=(next(some),),
            program=next(some),
            warnings=tuple(portion),
            settings=tuple(
                replace(one, key=next(some), value=next(some), source=next(some)) for one in view.settings
            ),
        )
        for client, view in fake.client_views.items()
    }  # fmt: skip

    def plan(view: object, _: object) -> ClientPlan:
        lines = "".join(f"-{text[:200]}\n+{text[:200]}\n" for text in portion if "\n" not in text)
        diff = f"@@ -1,{len(portion)} +1,{len(portion)} @@\n{lines}"
        reasons = tuple(PlannedReason(text, text) for text in portion[:5])
        file = PlannedFile(next(some), True, "", "", diff, reasons, next(some))
        made = world.CLIENTS[0]
        return ClientPlan(made.client, next(some), next(some), (file, file), tuple(portion), (next(some),), "seen")

    monkeypatch.setattr(world, "client_plan", plan)
    async with screens(fake, size=SMALL, keys=("5",)) as shown:
        await shown.until(lambda: shown.app.screen.query_one("DiffView")._lines)  # type: ignore[attr-defined]
        look(shown)
        await shown.press("v", "n", "y", "down")
        look(shown)


@pytest.mark.parametrize("portion", texts())
async def test_settings(portion: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    some = cycle(portion)
    (section,) = world.FORM.sections
    fields = tuple(
        replace(section.fields[0], key=f"routing.{number}", title=text, help=text, value=text, source=next(some),
                overridden_by=next(some) if number % 2 else None)
        for number, text in enumerate(portion)
    )  # fmt: skip
    sections = (replace(section, help=next(some), fields=fields),)
    monkeypatch.setattr(world, "FORM", replace(world.FORM, path=next(some), sections=sections))
    async with screens(FakeControl(), size=SMALL, keys=("6",)) as shown:
        await shown.says("live" if shown.app.size.width >= 100 else "section")
        await shown.press("enter", "j", "j", "y")
        look(shown)
        await shown.press("enter")
        look(shown)
        await shown.press("escape", "v")
        look(shown)


@pytest.mark.parametrize("portion", texts())
async def test_the_wizard_and_what_is_seen_closely(portion: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    some = cycle(portion)
    formats = tuple(
        replace(one, path=next(some), quirks=tuple(portion), plain=replace(one.plain, error=next(some)),
                stream=replace(one.stream, note=next(some)))
        for one in world.PROBED.formats
    )  # fmt: skip
    monkeypatch.setattr(world, "PROBED", replace(world.PROBED, formats=formats, model_names=tuple(portion)))
    monkeypatch.setattr(
        world,
        "DETAIL",
        replace(
            world.DETAIL,
            key=next(some),
            proxy=next(some),
            learned=tuple(Learned(text, None) for text in portion[:3]),
            model_rules=(ModelRule(next(some), next(some)),),
        ),
    )
    async with screens(FakeControl()) as shown:
        await shown.until(lambda: shown.app.frame.endpoints)
        await shown.pilot.pause(0.1)
        look(shown)
        await shown.press("t")
        await shown.press("a")
        await shown.says("Groq")
        await shown.press("down", "enter", "enter", "enter", "enter", "enter")
        await shown.says("cost of this probe")
        look(shown)
        await shown.press("enter")
        look(shown)
