"""What an endpoint speaks, asked of simulated providers over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cccc import __version__
from cccc.clock import SystemClock
from cccc.control.api import AuthType, EndpointDraft, FormatProbe, ProbeReport, Secret
from cccc.control.local import Local
from cccc.demo import faults
from cccc.demo.provider import SimulatedProvider
from cccc.domain.endpoint import Action, Auth, Endpoint, WireFormat
from cccc.http.transport import HttpTransport
from cccc.proxy.examination import Examination
from tests.clock import ManualClock
from tests.proxy import answers
from tests.proxy.harness import Scripted
from tests.proxy.house import A, C, House, R, entry, house, providers

pytestmark = pytest.mark.anyio

KEY = "sk-test-0123456789abcdef"


@asynccontextmanager
async def control(
    tmp_path: Path, clock: ManualClock, *entries: dict[str, object]
) -> AsyncIterator[tuple[Local, House]]:
    async with house(tmp_path, clock, *entries) as home:
        yield Local(home.runtime, lambda: home.runtime.loaded), home


def draft(provider: SimulatedProvider, **urls: str) -> EndpointDraft:
    given = urls or {"url_anthropic": provider.base_url, "url_openai": provider.base_url}
    return EndpointDraft("new", given, key=Secret(KEY))


def found(report: ProbeReport) -> dict[WireFormat, FormatProbe]:
    return {one.wire_format: one for one in report.formats}


async def test_an_address_is_asked_in_every_format(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A, C)) as (one,), control(tmp_path, clock) as (surface, _):
        report = await surface.probe(draft(one))
    by_format = found(report)
    assert set(by_format) == {A, C, R}
    assert [by_format[one].ok for one in (A, C, R)] == [True, True, False]
    assert (by_format[A].path, by_format[A].plain.status, by_format[R].plain.status) == ("/v1/messages", 200, 404)
    assert (by_format[R].stream.ok, by_format[R].tools.ok) == (None, None), "behind a 404 nothing else is tried"
    assert by_format[A].stream.note.endswith(" events")
    assert report.models is not None
    assert report.models.ok
    assert report.count_tokens is not None
    assert report.count_tokens.note.endswith(" tokens")
    assert (report.requests, report.ok) == (len(one.received), True)
    assert report.tokens > 0


async def test_requests_go_under_our_own_name_and_with_the_endpoints_key(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), control(tmp_path, clock) as (surface, _):
        await surface.probe(replace(draft(one, url_anthropic=one.base_url), auth_type=AuthType.API_KEY))
    assert {request.header("user-agent") for request in one.received} == {f"cccc/{__version__}"}
    assert {request.header("x-api-key") for request in one.received} == {KEY}
    assert {request.header("authorization") for request in one.received} == {None}


async def test_the_header_that_takes_the_key_is_found(tmp_path: Path, clock: ManualClock) -> None:
    one = SimulatedProvider(A, name="one", key=KEY)
    async with one.running(), control(tmp_path, clock) as (surface, _):
        (seen,) = (await surface.probe(draft(one, url_anthropic=one.base_url))).formats
        wrong = replace(draft(one, url_anthropic=one.base_url), key=Secret("another-key-0123456789"))
        refused = await surface.probe(wrong)
    assert seen.ok
    assert not refused.ok
    assert refused.formats[0].plain.status == 401
    assert "another-key" not in repr(refused)


@pytest.mark.parametrize("wire_format", [A, C, R])
async def test_a_stream_that_does_not_end_is_a_quirk(wire_format: WireFormat) -> None:
    """The simulated providers' own faults break connections; here the stream ends cleanly, and too early."""
    scripted = Scripted(wire_format)
    scripted.whole(b'{"data":[]}')  # the models
    scripted.whole(answers.whole(wire_format))
    scripted.stream(*answers.events(wire_format)[:-2])
    async with scripted.running():
        transport = HttpTransport(SystemClock())
        endpoint = Endpoint("new", {wire_format: scripted.base_url}, Auth(AuthType.AUTH_TOKEN, Secret(KEY)))
        report = await Examination(endpoint, transport, SystemClock(), "an-instance").run()
        await transport.aclose()
    assert any("without the terminal event" in quirk for quirk in found(report)[wire_format].quirks)


async def test_nobody_answers(tmp_path: Path, clock: ManualClock, free_tcp_port: int) -> None:
    nowhere = EndpointDraft("new", {"url_anthropic": f"http://127.0.0.1:{free_tcp_port}"}, key=Secret(KEY))
    async with control(tmp_path, clock) as (surface, _):
        report = await surface.probe(nowhere)
    (seen,) = report.formats
    assert (report.ok, seen.plain.ok, seen.plain.status, seen.stream.ok) == (False, False, None, None)
    assert seen.plain.error
    assert report.tokens == 0


async def test_probing_an_endpoint_changes_nothing_about_it(tmp_path: Path, clock: ManualClock) -> None:
    async with providers("one", formats=(A,)) as (one,), control(tmp_path, clock, entry(one)) as (surface, home):
        before = home.runtime.context.roster.member("one").health
        one.fail_always(faults.status(500))
        bad = await surface.probe_endpoint("one")
        one.heal()
        good = await surface.probe_endpoint("one", model="some-model")
        member = home.runtime.context.roster.member("one")
        assert (member.health, member.response_time, member.in_flight) == (before, None, 0)
        assert await surface.requests() == ()
    assert (bad.ok, bad.formats[0].plain.status, good.ok) == (False, 500, True)
    assert bad.formats[0].plain.error is not None
    assert bad.formats[0].plain.error.startswith("500 Internal Server Error")
    assert one.received[-1].action is Action.COUNT_TOKENS
    assert one.received[-1].json["model"] == "some-model"


@pytest.mark.parametrize(
    ("models", "rules", "asked"),
    [
        (("big-model", "big-model-mini"), [], "big-model-mini"),
        (("only-model",), [], "only-model"),
        (("only-model",), [{"source_pattern": "ours", "target_model": "theirs"}], "theirs"),
    ],
)
async def test_the_cheapest_model_that_an_endpoint_seems_to_have_is_asked_for(
    tmp_path: Path, clock: ManualClock, models: tuple[str, ...], rules: list[dict[str, str]], asked: str
) -> None:
    one = SimulatedProvider(A, name="one", models=(*models, "theirs") if rules else models)
    rewrite = {"model_rewrite": {"enabled": True, "rules": rules}} if rules else {}
    async with one.running(), control(tmp_path, clock, entry(one, **rewrite)) as (surface, _):
        await surface.probe_endpoint("one")
    assert {request.json["model"] for request in one.received if request.body} == {asked}
