"""Following one request: reads what flows for it into what was seen of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from cccc.control.api import CcccError, Control
from tui.inspector.seen import Seen

LATE = (0.2, 0.5, 1.0)
"""Seconds to wait for the log to write a request down that has just ended."""

_AT_ONCE = 64
"""Pieces that are folded before others may do something."""


class Following:
    """One request. ``seen`` grows while ``run`` runs; ``trouble`` is why it cannot, in one sentence."""

    def __init__(self, request_id: str) -> None:
        self._request_id = request_id
        self.seen = Seen()
        self.trouble: str | None = None

    async def run(self, control: Control) -> None:
        """Read to its end; what is not to be found yet is asked for a few times."""
        for pause in (*LATE, None):
            self.seen = Seen()
            try:
                await self._read(control, self.seen)
            except CcccError as error:
                self.trouble = str(error)
                if pause is None or self.seen.asked is not None:
                    return
                await asyncio.sleep(pause)
            else:
                return

    async def _read(self, control: Control, seen: Seen) -> None:
        async with aclosing(control.watch(self._request_id)) as flow:
            async for piece in flow:
                seen.take(piece)
                self.trouble = None
                if seen.revision % _AT_ONCE == 0:
                    await asyncio.sleep(0)
