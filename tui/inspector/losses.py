"""What a conversion could not carry over, grouped and counted: what, why, and the places where it stood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cccc.control.api import Loss
from tui.inspector.changes import Path


@dataclass(frozen=True, slots=True)
class Lost:
    """Equal losses: ``paths`` are their places in the client's request, in the order in which they were found."""

    what: str
    why: str
    paths: tuple[str, ...]

    def places(self, most: int = 6) -> str:
        """Where it stood, the first few of many: ``messages[3], [9], [17], system[1]``."""
        shown, before = [], ""
        for path in self.paths[:most]:
            root, bracket, rest = path.partition("[")
            shown.append(bracket + rest if root == before and bracket else path)
            before = root
        left = len(self.paths) - len(shown)
        return ", ".join(shown) + (f" and {left} more" if left else "")


def grouped(losses: Iterable[Loss]) -> tuple[Lost, ...]:
    """The losses, the most frequent first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for loss in losses:
        groups.setdefault((loss.what, loss.why), []).append(loss.path)
    found = (Lost(what, why, tuple(paths)) for (what, why), paths in groups.items())
    return tuple(sorted(found, key=lambda one: -len(one.paths)))


def by_field(losses: Iterable[Loss]) -> Mapping[Path, str]:
    """What was lost within each field of the client's request: ``cache_control x2``."""
    counts: dict[str, dict[str, int]] = {}
    for loss in losses:
        field = loss.path.partition(".")[0].partition("[")[0]
        within = counts.setdefault(field, {})
        within[loss.what] = within.get(loss.what, 0) + 1
    return {
        (field,): ", ".join(what if number == 1 else f"{what} x{number}" for what, number in within.items())
        for field, within in counts.items()
    }
