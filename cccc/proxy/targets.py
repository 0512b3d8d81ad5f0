"""Into whose words a request is put for one attempt.

Where it is converted, its reader is described by what the configuration says, what is known of the model, and what
refusals have taught.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from cccc.domain.endpoint import Action, Endpoint, WireFormat
from cccc.domain.model_facts import ModelFacts, model_facts
from cccc.domain.ranking import Candidate
from cccc.domain.vendors import is_official
from cccc.formats.registry import CODECS
from cccc.ir.codec import Front
from cccc.ir.conversion import Conversion
from cccc.ir.messages import Effort
from cccc.ir.target import Target
from cccc.proxy.asked import Asked
from cccc.proxy.remedies import Kind, Remedy
from cccc.proxy.translation import Converted, Same, Translation


@dataclass(frozen=True, slots=True)
class Repair:
    """Tools whose arguments are mended where they are Python instead of JSON, in so many steps."""

    tools: frozenset[str] = frozenset()
    attempts: int = 3


NO_REPAIR = Repair()


def translation(
    asked: Asked,
    endpoint: Endpoint,
    candidate: Candidate,
    remedies: Collection[Remedy],
    repair: Repair,
    prompt_tokens: Callable[[], int],
    *,
    compacts: bool = True,
) -> Translation:
    """What an attempt sends and how its answer comes back. ``prompt_tokens`` gives an estimate where one is needed.

    ``compacts``: the endpoint has a path for compactions. One that has none is asked for a summary in a turn of its own
    format, which is converted like any other. Raises ``NotConvertible`` where the endpoint's format cannot say
    something that may not be dropped.
    """
    model, sent, wire_format = asked.facts.model, candidate.model_sent, candidate.target_format
    if wire_format is asked.codec.wire_format and (compacts or asked.action is not Action.COMPACT):
        return Same(
            asked.codec,
            asked.action,
            asked.request.body,
            asked_model=model,
            model_sent=sent if sent != model else None,
            usage=asked.facts.stream_usage,
        )
    request, before = asked.decoded()
    front = Front(
        model=model or "",
        id=asked.id,
        created=asked.time,
        prompt_tokens=prompt_tokens(),
        stream_usage=asked.facts.stream_usage,
        compact=request.compact,
        history=asked.neutral.history if asked.neutral is not None else None,
    )
    reader = target(endpoint, wire_format, sent, remedies, repair)
    return Converted(Conversion(asked.codec, CODECS[wire_format], request, reader, front), before)


def target(
    endpoint: Endpoint,
    wire_format: WireFormat,
    model: str | None,
    remedies: Collection[Remedy] = (),
    repair: Repair = NO_REPAIR,
) -> Target:
    """The reader of a request that is converted to ``wire_format`` and asks for ``model``, as it is named there."""
    facts = model_facts(model)
    learned = {one.kind for one in remedies}
    more = {} if facts.efforts is None else {"efforts": frozenset(map(Effort, facts.efforts))}
    return Target(
        wire_format=wire_format,
        endpoint=endpoint.name,
        model=model or "",
        official=is_official(endpoint, wire_format),
        max_tokens_field=endpoint.max_tokens_field_name,
        system_first=endpoint.reorder_system_messages_first or Kind.SYSTEM_FIRST in learned,
        reasoning="drop" if endpoint.keep_reasoning is False else "keep",
        reasoning_back=facts.reasoning_back or Kind.REASONING_BACK in learned,
        max_output=facts.max_output,
        adaptive=_adaptive(facts, remedies),
        fixed_temperature=facts.fixed_temperature,
        repaired_tools=repair.tools,
        repair_attempts=repair.attempts,
        **more,
    )


def _adaptive(facts: ModelFacts, remedies: Collection[Remedy]) -> bool:
    """Whether the model is to think as it sees fit: what a refusal has taught counts more than what is known of it."""
    learned = [one.what for one in remedies if one.kind is Kind.THINKING_AS]
    return learned[-1] == "adaptive" if learned else facts.adaptive
