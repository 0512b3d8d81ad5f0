"""The table of faults once more, for endpoints that speak another format than the client.

What a fault means for the endpoint is the same. What the client gets is the same too, but for the rows in which an
endpoint's own error goes through as it is: no client could read it, so it is told in words of ours.
"""

from __future__ import annotations

import ssl

import anyio
import pytest
import trustme

from cccc.domain.endpoint import WireFormat
from tests.demo.talk import A, C, R
from tests.proxy.test_fault_table import (
    TABLE,
    Row,
    authority,
    expectation,
    no_such_name,
    observed,
    settled,
    stranger,
    used,
)

__all__ = ["authority", "no_such_name", "stranger"]

pytestmark = pytest.mark.anyio

PAIRS = [(client, upstream) for client in (A, C, R) for upstream in (A, C, R) if client is not upstream]

IN_OUR_WORDS = {
    "400": {A: "400 invalid_request_error", C: "400 upstream_error", R: "400 invalid_prompt"},
    "402": {A: "402 billing_error", C: "429 insufficient_quota"},
    "404 model": {A: "404 not_found_error", C: "404 model_not_found"},
    "408": {A: "504 timeout_error", C: "504 upstream_timeout"},
    "413": {A: "413 request_too_large", C: "413 request_too_large"},
    "429": {A: "529 overloaded_error", C: "429 rate_limit_exceeded"},
    "429 with retry-after": {A: "529 overloaded_error", C: "429 rate_limit_exceeded"},
    "500": {A: "500 api_error", C: "500 all_endpoints_failed"},
    "503": {A: "503 api_error", C: "503 all_endpoints_failed"},
    "529": {A: "529 overloaded_error", C: "429 rate_limit_exceeded"},
}
"""Source: resilience.md §12, the rows for one endpoint that failed."""


@pytest.mark.parametrize("fault", dict.fromkeys(row.fault for row in TABLE))
async def test_a_fault_of_an_endpoint_of_another_format(
    fault: str, authority: trustme.CA, stranger: ssl.SSLContext
) -> None:
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    before = used()
    wrong: list[str] = []

    async def check(row: Row, client: WireFormat, upstream: WireFormat, stream: bool, second: bool) -> None:
        expected = expectation(row, client, stream=stream, second=second)
        if expected["client"].startswith("as is"):
            expected["client"] = IN_OUR_WORDS[fault][client]
        found = await observed(fault, client, stream, second, trusted, stranger, upstream)
        wrong.extend(
            f"{client} on {upstream} {'stream' if stream else 'whole'}{' with a second' if second else ''}: "
            f"{key} is {found[key]!r}, expected {value!r}"
            for key, value in expected.items()
            if found[key] != value
        )

    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            for row in TABLE:
                for client, upstream in PAIRS if row.fault == fault else ():
                    for stream in row.modes():
                        group.start_soon(check, row, client, upstream, stream, (client, upstream) == (A, C))
    assert wrong == []
    await settled(before)
