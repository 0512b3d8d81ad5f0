"""Answers that the end of a drain cuts off: one honest frame each, in the client's own words, and no place lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest

from cccc.demo import faults
from cccc.demo.faults import Point
from cccc.domain.verdict import Verdict
from tests.clock import ManualClock
from tests.demo.talk import Raw
from tests.proxy.house import CODEX, A, C, R, entry, house, providers

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("point", [Point.BEFORE_HEAD, Point.PREAMBLE, Point.CONTENT])
@pytest.mark.parametrize(("wire_format", "headers"), [(A, {}), (C, {}), (R, CODEX)], ids=["claude", "chat", "codex"])
async def test_who_is_cut_off_is_told_so(
    tmp_path: Path, clock: ManualClock, wire_format: Any, headers: dict[str, str], point: Point
) -> None:
    answers: list[Raw] = []
    async with (
        providers("one", formats=(wire_format,)) as (one,),
        house(tmp_path, clock, entry(one), drain_grace=0.05) as home,
    ):
        one.fail_always(faults.stall(point))

        async def ask() -> None:
            answers.append(await home.turn(wire_format, headers=headers))

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(ask)
            await one.until_asked(10)
            for request in one.turns:
                if point is Point.CONTENT:
                    await one.gate.until_held()
                assert not request.answered.is_set()
            home.server.stop()
        await home.quiet()
        assert len(answers) == 10
        for answer in answers:
            assert answer.whole
            assert b"shutting down" in answer.body
            assert "connection: close" in answer.head or answer.status == 200
        assert home.in_flight() == 0
        assert {record.verdict for record in home.records} <= {Verdict.UPSTREAM_ERROR, Verdict.INCOMPLETE}
        assert home.runtime.context.roster.member("one").health.records == ()
