"""What an address speaks and whether an endpoint answers: presets, drafts of endpoints, and the findings of a probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cccc.domain.endpoint import AuthType, WireFormat
from cccc.domain.secret import Secret


@dataclass(frozen=True, slots=True)
class Preset:
    """A provider whose addresses are known. ``urls`` by the key of the configuration (``url_anthropic``, …).

    ``key_env`` is the variable in which its users usually keep the key. ``note`` is one sentence or empty.
    """

    name: str
    title: str
    urls: Mapping[str, str]
    auth_type: AuthType
    key_env: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class EndpointDraft:
    """An endpoint that is not in the configuration yet, or not like this.

    ``key`` is the key itself, ``key_reference`` what stands in the file instead of one (``${NAME}``, ``file:PATH``);
    at most one of them. ``settings`` are further keys of the endpoint as JSON text (``{"priority": "2"}``).
    """

    name: str
    urls: Mapping[str, str]
    auth_type: AuthType = AuthType.AUTO
    key: Secret | None = None
    key_reference: str | None = None
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried. ``error`` says in one sentence why it failed; ``note`` what was seen (``14 events``).

    ``ms`` is the time to the whole answer, of a stream to its first content. ``ok`` is ``None`` where it was not tried.
    """

    name: str
    ok: bool | None
    status: int | None = None
    ms: float | None = None
    error: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FormatProbe:
    """What was found at one format's address (``url`` as configured). ``path`` is the one tried.

    ``quirks`` complete a sentence about the endpoint.
    """

    wire_format: WireFormat
    url: str
    path: str
    plain: Check
    stream: Check
    tools: Check
    quirks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether turns can be asked for here in this format, as agents ask for them."""
        return bool(self.plain.ok and self.stream.ok and self.tools.ok)


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What an endpoint answered. ``count_tokens`` and ``models`` are ``None`` where its formats have no such thing.

    ``requests`` and ``tokens`` are what the probe cost.
    """

    endpoint: str
    formats: tuple[FormatProbe, ...]
    count_tokens: Check | None
    models: Check | None
    model_names: tuple[str, ...]
    requests: int
    tokens: int

    @property
    def ok(self) -> bool:
        """Whether the endpoint can be used as it is configured: each of its addresses in one format at least."""
        by_url: dict[str, bool] = {}
        for one in self.formats:
            by_url[one.url] = by_url.get(one.url, False) or one.ok
        return bool(by_url) and all(by_url.values())
