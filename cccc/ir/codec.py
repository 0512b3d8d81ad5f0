"""What a wire format provides. One implementation per format lives in ``cccc.formats``.

Two depths are distinguished. *Reading along* (``facts`` of requests and replies, ``scanner``) is what every
exchange needs, same-format pass-through included: it never changes a byte. *Converting* (decode and encode
between a format and the neutral messages and events) is needed only where the formats differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from cccc.domain.answers import Answer
from cccc.domain.endpoint import Action, WireFormat
from cccc.domain.usage import Usage
from cccc.ir.events import Event
from cccc.ir.loss import Losses
from cccc.ir.messages import Reply, Request
from cccc.ir.sse import SseEvent
from cccc.ir.target import Abilities, Target

JsonObject = Mapping[str, Any]


class Weight(Enum):
    """What one stream event means to whoever waits for the answer."""

    NOTHING = "nothing"
    """Pings, comments, keep-alives: say nothing about the answer."""
    PREAMBLE = "preamble"
    """Announces an answer (``message_start``, a role-only chunk, ``response.created``): not yet a proof."""
    CONTENT = "content"
    """Carries part of the answer: from here on nothing may be tried elsewhere."""
    ERROR = "error"
    """The upstream says that the turn failed."""
    TERMINAL = "terminal"
    """Ends a whole answer."""
    BROKEN = "broken"
    """Its data is not JSON: nothing that follows can be trusted to be whole."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as an upstream words it, in a body or in a stream."""

    type: str | None
    code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """How much thinking a request asks for: ``mode`` is ``enabled``, ``adaptive``, ``disabled`` or ``effort``."""

    mode: str
    budget_tokens: int | None = None
    effort: str | None = None


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What routing needs to know of a request's body.

    ``session`` is the client's own session id where it sends one. ``opening`` is the system prompt and the first
    user message, the material of a session key where there is none; ``last_user_text`` is what the taggers read.
    ``state_ref`` is ``previous_response_id`` or a conversation: state that one endpoint holds; ``stored``: the answer
    is to become such state. ``stream_usage``: a stream is to end with its usage where the format leaves that to the
    client.
    ``problem`` names what makes the body unusable (``missing "model"``); ``None`` for a body that may be sent.
    """

    model: str | None
    stream: bool
    session: str | None = None
    opening: str = ""
    last_user_text: str = ""
    thinking: Thinking | None = None
    state_ref: str | None = None
    stored: bool = False
    stream_usage: bool = False
    problem: str | None = None
    problem_param: str | None = None


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What is known of an answer, whole or so far.

    ``content``: text, thinking, refusal or a tool call was seen. ``terminal``: the answer's own end was seen.
    ``broken_tool``: the arguments of a finished tool call are not a JSON object. ``valid`` is false for a body that is
    not an answer of this format at all (errors are none), and for a stream in which an event's data was not JSON.
    ``signatures`` are those of its thinking, which only their maker accepts back.
    """

    valid: bool = True
    content: bool = False
    terminal: bool = False
    tool_calls: int = 0
    broken_tool: bool = False
    fault: Fault | None = None
    usage: Usage | None = None
    stop_reason: str | None = None
    model: str | None = None
    response_id: str | None = None
    sequence_number: int | None = None
    signatures: tuple[str, ...] = ()


class StreamScanner(Protocol):
    """Reads along with one answer stream. Never raises on foreign input."""

    def feed(self, event: SseEvent) -> Weight:
        """Take the next event and say what it means."""
        ...

    @property
    def facts(self) -> ReplyFacts:
        """Everything known so far."""
        ...


@dataclass(frozen=True, slots=True)
class Front:
    """The client's side of a conversion: what its answer must carry that no endpoint says.

    ``model`` is the name that was asked for; ``id`` our own id of the request, from which the answer's ids are made;
    ``created`` its wall time in seconds; ``prompt_tokens`` our estimate, for formats that announce the usage before it
    is known. ``stream_usage`` and ``compact`` as in ``Request``. ``history``: the answer is to be the compacted
    conversation itself, in which these items of the client's are kept where they are a user's (``/responses/compact``).
    """

    model: str
    id: str
    created: float = 0.0
    prompt_tokens: int = 0
    stream_usage: bool = False
    compact: bool = False
    history: tuple[Any, ...] | None = None


