"""The bodies of one request, read aside: compared for the exchange, laid out for the raw tabs."""

from __future__ import annotations

import asyncio
from functools import partial

from cccc.control.api import CcccError, Control, RequestRecord
from tui.inspector import exchange, raw
from tui.inspector.exchange import Compared
from tui.inspector.lines import Document, Joined
from tui.inspector.making import Making
from tui.inspector.raw import Raw
from tui.inspector.seen import Seen


class Bodies:
    """``more``: the raw document that was asked for last is cut short."""

    def __init__(self, request_id: str, making: Making) -> None:
        self._request_id = request_id
        self._making = making
        self.more = False

    def compared(self, seen: Seen) -> Compared:
        """Both requests' bodies, read and compared, as soon as they are."""
        asked = seen.asked.body if seen.asked is not None else b"{}"
        tried = seen.last.asked if seen.last is not None else None
        sent = asked if tried is None or not tried.changed else tried.body
        work = partial(asyncio.to_thread, exchange.read, asked, sent, converted=exchange.converted(seen))
        return self._making.get("bodies", (seen.asked, tried), work) or Compared()

    def raw(self, control: Control, seen: Seen, room: int, *, client: bool, whole: bool) -> Document | None:
        """Heads and bodies of one side, ``None`` while they are read. ``control`` is asked for what the log has kept.

        While the request runs the answer is the events so far, and so it is where the log has nothing of it.
        """
        made_of = (client, seen.asked, seen.answered, raw.told(seen), seen.ended, room, whole)
        found = self._making.get("raw", made_of, partial(self._raw, control, seen, room, client=client, whole=whole))
        self.more = found is not None and found.more
        if found is None:
            return None
        if found.stored:
            return Joined(found.parts)
        return raw.client_so_far(found, seen) if client else raw.upstream_so_far(found, seen)

    async def _raw(self, control: Control, seen: Seen, room: int, *, client: bool, whole: bool) -> Raw:
        record = await self._record(control) if seen.ended else None
        if client:
            work = partial(raw.raw_client, seen.asked, seen.answered, record, room, whole=whole)
        else:
            work = partial(raw.raw_upstream, raw.told(seen), seen.asked, record, room, whole=whole)
        return await asyncio.to_thread(work)

    async def _record(self, control: Control) -> RequestRecord | None:
        try:
            return await control.request(self._request_id)
        except CcccError:  # not logged, or the proxy has gone: what was seen of it is there all the same
            return None
