"""Each fault does at the socket what its name says."""

from __future__ import annotations

import anyio
import orjson
import pytest

from cccc.demo import faults
from cccc.demo.faults import End, FaultKind, Point
from cccc.demo.provider import SimulatedProvider
from cccc.demo.steps import BEHAVIOUR
from cccc.domain.endpoint import Action, WireFormat
from tests import formats_check
from tests.demo.talk import FORMATS, PATH, A, C, R, Raw, ask, dial, exchange, post, until, until_end

pytestmark = pytest.mark.anyio

PREAMBLE = {A: b"message_start", C: b'"role"', R: b"response.in_progress"}
CONTENT = {A: b"text_delta", C: b'"content":"You', R: b"output_text.delta"}
TERMINAL = {A: b"event: message_stop", C: b"[DONE]", R: b"event: response.completed"}


async def spoiled(fault: faults.Fault, wire_format=A, *, stream: bool = True) -> Raw:
    provider = SimulatedProvider(wire_format)
    provider.fail_next(fault)
    async with provider.running() as url:
        return await exchange(url, post(PATH[wire_format], ask(wire_format, stream=stream)))


async def test_every_kind_has_its_behaviour() -> None:
    assert set(BEHAVIOUR) == set(FaultKind)


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 408, 413, 429, 500, 503, 529])
async def test_an_error_status_has_the_vendors_body(wire_format, code) -> None:
    raw = await spoiled(faults.status(code, "what is wrong", retry_after="7", x_should_retry="true"), wire_format)
    assert raw.status == code
    assert "retry-after: 7" in raw.head
    assert "x-should-retry: true" in raw.head
    body = orjson.loads(raw.body)
    assert body["error"]["message"] == "what is wrong"
    assert body["error"]["type"]
    assert (body.get("type") == "error") is (wire_format is A)


@pytest.mark.parametrize(
    ("wire_format", "code", "error_kind", "expected"),
    [
        (A, 429, None, {"type": "rate_limit_error"}),
        (A, 529, None, {"type": "overloaded_error"}),
        (A, 500, None, {"type": "api_error"}),
        (A, 400, "billing_error", {"type": "billing_error"}),
        (C, 429, None, {"code": "rate_limit_exceeded"}),
        (R, 429, "insufficient_quota", {"code": "insufficient_quota", "type": "insufficient_quota"}),
        (R, 400, "context_length_exceeded", {"code": "context_length_exceeded", "type": "invalid_request_error"}),
        (C, 503, None, {"type": "server_error"}),
    ],
)
async def test_an_error_is_named_as_the_vendor_names_it(wire_format, code, error_kind, expected) -> None:
    raw = await spoiled(faults.status(code, error_kind=error_kind), wire_format)
    error = orjson.loads(raw.body)["error"]
    assert {key: error[key] for key in expected} == expected


async def test_an_html_page() -> None:
    raw = await spoiled(faults.html_page(524, "524: A timeout occurred"))
    assert (raw.status, raw.whole) == (524, True)
    assert "content-type: text/html" in raw.head
    assert b"<title>524: A timeout occurred</title>" in raw.body


async def test_an_empty_200() -> None:
    raw = await spoiled(faults.empty())
    assert (raw.status, raw.body, raw.whole) == (200, b"", True)
    nothing = await spoiled(faults.empty(204))
    assert nothing.status == 204
    assert "content-length" not in nothing.head


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_an_error_in_a_200(wire_format) -> None:
    raw = await spoiled(faults.error_in_200(429), wire_format)
    assert raw.status == 200
    assert "application/json" in raw.head
    assert "error" in orjson.loads(raw.body)


