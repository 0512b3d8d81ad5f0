"""The reference of every key as Markdown, written from the model: ``docs/configuration.md``.

``python -m cccc.config.reference`` prints it; a test holds the file against it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from cccc.config.effective import NOTHING, text_of
from cccc.config.overrides import OPTIONS
from cccc.config.problems import dotted
from cccc.config.schema import Key, every_key

_INTRODUCTION = """\
# Configuration

The configuration is one file, YAML or TOML: `--config PATH`, else `$CCCC_CONFIG`, else `config.yaml` or `config.toml`
in the user's configuration folder (`cccc config path` names it). The working folder is never looked at.
`cccc config example` prints a file to start from, `cccc config check` checks one, and `cccc config show` lists every
value with its source.

**Precedence.** Command line, environment, file, default. A variable is named after the key:
`CCCC_SERVER__PORT=9000` is `server.port`; lists and mappings are written as JSON.
Options: {options}.

**Durations** are `500ms`, `10s`, `5m`, `1h` or a number of seconds; **sizes** are `64MiB`, `512kB` or a number of
bytes. A key without a value counts as absent.

**Secrets.** Wherever a key or password is expected it can be named instead of written: `${{ENV_NAME}}` or
`env:ENV_NAME` reads a variable, `file:PATH` a file (relative to the configuration file; readable by its owner alone).
An endpoint whose variable is not set is left out with a warning. A file with literal keys is made readable by its
owner alone.

**Reloading.** A changed file is taken up while the proxy runs; keys marked *restart* apply at the next start. A broken
file is reported and the running configuration stays.

This page is written from the settings model (`python -m cccc.config.reference`).
"""


def reference() -> str:
    """The whole page."""
    options = ", ".join(f"`--{option}` is `{dotted(path)}`" for option, path in OPTIONS.items())
    return _INTRODUCTION.format(options=options) + "".join(_tables())


def _tables() -> Iterator[str]:
    """One table for each section, in the order of the model."""
    for key in every_key():
        section = key.section
        if section is None:
            continue
        name = f"{key.pattern}{'[]' if key.is_list else ''}"
        doc = str(section.__doc__).strip()
        yield f"\n## {name}\n\n{doc}\n\n| key | default | applies | meaning |\n|---|---|---|---|\n"
        for row in every_key(section):
            if "." not in row.pattern:
                yield _row(row, name)


def _row(key: Key, section: str) -> str:
    meaning = str(key.field.description).replace("|", "\\|")
    if key.section is not None:
        meaning += f" See [{section}.{key.name}{'[]' if key.is_list else ''}](#{_anchor(section, key)})."
    return f"| `{key.name}` | {_default(key)} | {key.applies} | {meaning} |\n"


def _anchor(section: str, key: Key) -> str:
    return "".join(c for c in f"{section}{key.name}".lower() if c.isalnum() or c in "-_")


def _default(key: Key) -> str:
    default: Any = key.field.default
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, BaseModel):
        return ""
    text = text_of(default, key.unit)
    return NOTHING if text == NOTHING else f"`{text}`"


if __name__ == "__main__":
    sys.stdout.write(reference())
