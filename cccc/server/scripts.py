"""The set-up scripts that the proxy serves: the files of ``setup_scripts/`` as they stand, nothing put into them.

``cccc-setup.sh`` is the source; the two for one client differ in one line. Write them anew with
``python -m cccc.server.scripts``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import cccc

SOURCE = "cccc-setup.sh"
POWERSHELL = "cccc-setup.ps1"
VARIANTS: Mapping[str, str] = MappingProxyType(
    {"cccc-setup-claude-code.sh": "claude-code", "cccc-setup-codex.sh": "codex"}
)
"""The scripts for one client alone, by name."""

NAMES = (SOURCE, *VARIANTS, POWERSHELL)

_DEFAULT = "clients='claude-code codex openai'\n"


def folder() -> Path:
    """Where the scripts are: in an installed package beside its modules, in a checkout beside the package."""
    package = Path(cccc.__file__).parent
    installed = package / "setup_scripts"
    return installed if installed.is_dir() else package.parent / "setup_scripts"


@cache
def script(name: str) -> bytes:
    """One of ``NAMES``. Raises ``OSError`` where the installation is not whole."""
    return (folder() / name).read_bytes()


def variant(text: str, client: str) -> str:
    """The script for one client alone. Raises ``ValueError`` where the source has no line to change."""
    if text.count(_DEFAULT) != 1:
        raise ValueError(f"{SOURCE}: expected one line {_DEFAULT!r}")
    return text.replace(_DEFAULT, f"clients='{client}'\n")


def main() -> None:
    """Write the variants."""
    text = (folder() / SOURCE).read_text(encoding="utf-8")
    for name, client in VARIANTS.items():
        path = folder() / name
        path.write_text(variant(text, client), encoding="utf-8")
        path.chmod(0o755)


if __name__ == "__main__":
    main()
