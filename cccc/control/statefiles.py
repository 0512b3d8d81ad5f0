"""The small files of the state folder by which commands find the running proxy and prove who they are.

``run.json`` says where the proxy listens, ``admin.token`` opens its management API, ``auth.token`` is what clients send
under ``auth_token: auto``. All are the owner's alone (0600) from their first byte; a token file is never half written,
because it appears under its name only when it is whole.
"""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cccc.control.jsoncodec import time_text
from cccc.domain.secret import Secret
from cccc.errors import ControlError, NotRunning

_RUN = "run.json"
_ADMIN = "admin.token"
_CLIENTS = "auth.token"
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Running:
    """What ``run.json`` says about a proxy that has started here."""

    address: str
    pid: int


def announce(state_dir: Path, address: str, *, pid: int, started: float) -> None:
    """Leave word where the proxy listens. ``started`` is a wall time. Raises ``ControlError``."""
    said = {"address": address, "pid": pid, "started": time_text(started)}
    _write(state_dir / _RUN, json.dumps(said) + "\n", replace=True)


def withdraw(state_dir: Path, *, pid: int) -> None:
    """Take that word back, unless another proxy has left its own meanwhile."""
    try:
        if running(state_dir).pid == pid:
            (state_dir / _RUN).unlink(missing_ok=True)
    except ControlError:
        pass  # nothing there, or nothing of ours


def running(state_dir: Path) -> Running:
    """Read ``run.json``. Raises ``NotRunning`` where there is none, ``ControlError`` where it cannot be read."""
    path = state_dir / _RUN
    try:
        said = json.loads(path.read_bytes())
        return Running(str(said["address"]), int(said["pid"]))
    except FileNotFoundError:
        raise NotRunning("no proxy is running (start one with: cccc --no-tui)") from None
    except (OSError, ValueError, KeyError, TypeError):
        raise ControlError(f"{path} cannot be read; delete it and start the proxy again") from None


def admin_token(state_dir: Path) -> Secret:
    """The token of the management API, made when there is none yet. Raises ``ControlError``."""
    return _token(state_dir / _ADMIN)


def client_token(state_dir: Path) -> Secret:
    """The token of ``auth_token: auto``, made when there is none yet. Raises ``ControlError``."""
    return _token(state_dir / _CLIENTS)


def new_client_token(state_dir: Path) -> Secret:
    """Replace the token of ``auth_token: auto``. Raises ``ControlError``."""
    token = _made()
    _write(state_dir / _CLIENTS, token + "\n", replace=True)
    return Secret(token)


def _made() -> str:
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _token(path: Path) -> Secret:
    if not path.exists():
        _write(path, _made() + "\n", replace=False)
    try:
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        raise ControlError(f"{path} holds no token that can be read; delete it, and a new one is made")
    return Secret(text)


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Write beside it and move into place; without ``replace`` the file that is first in place stays."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text)
            if replace:
                Path(temporary).replace(path)
            else:
                path.hardlink_to(temporary)
        except FileExistsError:
            pass  # another process was faster; its token is as good
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise ControlError(f"{path} cannot be written ({error.strerror})") from None
