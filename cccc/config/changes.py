"""Changes of the user's file as a whole: endpoints added, edited and removed, settings saved, and all of it undone.

Each change is made in the text (``config.patch``), checked as the configuration that it would be, and only then
written: atomically, with the previous version kept as a backup.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cccc.config import documents, form, patch
from cccc.config.atomic import atomic_write
from cccc.config.backups import keep_backup
from cccc.config.document import Document
from cccc.config.edit import index_of
from cccc.config.loading import load_text
from cccc.config.references import holds_literals, is_reference
from cccc.config.schema import field_at, holds_secret
from cccc.control.api import AuthType, ConfigChanges, ConfigDiff, ConfigProblem, EndpointDraft, Saved
from cccc.domain.endpoint import Endpoint
from cccc.domain.redact import Redactor
from cccc.domain.secret import Secret
from cccc.errors import ConfigError

_BOM = b"\xef\xbb\xbf"
_URLS = ("url_anthropic", "url_openai", "url_gemini")
_WIDEST = 0o644


@dataclass(frozen=True, slots=True)
class _File:
    """The file as it is. ``data`` is ``None`` where there is none yet."""

    path: Path
    data: bytes | None
    text: str
    document: Document
    toml: bool

    @classmethod
    def read(cls, path: Path) -> _File:
        toml = documents.is_toml(path)
        data = documents.read(path) if path.exists() else None
        text = "" if data is None else documents.decode(data, path.name)
        return cls(path, data, text, documents.parse(text, toml=toml, name=path.name), toml)

    def changed(self, steps: Iterable[patch.Step]) -> str:
        return patch.applied(self.text, self.document, steps, toml=self.toml)

    def check(self, text: str, environ: Mapping[str, str]) -> tuple[str, ...]:
        """The warnings about a text as this file's; raises ``ConfigError`` where it could not be used."""
        folder = self.path.absolute().parent
        return load_text(text, toml=self.toml, name=self.path.name, folder=folder, environ=environ).warnings

    def write(self, text: str) -> Saved:
        new = (_BOM if (self.data or b"").startswith(_BOM) else b"") + text.encode("utf-8")
        backup = None
        expected = None
        if self.data is not None:
            backup, expected = keep_backup(self.path, self.data).name, documents.digest_of(self.data)
        else:
            _make_folder(self.path.parent)
        document = documents.parse(text, toml=self.toml, name=self.path.name)
        mode = 0o600 if self.data is None or holds_literals(document.data) else _WIDEST
        atomic_write(self.path, new, mode, expected=expected)
        return Saved(str(self.path), documents.digest_of(new), backup)


def add_endpoint(path: Path, draft: EndpointDraft, environ: Mapping[str, str]) -> Saved:
    """Put an endpoint behind the others; the file is made where there is none. Raises ``ConfigError``."""
    file = _File.read(path)
    return _written(file, [patch.appending("endpoints", dict(_entry(draft)), toml=file.toml)], environ)


def add_endpoints(path: Path, drafts: Iterable[EndpointDraft], environ: Mapping[str, str]) -> Saved:
    """The same for several at once: all of them or none."""
    file = _File.read(path)
    return _written(file, _appending(file, drafts), environ)


def preview_endpoints(path: Path, drafts: Iterable[EndpointDraft], environ: Mapping[str, str]) -> ConfigDiff:
    """What ``add_endpoints`` would do. Raises ``ConfigError`` where the file cannot be read or not be edited safely."""
    file = _File.read(path)
    text = file.changed(_appending(file, drafts))
    return ConfigDiff("".join(_diff(file, text)), _problems(file, text, environ))


def edit_endpoint(path: Path, name: str, draft: EndpointDraft, environ: Mapping[str, str]) -> Saved:
    """Make an endpoint what the draft says; a draft without a key keeps the one there is.

    Addresses that the draft does not have are taken out; of other keys only those that it names are touched (JSON
    ``null`` takes one out). Raises ``UnknownEndpoint`` and ``ConfigError``.
    """
    file = _File.read(path)
    place = ("endpoints", index_of(file.document, name))
    current = patch.at(file.document.data, place)
    steps = []
    for key, value in _entry(draft):
        if value is None:
            steps.append(patch.unsetting((*place, key)))
        elif current.get(key) != value:
            steps.append(patch.setting((*place, key), value, toml=file.toml))
    steps += [patch.unsetting((*place, key)) for key in _URLS if key in current and key not in draft.urls]
    return _written(file, steps, environ)


def remove_endpoint(path: Path, name: str, environ: Mapping[str, str]) -> Saved:
    """Take an endpoint out. Raises ``UnknownEndpoint`` and ``ConfigError``."""
    file = _File.read(path)
    return _written(file, [patch.removing("endpoints", index_of(file.document, name))], environ)


