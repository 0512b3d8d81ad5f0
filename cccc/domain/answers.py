"""What the proxy itself answers: one table from failure and audience to status, type, code and retry advice.

Source: resilience.md §10 to §12, measured with the real clients. Wordings begin with ``cccc:``, are one ASCII sentence
of at most 300 characters and end with the request's id in brackets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType


class Audience(StrEnum):
    """Who reads the answer: the columns of the table."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    CODEX = "codex"


class Failure(StrEnum):
    """Why the proxy answers by itself: the rows of the table. The value is the ``x-cccc-error`` slug."""

    WRONG_TOKEN = "wrong_token"
    FORBIDDEN_ORIGIN = "forbidden_origin"
    UNKNOWN_PATH = "unknown_path"
    UNKNOWN_METHOD = "unknown_method"
    WEBSOCKET = "websocket"
    BAD_JSON = "bad_json"
    BAD_ENCODING = "bad_encoding"
    TOO_LARGE = "too_large"
    NOT_CONVERTIBLE = "not_convertible"
    NO_ENDPOINT = "no_endpoint"
    NO_MODEL = "no_model"
    COOLING_DOWN = "cooling_down"
    ALL_FAILED = "all_failed"
    NEEDS_USER = "needs_user"
    OUT_OF_QUOTA = "out_of_quota"
    CONTEXT_TOO_LONG = "context_too_long"
    UPSTREAM_ERROR = "upstream_error"
    UPSTREAM_TIMEOUT = "upstream_timeout"
    TOO_BUSY = "too_busy"
    SHUTTING_DOWN = "shutting_down"
    BROKE_MIDWAY = "broke_midway"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of ours, ready for a codec to write in its envelope.

    ``in_stream``: sent as HTTP 200 with an error frame (Codex reads only those). ``retry_after`` in whole seconds.
    ``should_retry`` becomes ``x-should-retry`` where it is not ``None``. ``message`` already carries prefix and id.
    """

    failure: Failure
    status: int
    type: str
    code: str | None
    message: str
    request_id: str
    param: str | None = None
    retry_after: int | None = None
    should_retry: bool | None = None
    in_stream: bool = False
    close: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """One cell of the table. ``live``: to a stream it goes as HTTP 200 and an error frame."""

    status: int
    type: str
    code: str | None = None
    retry_after: int | None = None
    should_retry: bool | None = None
    live: bool = False
    close: bool = False


_A, _O, _X = Audience.ANTHROPIC, Audience.OPENAI, Audience.CODEX

_BAD = "invalid_request_error"

# Codex shows only the message of this code, word for word, and asks once; every other 4xx it sends six times.
_SHOWN = _Row(400, _BAD, "invalid_prompt")
_RETRIED = _Row(503, "server_error", "server_error", live=True)
_PACED = _Row(429, "rate_limit_error", "rate_limit_exceeded", live=True)


def _rows(anthropic: _Row, openai: _Row, codex: _Row) -> dict[Audience, _Row]:
    return {_A: anthropic, _O: openai, _X: codex}


TABLE: Mapping[Failure, Mapping[Audience, _Row]] = MappingProxyType(
    {
        Failure.WRONG_TOKEN: _rows(
            _Row(401, "authentication_error", should_retry=False),
            _Row(401, _BAD, "invalid_api_key", should_retry=False),
            _SHOWN,
        ),
        Failure.FORBIDDEN_ORIGIN: _rows(
            _Row(403, "permission_error", close=True),
            _Row(403, _BAD, "forbidden_origin", close=True),
            _Row(403, _BAD, "forbidden_origin", close=True),
        ),
        Failure.UNKNOWN_PATH: _rows(
            _Row(404, "not_found_error"), _Row(404, _BAD, "unknown_url"), _Row(404, _BAD, "unknown_url")
        ),
        Failure.UNKNOWN_METHOD: _rows(
            _Row(405, _BAD), _Row(405, _BAD, "method_not_allowed"), _Row(405, _BAD, "method_not_allowed")
        ),
        Failure.WEBSOCKET: _rows(
            _Row(426, _BAD), _Row(426, _BAD, "websocket_not_supported"), _Row(426, _BAD, "websocket_not_supported")
        ),
        Failure.BAD_JSON: _rows(_Row(400, _BAD), _Row(400, _BAD, "invalid_json"), _SHOWN),
        Failure.BAD_ENCODING: _rows(_Row(415, _BAD), _Row(415, _BAD, "unsupported_media_type"), _SHOWN),
        Failure.TOO_LARGE: _rows(
            _Row(413, "request_too_large"), _Row(413, _BAD, "request_too_large", should_retry=False), _SHOWN
        ),
        Failure.NOT_CONVERTIBLE: _rows(_Row(400, _BAD), _Row(400, _BAD, "unsupported_parameter"), _SHOWN),
        Failure.NO_ENDPOINT: _rows(
            _Row(503, "api_error", should_retry=False),
            _Row(503, "server_error", "no_endpoint", should_retry=False),
            _SHOWN,
        ),
        Failure.NO_MODEL: _rows(_Row(404, "not_found_error"), _Row(404, _BAD, "model_not_found"), _SHOWN),
        Failure.COOLING_DOWN: _rows(
            _Row(529, "overloaded_error", retry_after=3),
            _Row(429, "rate_limit_error", "rate_limit_exceeded", retry_after=3),
            replace(_PACED, retry_after=3),
        ),
        Failure.ALL_FAILED: _rows(
            _Row(503, "api_error", retry_after=3),
            _Row(503, "server_error", "all_endpoints_failed", retry_after=3),
            _RETRIED,
        ),
        Failure.NEEDS_USER: _rows(
            _Row(503, "api_error", should_retry=False),
            _Row(503, "server_error", "endpoint_config", should_retry=False),
            _SHOWN,
        ),
        Failure.OUT_OF_QUOTA: _rows(
            _Row(402, "billing_error"),
            _Row(429, "insufficient_quota", "insufficient_quota", should_retry=False),
            _SHOWN,
        ),
        Failure.CONTEXT_TOO_LONG: _rows(
            _Row(400, _BAD), _Row(400, _BAD, "context_length_exceeded"), _Row(400, _BAD, "context_length_exceeded")
        ),
        Failure.UPSTREAM_ERROR: _rows(_Row(502, "api_error"), _Row(502, "server_error", "upstream_error"), _RETRIED),
        Failure.UPSTREAM_TIMEOUT: _rows(
            _Row(504, "timeout_error"), _Row(504, "server_error", "upstream_timeout"), _RETRIED
        ),
        Failure.TOO_BUSY: _rows(
            _Row(529, "overloaded_error", retry_after=1),
            _Row(503, "server_error", "too_busy", retry_after=1),
            replace(_PACED, retry_after=1),
        ),
        Failure.SHUTTING_DOWN: _rows(
            _Row(503, "api_error", retry_after=2, close=True),
            _Row(503, "server_error", "shutting_down", retry_after=2, close=True),
            replace(_PACED, retry_after=2, close=True),
        ),
        Failure.BROKE_MIDWAY: _rows(
            _Row(502, "overloaded_error", live=True),
            _Row(502, "server_error", "upstream_stream_error", live=True),
            _RETRIED,
        ),
        Failure.INTERNAL: _rows(_Row(500, "api_error"), _Row(500, "server_error", "internal_error"), _RETRIED),
    }
)
"""Source: resilience.md §12. Total over both enums."""

LONG_WAIT = 60
"""Seconds beyond which a client is told to stop rather than to wait (Claude Code and Codex would sit there)."""

_TYPES: Mapping[int, str] = MappingProxyType(
    {
        402: "billing_error",
        404: "not_found_error",
        408: "timeout_error",
        413: "request_too_large",
        429: "rate_limit_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
)
"""Anthropic's error types by status; the other 4xx are ``invalid_request_error``, the other 5xx ``api_error``."""


