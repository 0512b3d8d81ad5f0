"""Previous versions of the user's file, kept next to it: ``config.yaml.bak-0007``, the newest ten."""

from __future__ import annotations

import re
from pathlib import Path

from cccc.config.atomic import atomic_write

KEPT = 10


def keep_backup(path: Path, data: bytes) -> Path:
    """Store ``data`` (what ``path`` holds now) as the newest backup, for the owner alone. Raises ``ConfigError``."""
    target = path.resolve()
    numbered = backups(target)
    number = max(numbered, default=0) + 1
    newest = target.with_name(f"{target.name}.bak-{number:04}")
    atomic_write(newest, data, 0o600)
    for old in sorted(numbered)[: max(0, len(numbered) + 1 - KEPT)]:
        numbered[old].unlink(missing_ok=True)
    return newest


def backups(path: Path) -> dict[int, Path]:
    """The backups of a file by number; the largest is the newest."""
    pattern = re.compile(re.escape(path.name) + r"\.bak-(\d{4,9})")
    found = ((pattern.fullmatch(other.name), other) for other in path.parent.iterdir())
    return {int(match[1]): other for match, other in found if match}