@pytest.mark.parametrize("end", [End.FIN, End.RST])
async def test_a_cut_before_and_within_the_head(end) -> None:
    before = await spoiled(faults.cut(Point.BEFORE_HEAD, end))
    within = await spoiled(faults.cut(Point.IN_HEAD, end))
    assert before == Raw(b"", reset=end is End.RST)
    assert within.data.startswith(b"HTTP/1.1 200")
    assert b"\r\n\r\n" not in within.data
    assert within.reset is (end is End.RST)


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize("end", list(End))
async def test_a_cut_at_each_point_of_a_stream(wire_format, end) -> None:
    for point, there, absent in (
        (Point.HEAD, [], [PREAMBLE]),
        (Point.PREAMBLE, [PREAMBLE], [CONTENT]),
        (Point.CONTENT, [PREAMBLE, CONTENT], [TERMINAL]),
        (Point.TERMINAL, [PREAMBLE, CONTENT, TERMINAL], []),
    ):
        raw = await spoiled(faults.cut(point, end), wire_format)
        assert raw.status == 200
        assert all(mark[wire_format] in raw.data for mark in there), point
        assert not any(mark[wire_format] in raw.data for mark in absent), point
        assert raw.whole is (end is End.CLEAN)
        assert raw.reset is (end is End.RST)


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize("stream", [True, False])
async def test_a_cut_at_any_byte_leaves_exactly_so_many_bytes(wire_format, stream) -> None:
    provider = SimulatedProvider(wire_format)
    async with provider.running() as url:
        request = post(PATH[wire_format], ask(wire_format, stream=stream))
        length = len((await exchange(url, request)).body)
        for at in (0, 1, 17, length // 2, length - 1):
            for end in End:
                provider.fail_next(faults.cut(end=end, at=at))
                raw = await exchange(url, request)
                assert len(raw.body) == at
                assert raw.whole is (end is End.CLEAN)


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize(
    ("point", "there", "absent"),
    [
        (Point.BEFORE_HEAD, b"", b"HTTP/1.1"),
        (Point.HEAD, b"\r\n\r\n", b"data:"),
        (Point.PREAMBLE, PREAMBLE, CONTENT),
        (Point.CONTENT, CONTENT, TERMINAL),
    ],
)
async def test_a_stall_ends_when_released_and_the_answer_is_whole(wire_format, point, there, absent) -> None:
    there, absent = (mark[wire_format] if isinstance(mark, dict) else mark for mark in (there, absent))
    provider = SimulatedProvider(wire_format)
    provider.fail_next(faults.stall(point))
    async with provider.running() as url, await dial(url) as stream:
        await stream.send(post(PATH[wire_format], ask(wire_format)))
        await provider.gate.until_held()
        begun = await until(stream, there) if there else b""
        assert absent not in begun
        provider.release()
        raw = Raw(begun + await until(stream, b"\r\n0\r\n\r\n"), reset=False)
    formats_check.STREAM[wire_format](raw.body)


async def test_a_slow_answer_is_a_good_one() -> None:
    raw = await spoiled(faults.slow(0.001))
    formats_check.anthropic_stream(raw.body)


@pytest.mark.parametrize("wire_format", FORMATS)
@pytest.mark.parametrize("point", [Point.HEAD, Point.PREAMBLE, Point.CONTENT])
async def test_an_error_event_is_the_last_one(wire_format, point) -> None:
    raw = await spoiled(faults.error_event(point, 529, "too many"), wire_format)
    events = formats_check.frames(raw.body)
    assert raw.whole
    assert (CONTENT[wire_format] in raw.body) is (point is Point.CONTENT)
    assert TERMINAL[wire_format] not in raw.body
    match wire_format:
        case WireFormat.ANTHROPIC:
            assert events[-1].name == "error"
            assert events[-1].data["error"] == {"type": "overloaded_error", "message": "too many"}
        case WireFormat.OPENAI_CHAT:
            assert events[-1].data["error"]["message"] == "too many"
        case _:
            assert events[-1].name == "response.failed"
            assert events[-1].data["response"]["error"]["message"] == "too many"
            assert [event.data["sequence_number"] for event in events] == list(range(len(events)))


async def test_an_error_event_for_one_who_asked_for_json_is_an_error_in_a_200() -> None:
    raw = await spoiled(faults.error_event(), stream=False)
    assert (raw.status, orjson.loads(raw.body)["error"]["type"]) == (200, "overloaded_error")


async def test_a_broken_event_stands_among_good_ones() -> None:
    raw = await spoiled(faults.broken_event())
    assert raw.body.endswith(b"\n\n")
    with pytest.raises(ValueError, match="Unterminated"):
        formats_check.frames(raw.body)
    assert TERMINAL[A] in raw.body
    half = await spoiled(faults.broken_event(), stream=False)
    assert half.whole
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(half.body)


async def test_a_wrong_content_type() -> None:
    raw = await spoiled(faults.wrong_type("text/plain"))
    assert "content-type: text/plain" in raw.head
    formats_check.anthropic_stream(raw.body)


@pytest.mark.parametrize("wire_format", FORMATS)
async def test_the_wrong_shape(wire_format) -> None:
    formats_check.REPLY[wire_format]((await spoiled(faults.wrong_shape(), wire_format, stream=True)).body)
    formats_check.STREAM[wire_format]((await spoiled(faults.wrong_shape(), wire_format, stream=False)).body)


async def test_a_redirect() -> None:
    raw = await spoiled(faults.redirect("https://elsewhere.invalid/x"))
    assert raw.status == 302
    assert "location: https://elsewhere.invalid/x" in raw.head


async def test_a_kept_alive_connection_that_is_closed_when_idle() -> None:
    provider = SimulatedProvider(A)
    provider.fail_next(faults.close_when_idle())
    async with provider.running() as url, await dial(url) as stream:
        await stream.send(post("/v1/messages", ask(A)))
        raw = await until_end(stream)
    assert "connection: close" not in raw.head
    assert raw.whole
    assert not raw.reset


async def test_garbage() -> None:
    assert not (await spoiled(faults.garbage())).data.startswith(b"HTTP/")


async def test_faults_are_used_up_one_a_turn_and_a_standing_one_stays() -> None:
    provider = SimulatedProvider(A)
    provider.fail_always(faults.status(500))
    provider.fail_next(faults.status(429), None)
    provider.fail_always(faults.status(404), Action.COUNT_TOKENS)
    request = post("/v1/messages", ask(A))
    async with provider.running() as url:
        statuses = [(await exchange(url, request)).status for _ in range(3)]
        counted = (await exchange(url, post("/v1/messages/count_tokens", ask(A)))).status
        provider.heal()
        healed = (await exchange(url, request)).status
        provider.fail_by(lambda turn: faults.status(503) if turn == 6 else None)
        scheduled = [(await exchange(url, request)).status for _ in range(3)]
    assert (statuses, counted, healed, scheduled) == ([429, 200, 500], 404, 200, [200, 503, 200])


async def test_a_stall_does_not_hold_up_others() -> None:
    provider = SimulatedProvider(A)
    provider.fail_next(faults.stall(Point.BEFORE_HEAD))
    async with provider.running() as url, anyio.create_task_group() as group:
        group.start_soon(exchange, url, post("/v1/messages", ask(A)))
        await provider.gate.until_held()
        assert (await exchange(url, post("/v1/messages", ask(A)))).status == 200
        provider.release()