def answer(
    failure: Failure,
    audience: Audience,
    message: str,
    *,
    request_id: str,
    stream: bool = False,
    retry_after: float | None = None,
    param: str | None = None,
    status: int | None = None,
    headers_sent: bool = False,
) -> Answer:
    """Look up how ``failure`` is put to ``audience``. ``message`` is the bare sentence, without prefix and id.

    ``retry_after`` in seconds replaces the row's own advice. ``status`` is the HTTP status that an upstream's failure
    stands for where that is known better than by the row; 401 and 403 are never told, since clients take them for a
    refusal of their own key. ``headers_sent``: the answer's head is out already, so this becomes an error frame.
    """
    row = TABLE[failure][audience]
    if audience is _X and row.live and not (stream or headers_sent):
        row = TABLE[failure][_O]
    if status is not None:
        row = _told(failure, row, audience, 502 if status in (401, 403) else status)
    seconds = _seconds(row.retry_after if retry_after is None else retry_after)
    if failure is Failure.COOLING_DOWN and seconds is not None and seconds > LONG_WAIT:
        row = _SHOWN if audience is _X else replace(row, should_retry=False)
    if audience is _X:
        # Codex waits whatever it is told, and shows nothing of a 500 while it sends thirty requests.
        seconds = None if row is _SHOWN or seconds is None else min(seconds, LONG_WAIT)
        row = replace(row, status=503) if row.status == 500 else row
    if headers_sent and audience is _A and failure in _PASSES:
        row = replace(row, type="overloaded_error")
    live = headers_sent or (stream and row.live)
    paced = live and row.code == "rate_limit_exceeded" and audience is _X
    return Answer(
        failure=failure,
        status=row.status,
        type=row.type,
        code=row.code,
        message=_sentence(failure, message, request_id, pause=seconds if paced else None),
        request_id=request_id,
        param=param,
        retry_after=seconds,
        should_retry=row.should_retry,
        in_stream=live,
        close=row.close or live,
    )


