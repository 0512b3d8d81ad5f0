"""A client's request in neutral form: decoded when the first endpoint of another format is asked, and only then."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from cccc.domain.endpoint import Action
from cccc.domain.loss import Loss
from cccc.errors import NotConvertible
from cccc.ir import json
from cccc.ir.codec import Codec, JsonObject
from cccc.ir.loss import Losses
from cccc.ir.messages import Request
from cccc.ir.seal import is_ours
from cccc.proxy.remedies import signatures


class Neutral:
    """One request; ``body`` is its parsed body."""

    def __init__(self, codec: Codec, action: Action, body: JsonObject) -> None:
        self._codec = codec
        self._action = action
        self._body = body
        self._decoded: tuple[Request, tuple[Loss, ...]] | NotConvertible | None = None

    def request(self) -> tuple[Request, tuple[Loss, ...]]:
        """The request, and what was lost in reading it. Raises ``NotConvertible``, and does so every time."""
        if self._decoded is None:
            self._decoded = self._read()
        if isinstance(self._decoded, NotConvertible):
            raise self._decoded
        return self._decoded

    @property
    def history(self) -> tuple[Any, ...] | None:
        """The client's own items, where the answer is to be what they are compacted to; ``None`` for a turn."""
        return tuple(json.items(self._body.get("input"))) if self._action is Action.COMPACT else None

    @cached_property
    def holds_ours(self) -> bool:
        """Whether there is something in it that a conversion has sealed."""
        items = map(json.obj, json.items(self._body.get("input")))
        summaries = (json.text(item.get("encrypted_content")) for item in items if item.get("type") == "compaction")
        return any(map(is_ours, signatures(self._body))) or any(is_ours(one) for one in summaries if one)

    def _read(self) -> tuple[Request, tuple[Loss, ...]] | NotConvertible:
        losses = Losses()
        try:
            request = self._codec.decode_request(self._body, losses)
        except NotConvertible as refusal:
            return refusal
        # The older way to ask for a summary says so by its path alone.
        return replace(request, compact=request.compact or self._action is Action.COMPACT), losses.all
