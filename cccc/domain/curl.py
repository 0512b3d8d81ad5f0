"""A request of the log as a curl command, for trying by hand what an endpoint was asked.

The key is never in it: it is a shell variable, as headers that carry keys are not kept anyway.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cccc.domain.record import HeaderList, RequestRecord
from cccc.domain.redact import MASK

VARIABLE = "CCCC_KEY"
"""The shell variable that stands for the key."""

LONGEST_ARGUMENT = 100_000
"""Bytes; Linux allows 128 KiB for one argument, so that a longer body comes by way of standard input."""

_MARK = "CCCC_BODY"
_KEY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "authorization": f"Bearer ${VARIABLE}",
        "x-api-key": f"${VARIABLE}",
        "x-goog-api-key": f"${VARIABLE}",
    }
)
_MADE_BY_CURL = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})


def as_curl(record: RequestRecord, attempt: int | None = None) -> str:
    """The command for one attempt, counted from 1 (``None``: the last one).

    Raises ``LookupError`` with the reason where there is no such attempt, or its body was not kept as text.
    """
    if not record.attempts:
        raise LookupError(f"{record.id} was sent to nobody")
    number = len(record.attempts) if attempt is None else attempt
    if not 1 <= number <= len(record.attempts):
        raise LookupError(f"{record.id} has no attempt {number}")
    tried = record.attempts[number - 1]
    body = record.request_body if tried.request_body is None else tried.request_body
    if body is None:
        raise LookupError(f"the body of {record.id} was not kept (logging.log_request_body)")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise LookupError(f"the body of {record.id} is not text") from None
    parts = [f"curl -sS -N -X {record.method} {shlex.quote(tried.url)}", *_headers(tried.request_headers)]
    if len(body) <= LONGEST_ARGUMENT:
        return " \\\n  ".join([*parts, f"--data-raw {shlex.quote(text)}"]) + "\n"
    mark = _MARK
    while mark in text:
        mark += "_"
    return " \\\n  ".join([*parts, f"--data-binary @- <<'{mark}'"]) + f"\n{text}\n{mark}\n"


def _headers(headers: HeaderList) -> Iterator[str]:
    for name, value in headers:
        key = _KEY_HEADERS.get(name.lower())
        if key is not None:
            yield f'-H "{name}: {key}"'
        elif name.lower() not in _MADE_BY_CURL and value != MASK and not name.lower().startswith("x-cccc-"):
            yield f"-H {shlex.quote(f'{name}: {value}')}"
