"""Where the configuration and the state are.

The working folder is never looked at: a cloned repository must not be able to choose where keys go.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from cccc.errors import ConfigError

CONFIG_VARIABLE = "CCCC_CONFIG"
STATE_VARIABLE = "CCCC_STATE_DIR"
_APP = "cccc"
_NAMES = ("config.yaml", "config.toml")


def config_folder() -> Path:
    """The user's configuration folder for CCCC."""
    return platformdirs.user_config_path(_APP, appauthor=False)


def default_config() -> Path:
    """The file that is written when there is none yet."""
    return config_folder() / _NAMES[0]


def find_config(option: str | None, environ: Mapping[str, str]) -> Path | None:
    """The configuration file: ``--config``, ``$CCCC_CONFIG``, or what is in the user's configuration folder.

    ``None`` when nothing is named and nothing there. A named file is returned whether it exists or not (loading it
    says so). Raises ``ConfigError`` when the folder holds both syntaxes.
    """
    if named := option or environ.get(CONFIG_VARIABLE):
        return Path(named).expanduser()
    folder = config_folder()
    found = [folder / name for name in _NAMES if (folder / name).exists()]
    if len(found) > 1:
        raise ConfigError([f"{found[0]} and {found[1]} both exist; remove one, or choose with --config"])
    return found[0] if found else None


def state_folder(option: str | None, environ: Mapping[str, str]) -> Path:
    """The folder for everything that CCCC keeps, created for the owner alone (0700).

    ``--state-dir``, ``$CCCC_STATE_DIR``, else the platform's place. A folder that exists is made private when it is
    ours by default. Raises ``ConfigError`` when it cannot be used.
    """
    named = option or environ.get(STATE_VARIABLE)
    folder = Path(named).expanduser() if named else platformdirs.user_state_path(_APP, appauthor=False)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if not named and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise ConfigError([f"{folder}: cannot be used as state folder ({error.strerror}); name another one"]) from None
    return folder
