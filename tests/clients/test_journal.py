"""The three-way merge: what is ours goes back, what somebody changed since stays and is named."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.clients import claude_code, codex
from cccc.clients.journal import Change, Record, composed, rebased, undone
from cccc.clients.plan import Target, Wanted
from cccc.domain.secret import Secret
from tests.clients.files import CLAUDE, CODEX, TARGET, set_up, take_back

OTHER = Target("http://127.0.0.1:9", Secret("another-key"))
ENV_NAMES = st.sampled_from(["ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "API_TIMEOUT_MS", "FOO", "BAR"])
EDITS = st.dictionaries(
    ENV_NAMES, st.none() | st.sampled_from(["", "mine", "600000", "http://127.0.0.1:8080"]), max_size=4
)


@given(st.none() | st.dictionaries(ENV_NAMES, st.sampled_from(["", "old", "600000"])), EDITS)
def test_edits_after_a_set_up_survive_its_undoing(env: dict[str, str] | None, edits: dict[str, str | None]) -> None:
    """The law of the merge, key by key: the person's last word stands, and where there is none, what was before."""
    tree: dict[str, Any] = {"model": "opus"} | ({} if env is None else {"env": env})
    after, record = set_up(CLAUDE, json.dumps(tree, indent=2), claude_code.wanted(TARGET))
    ours = json.loads(after)["env"]
    edited = CLAUDE.changed(after.encode(), {("env", name): value for name, value in edits.items()}).decode()
    now = json.loads(edited)["env"]
    back, conflicts = take_back(CLAUDE, edited, record)
    result = json.loads(back)
    assert result["model"] == "opus"
    for name in {*ours, *edits}:
        before = (env or {}).get(name)
        touched = now.get(name) != ours.get(name)
        assert result.get("env", {}).get(name) == (now.get(name) if touched else before), name
        changed_ours = touched and before != ours.get(name) and now.get(name) != before
        assert any(f"env.{name} " in one for one in conflicts) == changed_ours, name


@given(st.lists(st.sampled_from([TARGET, OTHER]), min_size=1, max_size=4))
def test_several_set_ups_are_undone_as_one(targets: list[Target]) -> None:
    text = '{\n  "env": {\n    "ANTHROPIC_BASE_URL": "https://relay.example"\n  }\n}\n'
    record: Record | None = None
    now = text
    for target in targets:
        wanted = claude_code.wanted(target)
        changes = composed(record, json.loads(now), wanted)
        now, fresh = set_up(CLAUDE, now, wanted)
        record = Record("/x", True, None, "", changes, record.made if record else fresh.made)
    assert record is not None
    assert take_back(CLAUDE, now, record) == (text, ())


def test_a_value_that_was_already_there_is_not_ours() -> None:
    text = '{"env": {"API_TIMEOUT_MS": "600000"}}'
    after, record = set_up(CLAUDE, text, claude_code.wanted(TARGET))
    assert record.change(("env", "API_TIMEOUT_MS")) is None
    assert json.loads(take_back(CLAUDE, after, record)[0]) == json.loads(text)


def test_what_we_took_out_comes_back() -> None:
    text = '[model_providers.cccc]\nname = "mine"\nenv_key = "MY_KEY"\nbase_url = "https://x.example/v1"\n'
    after, record = set_up(CODEX, text, codex.wanted(TARGET), (codex.TABLE,))
    assert "env_key" not in tomllib.loads(after)["model_providers"]["cccc"]
    back, conflicts = take_back(CODEX, after, record)
    assert (tomllib.loads(back), conflicts) == (tomllib.loads(text), ())


def test_a_table_that_somebody_built_upon_stays_whole() -> None:
    after, record = set_up(CODEX, 'model = "m"\n', codex.wanted(TARGET), (codex.TABLE,))
    built = after + "request_max_retries = 9\n"
    back, conflicts = take_back(CODEX, built, record)
    tree = tomllib.loads(back)
    assert "model_provider" not in tree
    assert tree["model_providers"]["cccc"] == tomllib.loads(built)["model_providers"]["cccc"]
    (conflict,) = conflicts
    assert conflict.endswith(
        "[model_providers.cccc] was changed since (request_max_retries); the table stays, unselected"
    )


def test_a_kept_table_stays_ours_and_goes_later() -> None:
    text = '# mine\nmodel = "m"\n'
    after, record = set_up(CODEX, text, codex.wanted(TARGET), (codex.TABLE,))
    kept = undone(CODEX, after.encode(), record, keep=(codex.TABLE,))
    assert "model_provider" not in tomllib.loads(kept.data.decode())
    assert {one.path[:2] for one in kept.left} == {codex.TABLE}
    later = Record("/x", True, None, "", kept.left, record.made, record.units)
    assert undone(CODEX, kept.data, later).data.decode() == text


def test_a_conflict_never_shows_a_key() -> None:
    after, record = set_up(CLAUDE, "{}", claude_code.wanted(TARGET))
    edited = after.replace('"cccc-local"', '"sk-ant-a-real-key-of-mine-0123456789"')
    _, (conflict,) = take_back(CLAUDE, edited, record)
    assert conflict == "~/.claude/settings.json: env.ANTHROPIC_AUTH_TOKEN was changed since (is ••••6789); it stays"


def test_the_one_beneath_can_be_taken_away() -> None:
    """A stands on what the person had, B on A; when A leaves, B leads back to what the person had."""
    url, token, timeout = ("env", "U"), ("env", "T"), ("env", "M")
    first = (Change(url, "mine", "A"), Change(token, None, "t"), Change(timeout, None, "6"))
    below = Record("/x", True, "0", "a", first, backup="1")
    above = Record("/x", True, "a", "b", (Change(url, "A", "B"), Change(token, "t", "s")), backup="2")
    merged = rebased(above, below)
    assert set(merged.changes) == {Change(url, "mine", "B"), Change(token, None, "s"), Change(timeout, None, "6")}
    assert (merged.digest_before, merged.digest_after, merged.backup) == ("0", "b", "1")
    later = rebased(Record("/x", True, "c", "b", above.changes), below)
    assert later.digest_before is None, "somebody wrote in between: the bytes of then would lose that"


@pytest.mark.parametrize("ours", [(Wanted(("env", "A"), "1", "why"), Wanted(("env", "A"), "1", "why"))])
def test_composing_twice_is_composing_once(ours: tuple[Wanted, ...]) -> None:
    assert composed(None, {}, ours) == composed(None, {}, ours[:1])
