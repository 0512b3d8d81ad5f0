"""The head of an answer of the proxy's own; its body is written by the codec of the client's format."""

from __future__ import annotations

from cccc.domain.answers import Answer
from cccc.domain.endpoint import WireFormat
from cccc.http.messages import Headers, RawHeader

_ID_HEADER = {WireFormat.ANTHROPIC: b"request-id"}


def answer_headers(answer: Answer, wire_format: WireFormat | None) -> Headers:
    """The header fields of an answer of ours (resilience: Body shapes)."""
    request_id = answer.request_id.encode("ascii")
    headers: list[RawHeader] = [
        (b"content-type", b"application/json"),
        (_ID_HEADER.get(wire_format, b"x-request-id") if wire_format else b"x-request-id", request_id),
        (b"x-cccc-request-id", request_id),
        (b"x-cccc-error", answer.failure.value.encode("ascii")),
    ]
    if answer.retry_after is not None:
        headers.append((b"retry-after", str(answer.retry_after).encode("ascii")))
    if answer.should_retry is not None:
        headers.append((b"x-should-retry", b"true" if answer.should_retry else b"false"))
    return Headers(headers)
