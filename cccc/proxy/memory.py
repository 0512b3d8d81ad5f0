"""What the proxy wants of the store: learned facts by topic and subject, and health by endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cccc.domain.health import EndpointHealth


class Memory(Protocol):
    """What outlives the process. Reading is a look into a dict; saving never blocks."""

    def health(self) -> Mapping[str, EndpointHealth]: ...

    def save_health(self, endpoint: str, state: EndpointHealth) -> None: ...

    def get(self, topic: str, subject: str) -> Any: ...

    def set(self, topic: str, subject: str, value: Any, *, seconds: float | None = None) -> None: ...

    def forget(self, *, topic: str | None = None, subject: str | None = None) -> None: ...
