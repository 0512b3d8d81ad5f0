from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.server.wire import Client, connected, running


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client of a server whose turns are echoed."""
    async with running() as server, connected(server) as connected_client:
        yield connected_client
