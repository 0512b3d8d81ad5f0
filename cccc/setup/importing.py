"""Importing endpoints: the clients' own files, the environment or one file of another tool, read and made into drafts.

What can be told from the texts alone is told in ``cccc.clients``; here they are read, and what was found is measured
against the configuration that is there: names that are free, endpoints that it has already, drafts that it could hold.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cccc.clients import finding, others
from cccc.clients.finding import Finding, Surroundings, Upstream
from cccc.clients.json_text import JsonSyntax
from cccc.clients.syntax import Unusable
from cccc.clients.toml_text import TomlSyntax
from cccc.config import Loaded, changes, documents
from cccc.config.retired import without_retired
from cccc.control.api import EndpointDraft, Found, ImportPlan, Saved
from cccc.domain.endpoint import Endpoint
from cccc.errors import ConfigError
from cccc.setup import files
from cccc.setup.machine import Machine

ENVIRONMENT = "environment"

_PLACE = re.compile(r"^endpoint(?::\d+:\d+)?: (?:endpoints\[0\](?:\.\w+)?: )?")
_FILE = "file:"
_OTHER_TOOLS = (".claude-code-router/config.json", ".cc-switch/cc-switch.db", ".cc-switch/config.json")


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read, before anything is said about what it could become."""

    kind: str
    findings: tuple[tuple[str, Finding], ...]
    """With the source of each."""


@dataclass(frozen=True, slots=True)
class _Import:
    plan: ImportPlan
    drafts: tuple[EndpointDraft, ...]


def plan(machine: Machine, loaded: Loaded, target: Path, here: str, path: str | None) -> ImportPlan:
    """What an import would write into ``target``; ``here`` is this proxy's address. Raises ``ConfigError``."""
    return _made(machine, loaded, target, here, path).plan


def apply(machine: Machine, loaded: Loaded, target: Path, here: str, path: str | None, seen: str | None) -> Saved:
    """Carry it out. Raises ``ConfigError``; nothing is written then."""
    made = _made(machine, loaded, target, here, path)
    if seen is not None and made.plan.seen != seen:
        raise ConfigError([f"{target}: what would be imported is not what was shown; nothing was written, look again"])
    if not made.drafts:
        raise ConfigError(["nothing was found that could be imported; nothing was written"])
    return changes.add_endpoints(target, made.drafts, machine.environ)


def _made(machine: Machine, loaded: Loaded, target: Path, here: str, path: str | None) -> _Import:
    around = Surroundings(machine.environ, here)
    read = _machine(machine, around) if path is None else _file(machine, around, Path(path))
    folder = target.absolute().parent
    upstreams = [_absolute(one.upstream, path) for _, one in read.findings if one.upstream is not None]
    named = finding.distinct(upstreams, [endpoint.name for endpoint in loaded.endpoints])
    have = list(loaded.endpoints)
    found, drafts = [], []
    for source, one in read.findings:
        if one.upstream is None:
            found.append(Found(source, one.what, note=one.refused))
            continue
        draft = _draft(next(named))
        try:
            endpoint = changes.endpoint_of(draft, folder, machine.environ)
        except ConfigError as error:
            found.append(Found(source, one.what, note=_PLACE.sub("", error.problems[0])))
            continue
        if (same := _same(endpoint, have)) is not None:
            found.append(Found(source, one.what, note=f"the same as {same.name}"))
            continue
        have.append(endpoint)
        drafts.append(draft)
        found.append(Found(source, one.what, draft.name, holds_key=draft.key is not None))
    diff = changes.preview_endpoints(target, drafts, machine.environ)
    return _Import(
        ImportPlan(read.kind, tuple(found), str(target), diff.diff, diff.problems, _seen(target, drafts)),
        tuple(drafts),
    )


def _seen(target: Path, drafts: Sequence[EndpointDraft]) -> str:
    """The fingerprint of what would be written where."""
    now = documents.digest_of(documents.read(target)) if target.exists() else ""
    said = [
        (one.name, dict(one.urls), one.key.reveal() if one.key else one.key_reference, dict(one.settings))
        for one in drafts
    ]
    return hashlib.sha256(f"{target}\n{now}\n{json.dumps(said)}".encode()).hexdigest()


def _same(endpoint: Endpoint, known: Sequence[Endpoint]) -> Endpoint | None:
    """One that asks the same addresses with the same key."""
    return next((one for one in known if (one.urls, one.auth.secret) == (endpoint.urls, endpoint.auth.secret)), None)


def _draft(upstream: Upstream) -> EndpointDraft:
    cleaned, _ = without_retired({"endpoints": [dict(upstream.settings)]})
    settings: Mapping[str, Any] = cleaned["endpoints"][0]
    return EndpointDraft(
        name=upstream.name,
        urls=upstream.urls,
        auth_type=upstream.auth_type,
        key=upstream.key,
        key_reference=upstream.reference,
        settings={key: json.dumps(value, default=str) for key, value in settings.items() if value is not None},
    )


