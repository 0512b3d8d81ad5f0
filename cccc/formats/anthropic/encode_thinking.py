"""The wish to think as Messages wants it: a budget of tokens, or an effort within which the model sees for itself.

Source: the chapters on extended thinking and on adaptive thinking of the API reference. Models up to Claude 4.5 take a
budget, models from 4.7 on refuse one.
"""

from __future__ import annotations

from typing import Any

from cccc.formats.anthropic.encode_messages import thinks_on
from cccc.ir.efforts import LEAST_BUDGET, budget_of_effort, clamped, effort_of
from cccc.ir.loss import Losses
from cccc.ir.messages import Effort, Reasoning, Request
from cccc.ir.target import Target

_FREE_CHOICES = frozenset({None, "auto", "none"})
_ADAPTIVE = {"type": "adaptive", "display": "summarized"}
"""The newest models hide what they think unless they are told otherwise."""


def set_thinking(body: dict[str, Any], request: Request, target: Target, losses: Losses) -> None:
    """Add to ``body``, which has its messages, its limit and its choice of tools, how hard the model is to think."""
    reasoning = request.reasoning
    wanted = effort_of(reasoning) if reasoning else None
    if reasoning is None or (wanted is None and not (reasoning.adaptive and target.adaptive)):
        return
    if wanted is Effort.NONE:
        if not target.official:  # Anthropic's own models do not think unasked, and some refuse to be told
            body["thinking"] = {"type": "disabled"}
        return
    effort = None if wanted is None else clamped(wanted, target.efforts)
    if wanted is not None and effort is None:
        losses.add("reasoning", "reasoning effort", "the model does not think")
    elif body.get("tool_choice", {}).get("type") not in _FREE_CHOICES:
        losses.add("reasoning", "reasoning effort", "Anthropic does not think where a tool must be called")
    elif target.adaptive:
        body["thinking"] = dict(_ADAPTIVE)
        if effort is not None:
            body.setdefault("output_config", {})["effort"] = effort.value
        if effort is not wanted:
            losses.add("reasoning", "reasoning effort", f"the nearest that this model has is {effort}")
    elif effort is not None:
        _set_budget(body, reasoning, effort, losses, limited=bool(request.max_tokens or target.max_output))


def _set_budget(body: dict[str, Any], reasoning: Reasoning, effort: Effort, losses: Losses, *, limited: bool) -> None:
    """A budget below the limit. ``limited``: the limit is the client's or the model's, not one of ours."""
    limit = body["max_tokens"]
    # Thinking counts against the limit, of which the answer itself needs some; a limit of ours is for the answer alone.
    room = limit - max(LEAST_BUDGET, limit // 4) if limited else None
    budget = reasoning.budget or budget_of_effort(effort, room)
    if budget and room:
        budget = min(budget, room - 1)
    if budget is None or budget < LEAST_BUDGET:
        losses.add("reasoning", "reasoning effort", "the answer's limit leaves no room for it")
    elif not thinks_on(body["messages"]):
        losses.add("reasoning", "reasoning effort", "the turn that it would go on with began without its own thinking")
    else:
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
        if room is None:
            body["max_tokens"] += budget
