"""Plans: what a person sees of them, and values that have no business in a client's file."""

from __future__ import annotations

from typing import Any

import pytest

from cccc.clients import claude_code, codex, openai_env
from cccc.clients.addresses import same_address
from cccc.clients.plan import Target, diff, planned, shown
from cccc.domain.secret import Secret
from cccc.errors import ConfigError
from tests.clients.files import CLAUDE, CODEX, ENV, TARGET

REAL = Target("http://127.0.0.1:8080", Secret("the-token-of-this-proxy-7d1e"))
THEIRS = "my-private-value-0123456789abcd"


@pytest.mark.parametrize(
    ("file", "module", "before"),
    [
        (CLAUDE, claude_code, f'{{"env": {{"GITHUB_TOKEN": "{THEIRS}", "A": "1"}}}}'),
        (CODEX, codex, f'[mcp_servers.x.env]\nMY_SECRET = "{THEIRS}"\n'),
        (ENV, openai_env, f"export OTHER_API_KEY={THEIRS}\n"),
    ],
)
def test_no_key_is_seen(file: Any, module: Any, before: str) -> None:
    plan = planned(file, before.encode(), module.wanted(REAL))
    seen = diff(plan) + shown(file, plan.after) + shown(file, before.encode(), plan.after)
    assert THEIRS not in seen
    assert REAL.key.reveal() not in seen
    assert "••••7d1e" in seen
    assert "http://127.0.0.1:8080" in seen


def test_the_dummy_is_no_secret() -> None:
    assert "cccc-local" in diff(planned(CLAUDE, None, claude_code.wanted(TARGET)))


def test_nothing_to_change_is_no_diff() -> None:
    plan = planned(CLAUDE, None, claude_code.wanted(TARGET))
    again = planned(CLAUDE, plan.after, claude_code.wanted(TARGET))
    assert (diff(again), again.changes, again.after) == ("", False, plan.after)


def test_a_diff_names_its_file() -> None:
    first, second, *_ = diff(planned(CODEX, None, codex.wanted(TARGET))).splitlines()
    assert (first, second) == ("--- /dev/null", "+++ ~/.codex/config.toml")


@pytest.mark.parametrize(
    "url",
    [
        "", "127.0.0.1:8080", "ftp://h", "http://", "http://h:99999", "http://a@b", 'http://h"', "http://h/\n",
        "http://h o", "http://h/?k=v", "http://h/#f", "http://h\\x", "javascript:x", "http://h:0", "http://$(x)", "http://h/'",
    ],
)  # fmt: skip
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError, match="--url: expected"):
        Target(url, Secret("k"))


@pytest.mark.parametrize("key", ["", " ", "a b", "a\nb", "k\x1b", "schlüssel", "x" * 513, "a\x7f"])
def test_keys_that_no_header_can_carry(key: str) -> None:
    with pytest.raises(ConfigError, match="--key: expected"):
        Target("http://h", Secret(key))


@pytest.mark.parametrize(("name", "value"), [("model", "a b"), ("opus", ""), ("haiku", "x\n"), ("sonnet", "\x1b[2J")])
def test_names_that_no_model_has(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"--{name}: expected"):
        Target("http://h", Secret("k"), **{name: value})


@pytest.mark.parametrize("folder", ["relative", "", "/a\nb", "~/x"])
def test_folders_that_are_none(folder: str) -> None:
    with pytest.raises(ConfigError, match="--trust: expected"):
        Target("http://h", Secret("k"), trust=(folder,))


@pytest.mark.parametrize(
    ("value", "same"),
    [
        ("http://127.0.0.1:8080", True), ("http://127.0.0.1:8080/", True), ("http://127.0.0.1:8080/v1", True),
        ("http://localhost:8080/v1/", True), ("http://127.0.0.1:8081", False), ("https://127.0.0.1:8080", False),
        ("http://127.0.0.1:8080/proxy", False), (None, False), (8080, False), ("http://[", False), ("", False),
    ],
)  # fmt: skip
def test_which_addresses_are_the_same(value: Any, same: bool) -> None:
    assert same_address(value, "http://127.0.0.1:8080") is same


def test_snippets_hold_no_real_key() -> None:
    for target, held, count in ((TARGET, "cccc-local", 9), (REAL, "YOUR_CCCC_TOKEN", 10)):
        notes = openai_env.plan(ENV, None, target).notes
        assert len(notes) == count
        assert REAL.key.reveal() not in "".join(notes)
        assert all(held in note for note in notes[5:])


def test_a_language_that_cannot_write_an_address_says_so() -> None:
    notes = openai_env.snippets(Target("http://[::1]:8080", Secret("cccc-local")))
    assert any("cmd:\n  the address holds characters" in note for note in notes)
    assert any("set -gx OPENAI_BASE_URL 'http://[::1]:8080/v1'" in note for note in notes)
