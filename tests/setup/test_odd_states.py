"""Client files in odd states (T17): done or refused with a named reason, and nothing else is touched.

Each state is made twice: before a set-up, and between a set-up and its undoing.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cccc.config import atomic
from cccc.errors import ConfigError
from tests.setup.cases import CASES, OPENAI, TARGET, Case, clients, tree, written

Make = Callable[[Path, Case, pytest.MonkeyPatch], None]


def moved(path: Path, link: Callable[[Path], str]) -> None:
    """The file moved into another folder, and a symlink in its place."""
    real = path.parent.parent / "dotfiles" / path.name
    real.parent.mkdir()
    path.rename(real)
    path.symlink_to(link(real))


def missing_folder(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(path.parent)


def read_only(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.chmod(0o444)


def read_only_folder(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    """As it is for anybody but root, who may do everything."""
    real = os.open

    def refusing(name: object, flags: int, mode: int = 0o777, **more: int) -> int:
        if flags & os.O_CREAT and Path(str(name)).parent == path.parent:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(name))
        return real(name, flags, mode, **more)  # type: ignore[call-overload,no-any-return]

    patch.setattr(atomic.os, "open", refusing)


def absolute_symlink(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    moved(path, str)


def relative_symlink(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    moved(path, lambda real: os.path.relpath(real, path.parent))


def chain_of_symlinks(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    moved(path, str)
    path.rename(path.with_name("second"))
    path.symlink_to("second")


def dangling_symlink(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.unlink()
    path.symlink_to(path.parent.parent / "nowhere.txt")


def loop_of_symlinks(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.unlink()
    path.symlink_to(path.name)


def hard_link(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.with_name("other name").hardlink_to(path)


def folder(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.unlink()
    path.mkdir()


def fifo(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.unlink()
    os.mkfifo(path)


def empty(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"")


def byte_order_mark(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def windows_line_ends(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def comments(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"# a comment\n" + path.read_bytes())


def broken(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.write_text(case.broken)


def no_utf_8(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.write_bytes(path.read_bytes() + b"\n# \xff\xfe\n")


def huge(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    path.write_bytes(path.read_bytes() + b"\n" * (5 * 1024 * 1024))


def foreign_owner(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        patch.setattr(os, "geteuid", lambda: 1000)
    else:
        patch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)


def concurrent_editor(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    """Somebody writes the same content just before every replacement of ours, and once another one."""
    real, left = atomic._digest, [1]

    def digest(target: Path) -> str:
        if left and target == path:
            left.pop()
            path.write_text(path.read_text().replace(*case.edit))
        return real(target)

    patch.setattr(atomic, "_digest", digest)


def full_disk(path: Path, case: Case, patch: pytest.MonkeyPatch) -> None:
    """No room for what is not small."""

    def write(descriptor: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(atomic.os, "write", write)


DONE: dict[Make, bool | set[str]] = {
    missing_folder: True, read_only: False, read_only_folder: False, absolute_symlink: True, relative_symlink: True,
    chain_of_symlinks: True, dangling_symlink: True, loop_of_symlinks: False, hard_link: False, folder: False,
    fifo: False, empty: True, byte_order_mark: True, windows_line_ends: True, comments: {"codex", "openai"},
    broken: False, no_utf_8: False, huge: False, foreign_owner: False, concurrent_editor: True, full_disk: False,
}  # fmt: skip
"""The states, and whether a set-up is done (for which clients) or refused."""

every_state = pytest.mark.parametrize("make", DONE, ids=lambda make: make.__name__)
every_file = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as context:
        yield context


def is_done(make: Make, case: Case) -> bool:
    expected = DONE[make]
    return expected if isinstance(expected, bool) else str(case) in expected


@every_state
@every_file
def test_a_set_up_is_done_and_undone_or_refused(
    make: Make, case: Case, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    make(path, case, patch)
    before = tree(files.machine.home)
    if not is_done(make, case):
        with pytest.raises(ConfigError) as refused:
            files.apply(case.client, TARGET)
        patch.undo()
        assert path.name in str(refused.value) or str(files.state_dir) in str(refused.value)
        assert tree(files.machine.home) == before
        assert not next(view for view in files.views(TARGET) if view.client is case.client).restorable
        return
    files.apply(case.client, TARGET)
    assert TARGET.url in path.read_text()
    assert path.is_symlink() == (before.get(case.path, ("",))[0] == "link")
    files.restore(case.client)
    after = tree(files.machine.home)
    if make is concurrent_editor:
        assert path.read_text() == case.text.replace(*case.edit)
    else:
        assert after == before


@every_state
@every_file
def test_looking_changes_nothing(make: Make, case: Case, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    files = clients(tmp_path)
    make(written(case, files), case, patch)
    before = tree(files.machine.home)
    view = next(view for view in files.views(TARGET) if view.client is case.client)
    assert view.files == (f"~/{case.path}",)
    assert tree(files.machine.home) == before


@every_state
@every_file
def test_undoing_is_done_or_refused(make: Make, case: Case, tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    files.apply(case.client, TARGET)
    make(path, case, patch)
    before = tree(files.machine.home)
    refusal = ""
    try:
        restored = files.restore(case.client)
    except ConfigError as error:
        refusal = str(error)
    if refusal:
        patch.undo()
        assert not is_done(make, case)
        assert path.name in refusal or str(files.state_dir) in refusal
        assert tree(files.machine.home) == before
        return
    patch.undo()
    assert restored.conflicts or restored.notes or TARGET.url not in path.read_text()
    expected = case.text.replace(*case.edit) if make is concurrent_editor else case.text
    if make in (absolute_symlink, relative_symlink, chain_of_symlinks, concurrent_editor):
        assert path.read_text() == expected
        assert path.is_symlink() == (make is not concurrent_editor)
    if make is byte_order_mark:
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    if make is windows_line_ends and case is not OPENAI:  # a shell takes the return for a part of the value
        assert path.read_bytes() == case.text.replace("\n", "\r\n").encode()
