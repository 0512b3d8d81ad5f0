"""The set-up scripts in real shells against a proxy: they leave what ``cccc setup`` leaves, and they go back."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cccc.server import scripts
from cccc.setup.service import ClientFiles
from tests.clock import ManualClock
from tests.proxy.harness import proxy
from tests.setup.cases import CASES, CLAUDE, CODEX, Case, clients, tree, written
from tests.setup.exchange import NAMES, Proxy, Script, merging

pytestmark = pytest.mark.anyio

SHELLS = [("dash",), ("bash",), ("busybox", "sh")]
TOKEN = "the-token-of-this-proxy-0123456789"


def journal(home: Path, proxy: Proxy) -> Path:
    place = proxy.url.replace(":", "_").replace("/", "_")
    return home / ".local/state/cccc/scripts" / place / "clients"


def world(home: Path) -> dict[str, object]:
    """Everything in a home folder but what scripts keep for themselves."""
    return {name: what for name, what in tree(home).items() if not name.startswith(".local")}


def told_apart(world: dict[str, object]) -> dict[str, object]:
    """The same but for what names the journal of whoever did it."""
    return {name: None if name.endswith(".cccc") else what for name, what in world.items()}


def all_below(folder: Path, pattern: str = "*") -> list[Path]:
    return list(folder.rglob(pattern))


@pytest.mark.parametrize(("shell", "there"), [*((shell, True) for shell in SHELLS), (SHELLS[0], False)], ids=str)
async def test_a_script_does_what_the_command_does_and_goes_back(
    shell: tuple[str, ...], there: bool, tmp_path: Path
) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    by_command, by_script = clients(tmp_path / "command"), clients(tmp_path / "script")
    for case in CASES if there else ():
        for files in (by_command, by_script):
            written(case, files, mode=0o640)
    home = by_script.machine.home
    before = world(home)
    script = Script(home, shell)
    async with merging(tmp_path / "state", TOKEN) as proxy:
        for case in CASES:
            by_command.apply(case.client, proxy.target(TOKEN))

        done = await script.run("--url", proxy.url, "--key", TOKEN, "--yes")

        assert (done.code, TOKEN in done.stdout + done.stderr) == (0, False), done
        assert told_apart(world(home)) == told_apart(world(by_command.machine.home))
        assert {path.stat().st_mode & 0o077 for path in all_below(journal(home, proxy).parents[1])} == {0}

        again = await script.run("--url", f"{proxy.url}/v1/", "--key", TOKEN)
        assert again.code == 0, again
        assert again.stdout.count("as it should be") == len(CASES)

        back = await script.run("--url", proxy.url, "--key", TOKEN, "--restore")
    assert back.code == 0, back
    assert world(home) == before
    assert not all_below(journal(home, proxy), "*.json")
    assert not all_below(tmp_path, "cccc-setup.*")


@pytest.mark.parametrize("name", scripts.VARIANTS)
async def test_a_script_for_one_client_comes_through_a_pipe(name: str, tmp_path: Path) -> None:
    files = clients(tmp_path)
    async with merging(tmp_path / "state") as proxy:
        done = await Script(files.machine.home).run("--url", proxy.url, "--yes", stdin=scripts.script(name))

        assert done.code == 0, done
    made = {case.client for case in CASES if case.file(files.machine).exists()}
    assert {NAMES[client] for client in made} == {scripts.VARIANTS[name]}


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_newer_edits_survive(case: Case, tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(case, files)
    script = Script(files.machine.home)
    async with merging(tmp_path / "state") as proxy:
        await script.run("--url", proxy.url, "--yes", NAMES[case.client])
        path.write_text(path.read_text().replace(*case.edit))

        done = await script.run("--url", proxy.url, "--restore", NAMES[case.client])

    assert done.code == 0, done
    assert path.read_text() == case.text.replace(*case.edit)


async def test_a_running_proxy_merges(tmp_path: Path) -> None:
    files = clients(tmp_path)
    async with proxy(tmp_path, None) as running:
        done = await Script(files.machine.home).run("--url", running.address, "--yes", "codex")

        assert done.code == 0, done
        assert running.address in CODEX.file(files.machine).read_text()


HOSTILE = "a\"b\\c'$(id)`id`%s;#&!{}[]"


@pytest.mark.parametrize("fetch", ["curl", "wget"])
async def test_a_key_is_carried_as_it_is(fetch: str, tmp_path: Path) -> None:
    if shutil.which(fetch) is None:
        pytest.skip(f"{fetch} is not installed")
    path = without_curl(tmp_path / "bin", shutil.which("wget") or "") if fetch == "wget" else os.environ["PATH"]
    by_command, by_script = clients(tmp_path / "command"), clients(tmp_path / "script")
    script = Script(by_script.machine.home, environ={"CCCC_KEY": HOSTILE}, path=str(path))
    async with merging(tmp_path / "state") as proxy:
        by_command.apply(CLAUDE.client, proxy.target(HOSTILE))
        done = await script.run("--url", proxy.url, "--yes", "claude-code")

    assert done.code == 0, done
    assert CLAUDE.file(by_script.machine).read_bytes() == CLAUDE.file(by_command.machine).read_bytes()
    assert HOSTILE not in done.stdout + done.stderr


async def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    files = clients(tmp_path)
    written(CLAUDE, files)
    before = tree(files.machine.home)
    async with merging(tmp_path / "state") as proxy:
        done = await Script(files.machine.home).run("--url", proxy.url, "--dry-run")

    assert done.code == 0, done
    assert '+        "ANTHROPIC_AUTH_TOKEN": "cccc-local"' in done.stdout
    assert tree(files.machine.home) == before


async def test_without_a_terminal_nobody_is_asked_and_nothing_written(tmp_path: Path) -> None:
    files = clients(tmp_path)
    written(CLAUDE, files)
    before = world(files.machine.home)
    async with merging(tmp_path / "state") as proxy:
        done = await Script(files.machine.home).run(
            "--url", proxy.url, "claude-code", stdin=scripts.script(scripts.SOURCE)
        )

    assert done.code == 1
    assert "add --yes" in done.stderr
    assert world(files.machine.home) == before


async def test_a_link_stays_a_link(tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(CLAUDE, files)
    real = tmp_path / "dot files" / "claude.json"
    real.parent.mkdir()
    path.rename(real)
    path.symlink_to("../../dot files/claude.json")
    async with merging(tmp_path / "state") as proxy:
        await Script(files.machine.home).run("--url", proxy.url, "--yes", "claude-code")

    assert path.is_symlink()
    assert proxy.url in real.read_text()


def read_only(path: Path) -> None:
    path.chmod(0o444)


def hard_linked(path: Path) -> None:
    path.with_name("other").hardlink_to(path)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def broken(path: Path) -> None:
    path.write_text(CLAUDE.broken)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (read_only, "is read-only"),
        (hard_linked, "hard link"),
        (folder_instead, "not a regular file"),
        (loop, "leads to itself"),
        (broken, "cannot be read as JSON"),
    ],
)
async def test_what_cannot_be_changed_safely_is_left_alone(
    spoil: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    files = clients(tmp_path)
    spoil(written(CLAUDE, files))
    before = world(files.machine.home)
    async with merging(tmp_path / "state") as proxy:
        done = await Script(files.machine.home).run("--url", proxy.url, "--yes", "claude-code")

    assert done.code == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert world(files.machine.home) == before


async def test_a_wrong_key_is_told(tmp_path: Path) -> None:
    async with merging(tmp_path / "state", TOKEN) as proxy:
        for words in ((), ("--key", "another")):
            done = await Script(clients(tmp_path).machine.home).run("--url", proxy.url, "--yes", "codex", *words)

            assert done.code == 1
            assert "cccc token shows it" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--url",),
        ("--url", "ftp://127.0.0.1"),
        ("--url", 'http://127.0.0.1/"'),
        ("--url", "http://127.0.0.1:1/$(id)"),
        ("--key", "a b"),
        ("--key", "a\nb"),
        ("--what",),
        ("gemini",),
    ],
)
async def test_wrong_use_is_told(words: tuple[str, ...], tmp_path: Path) -> None:
    done = await Script(tmp_path).run(*words)

    assert done.code == 2
    assert done.stderr.startswith("cccc-setup: ")
    assert all_below(tmp_path) == []


async def test_plain_http_to_another_machine_needs_a_word(tmp_path: Path) -> None:
    done = await Script(tmp_path).run("--url", "http://192.0.2.1:8080", "--yes")

    assert done.code == 1
    assert "careful: plain http to 192.0.2.1:8080" in done.stderr
    assert "--insecure" in done.stderr


async def test_a_proxy_that_is_gone_is_told(tmp_path: Path) -> None:
    files = clients(tmp_path)
    written(CLAUDE, files)
    async with merging(tmp_path / "state") as proxy:
        pass
    done = await Script(files.machine.home).run("--url", proxy.url, "--yes", "claude-code")

    assert done.code == 1
    assert "does not answer" in done.stderr


def without_curl(tools: Path, wget: str) -> Path:
    """A search path with everything but curl."""
    tools.mkdir()
    for program in (*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()):
        place = tools / program.name
        if program.name not in ("curl", "wget") and not place.exists():
            place.symlink_to(program)
    (tools / "wget").symlink_to(wget)
    return tools


@pytest.mark.parametrize("tool", ["wget", "busybox"])
async def test_wget_does_where_curl_is_missing(tool: str, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    tools = without_curl(tmp_path / "bin", shutil.which(tool) or "")
    files = clients(tmp_path)
    async with merging(tmp_path / "state", TOKEN) as proxy:
        script = Script(files.machine.home, path=str(tools))
        done = await script.run("--url", proxy.url, "--key", TOKEN, "--yes", "codex")
        assert done.code == 0, done
        assert proxy.url in CODEX.file(files.machine).read_text()

        refused = await script.run("--url", proxy.url, "--key", "another", "--yes", "codex")
        assert refused.code == 1


async def test_a_script_that_was_killed_half_way_is_finished_or_rolled_back_by_the_next(tmp_path: Path) -> None:
    files = clients(tmp_path)
    path = written(CLAUDE, files)
    before = world(files.machine.home)
    script = Script(files.machine.home)
    async with merging(tmp_path / "state") as proxy:
        words = ("--url", proxy.url, "--yes", "claude-code")
        assert (await script.run(*words)).code == 0
        (record,) = journal(files.machine.home, proxy).glob("*.json")
        record.rename(record.with_suffix(".pending"))

        assert (await script.run(*words, "--restore")).code == 0
        assert world(files.machine.home) == before

        assert (await script.run(*words)).code == 0
        (record,) = journal(files.machine.home, proxy).glob("*.json")
        record.rename(record.with_suffix(".pending"))
        path.with_name(".settings.json.cccc-new").write_bytes(path.read_bytes())
        path.write_text(CLAUDE.text)

        done = await script.run(*words, "--restore")
    assert "changed nothing there" in done.stdout
    assert world(files.machine.home) == before


Act = Callable[[], Awaitable[None]]


@pytest.mark.parametrize(("case", "there"), [(CLAUDE, True), (CODEX, False)], ids=["a file", "no file"])
@pytest.mark.parametrize(
    "ways", [("script", "script"), ("script", "command"), ("command", "script")], ids=" then ".join
)
@pytest.mark.parametrize("order", list(itertools.permutations((0, 1))), ids=["the first first", "the last first"])
async def test_two_proxies_are_taken_away_in_any_order(
    case: Case, there: bool, ways: tuple[str, str], order: tuple[int, int], tmp_path: Path
) -> None:
    machine = clients(tmp_path).machine
    if there:
        written(case, clients(tmp_path))
    before = world(machine.home)
    script = Script(machine.home)

    async with merging(tmp_path / "one") as one, merging(tmp_path / "two") as two:

        def acts(way: str, proxy: Proxy) -> tuple[Act, Act]:
            command = ClientFiles(proxy.state_dir, machine, ManualClock())
            words = ("--url", proxy.url, "--yes", NAMES[case.client])

            async def scripted(*more: str) -> None:
                done = await script.run(*words, *more)
                assert done.code == 0, done

            async def commanded() -> None:
                command.apply(case.client, proxy.target())

            async def restored() -> None:
                command.restore(case.client)

            if way == "script":
                return scripted, lambda: scripted("--restore")
            return commanded, restored

        done = [acts(way, proxy) for way, proxy in zip(ways, (one, two), strict=True)]
        for apply, _ in done:
            await apply()
        assert two.url in case.file(machine).read_text()

        await done[order[0]][1]()
        standing = one if order[0] else two
        assert standing.url in case.file(machine).read_text()

        await done[order[1]][1]()

    assert world(machine.home) == before
