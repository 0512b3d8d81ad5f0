"""Set up, look, undo: on real files, for each of the three."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from cccc.clients.plan import Target
from cccc.config.atomic import ChangedMeanwhile
from cccc.control.api import ClientState, ClientType, ProofState
from cccc.domain.secret import Secret
from cccc.errors import ConfigError
from cccc.setup import files as file_access
from cccc.setup.journal import KEPT, Journal
from tests.setup.cases import CASES, CODEX, ELSEWHERE, TARGET, Case, clients, tree, written

cases = pytest.mark.parametrize("case", CASES, ids=str)


@cases
def test_up_and_back_is_byte_for_byte_what_it_was(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    before = tree(files.machine.home)
    applied = files.apply(case.client, TARGET)
    assert applied.written == (f"~/{case.path}",)
    assert Path(applied.backups[0]).read_text() == case.text
    assert path.read_text() != case.text
    restored = files.restore(case.client)
    assert (restored.restored, restored.conflicts, restored.notes) == ((f"~/{case.path}",), (), ())
    assert tree(files.machine.home) == before


@cases
def test_without_a_file_nothing_is_left_behind(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)
    before = tree(files.machine.home)
    files.apply(case.client, TARGET)
    assert case.file(files.machine).stat().st_mode & 0o777 == 0o600
    files.restore(case.client)
    assert tree(files.machine.home) == before


@cases
def test_edits_in_between_survive(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    files.apply(case.client, TARGET)
    path.write_text(path.read_text().replace(*case.edit))
    restored = files.restore(case.client)
    assert restored.conflicts == ()
    assert path.read_text() == case.text.replace(*case.edit)


@cases
def test_a_value_of_ours_that_was_changed_stays_and_is_named(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    files.apply(case.client, TARGET)
    path.write_text(path.read_text().replace(TARGET.url, "http://127.0.0.1:7"))
    restored = files.restore(case.client)
    assert restored.conflicts
    assert all(one.startswith(f"~/{case.path}: ") for one in restored.conflicts)
    assert "http://127.0.0.1:7" in path.read_text()
    (view,) = [view for view in files.views(TARGET) if view.client is case.client]
    assert view.restorable == (case is CODEX), "a table of ours with a foreign address stays whole, and ours"


@cases
def test_the_state_is_what_the_files_say(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)

    def state() -> ClientState:
        return next(view.state for view in files.views(TARGET) if view.client is case.client)

    assert state() is ClientState.NOT_FOUND
    path = written(case, files)
    assert state() is ClientState.NOT_SET_UP
    files.apply(case.client, TARGET)
    assert state() is ClientState.THROUGH_CCCC
    assert [view.client for view in files.pointing_here(TARGET)] == [case.client]
    ours = path.read_text()
    path.write_text(ours.replace(TARGET.url, "http://127.0.0.1:7"))
    assert state() is ClientState.DIFFERS
    path.write_text(case.broken)
    assert state() is ClientState.UNREADABLE
    path.write_text(ours)
    files.restore(case.client)
    assert state() is ClientState.NOT_SET_UP


@cases
def test_a_second_set_up_changes_nothing(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    files.apply(case.client, TARGET)
    once = path.read_bytes()
    assert not files.plan(case.client, TARGET).changes
    assert files.apply(case.client, TARGET).written == ()
    assert path.read_bytes() == once
    files.restore(case.client)
    assert path.read_text() == case.text


@cases
def test_many_set_ups_keep_ten_backups_and_the_first(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    for port in range(1, KEPT + 5):
        files.apply(case.client, Target(f"http://127.0.0.1:{port}", Secret("k")))
    backups = Journal(files.state_dir).backups(path)
    assert len(backups) <= KEPT + 1
    assert {one.stat().st_mode & 0o777 for one in backups} == {0o600}
    files.restore(case.client)
    assert path.read_text() == case.text


@cases
@pytest.mark.parametrize("order", list(itertools.permutations("ABC")), ids="".join)
def test_three_proxies_leave_in_any_order(case: Case, order: tuple[str, ...], tmp_path: Path) -> None:
    proxies = {name: clients(tmp_path, state=name) for name in "ABC"}
    first = proxies["A"]
    path = written(case, first)
    before = tree(first.machine.home)
    for port, files in enumerate(proxies.values(), 1000):
        files.apply(case.client, Target(f"http://127.0.0.1:{port}", Secret("cccc-local")))
    for name in order:
        restored = proxies[name].restore(case.client)
        assert restored.conflicts == ()
        assert not next(view for view in proxies[name].views(TARGET) if view.client is case.client).restorable
    assert path.read_text() == case.text
    assert tree(first.machine.home) == before


@cases
def test_the_proxy_that_stays_keeps_all_it_needs(case: Case, tmp_path: Path) -> None:
    below, above = clients(tmp_path, state="A"), clients(tmp_path, state="B")
    path = written(case, below)
    below.apply(case.client, TARGET)
    above.apply(case.client, ELSEWHERE)
    set_up = path.read_bytes()
    (note,) = below.restore(case.client).notes
    assert ELSEWHERE.url in note
    assert path.read_bytes() == set_up


@cases
def test_only_what_was_seen_is_written(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    seen = files.plan(case.client, TARGET).seen
    path.write_text(case.text.replace(*case.edit))
    with pytest.raises(ConfigError, match="not as it was in the preview"):
        files.apply(case.client, TARGET, seen=seen)
    assert path.read_text() == case.text.replace(*case.edit)


@cases
def test_a_change_that_comes_in_between_is_read_again(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    real, left = file_access.write, [1]

    def write(snapshot: file_access.Snapshot, data: bytes) -> None:
        if left:
            left.pop()
            path.write_text(case.text.replace(*case.edit))
        real(snapshot, data)

    monkeypatch.setattr(file_access, "write", write)
    files.apply(case.client, TARGET)
    files.restore(case.client)
    assert path.read_text() == case.text.replace(*case.edit)


def test_somebody_who_writes_all_the_time_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = clients(tmp_path)
    path = written(CODEX, files)

    def write(snapshot: file_access.Snapshot, data: bytes) -> None:
        raise ChangedMeanwhile([f"{snapshot.name}: was changed"])

    monkeypatch.setattr(file_access, "write", write)
    with pytest.raises(ConfigError, match="was changed"):
        files.apply(CODEX.client, TARGET)
    assert path.read_text() == CODEX.text
    assert Journal(files.state_dir).records() == ()
    assert Journal(files.state_dir).unfinished() == ()


def test_a_kept_table_goes_with_the_next_restore(tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(CODEX, files)
    files.apply(CODEX.client, TARGET)
    files.restore(CODEX.client, keep_table=True)
    text = path.read_text()
    assert "[model_providers.cccc]" in text
    assert "model_provider = 'relay'" in text or 'model_provider = "relay"' in text
    files.restore(CODEX.client)
    assert "cccc" not in path.read_text()


def test_undoing_what_was_never_done_says_so(tmp_path: Path) -> None:
    files = clients(tmp_path)
    result = files.restore(ClientType.CODEX)
    assert (result.restored, result.conflicts) == ((), ())
    assert result.notes == ("~/.codex/config.toml: cccc has changed nothing there",)


def test_a_file_that_is_gone_needs_no_undoing(tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(CODEX, files)
    files.apply(CODEX.client, TARGET)
    path.unlink()
    assert "is gone" in files.restore(CODEX.client).notes[0]
    assert not path.exists()
    assert Journal(files.state_dir).records() == ()


def test_everything_in_the_journal_is_the_owners_alone(tmp_path: Path) -> None:
    files = clients(tmp_path)
    for case in CASES:
        written(case, files)
        files.apply(case.client, TARGET)
        files.prove(case.client)
    folder = files.state_dir / "clients"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o600}


def test_a_proof_is_remembered_until_the_next_set_up(tmp_path: Path) -> None:
    files = clients(tmp_path)
    files.apply(ClientType.CODEX, TARGET)
    said = files.prove(ClientType.CODEX)
    assert said.state is ProofState.OPEN
    assert files.views(TARGET)[1].proof == said
    files.apply(ClientType.CODEX, ELSEWHERE)
    assert files.views(TARGET)[1].proof is None


def test_knows_threads_that_were_made_through_us(tmp_path: Path) -> None:
    files = clients(tmp_path)
    assert not files.has_threads()
    folder = files.machine.home / ".codex/sessions/2026/07/01"
    folder.mkdir(parents=True)
    (folder / "rollout-1.jsonl").write_text('{"type":"session_meta","payload":{"model_provider":"openai"}}\nnot json\n')
    (folder / "rollout-2.jsonl").write_text("broken")
    assert not files.has_threads()
    (folder / "rollout-3.jsonl").write_text('{"type":"session_meta","payload":{"model_provider":"cccc"}}\n')
    assert files.has_threads()


def test_a_journal_that_cannot_be_read_names_itself(tmp_path: Path) -> None:
    files = clients(tmp_path)
    written(CODEX, files)
    files.apply(CODEX.client, TARGET)
    (record,) = (files.state_dir / "clients").glob("*.json")
    record.write_text("{")
    with pytest.raises(ConfigError, match="cannot be read; the copies beside it"):
        files.restore(CODEX.client)
    assert files.views(TARGET)[1].state is ClientState.UNREADABLE
