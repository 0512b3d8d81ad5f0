"""The command as a whole: light to start, options anywhere, one sentence for every mistake, quiet when nobody reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cccc import __version__
from cccc.cli import run as running
from cccc.cli.session import Session
from cccc.errors import CcccError, ConfigError, ListenError, StorageError
from tests.cli.conftest import Run
from tests.control.fake import FakeControl

HEAVY = {"textual", "httpx", "pydantic", "pydantic_settings", "h11", "anyio", "sqlite3", "sqlite_utils"}


def python(*args: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, *args], capture_output=True, check=False, timeout=60, **more)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom cccc.cli.main import main\nmain(['--help'], standalone_mode=False)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = python("-c", code)
    assert done.stdout.startswith(b"Examples:\n")
    assert HEAVY & set(done.stderr.decode().split()) == set()


def test_every_command_can_be_run_as_a_module() -> None:
    done = python("-m", "cccc", "--version")
    assert done.stdout.decode() == f"cccc {__version__}\n"


def test_nobody_reads() -> None:
    """A closed pipe ends the command without a word."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "cccc", "config", "example"], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert done.stderr == b""


def test_a_terminal_without_unicode_gets_escapes(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONIOENCODING": "iso-8859-1", "PYTHONUTF8": "0"}
    done = python("-m", "cccc", "requests", "--help", env=environ)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u2713 ok" in done.stdout


def test_alone_without_a_terminal_it_is_the_proxy_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Session] = []
    monkeypatch.setattr(running, "run_proxy", started.append)
    assert run("--port", "0").exit_code == 0
    assert started[0].options == {"port": "0"}


def test_runs_the_proxy_with_its_options(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Session] = []
    monkeypatch.setattr(running, "run_proxy", started.append)
    result = run("--no-tui", "--port", "0", "--host", "::1", "--log-level", "debug", "--config", "c.yaml")
    assert result.exit_code == 0
    assert started[0].options == {"port": "0", "host": "::1", "log-level": "debug"}
    assert started[0].config == "c.yaml"


def test_runs_the_demo(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    monkeypatch.setattr(running, "run_demo", lambda session, **options: started.append(options))
    assert run("demo").exit_code == 0
    assert run("demo", "--no-tui", "--port", "8123").exit_code == 0
    assert started == [{"port": 0, "tui": True}, {"port": 8123, "tui": False}]


@pytest.mark.parametrize(
    "args",
    [
        ("--json", "--config", "a.yaml", "--state-dir", "s", "--yes", "endpoints", "list"),
        ("endpoints", "--json", "--config", "a.yaml", "--state-dir", "s", "--yes", "list"),
        ("endpoints", "list", "--json", "--config", "a.yaml", "--state-dir", "s", "--yes"),
        ("--config", "b", "--yes", "endpoints", "--config", "a.yaml", "list", "--json", "--state-dir", "s"),
    ],
)
def test_shared_options_stand_anywhere_and_the_last_wins(run: Run, session: Session, args: tuple[str, ...]) -> None:
    assert run(*args).stdout.startswith("[")
    assert (session.json, session.yes, session.config, session.state_dir) == (True, True, "a.yaml", "s")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("statz",), "No such command 'statz'. Did you mean 'stats'?"),
        (("qqq",), "No such command 'qqq'."),
        (("a\x1b[2J",), "No such command 'a␛[2J'."),
        (("--port", "1", "stats"), "--port belongs to cccc alone; it says nothing to 'stats'."),
        (("--no-tui", "stats"), "--no-tui belongs to cccc alone"),
        (("--port", "66000"), "is not in the range"),
        (("--port", "http"), "'http' is not a valid port number"),
        (("show",), "Missing argument 'ID'"),
        (("rank",), "Missing option '--client'"),
        (("rank", "--client", "emacs"), "expected one of claude_code, codex, openai, gemini"),
        (("requests", "--filter", "status:x"), "expected a status such as 429"),
        (("requests", "-n", "0"), "is not in the range"),
        (("stats", "--by", "moon"), "'moon' is not one of"),
        (("stats", "--since", "later"), "is no time"),
        (("use", "beta", "--for", "ever"), "is no length of time"),
        (("use", "beta", "--for", "0"), "--for 0 would end at once"),
        (("use", "auto", "--for", "1h"), "--for has no meaning with auto"),
        (("endpoints", "priority", "beta", "high"), "is not a valid integer"),
    ],
)
def test_wrong_use_is_exit_2_and_says_what_is_expected(run: Run, args: tuple[str, ...], says: str) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (StorageError("the database is locked"), 1, "cccc: the database is locked\n"),
        (ListenError("port 8080 is taken"), 1, "cccc: port 8080 is taken\n"),
        (ConfigError(["c.yaml:1:1: one", "c.yaml:2:1: \x1b[2Jtwo"]), 2, "c.yaml:1:1: one\nc.yaml:2:1: ␛[2Jtwo\n"),
    ],
)
def test_an_error_of_ours_is_one_sentence_a_line(
    run: Run, fake: FakeControl, monkeypatch: pytest.MonkeyPatch, error: CcccError, code: int, told: str
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(fake, "stats", fails)
    result = run("stats")
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", told)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("endpoints", "show", "alpah"), "cccc: no endpoint is named 'alpah'; did you mean 'alpha'?\n"),
        (("endpoints", "show", "zzzzzz"), "cccc: no endpoint is named 'zzzzzz'\n"),
        (("endpoints", "enable", "gama"), "cccc: no endpoint is named 'gama'; did you mean 'gamma'?\n"),
        (("use", "betta"), "cccc: no endpoint is named 'betta'; did you mean 'beta'?\n"),
        (("why", "req_9"), "cccc: no request 'req_9' is in the log (cccc requests lists the newest)\n"),
        (("show", "a\x1bb"), "cccc: no request 'a\\x1bb' is in the log (cccc requests lists the newest)\n"),
    ],
)
def test_what_does_not_exist_is_named(run: Run, args: tuple[str, ...], told: str) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", told)


def test_colours_only_where_they_are_wanted(run: Run, session: Session, environ: dict[str, str]) -> None:
    from click.testing import CliRunner

    from cccc.cli.main import main

    assert "\x1b" not in run("endpoints", "list").stdout
    assert "\x1b[32m● healthy" in CliRunner().invoke(main, ["endpoints", "list"], obj=session, color=True).stdout
    environ["NO_COLOR"] = "1"
    assert "\x1b" not in CliRunner().invoke(main, ["endpoints", "list"], obj=session, color=True).stdout
