"""A request as a curl command: what a shell makes of it is what was sent, and no key is in it."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.curl import LONGEST_ARGUMENT, as_curl
from cccc.domain.redact import MASK
from tests.storage.records import attempt, record

HEADERS = (
    ("content-type", "application/json"),
    ("authorization", MASK),
    ("x-team", MASK),
    ("accept-encoding", "identity"),
    ("x-cccc-hop", "1"),
    ("user-agent", "it's me"),
)


def asked(**more: Any) -> Any:
    tried = attempt(url="https://api.example.com/v1/messages", request_headers=HEADERS)
    return record(request_body=b'{"a":"it\'s"}', attempts=(tried,), **more)


def test_the_whole_command() -> None:
    assert as_curl(asked()) == (
        "curl -sS -N -X POST https://api.example.com/v1/messages \\\n"
        "  -H 'content-type: application/json' \\\n"
        '  -H "authorization: Bearer $CCCC_KEY" \\\n'
        "  -H 'user-agent: it'\"'\"'s me' \\\n"
        '  --data-raw \'{"a":"it\'"\'"\'s"}\'\n'
    )


def test_the_attempt_that_is_wanted_with_its_own_body() -> None:
    tries = (attempt(url="https://one.example", request_body=b"one"), attempt(url="https://two.example"))
    both = replace(asked(), attempts=tries)
    assert "https://two.example" in as_curl(both)
    assert shlex.split(as_curl(both, 1).replace("\\\n", ""))[-1] == "one"


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    st.text(st.characters(codec="ascii", min_codepoint=32)),
)
def test_a_shell_reads_back_what_was_sent(body: str, value: str) -> None:
    one = attempt(url="https://api.example.com/?a=b&c", request_headers=(("user-agent", value),))
    words = shlex.split(as_curl(record(request_body=body.encode(), attempts=(one,))).replace("\\\n  ", "", 1))
    assert f"user-agent: {value}" in words or value == MASK
    assert words[-1].rstrip("\n") == body.rstrip("\n")


def test_a_long_body_comes_by_standard_input() -> None:
    body = b"x" * LONGEST_ARGUMENT + b"\nCCCC_BODY\n$(touch /tmp/never)"
    command = as_curl(record(request_body=body, attempts=(attempt(url="-"),)))
    shown = subprocess.run(
        ["/bin/sh"], input=command.replace("curl", "cat; true", 1).encode(), capture_output=True, check=True, timeout=10
    )
    assert command.splitlines()[-1] == "CCCC_BODY_"
    assert shown.returncode == 0


@pytest.mark.parametrize(
    ("change", "number", "says"),
    [
        ({"attempts": ()}, None, "was sent to nobody"),
        ({}, 2, "has no attempt 2"),
        ({}, 0, "has no attempt 0"),
        ({"request_body": None}, None, "was not kept"),
        ({"request_body": b"\xff"}, None, "is not text"),
    ],
)
def test_what_cannot_be_shown_is_said(change: dict[str, Any], number: int | None, says: str) -> None:
    with pytest.raises(LookupError, match=says):
        as_curl(replace(asked(), **change), number)
