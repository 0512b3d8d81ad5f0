"""A file of ``export NAME=value`` lines that shells source, edited line by line."""

from __future__ import annotations

import re
import shlex

from cccc.clients.shells import Unquotable, posix
from cccc.clients.syntax import Changes, Path, Tree, Unusable

_EXPORT = re.compile(r"[ \t]*export[ \t]+([A-Za-z_][A-Za-z0-9_]*)=")


class EnvSyntax:
    """What sh, bash and zsh read. Lines that are no such assignment are left alone."""

    name = "shell"

    def read(self, text: str) -> Tree:
        """Names and values, by the rules of ``shlex``; the last assignment of a name counts."""
        tree: Tree = {}
        for number, line in enumerate(text.split("\n"), 1):
            if not _EXPORT.match(line):
                continue
            try:
                words = shlex.split(line, comments=True)
            except ValueError:
                raise Unusable("has a quote that is not closed", number) from None
            if len(words) == 2:
                name, _, value = words[1].partition("=")
                tree[name] = value
        return tree

    def edit(self, text: str, changes: Changes) -> str:
        lines = text.splitlines(keepends=True)
        for (name, *deeper), value in changes.items():
            if deeper:
                raise Unusable("has no tables")
            wanted = [] if value is None else [f"export {name}={_quoted(value)}\n"]
            hits = [place for place, line in enumerate(lines) if (match := _EXPORT.match(line)) and match[1] == name]
            if hits:
                lines[hits[-1] : hits[-1] + 1] = wanted
                for place in reversed(hits[:-1]):
                    del lines[place]
            else:
                if lines and not lines[-1].endswith("\n"):
                    lines[-1] += "\n"
                lines += wanted
        return "".join(lines)

    def prune(self, text: str, path: Path) -> str:  # noqa: ARG002  (there are no tables)
        return text


def _quoted(value: object) -> str:
    try:
        return posix(str(value))
    except Unquotable as error:
        raise Unusable(str(error)) from None
