"""Follows the configuration file: a changed one is loaded, a broken one reported while the old one stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anyio
import anyio.to_thread

from cccc.config import Loaded
from cccc.errors import CcccError

LOOK_EVERY_S = 1.0

_Stamp = tuple[Path, int, int, int] | None


class Reloader:
    """Looks at the file once a second and hands a usable new configuration to ``apply``.

    ``find`` names the file (``None`` while there is none), ``load`` loads it, ``say`` shows a line to a person.
    """

    def __init__(
        self,
        find: Callable[[], Path | None],
        load: Callable[[], Loaded],
        apply: Callable[[Loaded], None],
        say: Callable[[str], None],
    ) -> None:
        self._find = find
        self._load = load
        self._apply = apply
        self._say = say
        self._seen = self._stamp()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await anyio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Load the file if it changed since the last look."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        if stamp is None:
            self._say("the configuration file is gone; the running configuration stays")
            return
        try:
            loaded = await anyio.to_thread.run_sync(self._load)
            self._apply(loaded)
        except CcccError as error:
            for problem in str(error).splitlines():
                self._say(problem)
            self._say("the configuration was not reloaded; the running one stays")
            return
        for warning in loaded.warnings:
            self._say(warning)
        count = len(loaded.endpoints)
        self._say(f"configuration reloaded: {count} {'endpoint' if count == 1 else 'endpoints'}")

    def _stamp(self) -> _Stamp:
        try:
            path = self._find()
            if path is None:
                return None
            about = path.stat()
        except (OSError, CcccError):
            return None
        return path, about.st_mtime_ns, about.st_size, about.st_ino
