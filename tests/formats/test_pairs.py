"""Every pair of formats, there and back: conversations, recorded requests, vendors' streams, and cuts at every byte."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.formats.registry import BY_PATH, CODECS
from cccc.ir.conversion import Conversion
from cccc.ir.loss import Losses
from cccc.ir.messages import ToolCall, ToolResult
from cccc.ir.sse import SseDecoder
from cccc.ir.target import Target
from tests.formats.conversations import LONG_NAME, PATCH, REQUESTS, answer
from tests.formats.pairs import FRONT, PAIRS, A, C, R, conversion, read, streamed, target
from tests.formats.streams import STREAMS
from tests.formats_check import REPLY, STREAM, Said
from tests.ir.slicing import decoded

GOLDEN = Path(__file__).parent / "golden"
CAPTURES = sorted((Path(__file__).parents[1] / "captures").glob("*.json"))
STATEFUL = {"codex_after_compaction_item": r"input\[4\]", "codex_ws_frame3": "previous_response_id"}
"""What only the endpoint can read that made it, and where."""


def asked(client: WireFormat, upstream: WireFormat, **how: Any) -> tuple[Conversion, bytes]:
    """The client's rich request for an endpoint, and what that endpoint answers."""
    request, _ = read(client, REQUESTS[client])
    converting = conversion(client, upstream, request, **how)
    return converting, answer(upstream, _search_tool(converting))


def _search_tool(converting: Conversion) -> str:
    """What the endpoint calls the tool with the long name."""
    tools = [tool.get("function", tool) for tool in orjson.loads(converting.body)["tools"]]
    return next(tool["name"] for tool in tools if tool["name"].startswith("mcp__"))


def golden(name: str, text: str) -> None:
    """Compare with a file under ``golden``; ``UPDATE_GOLDEN=1`` writes it instead."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text, f"{name} differs: read the change, then UPDATE_GOLDEN=1"


def pretty(body: bytes) -> str:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
def test_golden_files(client: WireFormat, upstream: WireFormat) -> None:
    converting, raw = asked(client, upstream)
    losses = [f"{loss.path}: {loss.what}, since {loss.why}" for loss in converting.losses]
    golden(f"{client}-{upstream}.request.json", pretty(converting.body))
    golden(f"{client}-{upstream}.losses.json", pretty(orjson.dumps(losses)))
    golden(f"{client}-{upstream}.stream.sse", streamed(converting, [raw]).decode())
    golden(f"{client}-{upstream}.reply.json", pretty(converting.folded(decoded([raw])[0])))


def _meant(client: WireFormat, said: Said) -> None:
    """The answer of ``conversations`` in the client's own tools."""
    assert said.thinking == "The file is small; one hunk is enough."
    assert said.text == 'I change one line: "x" \u2028 \U0001f600.'
    search, patch = said.tools
    assert json.loads(search.arguments) == {"path": "notes/é.md"}
    if client is R:
        assert (search.namespace, f"{search.namespace}__{search.name}") == ("mcp__files_of_the_user", LONG_NAME)
        assert (patch.name, patch.custom, patch.arguments) == ("apply_patch", True, PATCH)
    else:
        assert search.name == (LONG_NAME if client is A else LONG_NAME[:64])
        assert json.loads(patch.arguments) == {"input": PATCH}
    assert said.model == "asked-model"
    assert said.stop in ("tool_use", "tool_calls", "completed")


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
def test_stream_and_whole_answer_mean_the_same_in_every_shape(client: WireFormat, upstream: WireFormat) -> None:
    converting, raw = asked(client, upstream)
    whole = CODECS[upstream].fold(decoded([raw])[0])
    _meant(client, STREAM[client](streamed(converting, [raw])))
    _meant(client, STREAM[client](converting.unfolded(whole)))
    _meant(client, REPLY[client](converting.whole(whole)))
    _meant(client, REPLY[client](converting.folded(decoded([raw])[0])))


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
def test_however_the_bytes_are_cut_the_client_gets_the_same(client: WireFormat, upstream: WireFormat) -> None:
    converting, raw = asked(client, upstream)
    whole = streamed(converting, [raw])
    for size in (1, 3, 50, 1_000):
        assert streamed(converting, [raw[at : at + size] for at in range(0, len(raw), size)]) == whole


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
def test_a_stream_cut_anywhere_never_looks_whole(client: WireFormat, upstream: WireFormat) -> None:
    """Byte by byte: neither the answer ends before its end was told, nor a call before its arguments were whole."""
    converting, raw = asked(client, upstream)
    stream, theirs, ours = converting.stream(), CODECS[upstream].scanner(), CODECS[client].scanner()
    decoder, seen = SseDecoder(), SseDecoder()
    for at in range(len(raw)):
        for event in decoder.feed(raw[at : at + 1]):
            theirs.feed(event)
            for own in seen.feed(stream.feed(event)):
                ours.feed(own)
        assert not ours.facts.broken_tool
        assert ours.facts.terminal <= theirs.facts.terminal
        assert not seen.pending
    for own in seen.feed(stream.close()):
        ours.feed(own)
    assert ours.facts.terminal


