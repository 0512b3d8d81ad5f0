"""The program's own log: how much it says, where to, and what it never says."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import pytest

from cccc.demo.configuration import endpoint
from cccc.demo.faults import status
from cccc.demo.provider import SimulatedProvider
from cccc.domain.redact import Redactor
from cccc.domain.secret import Secret
from cccc.errors import ConfigError
from cccc.server import logs
from cccc.server.logs import Logs
from tests.proxy.harness import A, eventually, proxy

KEY = "canary-in-the-log-7f3a91"


def redactor() -> Redactor:
    return Redactor([Secret(KEY)])


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warn", ["warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_levels(level: str, expected: list[str]) -> None:
    said: list[str] = []
    log = logging.getLogger("cccc.somewhere")
    with Logs(said.append, None, redactor, level):
        for name in ("debug", "info", "warning", "error"):
            getattr(log, name)("it happened")
    log.error("nobody listens any more")
    assert [line.split(" ")[1] for line in said] == expected
    assert said[-1].endswith(" error cccc.somewhere: it happened")


def test_a_line_holds_neither_keys_nor_control_characters() -> None:
    said: list[str] = []
    with Logs(said.append, None, redactor, "info"):
        logging.getLogger("cccc").error("key %s\x1b[31m\nsecond line \x9b2J", KEY)
        try:
            raise ValueError(f"about {KEY}")
        except ValueError:
            logging.getLogger("asyncio").exception("nobody caught it")
    assert len(said) == 2
    assert all(line.isprintable() for line in said)
    assert KEY not in "".join(said)
    assert "ValueError" in said[1]


def test_files_are_the_owners_alone_and_rotate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 300)
    before = os.umask(0)
    try:
        with Logs(print, tmp_path / "logs", redactor, "info"):
            for number in range(20):
                logging.getLogger("cccc").info("line %d %s", number, "x " * 50)
    finally:
        os.umask(before)
    files = sorted((tmp_path / "logs").iterdir())
    assert len(files) == 1 + logs.OLD_FILES
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700
    assert "line 19" in (tmp_path / "logs" / logs.FILE_NAME).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="log_directory"), Logs(print, tmp_path / "file", redactor, "info"):
        pass


@pytest.mark.anyio
async def test_failed_requests_are_told_and_all_of_them_at_debug(tmp_path: Path) -> None:
    one = SimulatedProvider(A, name="one")
    async with one.running(), proxy(tmp_path, [endpoint(one, auth_value=KEY)]) as running:
        good = await running.turn(A)
        one.fail_next(status(400, f"your key is {KEY}"))
        bad = await running.turn(A)
        assert any(bad.id in line and "warning" in line and "-> one: 400" in line for line in running.said)
        assert not any(good.id in line for line in running.said)
        running.configure([endpoint(one, auth_value=KEY)], logging={"level": "debug"})
        await eventually(lambda: any("reloaded" in line for line in running.said))
        good = await running.turn(A)
        assert any(good.id in line and "debug" in line and "-> one: 200 ok" in line for line in running.said)
        assert KEY not in "".join(running.said)


@pytest.mark.anyio
async def test_a_configured_folder_gets_the_files(tmp_path: Path) -> None:
    async with proxy(tmp_path, [], logging={"log_directory": "./logs"}) as running:
        reply = await running.turn(A)
        assert reply.id in (tmp_path / "logs" / "cccc.log").read_text(encoding="utf-8")
        assert not any(reply.id in line for line in running.said)