def _absolute(upstream: Upstream, path: str | None) -> Upstream:
    """A key file is named from the folder of the file that names it."""
    if path is None or upstream.reference is None or not upstream.reference.startswith(_FILE):
        return upstream
    named = Path(upstream.reference.removeprefix(_FILE)).expanduser()
    reference = f"{_FILE}{Path(path).parent / named}"
    return Upstream(upstream.name, upstream.urls, upstream.auth_type, None, reference, upstream.settings)


def _machine(machine: Machine, around: Surroundings) -> _Read:
    """What the clients' own files and the environment have; of other tools' files only that they are there."""
    claude, codex = machine.folder("CLAUDE_CONFIG_DIR", ".claude"), machine.folder("CODEX_HOME", ".codex")
    readers: tuple[tuple[Path, Callable[[], Iterable[Finding]]], ...] = (
        (claude / "settings.json", lambda: finding.claude_code(_tree(machine, claude / "settings.json"), around)),
        (claude / ".credentials.json", lambda: finding.credentials(_tree(machine, claude / ".credentials.json"))),
        (codex / "config.toml", lambda: _codex(machine, codex, around)[0]),
        (codex / "auth.json", lambda: _codex(machine, codex, around)[1]),
        *((machine.home / path, partial(_there, machine.home / path)) for path in _OTHER_TOOLS),
    )
    found = []
    for path, read in readers:
        source = machine.shown(path)
        try:
            found += [(source, one) for one in read()]
        except ConfigError as error:
            found.append((source, Finding("cannot be used", refused=error.problems[0].removeprefix(f"{source}: "))))
    return _Read("", (*found, *((ENVIRONMENT, one) for one in finding.environment(around))))


def _codex(machine: Machine, folder: Path, around: Surroundings) -> tuple[list[Finding], list[Finding]]:
    """What its two files have; each is needed to understand the other."""
    tree, auth = _tree(machine, folder / "config.toml"), _tree(machine, folder / "auth.json")
    return finding.providers(tree, auth, around), finding.openai(tree, auth, around)


def _there(path: Path) -> Iterator[Finding]:
    if path.is_file():
        yield Finding("another tool's configuration", refused=f"cccc import {path} shows what it has")


def _file(machine: Machine, around: Surroundings, path: Path) -> _Read:
    """One file of whatever tool. Raises ``ConfigError`` where nobody here knows its format."""
    source = machine.shown(path)
    if not path.is_absolute():
        raise ConfigError([f"{source}: is not a full path"])
    tree = switcher_database(path, source) if path.suffix == ".db" else _tree(machine, path)
    if tree is None:
        raise ConfigError([f"{source}: does not exist"])
    kind = others.kind_of(tree)
    if kind is None:
        known = ", ".join(one.title for one in others.KINDS)
        raise ConfigError([f"{source}: is in no format that can be imported; expected {known}"])
    beside = _tree(machine, path.with_name("auth.json"))
    return _Read(kind.title, tuple((source, one) for one in kind.read(tree, beside, around)))


def _tree(machine: Machine, path: Path) -> dict[str, Any] | None:
    """What a file says, ``None`` where there is none. Raises ``ConfigError``."""
    name = machine.shown(path)
    data = files.read(path, name).data
    if data is None:
        return None
    text = documents.decode(data, name)
    try:
        if path.suffix == ".toml":
            return TomlSyntax().read(text)
        if path.suffix == ".json" or text.lstrip().startswith("{"):
            return _json(text, name)
    except Unusable as error:
        where = "" if error.line is None else f":{error.line}"
        raise ConfigError([f"{name}{where}: {error.problem}"]) from None
    return _plain(documents.parse(text, toml=False, name=name).data, name)


def _json(text: str, name: str) -> dict[str, Any]:
    """JSON; with commas too many as claude-code-router takes it, which YAML allows as well."""
    try:
        return JsonSyntax().read(text)
    except Unusable:
        try:
            return _plain(documents.parse(text, toml=False, name=name).data, name)
        except ConfigError:
            pass
        raise


def _plain(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """YAML can spell characters that no file can hold."""
    try:
        json.dumps(tree, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise ConfigError([f"{name}: holds characters that are no text"]) from None
    return tree


def switcher_database(path: Path, name: str) -> dict[str, Any]:
    """The providers in cc-switch's database as its configuration file has them. Raises ``ConfigError``."""
    tree: dict[str, Any] = {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT app_type, id, name, settings_config FROM providers ORDER BY sort_index")
            for app, identity, title, settings in rows.fetchall():
                providers = tree.setdefault(str(app), {"providers": {}})["providers"]
                providers[str(identity)] = {"name": title, "settingsConfig": JsonSyntax().read(str(settings))}
    except (sqlite3.Error, Unusable, ValueError):
        raise ConfigError([f"{name}: cannot be read as the database of cc-switch"]) from None
    return tree