@pytest.mark.parametrize(("client", "upstream"), PAIRS)
def test_a_call_is_over_only_when_it_is_whole(client: WireFormat, upstream: WireFormat) -> None:
    """Codex runs a call when its item is done, Claude Code when its block is closed: never on half of its arguments."""
    converting, raw = asked(client, upstream)
    whole = _finished(client, streamed(converting, [raw]))
    assert len(raw) > 4_096
    stream, decoder, written, known = converting.stream(), SseDecoder(), b"", 0
    for at in range(0, len(raw), 16):
        written += b"".join(map(stream.feed, decoder.feed(raw[at : at + 16])))
        finished = _finished(client, written)
        assert finished == whole[: len(finished)]
        assert len(finished) >= known
        known = len(finished)


def _finished(client: WireFormat, raw: bytes) -> list[Any]:
    """The calls that a client would run by now."""
    bodies = [orjson.loads(event.data) for event in decoded([raw])[0] if event.data and event.data != b"[DONE]"]
    if client is R:
        done = [body["item"] for body in bodies if body["type"] == "response.output_item.done"]
        return [item.get("arguments", item.get("input")) for item in done if item["type"].endswith("_call")]
    if client is A:
        calls: dict[int, str] = {}
        over: list[Any] = []
        for body in bodies:
            match body:
                case {"type": "content_block_start", "content_block": {"type": "tool_use"}}:
                    calls[body["index"]] = ""
                case {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": text}}:
                    calls[body["index"]] += text
                case {"type": "content_block_stop", "index": index} if index in calls:
                    over.append(calls[index])
        return over
    if not any(body["choices"] and body["choices"][0]["finish_reason"] for body in bodies):
        return []
    fragments = [
        call for body in bodies for choice in body["choices"] for call in choice["delta"].get("tool_calls", [])
    ]
    count = max((call["index"] for call in fragments), default=-1) + 1
    return ["".join(call["function"]["arguments"] for call in fragments if call["index"] == at) for at in range(count)]


@pytest.mark.parametrize("name", STREAMS)
def test_what_any_vendor_streams_is_legal_for_every_other_client(name: str) -> None:
    """Whole answers become whole answers, everything else stays unfinished, whatever the vendor makes of its format."""
    stream = STREAMS[name]
    facts = CODECS[stream.wire_format].scanner()
    for event in decoded([stream.raw])[0]:
        facts.feed(event)
    for client in CODECS:
        if client is stream.wire_format:
            continue
        converting = conversion(client, stream.wire_format)
        raw = streamed(converting, [stream.raw])
        if facts.facts.terminal and facts.facts.valid and not facts.facts.fault and not facts.facts.broken_tool:
            said = STREAM[client](raw)
            assert len(said.tools) == facts.facts.tool_calls
        elif not facts.facts.terminal:
            scanner = CODECS[client].scanner()
            for event in decoded([raw])[0]:
                scanner.feed(event)
            assert not scanner.facts.terminal


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_what_real_clients_send_is_sayable_in_every_other_format(path: Path) -> None:
    capture = json.loads(path.read_text(encoding="utf-8"))
    codec, _ = BY_PATH.get(capture["target"].partition("?")[0], (None, None))
    body = capture["body"]
    if codec is None or not isinstance(body, dict) or not body.get("model") or "count_tokens" in capture["target"]:
        pytest.skip("not a turn")
    for upstream in CODECS:
        if upstream is codec.wire_format:
            continue
        if path.stem in STATEFUL:
            with pytest.raises(NotConvertible, match=STATEFUL[path.stem]):
                read(codec.wire_format, body)
            continue
        request, _ = read(codec.wire_format, body)
        converting = conversion(codec.wire_format, upstream, request)
        sent = orjson.loads(converting.body)
        assert CODECS[upstream].request_facts(sent, {}).problem is None
        tools = [tool.get("function", tool) for tool in sent.get("tools", [])]
        assert all(len(tool.get("name", "")) <= 64 for tool in tools)
        assert b"x-anthropic-billing-header" not in converting.body


def _next_turn(client: WireFormat, reply: dict[str, Any]) -> dict[str, Any]:
    """What the client sends when it has run the tools of ``reply``: the answer as it came, then the results."""
    asked = REQUESTS[client]
    if client is A:
        calls = [block["id"] for block in reply["content"] if block["type"] == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": call_id, "content": "ok"} for call_id in calls]
        turn = [{"role": "assistant", "content": reply["content"]}, {"role": "user", "content": results}]
        return asked | {"messages": [*asked["messages"], *turn]}
    kinds = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
    outputs = [
        {"type": kinds[item["type"]], "call_id": item["call_id"], "output": "ok"}
        for item in reply["output"]
        if item["type"] in kinds
    ]
    return asked | {"input": [*asked["input"], *reply["output"], *outputs]}


@pytest.mark.parametrize(
    ("client", "upstream", "proof", "how"),
    [
        (A, R, '"encrypted_content":"gAAAAABo"', {}),
        (R, A, '"signature":"RXBjQg=="', {}),
        (A, C, '"reasoning_content":"The file is small; one hunk is enough."', {"reasoning_back": True}),
        (R, C, '"reasoning_content":"The file is small; one hunk is enough."', {"reasoning_back": True}),
    ],
)
def test_thinking_goes_through_the_client_and_back_to_its_maker_only(
    client: WireFormat, upstream: WireFormat, proof: str, how: dict[str, Any]
) -> None:
    converting, raw = asked(client, upstream, **how)
    reply = orjson.loads(converting.folded(decoded([raw])[0]))
    request, _ = read(client, _next_turn(client, reply))
    again = conversion(client, upstream, request, **how).body.decode()
    assert again.count(proof) == 1
    assert "cccc-thinking" not in again
    other = CODECS[upstream]
    elsewhere = Conversion(CODECS[client], other, request, Target(upstream, "somebody else", "served-model"), FRONT)
    assert proof not in elsewhere.body.decode()
    assert "thinking" in {loss.what.split()[0] for loss in elsewhere.losses}


@pytest.mark.parametrize(("client", "upstream"), [(A, C), (A, R), (R, A), (R, C)])
def test_the_next_turn_names_calls_as_the_endpoint_did(client: WireFormat, upstream: WireFormat) -> None:
    """Ids that the client's format does not allow come back as they were; the tools keep the endpoint's names."""
    converting, raw = asked(client, upstream)
    reply = orjson.loads(converting.folded(decoded([raw])[0]))
    request, _ = read(client, _next_turn(client, reply))
    again = conversion(client, upstream, request)
    decoded_again = CODECS[upstream].decode_request(orjson.loads(again.body), Losses())
    calls = [part for message in decoded_again.messages for part in message.parts if isinstance(part, ToolCall)]
    search, patch = calls[-2:]
    assert search.name == _search_tool(again) == _search_tool(converting)
    assert json.loads(patch.arguments) == {"input": PATCH}
    results = [part for message in decoded_again.messages for part in message.parts if isinstance(part, ToolResult)]
    assert [result.call_id for result in results[-2:]] == [search.id, patch.id]


@pytest.mark.parametrize("upstream", [A, C])
def test_a_compaction_is_one_item_which_the_next_turn_reads(upstream: WireFormat) -> None:
    body = REQUESTS[R] | {"input": [*REQUESTS[R]["input"], {"type": "compaction_trigger"}]}
    request, _ = read(R, body)
    front = replace(FRONT, compact=request.compact)
    converting = Conversion(CODECS[R], CODECS[upstream], request, target(upstream), front)
    raw = streamed(converting, [answer(upstream, _search_tool(converting))])
    (item,) = orjson.loads(decoded([raw])[0][-1].data or b"")["response"]["output"]
    assert item["type"] == "compaction"
    later, _ = read(R, REQUESTS[R] | {"input": [item, *REQUESTS[R]["input"][-1:]]})
    sent = orjson.loads(conversion(R, upstream, later).body)
    assert "I change one line" in json.dumps(sent["messages"], ensure_ascii=False)
