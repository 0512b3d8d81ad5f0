"""Records for tests: one plain one to start from, and any record at all for Hypothesis."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from cccc.domain.endpoint import Action, ClientType, WireFormat
from cccc.domain.failover import Outcome
from cccc.domain.record import AttemptRecord, RequestRecord
from cccc.domain.verdict import Verdict

START = 1_800_000_000.0
"""Where ``ManualClock`` begins."""


def attempt(endpoint: str = "alpha", outcome: Outcome = Outcome.OK, **fields: Any) -> AttemptRecord:
    return AttemptRecord(
        **{
            "endpoint": endpoint,
            "wire_format": WireFormat.ANTHROPIC,
            "url": "https://api.example.com/v1/messages",
            "model_sent": "test-model",
            "started": START,
            "outcome": outcome,
        }
        | fields
    )


def record(number: int = 1, **fields: Any) -> RequestRecord:
    return RequestRecord(
        **{
            "id": f"req_{number:026d}",
            "time": START,
            "client": "claude-cli/2.1.197",
            "client_type": ClientType.CLAUDE_CODE,
            "client_reason": "path /v1/messages",
            "wire_format": WireFormat.ANTHROPIC,
            "action": Action.TURN,
            "method": "POST",
            "path": "/v1/messages",
            "stream": True,
            "verdict": Verdict.OK,
            "status": 200,
            "duration_ms": 12.5,
            "model": "test-model",
            "endpoint": "alpha",
            "attempts": (attempt(),),
        }
        | fields
    )


_SCALARS: Mapping[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(0, 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=50),
}


def anything(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type hint made of dataclasses, named tuples, enums, tuples, mappings and scalars."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if origin in (Union, types.UnionType):
        return st.none() | anything(next(each for each in arguments if each is not types.NoneType))
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(anything(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(anything, arguments))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(anything(arguments[0]), anything(arguments[1]), max_size=3)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert dataclasses.is_dataclass(hint) or hasattr(hint, "_fields"), hint
    return st.builds(hint, **{name: anything(each) for name, each in get_type_hints(hint).items()})
