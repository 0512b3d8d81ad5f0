"""What the real clients send, as Chat Completions: a strict vendor takes every one of their requests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from openai.types.chat.completion_create_params import CompletionCreateParams
from pydantic import TypeAdapter

from cccc.demo.openai_chat import OpenAIChat
from cccc.domain.endpoint import Action
from cccc.formats.registry import BY_PATH
from cccc.ir.codec import Front
from cccc.ir.conversion import Conversion
from cccc.ir.loss import Losses
from cccc.ir.target import Target
from tests.formats.openai_chat.wire import CODEC, OFFICIAL, VENDOR

PARAMS = TypeAdapter[Any](CompletionCreateParams)
CAPTURES = sorted((Path(__file__).parents[2] / "captures").glob("*.json"))


def turns() -> list[Path]:
    """The captures that ask for a turn, but for one whose history only the vendor that compacted it can read."""
    found = []
    for path in CAPTURES:
        capture = orjson.loads(path.read_bytes())
        codec, action = BY_PATH.get(capture["target"].partition("?")[0], (None, None))
        if path.stem == "codex_after_compaction_item":
            continue
        if capture["method"] == "POST" and codec and action is Action.TURN and isinstance(capture["body"], dict):
            found.append(path)
    return found


@pytest.mark.parametrize("target", [VENDOR, OFFICIAL], ids=["vendor", "official"])
@pytest.mark.parametrize("path", turns(), ids=lambda path: path.stem)
def test_a_strict_vendor_takes_it(path: Path, target: Target) -> None:
    capture = orjson.loads(path.read_bytes())
    client, _ = BY_PATH[capture["target"].partition("?")[0]]
    request = client.decode_request(capture["body"], Losses())
    conversion = Conversion(client, CODEC, request, target, Front("m", "1"))
    body = orjson.loads(conversion.body)
    PARAMS.validate_python(body)
    assert OpenAIChat().complaint(body, Action.TURN) is None
    names = Counter(tool["function"]["name"] for tool in body.get("tools", ()))
    assert all(len(name) <= 64 for name in names)
    assert not [name for name, count in names.items() if count > 1]
    assert not body.get("parallel_tool_calls") or names