class StreamDecoder(Protocol):
    """Reads one answer stream into neutral events. Never raises on foreign input; unknown events say nothing."""

    def feed(self, event: SseEvent) -> list[Event]:
        """The neutral events that this one completes, as early as they are known."""
        ...

    def close(self) -> list[Event]:
        """The stream has ended cleanly behind its terminal event: what only its end makes certain."""
        ...


class StreamEncoder(Protocol):
    """Writes one answer stream from sequential events (exactly one part open at a time)."""

    def feed(self, event: Event) -> bytes:
        """The events of this format that say it; empty where there is nothing to say yet."""
        ...

    @property
    def seen(self) -> ReplyFacts:
        """What the client has seen so far, for the frame that ends a stream which breaks off: ids and numbers."""
        ...


class Codec(Protocol):
    """One wire format."""

    wire_format: WireFormat

    abilities: Abilities
    """What can be said in it at all."""

    paths: Mapping[str, Action]
    """Our own paths that this format serves with POST (``/v1/messages``: TURN, …)."""

    model_path: tuple[str, ...]
    """Where the model's name stands in a JSON reply."""

    def request_facts(self, body: JsonObject, headers: Mapping[str, str]) -> RequestFacts:
        """Read a parsed request body; ``headers`` are lower-case. Never raises: see ``RequestFacts.problem``."""
        ...

    def reply_facts(self, body: bytes) -> ReplyFacts:
        """Read a whole answer that was not streamed, errors included."""
        ...

    def scanner(self) -> StreamScanner:
        """A fresh reader for one stream."""
        ...

    def unfold(self, body: bytes, *, usage: bool) -> bytes:
        """A usable whole reply as the events of a stream; ``usage`` as in ``RequestFacts.stream_usage``."""
        ...

    def fold(self, events: Iterable[SseEvent]) -> bytes:
        """The events of a whole stream as one reply."""
        ...

    def fault(self, body: bytes) -> Fault | None:
        """The error in a body that came with an error status, or ``None`` where it is not of this format."""
        ...

    def restore_model(self, event: SseEvent, asked: str) -> bytes:
        """The event's bytes with the model's name replaced by ``asked``; the same object where nothing changes."""
        ...

    def passes_error(self, event: SseEvent) -> bool:
        """Whether clients of this format understand an upstream's error event as the end of the stream."""
        ...

    def text_body(self, text: str, *, model: str, request_id: str) -> bytes:
        """A usable whole reply that says ``text`` and cost nothing."""
        ...

    def keepalive(self, *, codex: bool) -> bytes:
        """What may be sent while nothing comes from upstream (resilience: Keepalive)."""
        ...

    def nudge(self, said: bytes) -> bytes:
        """What adds nothing to the text or thinking that ``said``, the last events of a stream, leaves open.

        Empty where neither is open, and in formats whose clients need no such thing.
        """
        ...

    def error_body(self, answer: Answer) -> bytes:
        """An answer of ours in this format's error envelope."""
        ...

    def error_frame(self, answer: Answer, seen: ReplyFacts) -> bytes:
        """The one frame that ends a stream which already began (resilience: Ending a stream honestly)."""
        ...

    def models_body(self, names: tuple[str, ...], windows: Mapping[str, int]) -> bytes:
        """The model list in this format's shape; ``windows`` are the context windows that are known, in tokens."""
        ...

    def model_body(self, name: str) -> bytes:
        """One model of that list by itself."""
        ...

    # converting

    def decode_request(self, body: JsonObject, losses: Losses) -> Request:
        """A parsed request body in neutral words. Raises ``NotConvertible`` for what no other format can say."""
        ...

    def encode_request(self, request: Request, target: Target, losses: Losses) -> dict[str, Any]:
        """The body for a target. ``request`` has been adapted to ``abilities``. Raises ``NotConvertible``."""
        ...

    def decode_reply(self, body: JsonObject) -> Reply:
        """A parsed whole answer (one that ``reply_facts`` finds usable) in neutral words. Never raises."""
        ...

    def encode_reply(self, reply: Reply, front: Front) -> dict[str, Any]:
        """A whole answer for the client."""
        ...

    def stream_decoder(self) -> StreamDecoder:
        """A fresh reader for one stream."""
        ...

    def stream_encoder(self, front: Front) -> StreamEncoder:
        """A fresh writer for one stream."""
        ...
