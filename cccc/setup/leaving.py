"""What is said of clients when the proxy stops, and what is done for them where its owner wants that."""

from __future__ import annotations

from cccc.config import Loaded
from cccc.control.api import ClientOptions, ClientType
from cccc.errors import CcccError
from cccc.setup.background import installed_from
from cccc.setup.service import ClientFiles
from cccc.setup.targets import target

_WAITS = {
    ClientType.CODEX: "and waits for ever while it is gone",
    ClientType.CLAUDE_CODE: "and gives up after three minutes while it is gone",
}
_OUTLIVES = "cccc service install keeps a proxy running without a terminal"
_NAMES = {ClientType.CLAUDE_CODE: "claude-code", ClientType.CODEX: "codex", ClientType.OPENAI: "openai"}


def take_leave(clients: ClientFiles, loaded: Loaded, address: str) -> tuple[str, ...]:
    """One sentence for every client that still points at ``address``; restores them under ``restore_clients_on_stop``.

    Never raises: a proxy that stops has nobody to ask.
    """
    try:
        wanted = target(loaded, clients.state_dir, ClientOptions(), address=address)
        here = [view for view in clients.pointing_here(wanted) if view.restorable]
    except CcccError as error:
        return (f"whether clients still point at this proxy cannot be seen: {error}",)
    if loaded.settings.server.restore_clients_on_stop:
        return tuple(_restored(clients, view.client, view.title) for view in here)
    sentences = tuple(
        f"{view.title} still points at this proxy {_WAITS.get(view.client, 'while it is gone')}: "
        f"start the proxy again, or run cccc setup restore {_NAMES[view.client]}"
        for view in here
    )
    return (*sentences, _OUTLIVES) if here and not installed_from(clients.state_dir) else sentences


def _restored(clients: ClientFiles, client: ClientType, title: str) -> str:
    try:
        result = clients.restore(client)
    except CcccError as error:
        return f"{title} was not restored: {error}"
    return "; ".join((f"{title}: restored {', '.join(result.restored) or 'nothing'}", *result.conflicts))
