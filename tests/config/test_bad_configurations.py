"""Every wrong configuration of ``bad_configurations.txt`` and the exact text that it gets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cccc.config import load_text
from cccc.errors import ConfigError

_CASE = re.compile(r"=== (?P<file>\S+): (?P<title>.+)\n(?P<text>(?:.*\n)*?)--- says\n(?P<said>(?:.*\n)*?)(?=\n===|\Z)")
_CASES = [
    pytest.param(*match.group("file", "text", "said"), id=f"{match['file']} {match['title']}")
    for match in _CASE.finditer(Path(__file__).with_name("bad_configurations.txt").read_text())
]


def test_the_corpus_is_read_whole() -> None:
    assert len(_CASES) >= 80


@pytest.mark.parametrize(("file", "text", "said"), _CASES)
def test_says(file: str, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text, toml=file.endswith(".toml"), name=file, environ={}, folder=Path("/nowhere"))
    assert str(caught.value) == said.rstrip("\n")


def refusal(text: str, *, toml: bool = False, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_text(text, toml=toml, name="config.yaml", environ=environ)
    return caught.value.problems


def test_several_errors_come_together_in_the_order_of_the_file() -> None:
    text = """\
server:
  prot: 1
  port: 1
  port: 2
endpoints:
  - name: a
    url_anthropic: htps://api.example.com
    auth_value: 5
  - name: a
    url_openai: https://api.example.com
timeouts:
  connect: soon
"""
    assert refusal(text, CCCC_ROUTING__MAX_ATTEMPTS="many") == (
        'config.yaml:2:3: server.prot: unknown key; did you mean "port"?',
        "config.yaml:4:3: server.port: is set twice (first in line 3); remove one of them",
        (
            'config.yaml:7:20: endpoints[0].url_anthropic: "htps://api.example.com" has scheme "htps"; '
            'expected "https" (or "http" for a private address)'
        ),
        "config.yaml:8:17: endpoints[0].auth_value: is a number; expected text (put it in quotes)",
        (
            "config.yaml:9:5: endpoints[1].auth_value: is missing; "
            "expected a key, ${ENV_NAME} or file:PATH (or auth_type: oauth)"
        ),
        'config.yaml:9:11: endpoints[1].name: "a" is already the name of endpoints[0]; names must be unique',
        (
            'config.yaml:12:12: timeouts.connect: "soon" is not a duration; expected one such as 10s, 500ms, 5m or 1h, '
            "or a number of seconds"
        ),
        'env CCCC_ROUTING__MAX_ATTEMPTS: routing.max_attempts: "many" is not a whole number',
    )


def test_control_characters_are_named_by_line() -> None:
    assert refusal("server:\n  host: \x01\n") == ("config.yaml:2: holds a control character; remove it",)


def test_aliases_cannot_unfold_without_end() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert refusal("\n".join(levels)) == ("config.yaml: unfolds to more than 100000 values; remove nested aliases",)


@pytest.mark.parametrize(
    ("text", "toml"),
    [("[" * 1000, False), ("{a: " * 5000, False), ("a = " + "[" * 5000 + "]" * 5000, True)],
    ids=["lists", "mappings", "toml"],
)
def test_depth_is_an_error_not_a_crash(text: str, toml: bool) -> None:
    (problem,) = refusal(text, toml=toml)
    assert problem.startswith("config.yaml")
    assert "cannot be read as" in problem


def test_depth_in_a_variable_is_an_error_too() -> None:
    (problem,) = refusal("", CCCC_ENDPOINTS="[" * 100_000)
    assert problem.startswith("env CCCC_ENDPOINTS: is not JSON")


def test_numbers_without_end_are_refused() -> None:
    assert refusal(f"server:\n  port: {'9' * 5000}\n") == ("config.yaml:2:9: server.port: is not a usable number",)
