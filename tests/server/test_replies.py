from __future__ import annotations

import json
import re

import pytest

from cccc.domain.answers import Failure
from cccc.server.replies import new_request_id, plain_refusal, text_refusal
from tests.server.tables import head


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Failure.FORBIDDEN_ORIGIN, 403),
        (Failure.UNKNOWN_PATH, 404),
        (Failure.UNKNOWN_METHOD, 405),
        (Failure.WEBSOCKET, 426),
        (Failure.SHUTTING_DOWN, 503),
        (Failure.INTERNAL, 500),
    ],
)
def test_a_refusal_without_a_wire_format(failure: Failure, status: int) -> None:
    refusal = plain_refusal(failure, "this is why", head())

    request_id = refusal.headers.get("x-cccc-request-id")
    error = json.loads(refusal.body)["error"]
    assert refusal.status == status
    assert refusal.headers.get("content-type") == "application/json"
    assert refusal.headers.get("x-cccc-error") == failure.value
    assert error["message"].startswith("cccc: this is why")
    assert error["message"].endswith(f"[{request_id}]")
    assert set(error) == {"message", "type", "param", "code"}


def test_who_is_refused_while_we_leave_is_told_when_to_come_back() -> None:
    refusal = plain_refusal(Failure.SHUTTING_DOWN, "this proxy is shutting down", head())

    assert refusal.headers.get("retry-after") == "2"
    assert refusal.close


def test_what_is_hardly_http_is_refused_in_plain_text() -> None:
    refusal = text_refusal(400, "line\u2028break")

    assert refusal.status == 400
    assert refusal.body == b"cccc: line\\u2028break\n"
    assert refusal.close


def test_request_ids_never_meet() -> None:
    ids = [new_request_id() for _ in range(100)]

    assert len(set(ids)) == 100
    assert all(re.fullmatch(r"req_[0-9A-HJKMNP-TV-Z]{26}", one) for one in ids)