def endpoint_of(draft: EndpointDraft, folder: Path, environ: Mapping[str, str]) -> Endpoint:
    """The endpoint that a draft describes, as it would be loaded. Raises ``ConfigError``."""
    text = json.dumps({"endpoints": [dict(_entry(draft))]})
    loaded = load_text(text, toml=False, name="endpoint", folder=folder, environ=environ)
    return loaded.endpoints[0]


def preview(path: Path, changes: ConfigChanges, environ: Mapping[str, str]) -> ConfigDiff:
    """What ``save`` would do. Raises ``ConfigError`` where the file cannot be read or not be edited safely."""
    file = _File.read(path)
    keys = form.editable()
    restart = tuple(key for key in changes if key in keys and keys[key].applies == "restart")
    try:
        text = file.changed(_steps(changes, toml=file.toml))
    except ConfigError as error:
        return ConfigDiff("", tuple(ConfigProblem(problem, fatal=True) for problem in error.problems), restart)
    return ConfigDiff("".join(_diff(file, text)), _problems(file, text, environ), restart)


def save(path: Path, changes: ConfigChanges, environ: Mapping[str, str]) -> Saved:
    """Write settings into the file. Raises ``ConfigError`` and changes nothing where the result could not be used."""
    file = _File.read(path)
    return _written(file, _steps(changes, toml=file.toml), environ)


def undo(saved: Saved) -> None:
    """Put back what stood there before a change, byte for byte.

    Raises ``ConfigError`` where the file has been changed since or its backup is gone.
    """
    path = Path(saved.path)
    if documents.digest_of(documents.read(path)) != saved.digest:
        raise ConfigError([f"{path}: was changed since; nothing was undone"])
    if saved.backup is None:
        path.unlink()
        return
    before = documents.read(path.resolve().with_name(Path(saved.backup).name))
    atomic_write(path, before, _WIDEST, expected=saved.digest)


def _problems(file: _File, text: str, environ: Mapping[str, str]) -> tuple[ConfigProblem, ...]:
    """What is wrong with a text as this file's."""
    try:
        warnings = file.check(text, environ)
    except ConfigError as error:
        return tuple(ConfigProblem(problem, fatal=True) for problem in error.problems)
    return tuple(ConfigProblem(warning, fatal=False) for warning in warnings)


def _appending(file: _File, drafts: Iterable[EndpointDraft]) -> list[patch.Step]:
    return [patch.appending("endpoints", dict(_entry(draft)), toml=file.toml) for draft in drafts]


def _written(file: _File, steps: Iterable[patch.Step], environ: Mapping[str, str]) -> Saved:
    text = file.changed(steps)
    file.check(text, environ)
    return file.write(text)


def _entry(draft: EndpointDraft) -> Iterator[tuple[str, Any]]:
    """The draft's keys as they stand in the file, the further ones as their JSON says."""
    yield "name", draft.name
    yield from draft.urls.items()
    if draft.auth_type is not AuthType.AUTO or "auth_type" in draft.settings:
        yield "auth_type", draft.auth_type.value
    key = draft.key_reference if draft.key is None else draft.key.reveal()
    if key is not None:
        yield "auth_value", key
    for name, text in draft.settings.items():
        try:
            yield name, json.loads(text)
        except ValueError:
            raise ConfigError([f"{name}: is not JSON; write text in quotes"]) from None


def _steps(changes: ConfigChanges, *, toml: bool) -> list[patch.Step]:
    """The changes of settings. Raises ``ConfigError`` that names every one that cannot be read."""
    keys, steps, problems = form.editable(), [], []
    for name, text in changes.items():
        key = keys.get(name)
        if key is None:
            problems.append(f"{name}: is no setting of this form")
            continue
        path = tuple(name.split("."))
        try:
            steps.append(
                patch.unsetting(path) if text is None else patch.setting(path, form.value_of(key, text), toml=toml)
            )
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ConfigError(problems)
    return steps


def _diff(file: _File, text: str) -> Iterator[str]:
    """The lines of a unified diff, keys masked."""
    after = documents.parse(text, toml=file.toml, name=file.path.name)
    masked = Redactor([Secret(value) for value in {*_literals(file.document.data), *_literals(after.data)}])
    name = file.path.name
    for line in difflib.unified_diff(file.text.splitlines(), text.splitlines(), name, name, lineterm=""):
        yield f"{masked.text(line)}\n"


def _literals(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """Every secret that stands in a tree of settings itself."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _literals(value, (*path, key))
    elif isinstance(data, str) and not is_reference(data):
        field = field_at(path)
        if field is not None and holds_secret(field):
            yield data


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError([f"{folder}: cannot be made ({error.strerror}); name a file with --config"]) from None
