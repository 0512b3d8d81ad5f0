"""What every format bounds in the same way: how long an answer may be, and the names of users and sessions."""

from __future__ import annotations

from cccc.ir.digest import digest
from cccc.ir.loss import Losses
from cccc.ir.target import Target

LONGEST_ID = 64
"""Of a user or a session, with every vendor."""


def answer_limit(limit: int, target: Target, losses: Losses) -> int:
    """The tokens that an answer may have, which are never more than the model gives."""
    if target.max_output is None or limit <= target.max_output:
        return limit
    losses.add("max_tokens", "max_tokens", f"the model gives at most {target.max_output}")
    return target.max_output


def bounded_id(name: str) -> str:
    """The id as it is where that is short enough, else its digest: as stable, and no longer anybody's name."""
    return name if len(name) <= LONGEST_ID else digest(name, LONGEST_ID)
