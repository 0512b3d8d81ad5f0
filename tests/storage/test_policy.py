from __future__ import annotations

import pytest

from cccc.domain.verdict import Verdict
from cccc.storage.policy import ERRORS, FAILED, TRUNCATED_BYTES, BodyLog, LogPolicy, RequestTypes, kept
from tests.storage.records import record


@pytest.mark.parametrize(
    ("types", "logged"),
    [
        (RequestTypes.ALL, set(Verdict)),
        (RequestTypes.SUCCESS, {Verdict.OK, Verdict.OK_AFTER_FAILOVER}),
        (RequestTypes.FAILED, set(Verdict) - {Verdict.OK, Verdict.OK_AFTER_FAILOVER}),
    ],
)
def test_which_requests_are_logged(types: RequestTypes, logged: set[Verdict]) -> None:
    policy = LogPolicy(request_types=types)
    assert {verdict for verdict in Verdict if policy.wants(record(verdict=verdict))} == logged


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/v1/messages/count_tokens", False),
        ("/v1/messages/count_tokens?beta=true", False),
        ("/v1/messages", True),
        ("/v1/messages?next=/v1/messages/count_tokens", True),
        ("/v1/messages/count_tokens/more", True),
    ],
)
def test_excluded_paths(path: str, logged: bool) -> None:
    assert LogPolicy().wants(record(path=path)) is logged


def test_a_client_that_left_neither_failed_nor_erred() -> None:
    assert {Verdict.CLIENT_ERROR} == FAILED - ERRORS
    assert ERRORS < FAILED
    assert Verdict.CLIENT_GONE not in FAILED


@pytest.mark.parametrize("size", [0, 1, TRUNCATED_BYTES - 1, TRUNCATED_BYTES])
def test_a_body_that_fits_is_kept_whole(size: int) -> None:
    body = b"x" * size
    assert kept(body, BodyLog.TRUNCATED) is body
    assert kept(body, BodyLog.FULL) is body
    assert kept(body, BodyLog.NONE) is None
    assert kept(None, BodyLog.FULL) is None


@pytest.mark.parametrize("size", [TRUNCATED_BYTES + 1, 1_000_000, 64 * 1024 * 1024])
def test_a_truncated_body_keeps_its_beginning_and_its_end(size: int) -> None:
    body = b"begin" + b"x" * (size - 8) + b"end"
    part = kept(body, BodyLog.TRUNCATED)
    assert part is not None
    assert TRUNCATED_BYTES - 64 <= len(part) <= TRUNCATED_BYTES
    assert part.startswith(b"begin")
    assert part.endswith(b"end")
    left_out = int(part.split(b"[... ")[1].split(b" ")[0])
    mark = b"\n[... %d bytes left out ...]\n" % left_out
    assert len(part) - len(mark) + left_out == size
