"""What the program says about itself: to the person who started it, or into files when a folder is configured.

Standard ``logging`` collects it; every line is redacted and made plain as the last thing before it leaves. Requests
are told here too: a failed one as a warning, every other for whoever looks for errors. Their contents never are.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import MappingProxyType
from typing import Self

from cccc.domain.record import RequestRecord
from cccc.domain.redact import Redactor
from cccc.domain.wording import plain
from cccc.errors import ConfigError
from cccc.storage.policy import FAILED

FILE_NAME = "cccc.log"
FILE_BYTES = 10 * 1024 * 1024
OLD_FILES = 5

_LINE_LIMIT = 2_000
_LOGGERS = ("cccc", "asyncio")
_LEVELS: Mapping[str, int] = MappingProxyType(
    {
        "debug": logging.DEBUG,
        "info": logging.INFO,
        "warn": logging.WARNING,
        "warning": logging.WARNING,
        "error": logging.ERROR,
    }
)

_requests = logging.getLogger("cccc.requests")


class Logs:
    """The program's log while the block runs.

    ``directory``: where files go; without one lines go to ``say``. ``redactor`` gives the one in force. Entering raises
    ``ConfigError`` where the folder cannot be written to.
    """

    def __init__(
        self, say: Callable[[str], object], directory: Path | None, redactor: Callable[[], Redactor], level: str
    ) -> None:
        self._say = say
        self._directory = directory
        self._redactor = redactor
        self._level = level
        self._handler: logging.Handler = logging.NullHandler()
        self._levels_before: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._handler = _ToPerson(self._say) if self._directory is None else _to_files(self._directory)
        self._handler.setFormatter(_Clean(self._redactor))
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            self._levels_before[name] = logger.level
            logger.addHandler(self._handler)
        self.set_level(self._level)
        return self

    def __exit__(self, *_: object) -> None:
        for name, level in self._levels_before.items():
            logger = logging.getLogger(name)
            logger.removeHandler(self._handler)
            logger.setLevel(level)
        self._handler.close()

    def set_level(self, level: str) -> None:
        """Say more or less from now on; ``level`` as in the configuration."""
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(_LEVELS[level])


def told_of(submit: Callable[[RequestRecord], object]) -> Callable[[RequestRecord], object]:
    """``submit`` that also tells the log of every request."""

    def telling(record: RequestRecord) -> object:
        level = logging.WARNING if record.verdict in FAILED else logging.DEBUG
        if _requests.isEnabledFor(level):
            _requests.log(level, "%s", request_line(record))
        return submit(record)

    return telling


def request_line(record: RequestRecord) -> str:
    """A finished request in one line."""
    asked = record.endpoint or ", ".join(dict.fromkeys(attempt.endpoint for attempt in record.attempts)) or "nobody"
    line = (
        f"{record.id} {record.client_type} {record.method} {record.path} {record.model or '-'} -> {asked}: "
        f"{record.status} {record.verdict} after {record.duration_ms / 1000:.1f} s"
    )
    return f"{line}: {record.error}" if record.error else line


class _Clean(logging.Formatter):
    """Time, level, where from, what: without keys, control characters and line breaks."""

    def __init__(self, redactor: Callable[[], Redactor]) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        # The whole text, an exception's way included, before anything is cut off it.
        text = self._redactor().text(super().format(record))
        return f"{time} {record.levelname.lower()} {record.name}: {plain(text, _LINE_LIMIT)}"


class _ToPerson(logging.Handler):
    def __init__(self, say: Callable[[str], object]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(self.format(record))


class _OwnersFile(RotatingFileHandler):
    """A rotating file that is its owner's alone from its first byte."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


def _to_files(directory: Path) -> logging.Handler:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _OwnersFile(directory / FILE_NAME, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            [f"logging.log_directory: cannot write to {directory}: {error.strerror}. Name another folder, or none"]
        ) from None
