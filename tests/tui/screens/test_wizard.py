"""The endpoint wizard: five steps, each key, nothing written before the last, and what it makes of what it was told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cccc.control.api import AuthType, ConfigValue, ConfigView, FormatProbe, Preset, WireFormat
from cccc.errors import ConfigError
from tests.control import world
from tests.control.fake import FakeControl
from tests.tui.pilot import Screens, screens
from tui.screens.wizard import Wizard
from tui.screens.wizard_draft import Wish, complaint, draft, from_config, from_preset, probed, turned
from tui.widgets.live_table import LiveTable

pytestmark = pytest.mark.anyio

BASE = "https://beta.example/v1"
OWN = Wish(name="relay", urls={"url_openai": BASE, "url_anthropic": " "}, key="hush")
CONFIG = ConfigView(
    "config.yaml",
    tuple(
        ConfigValue(f"endpoints[1].{key}", value, "file:1")
        for key, value in {
            "name": "beta",
            "url_anthropic": "none",
            "url_openai": BASE,
            "model_rewrite.rules[0].source_pattern": "*opus*",
            "model_rewrite.rules[0].target_model": "gpt-5.2",
            "model_rewrite.rules[1].source_pattern": "o1*",
            "model_rewrite.rules[1].target_model": "gpt-5",
        }.items()
    ),
    (),
)


async def opened(shown: Screens, *keys: str) -> None:
    await shown.until(lambda: shown.app.frame.endpoints)
    await shown.press("a")
    await shown.says("Groq")
    await shown.press(*keys)


def wizard(shown: Screens) -> Wizard:
    assert isinstance(shown.app.screen, Wizard)
    return shown.app.screen


async def test_five_steps_make_an_endpoint(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await opened(shown, "down", "enter")
        await shown.says("${OPENAI_API_KEY}")
        await shown.press("enter", "enter", *"sk-hush", "enter", "enter")
        await shown.says("cost of this probe  5 requests, 61 tokens")
        assert "sk-hush" not in shown.text()
        await shown.press("enter")
        await shown.says("It has gpt-5.2, gpt-5.2-mini")
        await shown.press(*"gpt-5.2", "enter", "enter", "enter", "enter")
        await shown.says("is written")
        assert not fake.drafts, "nothing is written before the last step"
        await shown.press("enter", "backspace", "3", "enter")
        await shown.until(lambda: fake.drafts)
        (made,) = fake.drafts
        assert (made.name, made.auth_type) == ("openai", AuthType.AUTH_TOKEN)
        assert made.key is not None and made.key.reveal() == "sk-hush"  # noqa: PT018
        assert made.key_reference is None
        assert json.loads(made.settings["priority"]) == 3
        assert json.loads(made.settings["model_rewrite"])["rules"] == [
            {"source_pattern": "*opus*", "target_model": "gpt-5.2"}
        ]
        await shown.until(lambda: shown.app.screen.query_one(LiveTable).selected == "openai")


async def test_a_step_that_lacks_something_says_what(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await opened(shown, "G", "enter", "enter", "enter", "enter", "enter")
        await shown.says("✗ an address is missing")
        await shown.press("escape")
        await shown.until(lambda: not isinstance(shown.app.screen, Wizard))
        assert not fake.drafts


async def test_r_asks_again_and_space_keeps_or_skips(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    at = "https://api.openai.com/v1"
    found = tuple(replace(one, url=at) for one in world.PROBED.formats)
    monkeypatch.setattr(world, "PROBED", replace(world.PROBED, formats=found))
    asked = []
    probe = fake.probe

    async def counted(made: object, **more: object) -> object:
        asked.append(made)
        return await probe(made, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(fake, "probe", counted)
    async with screens(fake) as shown:
        await opened(shown, "down", "enter", "enter", "enter", "enter", "enter")
        await shown.says("cost of this probe")
        await shown.press("r")
        await shown.until(lambda: len(asked) == 2)
        await shown.until(lambda: not wizard(shown)._probing)
        await shown.press("space", "enter")
        await shown.says("✗ no format is kept")
        await shown.press("space", "enter")
        await shown.says("▶ 4")
        assert len(asked) == 2


async def test_a_probe_that_is_refused_is_said(fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object, **__: object) -> object:
        raise ConfigError(["endpoint: OPENAI_API_KEY is not set"])

    monkeypatch.setattr(fake, "probe", refused)
    async with screens(fake) as shown:
        await opened(shown, "down", "enter", "enter", "enter", "enter", "enter")
        await shown.says("OPENAI_API_KEY is not set")
        await shown.press("enter")
        await shown.says("▶ 4")


async def test_what_cannot_be_written_is_said_and_stays(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await opened(shown, "down", "enter", "enter", "enter", "enter", "enter")
        await shown.says("cost of this probe")
        await shown.press("enter", "enter", "enter", "enter", "enter")
        await shown.press(*["backspace"] * 6, *"alpha", "enter", "enter")
        await shown.says("alpha is already the name of an endpoint")


async def test_e_opens_it_with_what_the_configuration_says(
    fake: FakeControl, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(world, "CONFIG", CONFIG)
    async with screens(fake, keys=("down",)) as shown:
        await shown.until(lambda: shown.app.screen.query_one(LiveTable).selected == "beta")
        await shown.press("e")
        await shown.says("Edit beta")
        await shown.says(BASE)
        await shown.press("enter", "enter", "enter", "enter")
        await shown.says("cost of this probe")
        await shown.press("enter", "enter", "enter", "enter", "enter", "end", *"-eu", "enter", "enter")
        await shown.until(lambda: fake.drafts)
        (made,) = fake.drafts
        assert (made.name, made.key, made.key_reference) == ("beta-eu", None, None)
        assert dict(made.settings) == {"openai_preference": '"chat_completions"'}, "only what differs is written"


async def test_what_stands_in_no_file_cannot_be_edited(fake: FakeControl) -> None:
    async with screens(fake) as shown:
        await shown.until(lambda: shown.app.frame.endpoints)
        await shown.press("e")
        assert shown.said == ["alpha does not stand in the configuration file"]


def test_a_name_is_free() -> None:
    preset = Preset("alpha", "Alpha", {"url_openai": BASE}, AuthType.API_KEY)
    assert from_preset(preset, ["alpha", "alpha-2"]).name == "alpha-3"
    assert from_preset(None, []).name == "endpoint"


def test_an_edit_keeps_rules_that_are_no_tiers() -> None:
    wish = from_config(world.BETA, CONFIG.values)
    assert wish is not None
    assert (wish.tiers, wish.rules) == ({"opus": "gpt-5.2"}, (("o1*", "gpt-5"),))
    changed = draft(replace(wish, tiers={"opus": "", "haiku": "gpt-5.2-mini"}))
    assert json.loads(changed.settings["model_rewrite"])["rules"] == [
        {"source_pattern": "*haiku*", "target_model": "gpt-5.2-mini"},
        {"source_pattern": "o1*", "target_model": "gpt-5"},
    ]


def _found(*formats: WireFormat) -> Wish:
    one = world.PROBED.formats[0]
    probes: tuple[FormatProbe, ...] = tuple(replace(one, wire_format=wire_format, url=BASE) for wire_format in formats)
    return probed(OWN, replace(world.PROBED, formats=probes))


def test_formats_that_are_kept_decide_about_addresses() -> None:
    chat, responses = WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES
    both = _found(chat, responses)
    assert "openai_preference" not in draft(both).settings
    assert draft(turned(both, chat)).settings["openai_preference"] == '"responses"'
    assert draft(turned(turned(both, chat), responses)).urls == {}
    assert draft(_found(chat)).urls == {"url_openai": BASE}


@pytest.mark.parametrize(
    ("wish", "step", "said"),
    [
        (OWN, 2, None),
        (replace(OWN, urls={}), 2, "an address"),
        (replace(OWN, key=""), 2, "the key is missing"),
        (replace(OWN, key="", reference="${A}"), 2, None),
        (replace(OWN, key="", editing="relay"), 2, None),
        (replace(OWN, name=" "), 5, "a name"),
        (replace(OWN, priority="1.5"), 5, "whole number"),
        (replace(OWN, priority=""), 5, "whole number"),
        (replace(OWN, priority="-2"), 5, None),
    ],
)
def test_what_is_missing(wish: Wish, step: int, said: str | None) -> None:
    told = complaint(wish, step)
    assert told is None if said is None else said in (told or "")


def test_a_key_never_shows_in_a_wish() -> None:
    assert "hush" not in repr(OWN)
    assert "hush" not in repr(draft(OWN))
