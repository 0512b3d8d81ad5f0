"""Addresses of endpoints: which are taken, which are refused and why, which are warned about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from cccc.config.urls import Reach, ascii_url, check_url, notes, reach, shown_url


def refusal(url: str, *, allow_insecure: bool = False, key: str | None = None) -> str:
    with pytest.raises(PydanticCustomError) as caught:
        check_url(url, allow_insecure=allow_insecure, key=key)
    return caught.value.message()


@pytest.mark.parametrize(
    "url",
    [
        "https://api.anthropic.com/v1/messages",
        "https://api.anthropic.com",
        "HTTPS://API.Anthropic.com/",
        "https://api.example.com:8443/v1",
        "https://open.bigmodel.cn/api/paas/v4/chat/completions",
        "https://example.openai.azure.com/openai/deployments/x?api-version=2024-10-21",
        "https://my_relay.example.com/v1",
        "https://example.com./v1",
        "https://[2606:4700::1111]/v1",
        "https://8.8.8.8/v1",
        "https://ex。com/v1",
        "https://bücher.example/v1",
        "https://169.254.169.254/latest",
        "http://localhost:11434/v1",
        "http://api.localhost/v1",
        "http://127.0.0.1:8000",
        "http://127.1:8000",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]:8000/v1",
        "http://[::ffff:127.0.0.1]/",
        "http://192.168.1.20:1234/v1",
        "http://10.0.0.5/",
        "http://172.16.3.4/",
        "http://100.64.0.7/",
        "http://[fd00::1]/v1",
        "http://ollama:11434",
        "http://nas.local/v1",
        "http://llm.corp.internal/v1",
    ],
)
def test_taken_as_it_stands(url: str) -> None:
    assert check_url(url, allow_insecure=False) == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("api.example.com", "is not an address"),
        ("//api.example.com", "is not an address"),
        ("https:api.example.com", "is not an address"),
        ("htps://api.example.com", 'has scheme "htps"; expected "https" (or "http" for a private address)'),
        ("ftp://api.example.com", 'has scheme "ftp"'),
        ("file:///etc/passwd", 'has scheme "file"'),
        ("ws://127.0.0.1", 'has scheme "ws"'),
        ("https://", "names no host"),
        ("https:///v1", "names no host"),
        ("https://:443/v1", "names no host"),
        ("https://user@api.example.com", "contains credentials"),
        ("https://user:pass@api.example.com", "contains credentials"),
        ("https://api.example.com@evil.example", "contains credentials"),
        ("https://api.example.com:99999", "has an unusable port"),
        ("https://api.example.com:0", "has an unusable port"),
        ("https://api.example.com:", "has an unusable port"),
        ("https://api.example.com:http", "has an unusable port"),
        ("https://api.example.com:-1", "has an unusable port"),
        ("http://x\\@127.0.0.1/", "contains a backslash"),
        ("https://api.example.com\\v1", "contains a backslash"),
        ("https://api.example.com/ v1", "contains a space or a control character"),
        (" https://api.example.com", "contains a space or a control character"),
        ("https://api.exa\nmple.com", "contains a space or a control character"),
        ("https://api.example.com/\x1b[31m", "contains a space or a control character"),
        ("https://api.example.com/\u200b", "contains a space or a control character"),
        ("https://api.example.com/#/v1", "has a fragment"),
        ("https://api.example.com/v1?key=abc", "carries a key in its query"),
        ("https://api.example.com/v1?api_key=abc", "carries a key in its query"),
        ("https://api.example.com/v1?access-token=abc", "carries a key in its query"),
        ("https://api.example.com/v1?x=sk-ant-abcdefghijkl", "carries a key in its query"),
        ("https://api.example.com/v1?Signature=abc", "carries a key in its query"),
        ("https://-api.example.com", "has an unusable host name"),
        ("https://api..example.com", "has an unusable host name"),
        ("https://api.example.com%2f@x", "contains credentials"),
        ("https://api%2eexample.com", "has an unusable host name"),
        ("https://api.exa$mple.com", "has an unusable host name"),
        ("https://" + "a" * 64 + ".example.com", "has an unusable host name"),
        ("https://1.2.3.256", "has an unusable IP address"),
        ("https://1.2.3.4.5", "has an unusable IP address"),
        ("https://[::1", "is not an address"),
        ("https://[fe80::1%25eth0]/", "has an IPv6 zone"),
        ("https://[1.2.3.4]/", "is not an address"),
        ("https://0.0.0.0/", "points at no single machine"),
        ("https://[::]/", "points at no single machine"),
        ("https://224.0.0.1/", "points at no single machine"),
        ("https://xn--a.example/\ud800", "contains a space or a control character"),
        ("https://a\u0338.example\u2488", "has a host name that is not allowed"),
        ("http://api.example.com", "sends keys unencrypted to a public address"),
        ("http://8.8.8.8", "sends keys unencrypted to a public address"),
        ("http://169.254.169.254/latest", "sends keys unencrypted to a public address"),
        ("http://[fe80::1]/", "sends keys unencrypted to a public address"),
        ("http://[::ffff:8.8.8.8]/", "sends keys unencrypted to a public address"),
        ("https://api.example.com/" + "a" * 2048, "is longer than 2048 characters"),
    ],
)
def test_refused(url: str, why: str) -> None:
    assert why in refusal(url)


def test_plain_http_can_be_allowed() -> None:
    assert check_url("http://api.example.com", allow_insecure=True)
    assert "credentials" in refusal("http://u:p@api.example.com", allow_insecure=True)


@pytest.mark.parametrize(
    ("key", "url", "why"),
    [
        ("url_openai", "https://a.example/v1/messages", 'ends in "/messages", which belongs to url_anthropic; move it'),
        ("url_anthropic", "https://a.example/v1/responses/", 'ends in "/responses", which belongs to url_openai'),
        ("url_anthropic", "https://a.example/v1/chat/completions", 'ends in "/chat/completions"'),
    ],
)
def test_full_addresses_stand_under_their_own_key(key: str, url: str, why: str) -> None:
    assert why in refusal(url, key=key)


@pytest.mark.parametrize(
    "url",
    ["https://user:hunter2@api.example.com/#x", "https://api.example.com/v1?key=hunter2", "https://hunter2@a:b:c"],
)
def test_refusals_hold_no_credentials(url: str) -> None:
    assert "hunter2" not in refusal(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@a.example/v1?k=v", '"https://…@a.example/v1?…"'),
        ("https://a.example/sk-ant-api03-abcdef", '"https://a.example/…"'),
    ],
)
def test_what_is_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    ("url", "note"),
    [
        ("https://ex。com/v1", 'is asked for as "ex.com"'),
        ("https://bücher.example", 'is asked for as "xn--bcher-kva.example"'),
        ("https://169.254.169.254/", "is a link-local address"),
        ("https://[fe80::1]/", "is a link-local address"),
        ("http://127.1/", "means 127.0.0.1; write it like that"),
        ("http://2130706433/", "means 127.0.0.1"),
        ("http://0x7f.1/", "means 127.0.0.1"),
    ],
)
def test_odd_addresses_are_warned_about(url: str, note: str) -> None:
    (said,) = notes(url)
    assert note in said


@pytest.mark.parametrize("url", ["https://API.example.com:444/v1", "http://127.0.0.1", "http://[::1]/"])
def test_usual_addresses_are_not(url: str) -> None:
    assert notes(url) == []


def test_hosts_of_other_alphabets_are_asked_for_in_ascii() -> None:
    assert ascii_url("https://bücher.example:444/v1?x=ü") == "https://xn--bcher-kva.example:444/v1?x=ü"
    assert ascii_url("https://straße.example/") == "https://xn--strae-oqa.example/"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost.", Reach.LOOPBACK), ("127.255.0.1", Reach.LOOPBACK), ("::", Reach.NOWHERE), ("a.b", Reach.PUBLIC)],
)
def test_reach(host: str, expected: Reach) -> None:
    assert reach(host) is expected


@given(st.text(max_size=60) | st.text(alphabet="htps:/@[]\\.%?#0123456789ax:-。", max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            assert check_url(url, allow_insecure=False) == url
        except PydanticCustomError:
            continue
        assert ascii_url(url).partition("/v")[0]
        assert isinstance(notes(url), list)
