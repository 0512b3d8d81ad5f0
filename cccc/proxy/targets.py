"""Who reads a converted request: what the configuration says, what is known of the model, what refusals have taught."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cccc.domain.endpoint import Endpoint, WireFormat
from cccc.domain.model_facts import model_facts
from cccc.domain.vendors import is_official
from cccc.ir.messages import Effort
from cccc.ir.target import Target
from cccc.proxy.remedies import Kind, Remedy


@dataclass(frozen=True, slots=True)
class Repair:
    """Tools whose arguments are mended where they are Python instead of JSON, in so many steps."""

    tools: frozenset[str] = frozenset()
    attempts: int = 3


NO_REPAIR = Repair()


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
        fixed_temperature=facts.fixed_temperature,
        repaired_tools=repair.tools,
        repair_attempts=repair.attempts,
        **more,
    )
