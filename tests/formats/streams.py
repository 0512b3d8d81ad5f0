"""Hand-written streams in the vendors' own spelling, with what they mean: the material of the scanner tests."""

from __future__ import annotations

from dataclasses import dataclass

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.ir.codec import Fault, ReplyFacts, Weight

N, P, C, T, E = Weight.NOTHING, Weight.PREAMBLE, Weight.CONTENT, Weight.TERMINAL, Weight.ERROR
B = Weight.BROKEN


@dataclass(frozen=True)
class Stream:
    """``events`` as they come, each with the weight it must get; ``facts`` at the end."""

    wire_format: WireFormat
    events: tuple[tuple[str, Weight], ...]
    facts: ReplyFacts

    @property
    def raw(self) -> bytes:
        return b"".join(text.encode() + b"\n\n" for text, _ in self.events)


def a(kind: str, rest: str = "") -> str:
    return f'event: {kind}\ndata: {{"type":"{kind}"{rest}}}'


def chunk(delta: str = "{}", finish: str = "null", rest: str = "") -> str:
    return (
        'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"gpt-x",'
        f'"choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]{rest}}}'
    )


def r(kind: str, number: int, rest: str = "") -> str:
    return f'event: {kind}\ndata: {{"type":"{kind}","sequence_number":{number}{rest}}}'


A_START = a(
    "message_start",
    ',"message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,'
    '"usage":{"input_tokens":10,"cache_creation_input_tokens":3,"cache_read_input_tokens":200,"output_tokens":1}}',
)
A_TEXT = a("content_block_start", ',"index":0,"content_block":{"type":"text","text":""}')
A_TOOL = a(
    "content_block_start", ',"index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}'
)
R_CREATED = r("response.created", 0, ',"response":{"id":"resp_1","model":"gpt-x","status":"in_progress","output":[]}')


def a_text(text: str) -> str:
    return a("content_block_delta", f',"index":0,"delta":{{"type":"text_delta","text":"{text}"}}')


def a_json(fragment: str) -> str:
    return a("content_block_delta", f',"index":1,"delta":{{"type":"input_json_delta","partial_json":"{fragment}"}}')


def a_stop(index: int) -> str:
    return a("content_block_stop", f',"index":{index}')


def a_end(reason: str) -> str:
    return a(
        "message_delta", f',"delta":{{"stop_reason":"{reason}","stop_sequence":null}},"usage":{{"output_tokens":42}}'
    )


def r_text(text: str, number: int) -> str:
    return r(
        "response.output_text.delta", number, f',"item_id":"msg_1","output_index":0,"content_index":0,"delta":"{text}"'
    )


def tool(index: int, call_id: str, arguments: str) -> str:
    return (
        f'{{"tool_calls":[{{"index":{index},"id":"{call_id}","type":"function",'
        f'"function":{{"name":"f","arguments":"{arguments}"}}}}]}}'
    )


A_USAGE = Usage(input=10, cache_read=200, cache_write=3, output=42)
A_FACTS = {"model": "claude-x", "response_id": "msg_1"}
C_FACTS = {"model": "gpt-x", "response_id": "chatcmpl-1"}
R_FACTS = {"model": "gpt-x", "response_id": "resp_1"}
R_USAGE = (
    '"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60},"output_tokens":9,'
    '"output_tokens_details":{"reasoning_tokens":4},"total_tokens":109}'
)

A_ODDLY_SPELLED = (
    'event:content_block_delta\ndata:{"delta": {"text": "hi", "type": "text_delta"},\n'
    'data: "type": "content_block_delta"}'
)
C_USAGE = (
    'data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":9,'
    '"prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":4}}}'
)
R_ALL_AT_ONCE = (
    'data: {"type":"response.completed","response":{"id":"r","status":"completed","output":['
    '{"type":"reasoning","summary":[]},{"type":"function_call","arguments":"{"}]}}'
)

A, CC, RR = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES

