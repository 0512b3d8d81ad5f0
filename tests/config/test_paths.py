"""Where configuration and state are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.config.paths import config_folder, default_config, find_config, state_folder
from cccc.errors import ConfigError


def test_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("server: {}\n")
    assert find_config(None, {}) is None


def test_the_option_stands_above_the_variable_above_the_folder(tmp_path: Path) -> None:
    config_folder().mkdir(parents=True)
    default_config().write_text("")
    assert find_config(None, {}) == default_config()
    assert find_config(None, {"CCCC_CONFIG": "/a.toml"}) == Path("/a.toml")
    assert find_config("b.yaml", {"CCCC_CONFIG": "/a.toml"}) == Path("b.yaml")
    assert find_config("~/b.yaml", {}) == Path.home() / "b.yaml"


def test_toml_is_found_and_both_are_an_error() -> None:
    folder = config_folder()
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("")
    assert find_config(None, {}) == folder / "config.toml"
    (folder / "config.yaml").write_text("")
    with pytest.raises(ConfigError) as caught:
        find_config(None, {})
    assert caught.value.problems == (
        f"{folder / 'config.yaml'} and {folder / 'config.toml'} both exist; remove one, or choose with --config",
    )


def test_the_state_folder_is_private(tmp_path: Path) -> None:
    option = tmp_path / "a" / "option"
    variable = tmp_path / "variable"
    environ = {"CCCC_STATE_DIR": str(variable)}
    assert state_folder(str(option), environ) == option
    assert state_folder(None, environ) == variable
    standard = state_folder(None, {})
    assert standard.is_relative_to(Path.home())
    assert {folder.stat().st_mode & 0o777 for folder in (option, variable, standard)} == {0o700}


def test_our_own_state_folder_is_made_private_and_a_named_one_left() -> None:
    standard = state_folder(None, {})
    standard.chmod(0o755)
    assert state_folder(str(standard), {}).stat().st_mode & 0o777 == 0o755
    assert state_folder(None, {}).stat().st_mode & 0o777 == 0o700


def test_an_unusable_state_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be used as state folder \(File exists\); name another one"):
        state_folder(str(tmp_path / "file"), {})
