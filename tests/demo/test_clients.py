"""The demo's clients: a whole set-up and back, in the demo's own folder and nowhere else."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from cccc.cli.run import _demo
from cccc.control.api import ClientState, ClientType, ProofState
from cccc.demo.clients import NOTICE, demo_machine
from tests.setup.cases import tree

if TYPE_CHECKING:
    from cccc.server.app import App


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    settings = demo_machine(tmp_path).home / ".claude/settings.json"
    assert settings.stat().st_mode & 0o777 == 0o600
    settings.write_text("{}")
    demo_machine(tmp_path)
    assert settings.read_text() == "{}"


@pytest.mark.anyio
async def test_a_set_up_can_be_tried_and_undone_without_touching_anything(tmp_path: Path, clean_world: Path) -> None:
    (clean_world / ".claude").mkdir(parents=True)
    (clean_world / ".claude/settings.json").write_text('{"mine": 1}')
    theirs, folder = tree(clean_world), tmp_path / "demo"
    folder.mkdir()
    running: list[App] = []
    async with anyio.create_task_group() as tasks:
        up = anyio.Event()

        def listening(app: App, _: str) -> None:
            running.append(app)
            up.set()

        tasks.start_soon(partial(_demo, folder, 0, print, print, listening, signals=False))
        await up.wait()
        control = running[0].control
        assert control is not None
        before = tree(folder / "home")
        plan = await control.client_plan(ClientType.CLAUDE_CODE)
        assert plan.notes[0] == NOTICE
        assert plan.files[0].path == str(folder / "home/.claude/settings.json"), "an address that no editor mistakes"
        for client in (ClientType.CLAUDE_CODE, ClientType.CODEX):
            await control.client_apply(client)
        views = {view.client: view for view in await control.clients()}
        assert views[ClientType.CLAUDE_CODE].state is ClientState.THROUGH_CCCC
        assert views[ClientType.CODEX].state is ClientState.THROUGH_CCCC
        assert (await control.client_prove(ClientType.CLAUDE_CODE)).state is ProofState.OPEN
        for client in (ClientType.CLAUDE_CODE, ClientType.CODEX):
            await control.client_restore(client)
        assert tree(folder / "home") == before
        running[0].stop(now=True)
    assert tree(clean_world) == theirs
