from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cccc.domain.answers import Failure
from cccc.domain.secret import Secret
from cccc.errors import BadRequest
from cccc.server.edge import Denial, Edge, EdgeRules, WrongTokens, host_allowed, peer_allowed
from cccc.server.replies import plain_refusal
from cccc.server.routing import Match, Router
from tests.clock import ManualClock
from tests.server.tables import JSON, head, refuse, routes

TOKEN = "tok-0123456789abcdef"
ADMIN = "adm-0123456789abcdef"
PEER = "127.0.0.1"


def edge(**rules: object) -> Edge:
    given_rules = EdgeRules(admin_tokens=[Secret(ADMIN)], **rules)  # type: ignore[arg-type]
    return Edge(Router(routes()), given_rules, ManualClock())


def failure_of(result: Match | Denial) -> Failure | None:
    return result.failure if isinstance(result, Denial) else None


GOOD_HOSTS = [
    "127.0.0.1",
    "127.0.0.1:8080",
    "127.0.0.1:1",
    "127.0.0.1:65535",
    "localhost",
    "localhost:8080",
    "LocalHost:8080",
    "LOCALHOST",
    "[::1]",
    "[::1]:8080",
    "cccc.lan",
    "cccc.lan:9000",
    "CCCC.LAN:9000",
    "[fd00::1]:8080",
]
BAD_HOSTS = [
    "",
    " ",
    ":8080",
    ":",
    "attacker.example",
    "attacker.example:8080",
    "127.0.0.1.attacker.example",
    "localhost.attacker.example",
    "localhost.",
    "localhost.:8080",
    "alocalhost",
    "localhost:4000/#@attacker.example",
    "localhost:4000?@attacker.example",
    "a/b@c",
    "user@localhost",
    "user:pw@localhost:8080",
    "localhost@attacker.example",
    "localhost,attacker.example",
    "localhost attacker.example",
    "localhost:8080:8080",
    "localhost:",
    "localhost:x",
    "localhost:-1",
    "localhost:+80",
    "localhost: 80",
    "localhost:80 ",
    "localhost:123456",
    "localhost:8080/v1",
    "http://localhost",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0.0.0.0",
    "127.0.0.2",
    "::1",
    "[::1",
    "::1]",
    "[::ffff:127.0.0.1]",
    "[::1]]:80",
    "[::1%lo]",
    "localhost\\",
    "lócalhost",
]


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_hosts_that_are_ours(host: str) -> None:
    result = edge(allowed_hosts=["CCCC.lan", "fd00::1"]).check(head(host=host), PEER)

    assert isinstance(result, Match)


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_hosts_that_are_not_ours(host: str) -> None:
    result = edge(allowed_hosts=["cccc.lan", "fd00::1"]).check(head(host=host), PEER)

    assert failure_of(result) is Failure.FORBIDDEN_ORIGIN
    assert isinstance(result, Denial)
    assert result.close


def test_a_request_without_a_host_is_refused() -> None:
    assert failure_of(edge().check(head(host=None), PEER)) is Failure.FORBIDDEN_ORIGIN


def test_two_hosts_are_refused() -> None:
    twice = head(fields=[("host", "localhost"), *JSON])

    assert failure_of(edge().check(twice, PEER)) is Failure.FORBIDDEN_ORIGIN


@given(st.binary(max_size=40))
def test_only_an_exact_name_with_a_port_is_a_host_of_ours(value: bytes) -> None:
    names = frozenset({b"localhost"})
    name, _, port = value.lower().partition(b":")
    wanted = name == b"localhost" and (b":" not in value or (port.isdigit() and len(port) <= 5))

    assert host_allowed(value, names) is wanted


ORIGINS = [
    ("http://127.0.0.1:8080", False),
    ("http://localhost:8080", False),
    ("http://localhost", False),
    ("https://attacker.example", False),
    ("null", False),
    ("", False),
    ("app://electron", True),
    ("APP://Electron", True),
    ("app://electron.attacker.example", False),
    ("app://electron/", False),
    ("app://electron, app://electron", False),
    ("xapp://electron", False),
    ("file://", False),
    ("*", False),
]


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
@pytest.mark.parametrize("target", ["/v1/messages", "/health", "/nowhere"])
def test_origins(origin: str, allowed: bool, target: str) -> None:
    checked = edge(allowed_origins=["app://electron"], proxy_tokens=[Secret(TOKEN)])
    method, fields = ("POST", JSON) if target == "/v1/messages" else ("GET", [])

    result = checked.check(head(method, target, [*fields, ("origin", origin), ("x-api-key", TOKEN)]), PEER)

    if allowed:
        assert failure_of(result) is (Failure.UNKNOWN_PATH if target == "/nowhere" else None)
    else:
        assert failure_of(result) is Failure.FORBIDDEN_ORIGIN


