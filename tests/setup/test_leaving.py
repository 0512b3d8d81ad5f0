"""What a stopping proxy says of clients that still point at it, and that it can restore them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cccc.config import Loaded, load_text
from cccc.control.api import ClientType
from cccc.setup.leaving import take_leave
from tests.proxy.harness import eventually, proxy
from tests.setup.cases import CASES, CODEX, ELSEWHERE, TARGET, clients, written
from tests.setup.machines import machine


def loaded(*, restores: bool = False) -> Loaded:
    text = f"server: {{restore_clients_on_stop: {str(restores).lower()}}}"
    return load_text(text, toml=False, name="config.yaml", environ={})


def test_says_who_waits_and_what_to_do(tmp_path: Path) -> None:
    files = clients(tmp_path)
    assert take_leave(files, loaded(), TARGET.url) == ()
    for case in CASES:
        files.apply(case.client, TARGET)
    *said, last = take_leave(files, loaded(), TARGET.url)
    assert "cccc service install" in last
    assert [one.partition(" still points")[0] for one in said] == ["Claude Code", "Codex", "OpenAI-compatible tools"]
    assert "waits for ever" in said[1]
    assert said[1].endswith("cccc setup restore codex")
    assert take_leave(files, loaded(), ELSEWHERE.url) == ()


def test_a_service_is_not_offered_twice(tmp_path: Path) -> None:
    files = clients(tmp_path)
    files.apply(CODEX.client, TARGET)
    (files.state_dir / "service.json").write_text("{}")
    (said,) = take_leave(files, loaded(), TARGET.url)
    assert said.startswith("Codex still points")


def test_restores_only_when_told_to(tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(CODEX, files)
    files.apply(CODEX.client, TARGET)
    assert take_leave(files, loaded(restores=True), TARGET.url) == ("Codex: restored ~/.codex/config.toml",)
    assert path.read_text() == CODEX.text


def test_trouble_is_told_not_raised(tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(CODEX, files)
    files.apply(CODEX.client, TARGET)
    path.chmod(0o444)
    (said,) = take_leave(files, loaded(restores=True), TARGET.url)
    assert said.startswith("Codex was not restored: ")


@pytest.mark.anyio
async def test_a_proxy_repairs_at_its_start_and_speaks_at_its_stop(tmp_path: Path) -> None:
    here = machine(tmp_path)
    folder = tmp_path / "state" / "clients"
    folder.mkdir(parents=True)
    (folder / ".x.json.0.tmp").write_text("left by a kill")
    async with proxy(tmp_path, None, machine=here) as running:
        assert not (folder / ".x.json.0.tmp").exists()
        await running.control.client_apply(ClientType.CODEX)
        assert running.address in (here.home / ".codex/config.toml").read_text()
        await running.control.stop()
        await eventually(lambda: any("Codex still points at this proxy" in one for one in running.said))