STREAMS: dict[str, Stream] = {
    "a text": Stream(
        A,
        (
            (A_START, P),
            (a("ping"), N),
            (A_TEXT, C),
            (a_text(""), C),
            (a_text('Hel\\u2028lo \\"text\\"'), C),
            (": comment", N),
            (a_text("é😀"), C),
            (a_stop(0), C),
            (a_end("end_turn"), C),
            (a("message_stop"), T),
        ),
        ReplyFacts(content=True, terminal=True, usage=A_USAGE, stop_reason="end_turn", **A_FACTS),
    ),
    "a tool": Stream(
        A,
        (
            (A_START, P),
            (A_TOOL, C),
            (a_json(""), C),
            (a_json('{\\"command\\": \\"l'), C),
            (a_json('s\\"}'), C),
            (a_stop(1), C),
            (a_end("tool_use"), C),
            (a("message_stop"), T),
        ),
        ReplyFacts(content=True, terminal=True, tool_calls=1, usage=A_USAGE, stop_reason="tool_use", **A_FACTS),
    ),
    "a tool without arguments": Stream(
        A,
        ((A_START, P), (A_TOOL, C), (a_stop(1), C), (a("message_stop"), T)),
        ReplyFacts(content=True, terminal=True, tool_calls=1, usage=Usage(10, 200, 3, 1), **A_FACTS),
    ),
    "a broken tool, never closed": Stream(
        A,
        ((A_START, P), (A_TOOL, C), (a_json('{\\"command\\":'), C), (a("message_stop"), T)),
        ReplyFacts(content=True, terminal=True, tool_calls=1, broken_tool=True, usage=Usage(10, 200, 3, 1), **A_FACTS),
    ),
    "a thinking": Stream(
        A,
        (
            (
                a("content_block_start", ',"index":0,"content_block":{"type":"thinking","thinking":"","signature":""}'),
                C,
            ),
            (a("content_block_delta", ',"index":0,"delta":{"type":"thinking_delta","thinking":"hm"}'), C),
            (a("content_block_delta", ',"index":0,"delta":{"type":"signature_delta","signature":"xyz"}'), C),
        ),
        ReplyFacts(content=True, signatures=("xyz",)),
    ),
    "a refusal": Stream(
        A,
        ((A_START, P), (a_end("refusal"), C), (a("message_stop"), T)),
        ReplyFacts(content=True, terminal=True, usage=A_USAGE, stop_reason="refusal", **A_FACTS),
    ),
    "a nothing said": Stream(
        A,
        ((A_START, P), (A_TEXT, C), (a_text(""), C), (a_stop(0), C), (a_end("end_turn"), C), (a("message_stop"), T)),
        ReplyFacts(content=False, terminal=True, usage=A_USAGE, stop_reason="end_turn", **A_FACTS),
    ),
    "a usage told at the end": Stream(
        A,
        (
            (a("message_start", ',"message":{"usage":{"input_tokens":900,"output_tokens":0}}'), P),
            (
                a(
                    "message_delta",
                    ',"delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":50,"cache_read_input_tokens":700,'
                    '"output_tokens":8,"output_tokens_details":{"thinking_tokens":3}}',
                ),
                C,
            ),
        ),
        ReplyFacts(stop_reason="end_turn", usage=Usage(input=50, cache_read=700, output=8, reasoning=3)),
    ),
    "a error": Stream(
        A,
        ((A_START, P), (a("error", ',"error":{"type":"overloaded_error","message":"Overloaded"}'), E)),
        ReplyFacts(fault=Fault("overloaded_error", None, "Overloaded"), usage=Usage(10, 200, 3, 1), **A_FACTS),
    ),
    "a error in OpenAI's words": Stream(
        A,
        (('data: {"error":{"message":"no","type":"server_error","code":"busy"}}', E),),
        ReplyFacts(fault=Fault("server_error", "busy", "no")),
    ),
    "a error as text": Stream(
        A, (("event: error\ndata: upstream died", E),), ReplyFacts(fault=Fault(None, None, "upstream died"))
    ),
    "a spelled otherwise": Stream(
        A,
        (
            ('data: { "message": {"id": "m", "model": "x"}, "type": "message_start" }', P),
            (
                A_ODDLY_SPELLED,
                C,
            ),
            ("data: [DONE]", N),
            ("event: message_stop\ndata: {}", T),
        ),
        ReplyFacts(content=True, terminal=True, model="x", response_id="m"),
    ),
    "a unknown and torn events": Stream(
        A,
        (
            ('event: vendor_note\ndata: {"type":"vendor_note"}', N),
            ("event: vendor_text\ndata: hello", N),
            (
                'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta"',
                B,
            ),
        ),
        ReplyFacts(valid=False),
    ),
    "c text": Stream(
        CC,
        (
            (chunk('{"role":"assistant","content":""}'), P),
            (chunk('{"content":"Hel"}'), C),
            (chunk('{"content":"lo \\"you\\""}'), C),
            (chunk('{"content":"\\n\\\\"}'), C),
            (chunk('{"content":""}'), P),
            (": keepalive", N),
            (chunk('{"content":"é\u2028😀"}'), C),
            (chunk("{}", '"stop"'), C),
            (
                C_USAGE,
                P,
            ),
            ("data: [DONE]", T),
        ),
        ReplyFacts(content=True, terminal=True, usage=Usage(40, 60, 0, 9, 4), stop_reason="stop", **C_FACTS),
    ),
    "c azure filter first": Stream(
        CC,
        (
            ('data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}],"model":"","id":""}', P),
            (chunk('{"content":"x"}'), C),
        ),
        ReplyFacts(content=True, **C_FACTS),
    ),
    "c a usage in a text chunk": Stream(
        CC,
        (
            (chunk('{"content":"a"}'), C),
            (chunk('{"content":"b"}'), C),
            (
                chunk(
                    '{"content":"c"}',
                    "null",
                    ',"usage":{"prompt_tokens":5,"completion_tokens":3,"prompt_cache_hit_tokens":4}',
                ),
                C,
            ),
        ),
        ReplyFacts(content=True, usage=Usage(1, 4, 0, 3), **C_FACTS),
    ),
    "c text and the end in one chunk": Stream(
        CC,
        ((chunk('{"content":"a"}'), C), (chunk('{"content":"b"}', '"length"'), C)),
        ReplyFacts(content=True, terminal=True, stop_reason="length", **C_FACTS),
    ),
    "c text, then a tool in the same words": Stream(
        CC,
        (
            (chunk('{"content":"a"}'), C),
            (chunk('{"content":"b","tool_calls":[{"index":0,"id":"x","function":{"arguments":"{"}}]}'), C),
            (chunk("{}", '"tool_calls"'), C),
        ),
        ReplyFacts(content=True, terminal=True, tool_calls=1, broken_tool=True, stop_reason="tool_calls", **C_FACTS),
    ),
    "c reasoning": Stream(
        CC,
        (
            (chunk('{"content":null,"reasoning_content":"hm"}'), C),
            (chunk('{"content":null,"reasoning_content":"mh"}'), C),
        ),
        ReplyFacts(content=True, **C_FACTS),
    ),
    "c parallel tools": Stream(
        CC,
        (
            (chunk('{"role":"assistant","content":null}'), P),
            (chunk(tool(0, "call_1", "")), C),
            (chunk(tool(0, "", '{\\"a\\"')), C),
            (chunk(tool(1, "call_2", "{}")), C),
            (chunk(tool(0, "call_1", ":1}")), C),
            (chunk("{}", '"tool_calls"'), C),
            ("data: [DONE]", T),
        ),
        ReplyFacts(content=True, terminal=True, tool_calls=2, stop_reason="tool_calls", **C_FACTS),
    ),
    "c one index for several tools": Stream(
        CC,
        ((chunk(tool(0, "call_1", "{}")), C), (chunk(tool(0, "call_2", "{}")), C), (chunk("{}", '"stop"'), C)),
        ReplyFacts(content=True, terminal=True, tool_calls=2, stop_reason="stop", **C_FACTS),
    ),
    "c done after a break": Stream(
        CC,
        ((chunk('{"content":"x"}'), C), ("data: [DONE]", T)),
        ReplyFacts(content=True, terminal=False, **C_FACTS),
    ),
    "c filtered": Stream(
        CC,
        ((chunk("{}", '"content_filter"'), C),),
        ReplyFacts(content=True, terminal=True, stop_reason="content_filter", **C_FACTS),
    ),
    "c refused": Stream(CC, ((chunk('{"refusal":"I cannot"}'), C),), ReplyFacts(content=True, **C_FACTS)),
    "c error": Stream(
        CC,
        ((chunk('{"role":"assistant"}'), P), ('data: {"error":"overloaded"}', E)),
        ReplyFacts(fault=Fault(None, None, "overloaded"), **C_FACTS),
    ),
    "c error in Anthropic's words": Stream(
        CC,
        (('event: error\ndata: {"type":"error","error":{"type":"api_error","message":"no"}}', E),),
        ReplyFacts(fault=Fault("api_error", None, "no")),
    ),
    "c no error": Stream(
        CC, ((chunk('{"content":"x"}', "null", ',"error":null'), C),), ReplyFacts(content=True, **C_FACTS)
    ),
    "c torn": Stream(CC, (("data: {", B), ("data: 1", N), ("event: ping\ndata: {}", N)), ReplyFacts(valid=False)),
    "r text": Stream(
        RR,
        (
            (R_CREATED, P),
            (r("response.in_progress", 1, ',"response":{"id":"resp_1","model":"gpt-x"}'), P),
            ('event: keepalive\ndata: {"type":"keepalive"}', N),
            (r("response.output_item.added", 2, ',"item":{"type":"message","id":"msg_1","content":[]}'), C),
            (r("response.content_part.added", 3, ',"part":{"type":"output_text","text":""}'), C),
            (r_text('Hello \\"sequence_number\\":99', 4), C),
            (r_text("", 5), C),
            (r("response.output_text.done", 6, ',"text":"Hello"'), C),
            (
                r(
                    "response.output_item.done",
                    7,
                    ',"item":{"type":"message","id":"msg_1","content":[{"type":"output_text","text":"Hello"}]}',
                ),
                C,
            ),
            (
                r(
                    "response.completed",
                    8,
                    ',"response":{"id":"resp_1","model":"gpt-x","status":"completed","output":[],' + R_USAGE + "}",
                ),
                T,
            ),
        ),
        ReplyFacts(
            content=True,
            terminal=True,
            usage=Usage(40, 60, 0, 9, 4),
            stop_reason="completed",
            sequence_number=8,
            **R_FACTS,
        ),
    ),
    "r cut in the text": Stream(
        RR,
        ((R_CREATED, P), (r_text("Hi", 4), C), ('data: {"type":"keepalive"}', N)),
        ReplyFacts(content=True, sequence_number=4, **R_FACTS),
    ),
    "r tools": Stream(
        RR,
        (
            (r("response.output_item.added", 1, ',"item":{"type":"function_call","arguments":""}'), C),
            (r("response.function_call_arguments.delta", 2, ',"delta":"{\\"a"'), C),
            (
                r(
                    "response.output_item.done",
                    3,
                    ',"item":{"type":"function_call","call_id":"c","arguments":"{\\"a\\":1}"}',
                ),
                C,
            ),
            (r("response.output_item.done", 4, ',"item":{"type":"custom_tool_call","input":"free text"}'), C),
        ),
        ReplyFacts(content=True, tool_calls=2, sequence_number=4),
    ),
    "r arguments as an object": Stream(
        RR,
        ((r("response.output_item.done", 3, ',"item":{"type":"function_call","arguments":{"a":1}}'), C),),
        ReplyFacts(content=True, tool_calls=1, broken_tool=True, sequence_number=3),
    ),
    "r the smallest that Codex takes": Stream(
        RR,
        (
            ('data: {"type":"response.output_item.done","item":{"type":"web_search_call"}}', C),
            ('data: {"type":"response.completed","response":{"id":"r"}}', T),
        ),
        ReplyFacts(content=True, terminal=True, response_id="r"),
    ),
    "r all in the last event": Stream(
        RR,
        (
            (
                R_ALL_AT_ONCE,
                T,
            ),
        ),
        ReplyFacts(
            content=True, terminal=True, tool_calls=1, broken_tool=True, response_id="r", stop_reason="completed"
        ),
    ),
    "r incomplete": Stream(
        RR,
        (
            (
                r(
                    "response.incomplete",
                    1,
                    ',"response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}',
                ),
                T,
            ),
        ),
        ReplyFacts(terminal=True, stop_reason="max_output_tokens", sequence_number=1),
    ),
    "r failed": Stream(
        RR,
        (
            (R_CREATED, P),
            (
                r(
                    "response.failed",
                    1,
                    ',"response":{"id":"resp_1","status":"failed","error":{"code":"rate_limit_exceeded","message":"slow"}}',
                ),
                E,
            ),
        ),
        ReplyFacts(fault=Fault(None, "rate_limit_exceeded", "slow"), sequence_number=1, **R_FACTS),
    ),
    "r failed without a word": Stream(
        RR,
        (('data: {"type":"response.failed","response":{"error":null}}', E),),
        ReplyFacts(fault=Fault(None, None, "no reason given")),
    ),
    "r error": Stream(
        RR,
        ((r("error", 2, ',"code":"server_error","message":"oh","param":null'), E),),
        ReplyFacts(fault=Fault(None, "server_error", "oh"), sequence_number=2),
    ),
    "r completed, but failed": Stream(
        RR,
        (('data: {"type":"response.completed","response":{"status":"failed","error":{"code":"x","message":"y"}}}', E),),
        ReplyFacts(fault=Fault(None, "x", "y")),
    ),
    "r unknown and torn": Stream(
        RR,
        (
            ('data: {"type":"codex.rate_limits"}', N),
            ('data: {"type":"response.metadata"}', P),
            ('data: {"type":"response.new_thing.started"}', C),
            ("data: [DONE]", N),
            ('event: response.completed\ndata: {"type":"response.comp', B),
        ),
        ReplyFacts(valid=False),
    ),
}
