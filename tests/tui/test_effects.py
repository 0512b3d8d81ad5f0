"""Every key under every one of its names does what it is for, under the user's own names for it too, and not else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tui.effects import WALKS, Step, Walk
from tests.tui.pilot import Screens, screens
from tui.keys import BY_ID, KEYS
from tui.theme import Look
from tui.widgets.chrome import footer

pytestmark = pytest.mark.anyio

OWN = {key.id: f"f{place}" for place, key in enumerate(KEYS, 100)} | {"nobody.knows": "f98"}
"""Another name for every key, as a user's keymap may give it; none of them means anything otherwise."""

NAMES: dict[str, dict[str, str]] = {"usual": {}, "own": OWN}
_NOTHING = "f99"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that keys write go into a folder of this test."""
    monkeypatch.chdir(tmp_path)


def test_every_name_of_every_key_has_a_step() -> None:
    walked = {(step.id, step.key) for walk in WALKS for step in walk.steps}
    assert walked == {(key.id, name) for key in KEYS for name in key.keys.split(",")}


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
async def test_every_key_does_what_it_is_for(walk: Walk, names: str) -> None:
    keymap = NAMES[names]
    async with screens(walk.world(), attached=walk.attached, look=Look("textual-dark", keymap=keymap)) as shown:
        await arrive(shown, walk, keymap)
        for step in walk.steps:
            await before(shown, step, keymap)
            assert not step.so(shown), f"{step.id}: it is so before its key is pressed"
            if step.id in keymap and step.key not in shown.app.screen.active_bindings:
                await shown.press(step.key)
                assert not step.so(shown), f"{step.id} has another name, and {step.key} still does the same"
            await shown.press(keymap.get(step.id, step.key))
            await shown.until(lambda step=step: step.so(shown), f"what {step.id} is for, by {step.key},")


async def test_a_key_without_effect_would_be_found() -> None:
    """The check that every walk makes, of a key that is bound to nothing."""
    walk, step = WALKS[0], WALKS[0].steps[0]
    async with screens(walk.world()) as shown:
        await arrive(shown, walk, {})
        await before(shown, step, {})
        await shown.press(_NOTHING)
        with pytest.raises(AssertionError, match=re.escape(f"{step.id} never came to be")):
            await shown.until(lambda: step.so(shown), step.id, patience=3)


async def arrive(shown: Screens, walk: Walk, keymap: dict[str, str]) -> None:
    """Where the walk begins."""
    await lead(shown, walk.keys, keymap)
    await shown.until(lambda: walk.ready(shown), f"the beginning of {walk.name}")


async def lead(shown: Screens, way: Sequence[str], keymap: dict[str, str]) -> None:
    """Press what only leads somewhere."""
    for key in way:
        if key in BY_ID:
            await shown.until(lambda key=key: key in in_force(shown), f"that {key} applies")
        name = BY_ID[key].keys.split(",")[0] if key in BY_ID else key
        await shown.press(keymap.get(key, name))


async def before(shown: Screens, step: Step, keymap: dict[str, str]) -> None:
    """Where the step begins: the key applies, and the footer says so."""
    await lead(shown, step.first, keymap)
    await shown.until(lambda: step.when(shown), f"where {step.id} is of use")
    await shown.until(lambda: step.id in in_force(shown), f"that {step.id} applies")
    key = BY_ID[step.id]
    offered = {label: keys.split("/") for keys, label, _ in footer(shown.app)}
    assert ((key.pair or key.label) in offered) is key.footer, f"{step.id} applies: {offered}"
    if key.footer and step.id in keymap:
        assert keymap[step.id] in offered[key.pair or key.label], "the footer shows the user's own name"


def in_force(shown: Screens) -> set[str | None]:
    """The ids of the keys that mean something now."""
    return {active.binding.id for active in shown.app.screen.active_bindings.values() if active.enabled}
