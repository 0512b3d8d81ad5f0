"""The whole matrix at the socket: no fault leaves a provider unable to answer the next request well."""

from __future__ import annotations

import anyio
import pytest

from cccc.demo.faults import End, FaultKind, Point
from cccc.demo.provider import SimulatedProvider
from tests import formats_check
from tests.demo.talk import FORMATS, PATH, ask, exchange, post
from tests.fault_matrix import FAULTS, NEVER_ENDS

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize("stream", [True, False])
async def test_a_provider_is_well_again_after_every_fault(wire_format, stream) -> None:
    provider = SimulatedProvider(wire_format)
    request = post(PATH[wire_format], ask(wire_format, stream=stream))
    read = (formats_check.STREAM if stream else formats_check.REPLY)[wire_format]
    async with provider.running() as url:
        for name, fault in FAULTS.items():
            provider.fail_next(fault)
            async with anyio.create_task_group() as group:
                group.start_soon(exchange, url, request)
                if name in NEVER_ENDS:
                    await provider.gate.until_held()
                    provider.release()
            read((await exchange(url, request)).body)
    assert len(provider.turns) == 2 * len(FAULTS)


def test_the_matrix_has_every_kind_point_and_end() -> None:
    assert {fault.kind for fault in FAULTS.values()} == set(FaultKind) - {FaultKind.SLOW}
    assert {fault.point for fault in FAULTS.values()} == set(Point)
    assert {fault.end for fault in FAULTS.values()} == set(End)
