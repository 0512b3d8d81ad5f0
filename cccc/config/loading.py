"""Loading: file, environment and options become one ``Loaded``, or one ``ConfigError`` with everything that is wrong.

Precedence: option, environment, file, default. Nothing is written and nothing remembered, so the proxy calls this
again whenever the file's digest changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path as FilePath
from typing import NoReturn

from cccc.config import documents
from cccc.config.build import AUTO, AutoToken, World, build, health_policy
from cccc.config.document import EMPTY, Document, Span
from cccc.config.effective import effective
from cccc.config.overrides import Overrides, collect, overlaid
from cccc.config.problems import Path, Problem, dotted
from cccc.config.references import holds_literals
from cccc.config.retired import without_retired
from cccc.config.schema import every_key
from cccc.config.settings import Settings
from cccc.config.validation import validate
from cccc.control.api import ConfigValue
from cccc.domain.endpoint import Endpoint
from cccc.domain.health import HealthPolicy
from cccc.domain.secret import Secret
from cccc.domain.tags import Tagger
from cccc.errors import ConfigError

__all__ = ["AUTO", "AutoToken", "Loaded", "current_digest", "load", "load_text", "restart_keys"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A usable configuration.

    ``values`` are all settings with their sources, secrets masked. ``warnings`` are whole sentences. ``path`` and
    ``digest`` are those of the file, ``None`` without one. ``auth_token`` is the token clients must send, ``AUTO``
    for one that the program makes, ``None`` where any key is accepted. ``log_directory`` is absolute.
    ``literal_secrets``: the file holds keys, so only its owner may read it (``cccc.config.edit.protect``).
    """

    settings: Settings
    endpoints: tuple[Endpoint, ...]
    taggers: tuple[Tagger, ...]
    health_policy: HealthPolicy
    values: tuple[ConfigValue, ...]
    warnings: tuple[str, ...]
    path: FilePath | None
    digest: str | None
    auth_token: Secret | AutoToken | None = None
    log_directory: FilePath | None = None
    literal_secrets: bool = False


def load(path: FilePath | None, *, environ: Mapping[str, str], options: Mapping[str, str]) -> Loaded:
    """Load the file at ``path``; ``None`` means that there is none, and gives the defaults.

    ``options`` are command-line options by name without dashes (``port``, ``host``, ``log-level``), as text.
    Raises ``ConfigError``.
    """
    if path is None:
        return _assembled(EMPTY, collect(environ, options), World(FilePath.cwd(), environ), None, None)
    toml = documents.is_toml(path)
    data = documents.read(path)
    document = documents.parse(documents.decode(data, path.name), toml=toml, name=path.name)
    world = World(path.absolute().parent, environ)
    return _assembled(document, collect(environ, options), world, path, documents.digest_of(data))


def load_text(
    text: str,
    *,
    toml: bool,
    name: str,
    folder: FilePath | None = None,
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> Loaded:
    """Load a text as if it were the file ``name`` in ``folder``: to check it before it is written.

    Raises ``ConfigError``.
    """
    document = documents.parse(text.removeprefix("\ufeff"), toml=toml, name=name)
    world = World((folder or FilePath.cwd()).absolute(), environ or {})
    return _assembled(document, collect(world.environ, options or {}), world, None, documents.digest_of(text.encode()))


def current_digest(path: FilePath) -> str | None:
    """The digest of the file as it is now, ``None`` where it cannot be read: cheap enough to ask every second."""
    try:
        return documents.digest_of(documents.read(path))
    except ConfigError:
        return None


def restart_keys(before: Loaded, after: Loaded) -> tuple[str, ...]:
    """The keys that differ and that a running proxy cannot take up (``server.port``)."""
    known = {value.key: value.value for value in before.values}
    restart = {key.pattern for key in every_key() if key.applies == "restart"}
    return tuple(value.key for value in after.values if value.key in restart and known.get(value.key) != value.value)


@dataclass(frozen=True, slots=True)
class _Origins:
    """Where settings come from, for messages and for ``config show``."""

    document: Document
    overrides: Overrides

    def source(self, path: Path) -> str:
        overridden = self.overrides.gives(path)
        if overridden is not None:
            return overridden
        place = self.document.places.get(path)
        return "default" if place is None else f"file:{place.key.line}"

    def span(self, problem: Problem) -> Span | None:
        """What a problem points at in the file, if anything there is to blame."""
        if not problem.path or self.overrides.source(problem.path) is not None:
            return None
        place = self.document.place(problem.path)
        if place is None:
            return None
        return place.key if problem.at_key or problem.path not in self.document.places else place.value

    def said(self, problem: Problem) -> str:
        """The whole sentence: place, key, message."""
        if not problem.path:
            return problem.message
        what = f"{dotted(problem.path)}: {problem.message}"
        if (overridden := self.overrides.source(problem.path)) is not None:
            return f"{overridden}: {what}"
        if (span := self.span(problem)) is not None:
            return f"{self.document.name}:{span.line}:{span.column}: {what}"
        return f"{self.document.name}: {what}" if self.document.name else what

    def order(self, problem: Problem) -> tuple[int, int]:
        """Sorts by the place in the file; what has none comes last."""
        span = self.span(problem)
        return (1, 0) if span is None else (0, span.start)

    def all_said(self, problems: list[Problem]) -> list[str]:
        """The sentences in the order of the file, those about overrides last."""
        return [self.said(problem) for problem in sorted(problems, key=self.order)]

    def refuse(self, problems: list[Problem]) -> NoReturn:
        """Report these together with what the document itself had to complain about."""
        name = self.document.name
        said = [(self.order(problem), self.said(problem)) for problem in problems]
        said += [
            ((0, span.start), f"{name}:{span.line}:{span.column}: {what}") for span, what in self.document.problems
        ]
        raise ConfigError([sentence for _, sentence in sorted(said, key=itemgetter(0))])


def _assembled(
    document: Document, overrides: Overrides, world: World, path: FilePath | None, digest: str | None
) -> Loaded:
    origins = _Origins(document, overrides)
    data, gone = without_retired(document.data)
    result = validate(overlaid(data, overrides.data))
    if isinstance(result, list):
        origins.refuse(result)
    built = build(result, world)
    if document.problems or built.problems:
        origins.refuse(built.problems)
    warnings = [*origins.all_said(built.warnings), *overrides.warnings]
    if gone:
        names = ", ".join(dict.fromkeys(dotted(path) for path in gone))
        warnings.insert(0, f"{document.name}: these settings of the Go program have no meaning here: {names}")
    directory = result.logging.log_directory
    return Loaded(
        settings=result,
        endpoints=built.endpoints,
        taggers=built.taggers,
        health_policy=health_policy(result.blacklist, result.timeouts),
        values=effective(result, origins.source),
        warnings=tuple(warnings),
        path=path,
        digest=digest,
        auth_token=built.auth_token,
        log_directory=None if directory is None else world.folder / FilePath(directory).expanduser(),
        literal_secrets=holds_literals(document.data),
    )
