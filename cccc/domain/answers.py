"""What the proxy itself answers: one table from failure and audience to status, type, code and retry advice.

Source: resilience.md §10 to §12, measured with the real clients. Wordings begin with ``cccc:``, are one ASCII sentence
of at most 300 characters and end with the request's id in brackets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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


def answer(
    failure: Failure,
    audience: Audience,
    message: str,
    *,
    request_id: str,
    stream: bool = False,
    retry_after: float | None = None,
    param: str | None = None,
) -> Answer:
    """Look up how ``failure`` is put to ``audience``. ``message`` is the bare sentence, without prefix and id."""
    raise NotImplementedError
