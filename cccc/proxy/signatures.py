"""Who signed the thinking of which session, by hashes of the signatures (features F119).

A signature is worth something only to the one who made it. After a switch of endpoints the client still sends the old
blocks, so what another endpoint signed is taken out of a request before it goes elsewhere.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from cccc.domain.endpoint import Endpoint, WireFormat
from cccc.http.messages import Origin
from cccc.ir import json
from cccc.proxy.memory import Memory
from cccc.proxy.remedies import WEEK

TOPIC = "signatures"
"""Topic of the learned facts; its subjects are session keys."""

MOST_SESSIONS = 1_000
MOST_OF_A_SESSION = 400

_REFUSED = "not "


def signer(endpoint: Endpoint, wire_format: WireFormat) -> str:
    """Whose signatures an endpoint takes: Anthropic's hold for all keys of a host, OpenAI's for one key only."""
    if wire_format is WireFormat.ANTHROPIC:
        return Origin.of(endpoint.urls[wire_format]).netloc
    return f"endpoint {endpoint.name}"


class Signatures:
    """Session key -> hash of a signature -> its signer, or ``not`` and who has refused it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._sessions: OrderedDict[str, dict[str, str]] = OrderedDict()

    def foreign(self, session: str | None, endpoint: Endpoint, wire_format: WireFormat) -> frozenset[str]:
        """The hashes of those signatures of a session that this endpoint will not take."""
        known = self._of(session)
        if not known:
            return frozenset()
        own = signer(endpoint, wire_format)
        refused = _REFUSED + own
        return frozenset(
            mark for mark, by in known.items() if by == refused or (by != own and not by.startswith(_REFUSED))
        )

    def signed(self, session: str | None, marks: Iterable[str], endpoint: Endpoint, wire_format: WireFormat) -> None:
        """An endpoint made these signatures (by their hashes)."""
        if new := list(marks):
            self._note(session, new, signer(endpoint, wire_format))

    def refused(self, session: str | None, marks: Iterable[str], endpoint: Endpoint, wire_format: WireFormat) -> None:
        """An endpoint took a request only without the thinking that had these signatures."""
        if new := list(marks):
            self._note(session, new, _REFUSED + signer(endpoint, wire_format))

    def _note(self, session: str | None, marks: list[str], by: str) -> None:
        if session is None:
            return
        merged = {**self._of(session), **dict.fromkeys(marks, by)}
        kept = dict(list(merged.items())[-MOST_OF_A_SESSION:])
        self._sessions[session] = kept
        self._sessions.move_to_end(session)
        self._memory.set(TOPIC, session, kept, seconds=WEEK)
        if len(self._sessions) > MOST_SESSIONS:
            oldest, _ = self._sessions.popitem(last=False)
            self._memory.forget(topic=TOPIC, subject=oldest)

    def _of(self, session: str | None) -> dict[str, str]:
        if session is None:
            return {}
        known = self._sessions.get(session)
        if known is None:
            known = {
                mark: by
                for mark, by in json.obj(self._memory.get(TOPIC, session)).items()
                if isinstance(mark, str) and isinstance(by, str)
            }
            if known:
                self._sessions[session] = known
        return known
