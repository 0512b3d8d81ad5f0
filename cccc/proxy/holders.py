"""Which endpoint holds a stored response, so that a request that continues it goes there (features F120)."""

from __future__ import annotations

from collections import OrderedDict

from cccc.ir import json
from cccc.proxy.memory import Memory

TOPIC = "stored_response"
"""Topic of the learned facts; its subjects are the ids of responses."""

KEPT_S = 30 * 86_400.0
"""As long as OpenAI keeps them."""

CAPACITY = 5_000


class Holders:
    """Response id -> endpoint."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._held: OrderedDict[str, str] = OrderedDict()

    def stored(self, response_id: str, endpoint: str) -> None:
        """An endpoint keeps this response."""
        self._held[response_id] = endpoint
        self._memory.set(TOPIC, response_id, endpoint, seconds=KEPT_S)
        if len(self._held) > CAPACITY:
            oldest, _ = self._held.popitem(last=False)
            self._memory.forget(topic=TOPIC, subject=oldest)

    def endpoint(self, state_ref: str | None) -> str | None:
        """Who holds the state that a request refers to; ``None`` where it refers to none, or nobody knows."""
        return None if state_ref is None else json.text(self._memory.get(TOPIC, state_ref))
