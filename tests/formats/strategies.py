"""Hypothesis strategies for neutral requests, replies and event streams: what a client may ask and a model may say."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import strategies as st

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage
from cccc.ir.events import Ended, Event, PartClosed, PartDelta, PartKind, PartOpened, Started, UsageSeen
from cccc.ir.messages import (
    Choice,
    Effort,
    Media,
    Medium,
    Message,
    Output,
    Reasoning,
    Refusal,
    Reply,
    Request,
    Role,
    Sampling,
    StopReason,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolKind,
    ToolResult,
)

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip) | st.sampled_from(
    ["Hello", "two\nlines", 'a "quoted" \\ word', "a\u2028b", "\U0001f600", "</think>", "*** Begin Patch"]
)
IDS = st.sampled_from(["call_1", "call_2", "toolu_3", "functions.read:0", "a b", "x" * 70, "cccc-a_2eb"])
NAMES = st.sampled_from(["Read", "Bash", "mcp__demo__echo", "mcp__" + "long_" * 20 + "a", "mcp__" + "long_" * 20 + "b"])
NAMESPACES = st.sampled_from(["", "", "", "mcp__files", "multi_agent_v1"])
CLIENT_KINDS = st.sampled_from([ToolKind.FUNCTION] * 4 + [ToolKind.CUSTOM, ToolKind.LOCAL_SHELL, ToolKind.TOOL_SEARCH])
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-1_000, 1_000) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=5,
)
OBJECTS = st.dictionaries(WORDS, JSON_VALUES, max_size=3).map(lambda value: orjson.dumps(value).decode())
SCHEMAS = st.sampled_from(
    [
        {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
        {"type": "object", "properties": {}},
    ]
)
IMAGES = st.builds(
    Media, st.just(Medium.IMAGE), st.sampled_from(["image/png", "image/jpeg"]), st.sampled_from(["aGk=", "eW8="])
)
TEXTS = st.builds(Text, WORDS)


@st.composite
def tool_calls(draw: st.DrawFn) -> ToolCall:
    """A call of any kind that a client runs."""
    kind = draw(CLIENT_KINDS)
    arguments = draw(WORDS if kind is ToolKind.CUSTOM else OBJECTS)
    return ToolCall(draw(IDS), draw(NAMES), arguments, kind, draw(NAMESPACES))


# An error's image stands behind its result in Anthropic's format: no round trip brings it back in.
TOOL_RESULTS = st.builds(ToolResult, IDS, st.lists(TEXTS | IMAGES, min_size=1, max_size=2).map(tuple)) | st.builds(
    ToolResult, IDS, st.tuples(TEXTS), st.just(True)
)
THINKING = st.builds(
    Thinking,
    WORDS,
    st.sampled_from(["", "c2VhbGVk"]),
    st.sampled_from([None, *WireFormat]),
    st.sampled_from(["", "target", "other"]),
)
MESSAGES = st.one_of(
    st.builds(Message, st.just(Role.USER), st.lists(TEXTS | IMAGES | TOOL_RESULTS, min_size=1, max_size=3).map(tuple)),
    st.builds(
        Message, st.just(Role.ASSISTANT), st.lists(TEXTS | THINKING | tool_calls(), min_size=1, max_size=3).map(tuple)
    ),
    st.builds(Message, st.just(Role.SYSTEM), st.tuples(TEXTS)),
)
TOOLS = st.builds(Tool, NAMES, WORDS, SCHEMAS, kind=CLIENT_KINDS, namespace=NAMESPACES) | st.builds(
    Tool, st.just("web_search"), kind=st.just(ToolKind.WEB_SEARCH)
)
CHOICES = st.none() | st.builds(
    ToolChoice, st.sampled_from([Choice.AUTO, Choice.ANY, Choice.NONE]), parallel=st.none() | st.booleans()
)
REASONING = st.none() | st.builds(Reasoning, st.sampled_from(Effort)) | st.builds(Reasoning, budget=st.just(8_000))


def numbered(request: Request) -> Request:
    """The request with a path in every message, as decoders give."""
    messages = (Message(message.role, message.parts, f"messages[{at}]") for at, message in enumerate(request.messages))
    return Request(
        **{name: getattr(request, name) for name in Request.__slots__ if name != "messages"}, messages=tuple(messages)
    )


REQUESTS = st.builds(
    Request,
    model=st.just("a-model"),
    messages=st.lists(MESSAGES, min_size=1, max_size=6).map(tuple),
    system=st.lists(TEXTS, max_size=2).map(tuple),
    tools=st.lists(TOOLS, max_size=3).map(tuple),
    tool_choice=CHOICES,
    max_tokens=st.none() | st.integers(1, 100_000),
    reasoning=REASONING,
    sampling=st.builds(Sampling, temperature=st.none() | st.sampled_from([0.0, 0.5, 1.0])),
    output=st.sampled_from([Output(), Output(json=True)]),
    stream=st.booleans(),
    compact=st.sampled_from([False, False, False, True]),
).map(numbered)

USAGES = st.builds(
    Usage,
    input=st.integers(1, 9_999),
    cache_read=st.integers(0, 9_999),
    output=st.integers(1, 9_999),
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """An answer that a model could give: thinking first, then words, then calls with ids of their own."""
    parts: list[Any] = []
    if draw(st.booleans()):
        parts.append(Thinking(draw(WORDS), draw(st.sampled_from(["", "c2VhbGVk"]))))
    if draw(st.booleans()):
        parts.append(draw(TEXTS))
    calls = draw(st.integers(0, 2))
    parts += [ToolCall(f"call_{at}", draw(NAMES), draw(OBJECTS)) for at in range(calls)]
    if not parts:
        parts.append(draw(TEXTS | st.builds(Refusal, WORDS)))
    stop = StopReason.TOOL_USE if calls else draw(st.sampled_from([StopReason.END, StopReason.LENGTH]))
    if isinstance(parts[-1], Refusal):
        stop = StopReason.REFUSAL
    return Reply(tuple(parts), stop, usage=draw(USAGES), id="id_1", model="its-model")


REPLIES = replies()


@st.composite
def event_streams(draw: st.DrawFn) -> list[Event]:
    """A whole answer as a decoder might tell it: several parts open at once, calls closed at the very end or never.

    No decoder has two texts open at once, or leaves thinking open.
    """
    kinds = [PartKind.TOOL_CALL] * draw(st.integers(0, 3))
    if not kinds or draw(st.booleans()):
        kinds.insert(draw(st.integers(0, len(kinds))), PartKind.TEXT)
    if draw(st.booleans()):
        kinds.insert(0, PartKind.THINKING)
    threads = [draw(_thread(index, kind)) for index, kind in enumerate(kinds)]
    events: list[Event] = [Started("id_1", "its-model")]
    opened = 0
    while any(threads):
        # Parts open in their order; what belongs to those that are open comes in any order.
        choices = [at for at, thread in enumerate(threads[: opened + 1]) if thread]
        at = draw(st.sampled_from(choices))
        opened += at == opened
        events.append(threads[at].pop(0))
    events.append(UsageSeen(draw(USAGES)))
    events.append(Ended(StopReason.TOOL_USE if PartKind.TOOL_CALL in kinds else StopReason.END))
    return events


@st.composite
def _thread(draw: st.DrawFn, index: int, kind: PartKind) -> list[Event]:
    """The events of one part."""
    is_call = kind is PartKind.TOOL_CALL
    opened = PartOpened(index, kind, f"call_{index}", draw(NAMES)) if is_call else PartOpened(index, kind)
    text = draw(OBJECTS if is_call else WORDS)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    fragments = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    thread: list[Event] = [opened, *(PartDelta(index, fragment) for fragment in fragments)]
    if kind is PartKind.THINKING or draw(st.booleans()):
        thread.append(PartClosed(index))
    return thread


EVENT_STREAMS = event_streams()
