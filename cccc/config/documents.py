"""A configuration file as data that remembers where every key and value stands.

Two syntaxes, one result: ``yaml_documents`` and ``toml_documents`` give the same tree with the same kind of index, so
that nothing above has to know which one the user chose.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path as FilePath

from cccc.config.document import Document
from cccc.errors import ConfigError

SUFFIXES = {".yaml": False, ".yml": False, ".toml": True}
"""File name endings, and whether they mean TOML."""

_LARGEST = 4 * 1024 * 1024


def is_toml(path: FilePath) -> bool:
    """Whether the suffix says TOML. Raises ``ConfigError`` for a suffix that names neither syntax."""
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise ConfigError([f"{path.name}: unknown file type; expected a name in .yaml, .yml or .toml"]) from None


def digest_of(data: bytes) -> str:
    """The fingerprint by which a changed file is noticed (SHA-256, hexadecimal)."""
    return hashlib.sha256(data).hexdigest()


def read(path: FilePath) -> bytes:
    """The file's bytes. Raises ``ConfigError`` for anything that is not a readable file of reasonable size."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError([f"{path}: is not a regular file; expected a YAML or TOML file"])
        if found.st_size > _LARGEST:
            raise ConfigError([f"{path}: is larger than {_LARGEST // 1024**2} MiB; expected a configuration file"])
        return path.read_bytes()
    except FileNotFoundError:
        raise ConfigError([f"{path}: does not exist; cccc config example prints a file to start from"]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        raise ConfigError([f"{path}: cannot be read ({reason})"]) from None


def decode(data: bytes, name: str) -> str:
    """UTF-8 text, without a byte order mark. Raises ``ConfigError`` naming the line that is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{name}:{line}: is not UTF-8 text; save the file as UTF-8"]) from None


def parse(text: str, *, toml: bool, name: str) -> Document:
    """Read a text in either syntax. Raises ``ConfigError`` naming line and column of what is not that syntax."""
    if toml:
        from cccc.config.toml_documents import parse_toml

        return parse_toml(text, name)
    from cccc.config.yaml_documents import parse_yaml

    return parse_yaml(text, name)
