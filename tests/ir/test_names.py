"""Tool names that a target takes, both ways."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.ir.names import Names, ToolName
from cccc.ir.target import Abilities

CHAT = Abilities(tool_name=re.compile(r"[a-zA-Z0-9_-]+"), tool_name_length=64)
RESPONSES = Abilities(tool_name=re.compile(r"[a-zA-Z0-9_-]+"), tool_name_length=64, namespaces=True)
LONG = "mcp__" + "a_long_name_" * 6
ANY_NAME = st.builds(
    ToolName,
    st.text(min_size=1, max_size=80)
    | st.text("ab_.", min_size=1, max_size=4)
    | st.sampled_from([LONG + "1", LONG + "2"]),
    st.sampled_from(["", "", "a", "a__b", "mcp__files"]),
)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (ToolName("Read"), "Read"),
        (ToolName("echo", "mcp__demo"), "mcp__demo__echo"),
        (ToolName("web.search"), "web_search_09e24a26"),
        (ToolName("é"), "__7df47a4d"),
        (ToolName(LONG + "tail"), "mcp__a_long_name_a_long_name_a_long_name_a_long_name_a__"),
    ],
)
def test_some_names(name: ToolName, target: str) -> None:
    names = Names([name], CHAT)
    made = names.target(name)
    assert made.namespace == ""
    assert made.name == target or re.fullmatch(re.escape(target[:-8].rstrip("_")) + r"[a-z_]*_[0-9a-f]{8}", made.name)
    assert names.client(made) == name


def test_a_target_with_namespaces_keeps_them() -> None:
    name = ToolName("echo", "mcp__demo")
    assert Names([name], RESPONSES).target(name) == name


def test_a_name_that_the_model_invented_stays() -> None:
    assert Names([], CHAT).client(ToolName("nothing")) == ToolName("nothing")


def test_a_flattened_name_gives_way_to_one_that_was_there() -> None:
    flat, spaced = ToolName("a__b"), ToolName("b", "a")
    names = Names([spaced, flat], CHAT)
    assert names.target(flat) == flat
    assert names.target(spaced) != flat
    assert names.client(names.target(spaced)) == spaced


def test_a_changed_name_depends_on_no_other_name() -> None:
    long = ToolName(LONG + "1")
    alone = Names([long], CHAT).target(long)
    assert Names([ToolName(LONG + "2"), ToolName("Read"), long], CHAT).target(long) == alone


@given(st.lists(ANY_NAME, max_size=6), st.sampled_from([CHAT, RESPONSES]))
def test_names_are_legal_and_lead_back_to_one_tool_each(names: list[ToolName], abilities: Abilities) -> None:
    made = Names(names, abilities)
    targets = {name: made.target(name) for name in names}
    assert len(set(targets.values())) == len(set(names))
    for name, target in targets.items():
        assert abilities.tool_name.fullmatch(target.name)
        assert len(target.name) <= 64
        assert abilities.namespaces or not target.namespace
        assert made.client(target) == name
    again = Names(targets.values(), abilities)
    assert all(again.target(target) == target for target in targets.values())
