"""Who reads a converted request, as the configuration, the model's name and earlier refusals describe it."""

from __future__ import annotations

from typing import Any

import pytest

from cccc.domain.endpoint import WireFormat
from cccc.ir.messages import Effort
from cccc.proxy.remedies import Kind, Remedy
from cccc.proxy.targets import Repair, target
from tests.proxy.small_proxy import endpoint

A, C, R = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ({}, {"official": False, "system_first": False, "reasoning": "keep", "max_tokens_field": None}),
        ({"reorder_system_messages_first": True}, {"system_first": True}),
        ({"keep_reasoning": True}, {"reasoning": "keep"}),
        ({"keep_reasoning": False}, {"reasoning": "drop"}),
        ({"max_tokens_field_name": "max_completion_tokens"}, {"max_tokens_field": "max_completion_tokens"}),
    ],
)
def test_the_configuration(configured: dict[str, Any], expected: dict[str, Any]) -> None:
    found = target(endpoint("it", C, "https://it.example/v1", 1, **configured), C, "llama-4")
    assert {name: getattr(found, name) for name in expected} == expected
    assert (found.endpoint, found.model, found.wire_format) == ("it", "llama-4", C)


def test_the_vendors_own_host_and_its_models() -> None:
    found = target(endpoint("it", R, "https://api.openai.com/v1", 1), R, "gpt-5.1")
    assert (found.official, found.fixed_temperature, found.max_output) == (True, True, 128_000)
    assert found.efforts == {Effort.NONE, Effort.LOW, Effort.MEDIUM, Effort.HIGH}


def test_a_model_of_which_nothing_is_known_takes_the_common_efforts() -> None:
    found = target(endpoint("it", C, "https://it.example/v1", 1), C, "llama-4")
    assert found.efforts == frozenset(Effort) - {Effort.XHIGH}
    assert (found.max_output, found.reasoning_back) == (None, False)


def test_what_refusals_have_taught_and_what_is_mended() -> None:
    it = endpoint("it", C, "https://it.example/v1", 1)
    lessons = [Remedy(Kind.SYSTEM_FIRST), Remedy(Kind.REASONING_BACK)]
    found = target(it, C, "llama-4", lessons, Repair(frozenset({"TodoWrite"}), 2))
    assert (found.system_first, found.reasoning_back) == (True, True)
    assert (found.repaired_tools, found.repair_attempts) == ({"TodoWrite"}, 2)
