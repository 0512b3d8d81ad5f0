"""Adding endpoints: where a key may come from, and where it never shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cccc.cli.session import Session
from cccc.control.api import AuthType, Secret
from cccc.control.local import offline
from tests.cli.conftest import Run
from tests.control.fake import FakeControl

KEY = "sk-test-0123456789abcdef"


def test_a_preset_gives_addresses_and_the_way_the_key_is_sent(run: Run, fake: FakeControl) -> None:
    assert run("endpoints", "add", "--preset", "Anthropic", "--key-env", "MINE").exit_code == 0
    (draft,) = fake.drafts
    assert (draft.name, draft.auth_type, draft.key, draft.key_reference) == (
        "anthropic", AuthType.API_KEY, None, "${MINE}",
    )  # fmt: skip
    assert dict(draft.urls) == {"url_anthropic": "https://api.anthropic.com/v1/messages"}


def test_what_is_said_wins_over_the_preset(run: Run, fake: FakeControl) -> None:
    result = run(
        "endpoints", "add", "mine", "--preset", "openai", "--url-openai", "https://x.example", "--auth-type", "auto",
        "--key-env", "MINE",
    )  # fmt: skip
    assert result.exit_code == 0
    (draft,) = fake.drafts
    assert (draft.name, draft.auth_type, dict(draft.urls)) == (
        "mine", AuthType.AUTO, {"url_openai": "https://x.example"},
    )  # fmt: skip


def test_a_key_comes_from_standard_input_and_is_never_shown(run: Run, fake: FakeControl) -> None:
    result = run("endpoints", "add", "delta", "--url-openai", "https://d.example", input=f"{KEY}\nmore\n")
    assert result.exit_code == 0
    assert fake.drafts[0].key == Secret(KEY)
    assert KEY not in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--url-openai", "https://x.example"], "a name is missing"),
        (["delta"], "an address is missing"),
        (["delta", "--url-openai", "https://x.example"], "no key was given"),
        (["--preset", "nobody"], "no preset is named 'nobody'; there are: anthropic, openai"),
        (["alpha", "--url-openai", "https://x.example", "--key-env", "X"], "already the name"),
    ],
)
def test_wrong_use_is_exit_2_with_what_to_do(run: Run, arguments: list[str], says: str) -> None:
    result = run("endpoints", "add", *arguments, input="")
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_removing_an_unknown_endpoint(run: Run) -> None:
    result = run("endpoints", "remove", "alpah")
    assert result.exit_code != 0
    assert "did you mean 'alpha'?" in result.stderr


def test_an_endpoint_that_fails_is_exit_1(run: Run, fake: FakeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(name: str, *, model: str | None = None) -> object:
        report = await FakeControl().probe_endpoint(name)
        return replace(report, formats=report.formats[1:])

    monkeypatch.setattr(fake, "probe_endpoint", broken)
    for command in (["probe", "beta"], ["endpoints", "test", "beta"], ["probe", "--json"]):
        result = run(*command)
        assert result.exit_code == 1
    assert "404 Not Found" in run("probe", "beta").stdout


def test_the_first_endpoint_needs_no_file(run: Run, session: Session, tmp_path: Path, clean_world: Path) -> None:
    """The real thing, without a proxy: the file is made, with the key, for its owner alone."""
    session.reach = lambda session, running: offline(tmp_path, session.config_path(), {})
    result = run("endpoints", "add", "delta", "--url-openai", "https://d.example/v1", input=KEY)
    assert result.exit_code == 0, result.output
    path = session.config_path()
    assert path is not None
    assert path.is_relative_to(clean_world)
    assert KEY in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert run("endpoints", "remove", "delta").exit_code == 0
    assert KEY not in path.read_text()
