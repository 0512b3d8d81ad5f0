"""Whether the safety tests can fail (testplan T32): each guard of ``guards.txt`` is taken away; a test must notice.

``python -m tests.guards [WORD...]`` works on a copy of the project and takes some minutes; the words choose guards by
name. It ends with 1 where a guard was not missed. ``test_guards`` keeps the file true to the code.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
_COPIED = ("cccc", "tui", "tests", "setup_scripts", "docs", "pyproject.toml", "README.md")
_FAILED = 1
"""What pytest ends with when tests ran and some failed."""


@dataclass(frozen=True)
class Guard:
    """``text``, which stands once in ``file``, is replaced by ``instead``; one of ``tests`` must fail then."""

    name: str
    file: str
    text: str
    instead: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


_GUARD = re.compile(
    r"=== (?P<name>.+): (?P<file>\S+)\n(?P<text>(?:-.*\n)+)(?P<instead>(?:\+.*\n)+)(?P<tests>(?:tests/.+\n)+)"
)


def _read(text: str) -> list[Guard]:
    return [
        Guard(
            found["name"], found["file"], _lines(found["text"]), _lines(found["instead"]), tuple(found["tests"].split())
        )
        for found in _GUARD.finditer(text)
    ]


def _lines(marked: str) -> str:
    return "\n".join(line[1:] for line in marked.splitlines())


GUARDS = _read(Path(__file__).with_name("guards.txt").read_text(encoding="utf-8"))


def main(words: list[str]) -> int:
    chosen = [guard for guard in GUARDS if not words or any(word in guard.name for word in words)]
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for part in _COPIED:
            place = _copy_folder if (ROOT / part).is_dir() else shutil.copy
            place(ROOT / part, copy / part)
        if (code := _ended(copy, *sorted({test for guard in chosen for test in guard.tests}))) != 0:
            print(f"the tests fail as it is (pytest ended with {code})")  # noqa: T201
            return 1
        for guard in chosen:
            noticed = _ended_without(copy, guard) == _FAILED
            missed += not noticed
            print(f"{'noticed' if noticed else 'NOT NOTICED':12} {guard}", flush=True)  # noqa: T201
    print(f"{len(chosen) - missed} of {len(chosen)} were missed")  # noqa: T201
    return missed > 0


def _copy_folder(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def _ended_without(copy: Path, guard: Guard) -> int:
    place = copy / guard.file
    original = place.read_text(encoding="utf-8")
    place.write_text(original.replace(guard.text, guard.instead), encoding="utf-8")
    try:
        return _ended(copy, *guard.tests)
    finally:
        place.write_text(original, encoding="utf-8")


def _ended(copy: Path, *tests: str) -> int:
    """How pytest ended; no bytecode, or a change within a second of the last would not be seen."""
    line = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(line, cwd=copy, stdout=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
