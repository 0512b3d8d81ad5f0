"""What the client was given: the head, the bytes and when they went out, kept for the log and for whoever looks later.

Bytes that an endpoint sent and nobody touched are counted and not kept a second time: the log has them as that
endpoint's answer. Only what is ours, converted, renamed, folded or worded, is kept, and only where the log keeps
bodies.
"""

from __future__ import annotations

from cccc.domain.record import Pace
from cccc.http.messages import Headers
from cccc.proxy.tap import Times


class Given:
    """One client's answer. ``limit`` bounds what is kept in bytes (0: nothing), ``start`` is when its request came.

    ``status`` is that of the head (0: none yet), ``size`` the bytes of the body so far.
    """

    __slots__ = ("_parts", "_room", "_times", "headers", "size", "status")

    def __init__(self, limit: int, start: float) -> None:
        self._parts: list[bytes | int] = []
        """Bytes of ours, and between them how many of the endpoint's own; a negative number of those were replaced."""
        self._room = limit
        self._times = Times(start)
        self.status = 0
        self.headers = Headers()
        self.size = 0

    def head(self, status: int, headers: Headers) -> None:
        """The head goes out."""
        self.status, self.headers = status, headers

    def add(self, data: bytes, now: float, *, untouched: bool = False, replaced: int = 0) -> None:
        """Some of the body goes out: the endpoint's own next bytes ``untouched``, or ours for so many ``replaced``."""
        size = len(data)
        self.size += size
        if self._room <= 0:
            return
        self._room -= size
        self._times.note(self.size, now)
        if not untouched:
            self._parts += (data, -replaced) if replaced else (data,)
        elif self._parts and isinstance(last := self._parts[-1], int) and last > 0:
            self._parts[-1] = last + size
        else:
            self._parts.append(size)

    def same(self, answer: bytes, size: int) -> bool:
        """Whether it is byte for byte an endpoint's ``answer`` of ``size`` bytes, as far as that was kept."""
        if not self._parts or self.size != size:
            return False
        return self._parts == [size] or self.body(answer) == answer

    def body(self, answer: bytes) -> bytes:
        """What was kept of it, between what is untouched of the endpoint's ``answer``."""
        at, parts = 0, []
        for part in self._parts:
            if isinstance(part, bytes):
                parts.append(part)
            else:
                parts.append(answer[at : at + max(0, part)])
                at += abs(part)
        return b"".join(parts)

    def pace(self) -> Pace:
        """When its bytes went out."""
        return self._times.pace()
