"""A request and a reply in no vendor's words: what the wire formats have in common, and what only some of them can say.

The neutral form is as rich as the richest format, so that decoding loses nothing that any target could take. Values are
frozen; what a format writes as text of JSON (tool arguments) stays that text, because re-writing it is never needed.
A name, an id or a media type is as the client sent it; ``adapt`` makes it legal for a target and back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from operator import is_
from typing import Any

from cccc.domain.endpoint import WireFormat
from cccc.domain.usage import Usage


class Role(StrEnum):
    """Who speaks. Tool results are parts of a user's turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Medium(StrEnum):
    """What bytes are shown to the model."""

    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"


class ToolKind(StrEnum):
    """How a tool is offered, called and answered. All but ``FUNCTION`` exist in few formats only."""

    FUNCTION = "function"
    """Arguments are a JSON object."""
    CUSTOM = "custom"
    """Free text in, bounded by a grammar or by nothing."""
    LOCAL_SHELL = "local_shell"
    TOOL_SEARCH = "tool_search"
    """The client looks for more tools; arguments are an object."""
    WEB_SEARCH = "web_search"
    """Run by the vendor."""
    OTHER_HOSTED = "other_hosted"
    """Run by the vendor, and known to one format only: code execution, file search, computers, MCP servers …"""


@dataclass(frozen=True, slots=True)
class Text:
    """Words. ``cached``: the client asked that the prompt up to here be cached."""

    text: str
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model's words for why it does not answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Media:
    """An image, a document or sound: base64 ``data`` of a ``media_type``, or a ``url``, or a vendor's ``file_id``.

    ``detail`` is how closely to look at an image, in OpenAI's words; empty where that is left to the model.
    """

    medium: Medium
    media_type: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""
    name: str = ""
    detail: str = ""
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Thinking:
    """What the model thought, in words where they were shown.

    ``sealed`` is what only its maker can read: a signature, a redacted block's data, encrypted reasoning. ``origin`` is
    the format it was made in and ``maker`` the endpoint, empty where nobody knows. ``redacted``: there were no words to
    show. ``item_id`` is its id where the format gives one.
    """

    text: str
    sealed: str = ""
    origin: WireFormat | None = None
    maker: str = ""
    redacted: bool = False
    item_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model calls a tool. ``arguments`` are the text it wrote: JSON, or for ``CUSTOM`` its input as it stands."""

    id: str
    name: str
    arguments: str
    kind: ToolKind = ToolKind.FUNCTION
    namespace: str = ""
    item_id: str = ""


ResultPart = Text | Media


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered to the call ``call_id``."""

    call_id: str
    parts: tuple[ResultPart, ...]
    is_error: bool = False
    kind: ToolKind = ToolKind.FUNCTION
    cached: bool = False


Part = Text | Refusal | Media | Thinking | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One turn's part of the conversation. ``path`` is where it stood in the client's request (``messages[3]``)."""

    role: Role
    parts: tuple[Part, ...]
    path: str = ""

    def changed(self, change: Callable[[Part], Part]) -> Message:
        """Every part changed; the same object where ``change`` gives back the same parts, as it mostly does."""
        parts = tuple(map(change, self.parts))
        return self if all(map(is_, parts, self.parts)) else replace(self, parts=parts)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool on offer.

    ``schema`` is the JSON schema of a function's arguments; ``grammar`` what a custom tool's text must follow, in the
    client's words; ``settings`` the rest of a hosted tool. ``namespace`` groups tools in Responses.
    """

    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    strict: bool | None = None
    kind: ToolKind = ToolKind.FUNCTION
    namespace: str = ""
    grammar: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    cached: bool = False
    path: str = ""


class Choice(StrEnum):
    """Whether the model may, must or must not call a tool."""

    AUTO = "auto"
    ANY = "any"
    NONE = "none"
    ONE = "one"


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """``name`` (and ``namespace``) for ``ONE``. ``parallel``: whether several calls at once are allowed, or unsaid."""

    choice: Choice = Choice.AUTO
    name: str = ""
    namespace: str = ""
    parallel: bool | None = None


class Effort(StrEnum):
    """How hard to think, in ascending order."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"


@dataclass(frozen=True, slots=True)
class Reasoning:
    """How the model is to think. ``budget`` in tokens; ``adaptive``: the model decides; ``summary`` as in Responses."""

    effort: Effort | None = None
    budget: int | None = None
    adaptive: bool = False
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """The form of the answer: any JSON object, or one that follows ``schema``. ``verbosity`` as in Responses."""

    json: bool = False
    schema: Mapping[str, Any] | None = None
    name: str = ""
    strict: bool | None = None
    verbosity: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Tuning. ``None``: unsaid. ``extra`` are fields that some formats share under one name (penalties, ``seed`` …)."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks a model for.

    ``system`` stands before everything; later system messages are messages. ``session`` is what makes turns of one
    conversation share a prompt cache. ``compact``: the answer is to be a summary of the conversation that replaces it
    (Codex). ``stream_usage`` as in ``RequestFacts``.
    """

    model: str
    messages: tuple[Message, ...]
    system: tuple[Text, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    max_tokens: int | None = None
    reasoning: Reasoning | None = None
    sampling: Sampling = field(default_factory=Sampling)
    output: Output = field(default_factory=Output)
    user: str = ""
    session: str = ""
    service_tier: str = ""
    stream: bool = False
    stream_usage: bool = False
    compact: bool = False


class StopReason(StrEnum):
    """Why the model stopped."""

    END = "end"
    LENGTH = "length"
    STOP_SEQUENCE = "stop_sequence"
    TOOL_USE = "tool_use"
    PAUSE = "pause"
    REFUSAL = "refusal"
    CONTEXT = "context"


ReplyPart = Text | Refusal | Thinking | ToolCall


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. ``id`` as the endpoint gave it; ``stop_sequence`` where one ended it."""

    parts: tuple[ReplyPart, ...]
    stop: StopReason = StopReason.END
    stop_sequence: str = ""
    usage: Usage | None = None
    id: str = ""
    model: str = ""
