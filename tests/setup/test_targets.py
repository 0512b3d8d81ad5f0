"""What a client is pointed at: address, key, and what the endpoints understand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cccc.config import Loaded, load_text
from cccc.control import statefiles
from cccc.control.api import ClientOptions
from cccc.errors import ConfigError
from cccc.setup.targets import NOWHERE, target

USUAL = ClientOptions()


def loaded(text: str) -> Loaded:
    return load_text(text, toml=False, name="config.yaml", environ={})


@pytest.mark.parametrize(
    ("text", "address", "expected"),
    [
        ("", None, "http://127.0.0.1:8080"),
        ("server: {port: 9}", None, "http://127.0.0.1:9"),
        ("server: {host: localhost}", None, "http://127.0.0.1:8080"),
        ("server: {host: '::1'}", None, "http://[::1]:8080"),
        ("server: {host: 0.0.0.0, auth_token: abcdefgh}", None, "http://127.0.0.1:8080"),
        ("server: {port: 0}", "http://127.0.0.1:4711", "http://127.0.0.1:4711"),
        ("", "http://[::]:4711", "http://[::1]:4711"),
    ],
)
def test_the_address_is_one_to_connect_to(text: str, address: str | None, expected: str, tmp_path: Path) -> None:
    assert target(loaded(text), tmp_path, USUAL, address).url == expected


def test_the_running_proxy_says_where_it_is(tmp_path: Path) -> None:
    statefiles.announce(tmp_path, "http://127.0.0.1:4711", pid=1, started=0.0)
    assert target(loaded("server: {port: 0}"), tmp_path, USUAL).url == "http://127.0.0.1:4711"


def test_an_unknown_port_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--url: is needed"):
        target(loaded("server: {port: 0}"), tmp_path, USUAL)
    assert target(loaded("server: {port: 0}"), tmp_path, USUAL, default=NOWHERE).url == NOWHERE


@pytest.mark.parametrize(
    ("text", "options", "key"),
    [
        ("", {}, "cccc-local"),
        ("", {"key": "mine"}, "mine"),
        ("server: {auth_token: the-token}", {}, "the-token"),
        ("server: {auth_token: the-token}", {"key": "the-token"}, "the-token"),
        ("server: {auth_token: the-token}", {"key": "mine", "url": "http://other:1"}, "mine"),
    ],
)
def test_the_key_is_one_that_the_proxy_takes(text: str, options: dict[str, Any], key: str, tmp_path: Path) -> None:
    assert target(loaded(text), tmp_path, ClientOptions(**options)).key.reveal() == key


def test_the_generated_token_is_used(tmp_path: Path) -> None:
    found = target(loaded("server: {auth_token: auto}"), tmp_path, USUAL)
    assert found.key == statefiles.client_token(tmp_path)


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:8080/v1", "http://localhost:8080/"])
def test_a_key_that_would_be_refused_is_an_error_before_anything_is_written(url: str | None, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--key: the proxy would refuse it"):
        target(loaded("server: {auth_token: the-token}"), tmp_path, ClientOptions(key="mine", url=url))


ANTHROPIC = "{name: a, url_anthropic: https://api.anthropic.com, auth_value: k}"
RELAY = "{name: r, url_anthropic: https://relay.example, auth_value: k}"
FOR_CODEX = "{name: c, url_openai: https://api.openai.com/v1, auth_value: k, client_type: codex}"


@pytest.mark.parametrize(
    ("entries", "works"),
    [([], False), ([ANTHROPIC], True), ([ANTHROPIC, FOR_CODEX], True), ([ANTHROPIC, RELAY], False), ([RELAY], False)],
)
def test_tool_search_where_every_endpoint_is_anthropic(entries: list[str], works: bool, tmp_path: Path) -> None:
    text = f"endpoints: [{', '.join(entries)}]"
    assert target(loaded(text), tmp_path, USUAL).tool_search is works
