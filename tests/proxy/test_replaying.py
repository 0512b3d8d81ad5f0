"""A request of the log sent again, and what is said where it cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from cccc.control.api import Verdict
from cccc.control.local import Local
from cccc.demo import faults
from cccc.domain.redact import MASK
from cccc.errors import ControlError, UnknownEndpoint
from cccc.proxy.replaying import asked_again
from tests.clock import ManualClock
from tests.proxy.house import A, entry, house, providers, until
from tests.storage.records import record

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("stream", [True, False])
async def test_it_goes_the_same_way_and_is_logged_as_another_request(
    tmp_path: Path, clock: ManualClock, stream: bool
) -> None:
    async with (
        providers("one", "two", formats=(A,)) as (one, two),
        house(tmp_path, clock, entry(one), entry(two, priority=2), background=True) as home,
    ):
        control = Local(home.runtime, lambda: home.runtime.loaded)
        await home.turn(text="once more", stream=stream)
        (first,) = await control.requests()
        with anyio.fail_after(10):
            again = await control.replay(first.id)
            elsewhere = await control.replay(first.id, endpoint="two")
            await until(lambda: len(home.records) == 3)
        records = {found.id: found for found in home.records}
        assert len(records) == 3
        assert (records[again].endpoint, records[elsewhere].endpoint) == ("one", "two")
        assert {found.verdict for found in home.records} == {Verdict.OK}
        assert {found.stream for found in home.records} == {stream}
        assert {found.request_body for found in home.records} == {home.records[0].request_body}
        assert two.received[-1].json == one.received[0].json
        assert two.received[-1].header("anthropic-version") == one.received[0].header("anthropic-version")


async def test_a_bad_end_is_the_log_s_alone(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), house(tmp_path, clock, entry(one), background=True) as home:
        control = Local(home.runtime, lambda: home.runtime.loaded)
        await home.turn()
        one.fail_always(faults.status(400))
        await control.replay(home.records[0].id)
        await until(lambda: len(home.records) == 2)
        assert home.records[1].verdict is Verdict.CLIENT_ERROR
        with pytest.raises(UnknownEndpoint):
            await control.replay(home.records[0].id, endpoint="nobody")


def test_fields_that_were_not_kept_are_left_out() -> None:
    headers = (("authorization", MASK), ("anthropic-version", "2023-06-01"))
    _, _, request = asked_again(record(request_body=b"{}", request_headers=headers))
    assert list(request.head.headers) == [("anthropic-version", "2023-06-01")]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"request_body": None}, "was not kept"),
        ({"request_body": b'{"a"\n[... 9 bytes left out ...]\n', "bytes_in": 100}, "only a part"),
    ],
)
def test_a_body_that_was_not_kept_cannot_be_sent_again(change: dict[str, object], says: str) -> None:
    with pytest.raises(ControlError, match=says):
        asked_again(replace(record(), **change))
