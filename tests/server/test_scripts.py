"""The served scripts: one source, clean in the eyes of other tools, and part of the package that is installed."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from cccc.server import scripts

ROOT = Path(__file__).parents[2]
SHELL_SCRIPTS = [name for name in scripts.NAMES if name.endswith(".sh")]


@pytest.mark.parametrize(("name", "client"), scripts.VARIANTS.items())
def test_the_scripts_for_one_client_are_made_from_the_source(name: str, client: str) -> None:
    source = scripts.script(scripts.SOURCE).decode()

    assert scripts.script(name).decode() == scripts.variant(source, client), "run python -m cccc.server.scripts"


def test_a_source_without_the_line_that_differs_is_refused() -> None:
    with pytest.raises(ValueError, match="one line"):
        scripts.variant("#!/bin/sh\n", "codex")


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_scripts_can_be_started(name: str) -> None:
    assert (scripts.folder() / name).stat().st_mode & stat.S_IXUSR
    assert scripts.script(name).startswith(b"#!/bin/sh\n")


@pytest.mark.parametrize("name", scripts.NAMES)
def test_scripts_are_plain_text_of_this_program_alone(name: str) -> None:
    text = scripts.script(name).decode("ascii")

    assert "\r" not in text
    assert "eval" not in text
    assert set(re.findall(r"https?://([A-Za-z0-9.]+)", text)) == {"127.0.0.1"}


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say() -> None:
    paths = [str(scripts.folder() / name) for name in SHELL_SCRIPTS]
    done = subprocess.run(["shellcheck", "-s", "sh", *paths], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_powershell_script_parses() -> None:
    powershell = pytest.importorskip("tree_sitter_powershell")
    tree_sitter = pytest.importorskip("tree_sitter")
    parser = tree_sitter.Parser(tree_sitter.Language(powershell.language()))
    source = scripts.script(scripts.POWERSHELL)

    def broken(node: object) -> list[int]:
        found = [node.start_point[0] + 1] if node.is_error or node.is_missing else []  # type: ignore[attr-defined]
        return found + [line for child in node.children for line in broken(child)]  # type: ignore[attr-defined]

    assert broken(parser.parse(source).root_node) == []
    assert broken(parser.parse(source.replace(b"}\n", b"\n", 1)).root_node), "a missing brace would not be seen"


def test_a_built_wheel_holds_the_scripts(tmp_path: Path) -> None:
    wheel_builder = pytest.importorskip("hatchling.builders.wheel")
    built = next(wheel_builder.WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"]))

    with zipfile.ZipFile(built) as wheel:
        for name in scripts.NAMES:
            assert wheel.read(f"cccc/setup_scripts/{name}") == scripts.script(name)
