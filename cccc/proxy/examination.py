"""What an endpoint speaks and how well, found out by asking it a few small questions.

The requests are built, signed and sent as real ones are (``proxy.upstream``, the same transport), under CCCC's own
name; nothing of it reaches health, ranking, statistics or what is learned. A base address is asked in every format that
it might speak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import anyio
import orjson

from cccc.clock import Clock
from cccc.control.api import Check, FormatProbe, ProbeReport
from cccc.domain.endpoint import PATHS, Action, AuthStyle, Endpoint, WireFormat, address
from cccc.domain.failover import BodyKind
from cccc.domain.redact import Redactor
from cccc.domain.rewrite import rewritten
from cccc.domain.wording import plain, status_line
from cccc.errors import BadAnswer, UpstreamError
from cccc.formats.registry import CODECS
from cccc.http.messages import Headers, Request, RequestHead, Transport, UpstreamAnswer, UpstreamRequest
from cccc.ir import json
from cccc.ir.codec import Codec, ReplyFacts, Weight
from cccc.ir.sse import SseDecoder
from cccc.proxy.models import LARGEST_LIST, configured_names, model_names
from cccc.proxy.own_request import OURSELVES, USER_AGENT, lists_models_as, model_list_request
from cccc.proxy.remedies import Kind, Remedy
from cccc.proxy.tap import sniff
from cccc.proxy.translation import Same
from cccc.proxy.upstream import outgoing

_MOST_TOKENS = 64
_LARGEST_ANSWER = 4 * 1024 * 1024
_REFUSED_KEY = (401, 403)
_NOT_THERE = (401, 403, 404, 405)
"""Statuses behind which nothing else needs to be tried in this format."""

_WORD = "Reply with the one word: ok"
_TOOL = "now"
_CALL = f"Call the tool {_TOOL} once."
_ABOUT_TOOL = "Tells the time."
_SCHEMA = {"type": "object", "properties": {"zone": {"type": "string"}}}

_CHEAP = ("haiku", "nano", "mini", "flash", "lite", "small", "air", "turbo", "8b")
_FALLBACK: Mapping[WireFormat, str] = MappingProxyType(
    {
        WireFormat.ANTHROPIC: "claude-haiku-4-5",
        WireFormat.OPENAI_CHAT: "gpt-4o-mini",
        WireFormat.OPENAI_RESPONSES: "gpt-4o-mini",
    }
)
"""What is asked for where an endpoint names no model."""


def _anthropic(text: str, *, tool: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"max_tokens": _MOST_TOKENS, "messages": [{"role": "user", "content": text}]}
    return body | ({"tools": [{"name": _TOOL, "description": _ABOUT_TOOL, "input_schema": _SCHEMA}]} if tool else {})


def _chat(text: str, *, tool: bool) -> dict[str, Any]:
    function = {"name": _TOOL, "description": _ABOUT_TOOL, "parameters": _SCHEMA}
    body: dict[str, Any] = {"messages": [{"role": "user", "content": text}]}
    return body | ({"tools": [{"type": "function", "function": function}]} if tool else {})


def _responses(text: str, *, tool: bool) -> dict[str, Any]:
    function = {"type": "function", "name": _TOOL, "description": _ABOUT_TOOL, "parameters": _SCHEMA}
    body: dict[str, Any] = {"max_output_tokens": _MOST_TOKENS, "store": False, "input": text}
    return body | ({"tools": [function]} if tool else {})


_BODIES: Mapping[WireFormat, Callable[..., dict[str, Any]]] = MappingProxyType(
    {
        WireFormat.ANTHROPIC: _anthropic,
        WireFormat.OPENAI_CHAT: _chat,
        WireFormat.OPENAI_RESPONSES: _responses,
    }
)


_NOTHING_KNOWN = ReplyFacts()


@dataclass(frozen=True, slots=True)
class _Heard:
    """One answer. ``ms`` runs to its first content where it streamed, else to its end; ``error`` is a sentence."""

    status: int | None = None
    ms: float | None = None
    facts: ReplyFacts = _NOTHING_KNOWN
    kind: BodyKind = BodyKind.EMPTY
    events: int = 0
    body: bytes = b""
    error: str | None = None


@dataclass(slots=True)
class _Cost:
    requests: int = 0
    tokens: int = 0


@dataclass(slots=True)
class Examination:
    """Of one endpoint. Used once: ``await Examination(…).run()``.

    ``styles`` are the headers that are known to carry its key, by format; ``model`` is the one to ask for, ``None``
    for the cheapest that it seems to have.
    """

    endpoint: Endpoint
    transport: Transport
    clock: Clock
    instance: str
    styles: Mapping[WireFormat, AuthStyle] = field(default_factory=dict)
    model: str | None = None
    _cost: _Cost = field(default_factory=_Cost)

    async def run(self) -> ProbeReport:
        """Ask everything; raises nothing for what the endpoint does."""
        models, names = await self._models()
        formats = [wire_format for wire_format in self.endpoint.urls if (wire_format, Action.TURN) in PATHS]
        found: dict[WireFormat, FormatProbe] = {}
        async with anyio.create_task_group() as tasks:
            for wire_format in formats:
                tasks.start_soon(self._format, wire_format, names, found)
        anthropic = found.get(WireFormat.ANTHROPIC)
        counts = await self._count_tokens(names) if anthropic is not None and anthropic.plain.ok else None
        return ProbeReport(
            endpoint=self.endpoint.name,
            formats=tuple(found[wire_format] for wire_format in formats),
            count_tokens=counts,
            models=models,
            model_names=names,
            requests=self._cost.requests,
            tokens=self._cost.tokens,
        )

    # what is asked

    async def _models(self) -> tuple[Check | None, tuple[str, ...]]:
        wire_format = lists_models_as(self.endpoint)
        if wire_format is None:
            return None, ()
        seconds = self.endpoint.timeouts.health_check
        for style in self._styles(wire_format):
            asked = model_list_request(self.endpoint, wire_format, style, seconds=seconds, fresh=True)
            heard = await self._ask(asked, None)
            if heard.status not in _REFUSED_KEY:
                break
        names = model_names(heard.body)
        error = heard.error or (None if names else "what came is no list of models")
        return _check("models", heard, error, f"{len(names)} models" if names else ""), names

    async def _format(
        self, wire_format: WireFormat, names: tuple[str, ...], found: dict[WireFormat, FormatProbe]
    ) -> None:
        codec, model = CODECS[wire_format], self._model(wire_format, names)
        quirks: list[str] = []
        styles = self._styles(wire_format)
        heard, style = _Heard(), styles[0]
        for style in styles:
            heard = await self._turn(codec, style, model, _WORD)
            if heard.status not in _REFUSED_KEY:
                break
        if style is not styles[0] and heard.error is None:
            quirks.append(f"takes its key in the header {style.value}")
        plain_one = _check("plain", heard, heard.error or _unusable(heard.facts))
        quirks += _quirks_of_whole(heard, model)
        stream, tools = Check("stream", None), Check("tools", None)
        if heard.status is not None and heard.status not in _NOT_THERE:
            streamed = await self._turn(codec, style, model, _WORD, stream=True)
            error = streamed.error or _unusable(streamed.facts)
            stream = _check("stream", streamed, error, f"{streamed.events} events" if streamed.events else "")
            quirks += _quirks_of_stream(streamed)
        if plain_one.ok or stream.ok:
            called = await self._turn(codec, style, model, _CALL, tool=True, stream=bool(stream.ok))
            tools = _check("tools", called, called.error or _uncalled(called.facts))
        path = urlsplit(address(self.endpoint.urls[wire_format], wire_format, Action.TURN)).path
        found[wire_format] = FormatProbe(
            wire_format, self.endpoint.urls[wire_format], path, plain_one, stream, tools, tuple(dict.fromkeys(quirks))
        )

    async def _count_tokens(self, names: tuple[str, ...]) -> Check:
        wire_format = WireFormat.ANTHROPIC
        body = {"model": self._model(wire_format, names), "messages": [{"role": "user", "content": _WORD}]}
        heard = _Heard()
        for style in self._styles(wire_format):
            heard = await self._ask(self._request(wire_format, Action.COUNT_TOKENS, style, body), CODECS[wire_format])
            if heard.status not in _REFUSED_KEY:
                break
        count = json.count(json.obj(json.peek(heard.body)).get("input_tokens"))
        error = heard.error or (None if count else "what came is no count of tokens")
        return _check("count_tokens", heard, error, f"{count} tokens" if count else "")

    async def _turn(
        self, codec: Codec, style: AuthStyle, model: str, text: str, *, tool: bool = False, stream: bool = False
    ) -> _Heard:
        body = {"model": model, **_BODIES[codec.wire_format](text, tool=tool), **({"stream": True} if stream else {})}
        heard = await self._ask(self._request(codec.wire_format, Action.TURN, style, body), codec)
        usage = heard.facts.usage
        if usage is not None:
            self._cost.tokens += usage.prompt + usage.output
        return heard

    def _model(self, wire_format: WireFormat, names: Iterable[str]) -> str:
        """The model to ask for, under the name that this endpoint knows."""
        if self.model is not None:
            return rewritten(self.model, self.endpoint.model_rules)
        promised = [rewritten(name, self.endpoint.model_rules) for name in configured_names(self.endpoint)]
        listed = list(names)
        cheap = [name for word in _CHEAP for name in listed if word in name.lower()]
        return next(iter([*promised, *cheap, *listed, _FALLBACK[wire_format]]))

    def _styles(self, wire_format: WireFormat) -> tuple[AuthStyle, ...]:
        """The headers to try for the key, the known one first."""
        known = self.styles.get(wire_format)
        return tuple(sorted(self.endpoint.auth.styles(wire_format), key=lambda style: style is not known))

    def _request(
        self, wire_format: WireFormat, action: Action, style: AuthStyle, body: Mapping[str, Any]
    ) -> UpstreamRequest:
        fields = {"content-type": "application/json", "user-agent": USER_AGENT, "accept": "*/*"}
        if wire_format is WireFormat.ANTHROPIC:
            fields["anthropic-version"] = "2023-06-01"
        asked = Request(RequestHead("POST", "/", "/", "", Headers.of(fields.items())), orjson.dumps(body), OURSELVES)
        as_it_is = Same(CODECS[wire_format], action, asked.body, asked_model=None, model_sent=None, usage=False)
        return outgoing(
            self.endpoint,
            wire_format,
            as_it_is,
            asked,
            instance=self.instance,
            remedies=(Remedy(Kind.KEY_HEADER, style.value),),
            fresh=True,
            response_header_s=self.endpoint.timeouts.health_check,
        ).request

    # what comes back

    async def _ask(self, request: UpstreamRequest, codec: Codec | None) -> _Heard:
        """One question. Without a codec the body is not looked at."""
        self._cost.requests += 1
        seconds, started = self.endpoint.timeouts.health_check, self.clock.monotonic()
        try:
            with anyio.fail_after(seconds):
                answer = await self.transport.open(request)
                try:
                    return self._worded(await self._read(answer, codec, started), codec)
                finally:
                    with anyio.CancelScope(shield=True):
                        await answer.aclose()
        except UpstreamError as error:
            return _Heard(error=str(error))
        except TimeoutError:
            return _Heard(error=f"no whole answer within {seconds:g} s")

    async def _read(self, answer: UpstreamAnswer, codec: Codec | None, started: float) -> _Heard:
        body = bytearray()
        decoder, scanner, first_ms, events = SseDecoder(), None, None, 0
        kind = None
        while chunk := await answer.read():
            body += chunk
            if len(body) > (_LARGEST_ANSWER if codec is not None else LARGEST_LIST):
                raise BadAnswer("the answer is larger than a probe's can be")
            kind = kind or sniff(bytes(body), answer.headers.get("content-type"))
            if codec is None or kind is not BodyKind.SSE:
                continue
            scanner = scanner or codec.scanner()
            for event in decoder.feed(chunk):
                events += event.data is not None
                if scanner.feed(event) is Weight.CONTENT and first_ms is None:
                    first_ms = self._since(started)
        heard = _Heard(
            answer.status,
            first_ms or self._since(started),
            kind=kind or BodyKind.EMPTY,
            events=events,
            body=bytes(body),
        )
        if codec is None:
            return heard
        return replace(heard, facts=scanner.facts if scanner is not None else codec.reply_facts(heard.body))

    def _worded(self, heard: _Heard, codec: Codec | None) -> _Heard:
        """With the refusal in words, where it is one."""
        status = heard.status or 0
        fault = heard.facts.fault
        if 200 <= status < 300 and fault is None:
            return heard
        if fault is None and codec is not None:
            fault = codec.fault(heard.body)
        detail = plain(Redactor(filter(None, [self.endpoint.auth.secret])).text(fault.message)) if fault else ""
        return replace(heard, error=f"{status_line(status)}: {detail}" if detail else status_line(status))

    def _since(self, started: float) -> float:
        return (self.clock.monotonic() - started) * 1000.0


def _check(name: str, heard: _Heard, error: str | None, note: str = "") -> Check:
    return Check(name, error is None, heard.status, heard.ms, error, note if error is None else "")


def _unusable(facts: ReplyFacts) -> str | None:
    if not facts.valid:
        return "what came is no answer of this format"
    return None if facts.content else "the answer is empty"


def _uncalled(facts: ReplyFacts) -> str | None:
    if facts.broken_tool:
        return "the arguments of the tool call are no JSON object"
    return None if facts.tool_calls else "it answered in words instead of calling the tool"


def _quirks_of_whole(heard: _Heard, model: str) -> Iterable[str]:
    if heard.error is not None:
        return
    if heard.kind is BodyKind.SSE:
        yield "answers with a stream although none was asked for"
    if heard.facts.usage is None:
        yield "tells no usage: tokens are estimated"
    if heard.facts.model is not None and heard.facts.model != model:
        yield f"answers as {plain(heard.facts.model)} when asked for {plain(model)}"


def _quirks_of_stream(heard: _Heard) -> Iterable[str]:
    if heard.error is not None or not heard.facts.content:
        return
    if heard.kind is not BodyKind.SSE:
        yield "answers a request for a stream with one body"
    elif not heard.facts.terminal:
        yield "its stream ends without the terminal event: counted as broken"
