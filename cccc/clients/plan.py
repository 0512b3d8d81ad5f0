"""What a set-up would change in a client's files, why every setting is written, and the diff that a person sees."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cccc.clients.syntax import File, Path, Scalar, Tree
from cccc.domain.redact import Redactor
from cccc.domain.secret import Secret
from cccc.errors import ConfigError

DUMMY_KEY = "cccc-local"
"""What clients send where the proxy asks for no key: they insist on having one. No secret."""

_KEY = re.compile(r"[!-~]{1,512}")
_MODEL = re.compile(r"[!-~]{1,200}")
_URL = re.compile(r"https?://[A-Za-z0-9._\-\[\]:%]+(?:/[A-Za-z0-9._~/\-]*)?")
_SECRET_NAME = re.compile(r"token|key|secret|passw|auth|credential", re.IGNORECASE)
_SHORTEST_SECRET = 4
_PATTERNS = Redactor()


@dataclass(frozen=True, slots=True)
class Target:
    """What a client is to be pointed at.

    ``url`` is the proxy's root without a slash at its end, ``key`` what the client sends. ``model`` and the tiers are
    names of models, ``None`` where the client's own choice stands. ``tool_search``: every endpoint for Claude Code
    understands deferred tools. ``catalog``: Codex reads its list of models from the proxy. ``trust`` are folders.
    """

    url: str
    key: Secret
    model: str | None = None
    opus: str | None = None
    sonnet: str | None = None
    haiku: str | None = None
    tool_search: bool = False
    catalog: bool = False
    trust: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ``ConfigError`` for values that have no business in a client's file."""
        if not _URL.fullmatch(self.url) or not _has_host(self.url):
            raise ConfigError(["--url: expected the proxy's address, such as http://127.0.0.1:8080"])
        if not _KEY.fullmatch(self.key.reveal()):
            raise ConfigError(["--key: expected 1 to 512 printable ASCII characters without spaces"])
        for name in ("model", "opus", "sonnet", "haiku"):
            value = getattr(self, name)
            if value is not None and not _MODEL.fullmatch(value):
                raise ConfigError([f"--{name}: expected the name of a model, without spaces"])
        for folder in self.trust:
            if not folder.startswith("/") or not folder.isprintable():
                raise ConfigError(["--trust: expected the full path of a folder"])

    def takes(self, key: Any) -> bool:
        """Whether the proxy lets a client in that sends ``key``."""
        return key == self.key.reveal() or (bool(key) and self.key.reveal() == DUMMY_KEY)


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Wanted:
    """One setting: where it stands, the value it is to have (``None``: absent), and why."""

    path: Path
    value: Scalar | None
    reason: str

    @property
    def key(self) -> str:
        """The setting as a person names it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class FilePlan:
    """One file: its content now (``None``: there is no file) and as it would be."""

    file: File
    before: bytes | None
    after: bytes
    wanted: tuple[Wanted, ...]

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        return (self.before or b"") != self.after

    @property
    def effective(self) -> tuple[Wanted, ...]:
        """The settings that stand in the new text."""
        return tuple(one for one in self.wanted if one.value is not None)


@dataclass(frozen=True, slots=True)
class ConfigPlan:
    """Everything that one set-up would do, and what is good to know about it."""

    files: tuple[FilePlan, ...]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One place where a client looks for settings. ``tree`` is empty where it has none.

    ``remedy`` completes "… sets X, which wins: ".
    """

    name: str
    tree: Tree = field(default_factory=dict)
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Effective:
    """A setting as the client uses it, and where it comes from; ``None`` where it is set nowhere."""

    key: str
    value: Any
    source: str | None
    leads_here: bool | None = None


def planned(file: File, before: bytes | None, wanted: Sequence[Wanted]) -> FilePlan:
    """One file's plan. Raises ``ConfigError`` where the file cannot be read or edited."""
    after = file.changed(before or b"", {one.path: one.value for one in wanted})
    return FilePlan(file, before, after, tuple(wanted))


def shown(file: File, data: bytes, *others: bytes) -> str:
    """A file's text as it may be seen: keys are masked, those of the ``others`` too."""
    known = {pair for one in (data, *others) for pair in _secrets(file.tree(one))}
    return "".join(_masked(line, known) for line in file.text(data).splitlines(keepends=True))


def diff(plan: FilePlan) -> str:
    """The change as a unified diff with masked keys; empty where nothing changes."""
    if not plan.changes:
        return ""
    before = plan.before or b""
    old, new = plan.file.text(before), plan.file.text(plan.after)
    known = {pair for one in (before, plan.after) for pair in _secrets(plan.file.tree(one))}
    name = plan.file.name
    lines = difflib.unified_diff(
        [line.rstrip("\r\n") for line in old.splitlines()],
        [line.rstrip("\r\n") for line in new.splitlines()],
        name if plan.before is not None else "/dev/null",
        name,
        lineterm="",
    )
    return "\n".join(_masked(line, known) for line in lines) + "\n"


def visible(name: str, value: Any) -> str:
    """One value as it may be seen."""
    text = value if isinstance(value, str) else str(value)
    return _mask(text) if _SECRET_NAME.search(name) else _PATTERNS.text(text)


def _secrets(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _secrets(inner, key if isinstance(inner, str) else f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner, name)
    elif isinstance(value, str) and _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET:
        yield name.rpartition(".")[2], value


def _masked(line: str, known: set[tuple[str, str]]) -> str:
    for name, value in sorted(known, key=lambda pair: -len(pair[1])):
        if name in line:
            line = line.replace(value, _mask(value))
    return _PATTERNS.text(line)


def _mask(value: str) -> str:
    return value if value == DUMMY_KEY else f"••••{Secret(value).masked.removeprefix('…')}"