def test_two_origins_are_refused() -> None:
    twice = head(fields=[("origin", "app://electron"), ("origin", "app://electron"), ("x-api-key", TOKEN), *JSON])

    result = edge(allowed_origins=["app://electron"], proxy_tokens=[Secret(TOKEN)]).check(twice, PEER)

    assert failure_of(result) is Failure.FORBIDDEN_ORIGIN


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_allowed_origin_always_needs_a_token(method: str) -> None:
    fields = [("origin", "app://electron"), *(JSON if method == "POST" else [])]
    asked = head(method, "/v1/messages" if method == "POST" else "/health", fields)

    without_any = edge(allowed_origins=["app://electron"]).check(asked, PEER)
    without_sent = edge(allowed_origins=["app://electron"], proxy_tokens=[Secret(TOKEN)]).check(asked, PEER)

    assert failure_of(without_any) is Failure.WRONG_TOKEN
    assert failure_of(without_sent) is Failure.WRONG_TOKEN


@pytest.mark.parametrize(
    ("site", "allowed"),
    [(None, True), ("none", True), ("same-origin", False), ("same-site", False), ("cross-site", False), ("", False)],
)
def test_fetches_by_a_page(site: str | None, allowed: bool) -> None:
    fields = JSON if site is None else [("sec-fetch-site", site), *JSON]

    result = edge().check(head(fields=fields), PEER)

    assert failure_of(result) is (None if allowed else Failure.FORBIDDEN_ORIGIN)


def test_an_allowed_origin_may_be_a_page() -> None:
    fields = [("origin", "app://electron"), ("sec-fetch-site", "cross-site"), ("x-api-key", TOKEN), *JSON]

    result = edge(allowed_origins=["app://electron"], proxy_tokens=[Secret(TOKEN)]).check(head(fields=fields), PEER)

    assert isinstance(result, Match)


