"""The environment's proxy variables."""

from __future__ import annotations

import pytest

from cccc.config.egress import bypassed, from_environment
from cccc.config.references import Unusable
from cccc.domain.endpoint import EgressProxy, EgressType
from cccc.domain.secret import Secret

HTTP = EgressType.HTTP
SOCKS = EgressType.SOCKS5


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("https://a.example", {}, None),
        ("https://a.example", {"HTTPS_PROXY": "http://p:3128"}, EgressProxy(HTTP, "p", 3128)),
        ("https://a.example", {"HTTPS_PROXY": "p:3128"}, EgressProxy(HTTP, "p", 3128)),
        ("https://a.example", {"HTTPS_PROXY": "http://p"}, EgressProxy(HTTP, "p", 80)),
        ("https://a.example", {"HTTP_PROXY": "http://p:3128"}, None),
        ("http://nas.local", {"HTTP_PROXY": "http://p:3128"}, EgressProxy(HTTP, "p", 3128)),
        ("https://a.example", {"ALL_PROXY": "socks5://p"}, EgressProxy(SOCKS, "p", 1080)),
        ("https://a.example", {"ALL_PROXY": "socks5h://p:9"}, EgressProxy(SOCKS, "p", 9)),
        ("https://a.example", {"ALL_PROXY": "http://x:1", "HTTPS_PROXY": "http://y:2"}, EgressProxy(HTTP, "y", 2)),
        ("https://a.example", {"https_proxy": "http://x:1", "HTTPS_PROXY": "http://y:2"}, EgressProxy(HTTP, "x", 1)),
        (
            "https://a.example",
            {"HTTPS_PROXY": "http://me:p%40ss@p:1"},
            EgressProxy(HTTP, "p", 1, "me", Secret("p@ss")),
        ),
        ("https://a.example", {"HTTPS_PROXY": "http://[::1]:1"}, EgressProxy(HTTP, "::1", 1)),
        ("https://a.example", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("https://a.example", {"HTTPS_PROXY": "http://p:1", "no_proxy": "b.example, example"}, None),
        ("https://127.0.0.1:5", {"HTTPS_PROXY": "http://p:1"}, None),
        ("http://localhost:5", {"HTTP_PROXY": "http://p:1", "ALL_PROXY": "http://p:1"}, None),
        ("http://[::1]:5", {"ALL_PROXY": "http://p:1"}, None),
    ],
)
def test_which_proxy(url: str, environ: dict[str, str], expected: EgressProxy | None) -> None:
    assert from_environment(url, environ) == expected


@pytest.mark.parametrize(
    "value", ["socks4://p:1", "https://p:1", "http://", "http://p:99999", "http://[::1", "http://p:0"]
)
def test_proxies_that_make_no_sense_are_named_without_their_value(value: str) -> None:
    found = from_environment("https://a.example", {"HTTPS_PROXY": value})
    assert found == Unusable(
        "HTTPS_PROXY names no usable proxy; expected http://host:port or socks5://host:port, or set proxy: none"
    )


@pytest.mark.parametrize(
    ("host", "port", "no_proxy", "expected"),
    [
        ("a.example", None, "a.example", True),
        ("x.a.example", None, "a.example", True),
        ("x.a.example", None, ".a.example", True),
        ("a.example", None, "*.a.example", True),
        ("xa.example", None, "a.example", False),
        ("a.example", None, "x.a.example", False),
        ("a.example", 8080, "a.example:8080", True),
        ("a.example", 443, "a.example:8080", False),
        ("10.1.2.3", None, "10.0.0.0/8", True),
        ("11.1.2.3", None, "10.0.0.0/8", False),
        ("10.1.2.3", None, "10.1.2.3", True),
        ("10.1.2.3", None, "2.3", False),
        ("fd00::1", None, "fd00::/8", True),
        ("fd00::1", None, "[fd00::1]", True),
        ("a.example", None, "", False),
        ("a.example", None, "b.example A.EXAMPLE", True),
    ],
)
def test_exemptions(host: str, port: int | None, no_proxy: str, expected: bool) -> None:
    assert bypassed(host, port, no_proxy) is expected