# What passes by itself. Inside a stream "overloaded_error" is the type after which Claude Code waits and asks again.
_PASSES = frozenset(
    {
        Failure.COOLING_DOWN,
        Failure.ALL_FAILED,
        Failure.UPSTREAM_TIMEOUT,
        Failure.TOO_BUSY,
        Failure.SHUTTING_DOWN,
    }
)


def _told(failure: Failure, row: _Row, audience: Audience, status: int) -> _Row:
    """The row with an upstream's own status, where the row leaves room for it."""
    if failure in (Failure.ALL_FAILED, Failure.NEEDS_USER) and status >= 500 and row.status >= 500:
        return replace(row, status=status)
    if failure is not Failure.UPSTREAM_ERROR:
        return row
    if audience is _A:
        return replace(row, status=status, type=_TYPES.get(status, _BAD if status < 500 else "api_error"))
    if status >= 500:
        return replace(row, status=status)
    return _SHOWN if audience is _X else replace(row, status=status, type=_BAD)


def _seconds(wait: float | None) -> int | None:
    return None if wait is None or not math.isfinite(wait) else max(1, math.ceil(wait))


def _sentence(failure: Failure, message: str, request_id: str, *, pause: int | None) -> str:
    """Prefix, ASCII, one line, at most 300 characters; the wording for a full context goes out as it is."""
    line = " ".join(message.encode("ascii", "replace").decode("ascii").split())
    if failure is Failure.CONTEXT_TOO_LONG:
        return line
    # Codex reads the length of its pause out of this wording.
    tail = f" [{request_id}]" if pause is None else f". Please try again in {pause}s. [{request_id}]"
    room = 300 - len("cccc: ") - len(tail)
    return f"cccc: {line if len(line) <= room else line[: room - 3].rstrip() + '...'}{tail}"