@pytest.mark.parametrize(
    ("content_type", "allowed"),
    [
        ("application/json", True),
        ("Application/JSON", True),
        ("application/json; charset=utf-8", True),
        ("application/json ;charset=UTF-8", True),
        (None, False),
        ("", False),
        ("text/plain", False),
        ("text/plain; application/json", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("application/json, text/plain", False),
        ("application/jsonp", False),
        ("text/json", False),
    ],
)
def test_content_types(content_type: str | None, allowed: bool) -> None:
    fields = [("content-length", "2")]
    if content_type is not None:
        fields.append(("content-type", content_type))

    result = edge().check(head(fields=fields), PEER)

    assert failure_of(result) is (None if allowed else Failure.BAD_ENCODING)


@pytest.mark.parametrize(
    ("encodings", "allowed"),
    [
        (["identity"], True),
        (["gzip"], True),
        (["GZIP"], True),
        (["deflate"], True),
        (["zstd"], True),
        (["br"], False),
        ([""], False),
        (["gzip, gzip"], False),
        (["gzip", "gzip"], False),
        (["x-unknown"], False),
    ],
)
def test_content_encodings(encodings: list[str], allowed: bool) -> None:
    fields = [*JSON, *(("content-encoding", value) for value in encodings)]

    result = edge().check(head(fields=fields), PEER)

    assert failure_of(result) is (None if allowed else Failure.BAD_ENCODING)


@pytest.mark.parametrize(("length", "allowed"), [(99, True), (100, True), (101, False), (10**20, False)])
def test_announced_sizes(length: int, allowed: bool) -> None:
    fields = [("content-type", "application/json"), ("content-length", str(length))]

    result = edge(max_request_bytes=100).check(head(fields=fields), PEER)

    assert failure_of(result) is (None if allowed else Failure.TOO_LARGE)


NO_BODY: list[tuple[str, str]] = []
METHODS_AND_TARGETS = [
    ("POST", "/v1/messages", JSON, None),
    ("POST", "/v1/messages?beta=true", JSON, None),
    ("POST", "/v1/messages?x=/../admin", JSON, None),
    ("GET", "/v1/models", NO_BODY, None),
    ("GET", "/v1/models/gpt-5", NO_BODY, None),
    ("GET", "/v1/models", [("content-length", "0")], None),
    ("GET", "/health", NO_BODY, None),
    ("GET", "/health", [("upgrade", "h2c")], None),
    ("GET", "/nowhere", NO_BODY, Failure.UNKNOWN_PATH),
    ("GET", "/nowhere", [("upgrade", "websocket")], Failure.UNKNOWN_PATH),
    ("POST", "/v1/messages/", JSON, Failure.UNKNOWN_PATH),
    ("POST", "/V1/MESSAGES", JSON, Failure.UNKNOWN_PATH),
    ("POST", "/v1/%6dessages", JSON, Failure.UNKNOWN_PATH),
    ("POST", "/x/../v1/messages", JSON, Failure.UNKNOWN_PATH),
    ("GET", "/v1/messages", NO_BODY, Failure.UNKNOWN_METHOD),
    ("PUT", "/v1/messages", JSON, Failure.UNKNOWN_METHOD),
    ("DELETE", "/v1/models/gpt-5", NO_BODY, Failure.UNKNOWN_METHOD),
    ("PATCH", "/health", NO_BODY, Failure.UNKNOWN_METHOD),
    ("TRACE", "/health", NO_BODY, Failure.UNKNOWN_METHOD),
    ("post", "/v1/messages", JSON, Failure.UNKNOWN_METHOD),
    ("OPTIONS", "/v1/messages", NO_BODY, Failure.UNKNOWN_METHOD),
    ("OPTIONS", "/nowhere", NO_BODY, Failure.UNKNOWN_METHOD),
    ("GET", "/v1/responses", [("upgrade", "websocket")], Failure.WEBSOCKET),
    ("GET", "/v1/responses", [("upgrade", "WebSocket")], Failure.WEBSOCKET),
    ("GET", "/v1/responses", [("upgrade", "h2c")], Failure.UNKNOWN_METHOD),
]


@pytest.mark.parametrize(("method", "target", "fields", "failure"), METHODS_AND_TARGETS)
def test_methods_and_targets(method: str, target: str, fields: list[tuple[str, str]], failure: Failure | None) -> None:
    assert failure_of(edge().check(head(method, target, fields), PEER)) is failure


@pytest.mark.parametrize("fields", [[("content-length", "3")], [("transfer-encoding", "chunked")]])
def test_a_body_where_none_belongs(fields: list[tuple[str, str]]) -> None:
    with pytest.raises(BadRequest, match="takes no body") as caught:
        edge().check(head("GET", "/health", fields), PEER)

    assert caught.value.status == 400


def test_a_request_that_came_through_this_proxy_before_is_a_loop() -> None:
    with pytest.raises(BadRequest) as caught:
        edge(instance="me").check(head(fields=[("x-cccc-hop", "me"), *JSON]), PEER)

    assert caught.value.status == 508


def test_a_request_from_another_proxy_of_this_program_is_served() -> None:
    assert isinstance(edge(instance="me").check(head(fields=[("x-cccc-hop", "other"), *JSON]), PEER), Match)


TOKENS = [
    ([("authorization", f"Bearer {TOKEN}")], True),
    ([("authorization", f"bearer  {TOKEN} ")], True),
    ([("x-api-key", TOKEN)], True),
    ([("x-api-key", "second-token-of-a-colleague")], True),
    ([("x-api-key", "cccc-local"), ("authorization", f"Bearer {TOKEN}")], True),
    ([("x-api-key", TOKEN), ("authorization", "Bearer sk-ant-oat-something")], True),
    ([], False),
    ([("x-api-key", "")], False),
    ([("authorization", "Bearer")], False),
    ([("authorization", "Bearer ")], False),
    ([("x-api-key", "wrong")], False),
    ([("x-api-key", TOKEN[:-1])], False),
    ([("x-api-key", TOKEN + "x")], False),
    ([("x-api-key", TOKEN.upper())], False),
    ([("x-api-key", f"Bearer {TOKEN}")], False),
    ([("authorization", TOKEN)], False),
    ([("authorization", f"Basic {TOKEN}")], False),
    ([("x-api-key", "t\xf6k\xff")], False),
    ([("x-api-key", ADMIN)], False),
    ([("x-api-key", TOKEN), ("x-api-key", TOKEN)], False),
    ([("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer wrong")], False),
    ([("cookie", f"token={TOKEN}")], False),
]


@pytest.mark.parametrize(("fields", "allowed"), TOKENS)
def test_tokens(fields: list[tuple[str, str]], allowed: bool) -> None:
    checked = edge(proxy_tokens=[Secret(TOKEN), Secret("second-token-of-a-colleague")])

    result = checked.check(head(fields=[*JSON, *fields]), PEER)

    assert failure_of(result) is (None if allowed else Failure.WRONG_TOKEN)


def test_a_token_beyond_ascii_is_compared_as_bytes() -> None:
    sent = "schlüssel".encode().decode("latin-1")

    result = edge(proxy_tokens=[Secret("schlüssel")]).check(head(fields=[*JSON, ("x-api-key", sent)]), PEER)

    assert isinstance(result, Match)


@pytest.mark.parametrize("fields", [[], [("x-api-key", "anything")], [("authorization", "Bearer sk-ant-oat")]])
def test_without_a_token_of_ours_any_key_or_none_is_accepted(fields: list[tuple[str, str]]) -> None:
    assert isinstance(edge().check(head(fields=[*JSON, *fields]), PEER), Match)


@pytest.mark.parametrize(("sent", "allowed"), [(ADMIN, True), (TOKEN, False), ("", False)])
def test_the_admin_routes_have_a_token_of_their_own(sent: str, allowed: bool) -> None:
    asked = head("GET", "/admin/api/overview", [("authorization", f"Bearer {sent}")])

    assert failure_of(edge(proxy_tokens=[Secret(TOKEN)]).check(asked, PEER)) is (
        None if allowed else Failure.WRONG_TOKEN
    )
    closed = Edge(Router(routes()), EdgeRules(proxy_tokens=[Secret(TOKEN)]), ManualClock())
    assert failure_of(closed.check(asked, PEER)) is Failure.WRONG_TOKEN


def test_an_empty_token_is_never_a_token() -> None:
    with pytest.raises(ValueError, match="empty token"):
        EdgeRules(proxy_tokens=[Secret("")])


def test_the_token_is_asked_for_before_the_content_is_looked_at() -> None:
    result = edge(proxy_tokens=[Secret(TOKEN)]).check(head(fields=[("content-type", "text/plain")]), PEER)

    assert failure_of(result) is Failure.WRONG_TOKEN


def test_who_words_a_refusal() -> None:
    known = edge().check(head("GET", "/v1/messages", []), PEER)
    unknown = edge().check(head("GET", "/nowhere", []), PEER)

    assert isinstance(known, Denial)
    assert (known.refuse, known.allow) == (refuse, "POST")
    assert isinstance(unknown, Denial)
    assert unknown.refuse is plain_refusal
    assert "/v1/messages" in unknown.message


def test_foreign_text_in_messages_is_short_and_harmless() -> None:
    result = edge().check(head(host="\x1b]52;c;\xff" + "x" * 500), PEER)

    assert isinstance(result, Denial)
    assert result.message.isascii()
    assert result.message.isprintable()
    assert len(result.message) < 250


def test_many_wrong_tokens_bench_their_peer_only() -> None:
    clock = ManualClock()
    checked = Edge(Router(routes()), EdgeRules(proxy_tokens=[Secret(TOKEN)]), clock)
    right, wrong = ([*JSON, ("x-api-key", value)] for value in (TOKEN, "guess"))

    for _ in range(100):
        assert isinstance(checked.check(head(fields=right), "10.0.0.9"), Match)
        checked.check(head(fields=wrong), "10.0.0.9")

    assert failure_of(checked.check(head(fields=right), "10.0.0.9")) is Failure.WRONG_TOKEN
    assert isinstance(checked.check(head(fields=right), "10.0.0.8"), Match)
    clock.advance(60.0)
    assert isinstance(checked.check(head(fields=right), "10.0.0.9"), Match)


def test_wrong_tokens_are_counted_for_a_bounded_number_of_peers() -> None:
    counted = WrongTokens(ManualClock(), limit=1, peers=2)
    for peer in ("a", "b", "c"):
        counted.add(peer)

    assert [counted.exhausted(peer) for peer in ("a", "b", "c")] == [False, True, True]


@pytest.mark.parametrize(
    ("peer", "allowed"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", True),
        ("172.31.255.255", True),
        ("192.168.0.7", True),
        ("::ffff:192.168.0.7", True),
        ("fd12::1", True),
        ("172.32.0.1", False),
        ("8.8.8.8", False),
        ("::ffff:8.8.8.8", False),
        ("169.254.1.1", False),
        ("fe80::1%eth0", False),
        ("2001:4860:4860::8888", False),
        ("100.64.0.1", False),
    ],
)
def test_peers_off_loopback(peer: str, allowed: bool) -> None:
    assert peer_allowed(peer) is allowed


def test_a_missing_token_is_told_from_a_wrong_one() -> None:
    rules = edge(proxy_tokens=[Secret(TOKEN)])
    missing, wrong = rules.check(head(fields=JSON), PEER), rules.check(head(fields=[*JSON, ("x-api-key", "no")]), PEER)

    assert isinstance(missing, Denial)
    assert isinstance(wrong, Denial)
    assert "none was sent" in missing.message
    assert "the token sent is not" in wrong.message
