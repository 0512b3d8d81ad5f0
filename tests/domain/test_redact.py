from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.redact import MASK, Redactor
from cccc.domain.secret import Secret

PLAIN = "plain/canary+value=with~odd!characters$12"
KEYS = (
    PLAIN,
    "sk-ant-api03-CANARY0aZ_9x-QwErTyUiOp1234567890",
    'pass word "quoted" \\ & 100%',
    "clé-secrète-ünïcode-1",
)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "url": lambda key: quote(key, safe=""),
    "path": quote,
    "form": quote_plus,
    "json": lambda key: json.dumps(key)[1:-1],
    "json utf-8": lambda key: json.dumps(key, ensure_ascii=False)[1:-1],
    "json slashes": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 url": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 one in": lambda key: base64.b64encode(b"x" + key.encode()).decode(),
    "basic": lambda key: base64.b64encode(f"me:{key}\n".encode()).decode(),
    "hex": lambda key: key.encode().hex(),
    "HEX": lambda key: key.encode().hex().upper(),
    "beginning": lambda key: key[:12],
    "longer beginning": lambda key: key[:20],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("key", KEYS)
def test_a_known_secret_is_masked_in_every_spelling(key: str, spelling: str) -> None:
    redactor = Redactor([Secret("another-secret-that-is-not-there"), Secret(key)])
    spelt = SPELLINGS[spelling](key)
    text = f'{{"error": "bad key {spelt}", "next": 1}}'
    masked = redactor.text(text)
    assert not any(spelt[start : start + 8] in masked for start in range(4, len(spelt) - 8))
    assert MASK in masked
    assert masked.startswith('{"error": "bad key ')
    assert masked.endswith('", "next": 1}')
    assert redactor.bytes(text.encode()) == masked.encode()


def test_without_the_secret_nothing_is_masked() -> None:
    """The positive control of the test above: it is the known secret that makes the difference."""
    redactor = Redactor([Secret("another-secret-that-is-not-there")])
    for spelling in SPELLINGS.values():
        assert spelling(PLAIN) in redactor.text(f"<{spelling(PLAIN)}>")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("key sk-proj-abcdefghijklmnop1234 end", f"key {MASK} end"),
        ("Authorization: Bearer abc.def-123_456", f"Authorization: Bearer {MASK}"),
        ("authorization: bearer abcdefg12345678", f"authorization: bearer {MASK}"),
        ("Bearer%20abcdefg12345678", f"Bearer%20{MASK}"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.s3cr3t_signature", MASK),
        ("?key=AIzaSyA-1234567890abcdefghijklmnopqrstu&x=1", f"?key={MASK}&x=1"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", MASK),
        ("github_pat_11ABCDEFG0abcdefghijklmnop", MASK),
    ],
)
def test_what_looks_like_a_key_is_masked(text: str, masked: str) -> None:
    assert Redactor().text(text) == masked
    assert Redactor().bytes(text.encode()) == masked.encode()


@pytest.mark.parametrize(
    "text",
    [
        "task-management-and-scheduling-library",
        "ask-me-anything-about-programming",
        "sk-short",
        "use a Bearer token in the header",
        "bearer authentication is described in RFC 6750",
        "iVBORw0KGgoeyJhbGciOiAAAABJRU5ErkJggg==",
        "eyJ is how base64 of JSON begins",
        '{"model": "claude-opus-4-5", "max_tokens": 1024}',
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    redactor = Redactor([Secret("sk-ant-api03-CANARY0aZ_9x")])
    assert redactor.text(text) is text
    data = text.encode()
    assert redactor.bytes(data) is data


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        ("abc", "abc and abcdef", "abc and abcdef"),
        ("", "text", "text"),
        ("hello1", "say hello1!", f"say {MASK}!"),
        ("hello1", "sayhello1there", "sayhello1there"),
        ("eightchr", "xeightchrx", f"x{MASK}"),
    ],
)
def test_short_secrets_are_not_found_inside_words(secret: str, text: str, masked: str) -> None:
    assert Redactor([Secret(secret)]).text(text) == masked


def test_the_mask_keeps_json_valid() -> None:
    key = KEYS[2]
    document = json.dumps({"a": key, "b": [key, f"Bearer {key}"], key: 1})
    assert MASK in json.dumps(json.loads(Redactor([Secret(key)]).text(document)))


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12), st.text(), st.text())
def test_no_secret_survives_wherever_it_stands(key: str, before: str, after: str) -> None:
    redactor = Redactor([Secret(key)])
    for spelling in (str, SPELLINGS["url"], SPELLINGS["json"], SPELLINGS["base64"], SPELLINGS["hex"]):
        spelt = spelling(key)
        rest = redactor.text(f"{before} {spelt} {after}")
        # What is typed around it may by chance spell the key again; the mask may not.
        assert spelt not in rest.replace(MASK, "\0")


@given(st.binary())
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    Redactor([Secret(PLAIN)]).bytes(data)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("content-type", "application/json", "application/json"),
        ("User-Agent", "claude-cli/2.1.197", "claude-cli/2.1.197"),
        ("anthropic-ratelimit-unified-status", "allowed", "allowed"),
        ("x-ratelimit-remaining-requests", "3", "3"),
        ("x-stainless-retry-count", "0", "0"),
        ("authorization", "Bearer x", MASK),
        ("x-api-key", "x", MASK),
        ("cookie", "a=b", MASK),
        ("set-cookie", "a=b", MASK),
        ("proxy-authorization", "Basic x", MASK),
        ("x-goog-api-key", "x", MASK),
        ("location", "https://host/?token=x", MASK),
        ("x-header-nobody-knows", "x", MASK),
        ("server", f"echo {PLAIN}", f"echo {MASK}"),
    ],
)
def test_only_known_headers_are_shown(name: str, value: str, shown: str) -> None:
    redactor = Redactor([Secret(PLAIN)])
    assert redactor.header_value(name, value) == shown
    assert redactor.headers([(name, value)]) == ((name, shown),)
