"""What may cure a refusal: changes to a request, chosen from one table by the words in which it was refused.

Source: routing.md §4 ("In addition"), conversion.md ("What the real clients add"), clients.md §3.4. A remedy is only
proposed where the request that was refused really has what it would change, so none is ever tried twice. No word of
what a person says is ever touched: not the messages, the model, the tools, the system prompt; at most where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from cccc.domain.endpoint import Endpoint, WireFormat
from cccc.domain.outcome import Outcome
from cccc.ir import json

DAY = 86_400.0
WEEK = 7 * DAY


class Kind(StrEnum):
    """What a remedy does; the comment says what ``what`` and ``to`` hold."""

    KEY_HEADER = "key_header"  # the header's name
    WITHOUT = "without"  # a path; "*" for every element of an array
    RENAMED = "renamed"  # a top-level key, its other name
    AT_MOST = "at_most"  # a top-level number, its bound
    WITHOUT_BETA = "without_beta"  # a token of anthropic-beta; empty: the whole header
    THINKING_AS = "thinking_as"  # enabled or adaptive
    EFFORT_WITH_TOOLS = "effort_with_tools"  # none or unset
    SYSTEM_INLINE = "system_inline"
    SHORTER = "shorter"  # a top-level number, its bound for this one request
    NO_THINKING = "no_thinking"
    WITHOUT_SIGNED = "without_signed"  # hashes of signatures, parted by blanks; empty: all
    WITHOUT_OURS = "without_ours"  # what a conversion has sealed, in a request that is not converted
    SYSTEM_FIRST = "system_first"
    REASONING_BACK = "reasoning_back"  # the conversion itself is to be another one


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change to a request. ``what`` and ``to`` depend on the kind."""

    kind: Kind
    what: str = ""
    to: str = ""


LASTS: Mapping[Kind, float | None] = MappingProxyType(
    {
        Kind.KEY_HEADER: None,
        Kind.WITHOUT: WEEK,
        Kind.RENAMED: WEEK,
        Kind.AT_MOST: WEEK,
        Kind.WITHOUT_BETA: WEEK,
        Kind.THINKING_AS: WEEK,
        Kind.EFFORT_WITH_TOOLS: WEEK,
        Kind.SYSTEM_INLINE: WEEK,
        Kind.SHORTER: 0.0,
        Kind.NO_THINKING: 0.0,
        Kind.WITHOUT_SIGNED: 0.0,
        Kind.WITHOUT_OURS: 0.0,
        Kind.SYSTEM_FIRST: WEEK,
        Kind.REASONING_BACK: WEEK,
    }
)
"""For how many seconds a cure is remembered; ``None``: until the configuration changes. 0: only for its request."""

OF_ONE_MODEL = frozenset(
    {
        Kind.RENAMED,
        Kind.AT_MOST,
        Kind.THINKING_AS,
        Kind.EFFORT_WITH_TOOLS,
        Kind.SYSTEM_FIRST,
        Kind.REASONING_BACK,
    }
)
"""Kinds that say something about a model rather than about the endpoint."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that was refused, as it was sent, and what was said to it.

    ``betas`` are the tokens of ``anthropic-beta``; ``key_header`` is the other header that the key could be sent in.
    ``converted``: it was written by us.
    """

    outcome: Outcome
    message: str
    wire_format: WireFormat
    body: Mapping[str, Any]
    betas: frozenset[str] = frozenset()
    key_header: str | None = None
    converted: bool = False


_CURABLE = frozenset({Outcome.BAD_REQUEST, Outcome.UNSUPPORTED, Outcome.NOT_ACCEPTED, Outcome.CONTEXT_TOO_LONG})
_KEYS = frozenset({Outcome.KEY_REFUSED, Outcome.FORBIDDEN})
REFUSALS = _CURABLE | _KEYS
"""Ends of attempts that a changed request may turn into an answer."""


def demanded(endpoint: Endpoint, wire_format: WireFormat) -> tuple[Remedy, ...]:
    """What the configuration wants changed in a request that goes to an endpoint in the client's own format.

    A conversion writes it so from the start.
    """
    limit, demands = endpoint.max_tokens_field_name, []
    if limit is not None and wire_format in (WireFormat.OPENAI_CHAT, WireFormat.OPENAI_RESPONSES):
        demands = [Remedy(Kind.RENAMED, name, limit) for name in _LIMITS if name != limit]
    if endpoint.reorder_system_messages_first and wire_format is WireFormat.OPENAI_CHAT:
        demands.append(Remedy(Kind.SYSTEM_FIRST))
    return tuple(demands)


def remedies(refused: Refused) -> tuple[Remedy, ...]:
    """What may cure this refusal; empty where nothing is known. All of it is to be tried at once."""
    if refused.outcome in _KEYS:
        return () if refused.key_header is None else (Remedy(Kind.KEY_HEADER, refused.key_header),)
    if refused.outcome not in _CURABLE:
        return ()
    text = refused.message.replace("`", "'").replace('"', "'").replace("\\'", "'")
    for row in TABLE:
        if row.wire_format in (None, refused.wire_format):
            found = [remedy for match in row.wording.finditer(text) for remedy in row.cure(match, refused)]
            if found:
                return tuple(dict.fromkeys(found))
    return ()


@dataclass(frozen=True, slots=True)
class Row:
    """One wording, with quotes of every kind read as ``'``, and what may help against it."""

    wording: re.Pattern[str]
    cure: Callable[[re.Match[str], Refused], Iterator[Remedy]]
    wire_format: WireFormat | None = None


def _row(
    wording: str, cure: Callable[[re.Match[str], Refused], Iterator[Remedy]], wire_format: WireFormat | None = None
) -> Row:
    return Row(re.compile(wording, re.IGNORECASE | re.DOTALL), cure, wire_format)


PROTECTED = frozenset(
    {
        "contents", "conversation", "functions", "input", "instructions", "messages", "model", "previous_response_id",
        "prompt", "stream", "system", "tool_choice", "tools",
    }
)  # fmt: skip
"""Never left out as a whole: without these it would be another request."""

_ATTRIBUTES = frozenset({"cache_control", "defer_loading", "eager_input_streaming", "strict", "input_examples"})
"""What may be left out inside of what is protected, wherever it stands."""

_LEAST_OUTPUT = 1024
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def _without(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:
    """Everything that the words name and the request has."""
    for name in re.split(r"[\s,']+", match["name"]):
        path = _path(name.strip(".:;"), refused.body)
        if path is not None:
            yield Remedy(Kind.WITHOUT, path)


def _path(name: str, body: Mapping[str, Any]) -> str | None:
    """Where to cut, given how a vendor names it (``context_management``, ``tools.0.custom.cache_control.scope``)."""
    parts = [part for part in re.split(r"[.\[\]]+", name.removeprefix("body.").removeprefix("$.")) if part]
    if not parts or parts[0] not in body:
        return None
    inner = next((at for at, part in enumerate(parts) if part in _ATTRIBUTES), None)
    if inner is not None and _has(body[parts[0]], parts[-1] if inner else ""):
        last = parts[-1] if parts[inner] == "cache_control" and parts[-1] in ("scope", "ttl") else None
        return ".".join(filter(None, (parts[inner] if inner else parts[0], last)))
    if parts[0] in PROTECTED:
        return None
    value: Any = body
    for depth, part in enumerate(parts):
        if not isinstance(value, dict) or part not in value:
            return ".".join(parts[:depth]) if part.isdecimal() else None
        value = value[part]
    return ".".join(parts)


def _has(value: object, key: str) -> bool:
    """Whether a key stands anywhere inside of a value; the empty one does."""
    if not key:
        return True
    open_values = [value]
    while open_values:
        current = open_values.pop()
        if isinstance(current, dict):
            if key in current:
                return True
            open_values += current.values()
        elif isinstance(current, list):
            open_values += current
    return False


def _at_most(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:
    bound = int(match["bound"].replace(",", ""))
    for name in _LIMITS:
        if _number(refused.body, name) > bound > 0:
            yield Remedy(Kind.AT_MOST, name, str(bound))


def _renamed(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:
    name, other = match["name"], match["other"]
    if name in refused.body and other not in refused.body and {name, other} <= set(_LIMITS):
        yield Remedy(Kind.RENAMED, name, other)


def _shorter(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:
    """What Claude Code does by itself: the context less the prompt, with a thousand to spare."""
    left = int(match["maximum"].replace(",", "")) - int(match["tokens"].replace(",", "")) - 1000
    for name in _LIMITS:
        if left >= _LEAST_OUTPUT and _number(refused.body, name) > left:
            yield Remedy(Kind.SHORTER, name, str(left))


def _without_beta(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:
    named = [beta for beta in sorted(refused.betas) if beta in match.string]
    if named:
        for beta in named:
            yield Remedy(Kind.WITHOUT_BETA, beta)
    elif refused.betas:
        yield Remedy(Kind.WITHOUT_BETA)


def _system_inline(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:  # noqa: ARG001
    if any(json.obj(message).get("role") == "system" for message in json.items(refused.body.get("messages"))):
        yield Remedy(Kind.SYSTEM_INLINE)


def _thinking_as(mode: str) -> Callable[[re.Match[str], Refused], Iterator[Remedy]]:
    def cure(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:  # noqa: ARG001
        asked = json.obj(refused.body.get("thinking")).get("type")
        if asked in ("adaptive", "enabled") and asked != mode:
            yield Remedy(Kind.THINKING_AS, mode)

    return cure


def _effort_with_tools(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:
    """``none`` where the words name it, or where the model thinks although nothing was said of it; else unset."""
    asked = refused.body.get("reasoning_effort")
    if not offers_functions(refused.body) or asked == "none":
        return
    yield Remedy(Kind.EFFORT_WITH_TOOLS, "none" if match["none"] or asked is None else "unset")


def offers_functions(body: Mapping[str, Any]) -> bool:
    """Whether a chat offers the model functions to call."""
    return any(json.obj(tool).get("type") == "function" for tool in json.items(body.get("tools")))


def _no_thinking(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:  # noqa: ARG001
    if json.obj(refused.body.get("thinking")).get("type") in ("adaptive", "enabled"):
        yield Remedy(Kind.NO_THINKING)


def _without_signed(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:  # noqa: ARG001
    if any(True for _ in signatures(refused.body)):
        yield Remedy(Kind.WITHOUT_SIGNED)


def _system_first(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:  # noqa: ARG001
    roles = [json.obj(message).get("role") for message in json.items(refused.body.get("messages"))]
    if refused.converted and {"system", "developer"} & set(roles[1:]):
        yield Remedy(Kind.SYSTEM_FIRST)


def _reasoning_back(match: re.Match[str], refused: Refused) -> Iterator[Remedy]:  # noqa: ARG001
    said = map(json.obj, json.items(refused.body.get("messages")))
    if refused.converted and any(one.get("tool_calls") and "reasoning_content" not in one for one in said):
        yield Remedy(Kind.REASONING_BACK)


def signatures(body: Mapping[str, Any]) -> Iterator[str]:
    """The signatures of all thinking that a request carries."""
    for message in map(json.obj, json.items(body.get("messages"))):
        for block in json.items(message.get("content")):
            if (mark := signature(block)) is not None:
                yield mark
    for item in json.items(body.get("input")):
        if (mark := signature(item)) is not None:
            yield mark


def signature(part: object) -> str | None:
    """What makes a block or an item thinking of one endpoint: its signature, or its encrypted content."""
    block = json.obj(part)
    match block.get("type"):
        case "thinking":
            mark = block.get("signature")
        case "redacted_thinking":
            mark = block.get("data")
        case "reasoning":
            mark = block.get("encrypted_content")
        case _:
            return None
    return json.text(mark)


def _number(body: Mapping[str, Any], name: str) -> int:
    return json.count(body.get(name))


_A, _C = WireFormat.ANTHROPIC, WireFormat.OPENAI_CHAT
_NAME = r"(?P<name>[\w.\[\]$-]*\w\]?)"
_NAMES = r"(?P<name>[\w.\[\]$-]+(?:'?, *'?[\w.\[\]$-]+)*)"
_NUMBER = r"\d[\d,]*"

TABLE: tuple[Row, ...] = (
    # how much may be written
    _row(
        rf"exceed context limit: (?P<tokens>{_NUMBER}) \+ {_NUMBER} > (?P<maximum>{_NUMBER})", _shorter
    ),
    _row(
        rf"maximum context length is (?P<maximum>{_NUMBER}) tokens.{{0,60}}?\((?P<tokens>{_NUMBER}) "
        rf"(?:in the messages|of text input|in your prompt)",
        _shorter,
    ),
    _row(
        rf"maximum context length is (?P<maximum>{_NUMBER}) tokens and your request has (?P<tokens>{_NUMBER}) input",
        _shorter,
    ),
    _row(r"unsupported parameter: '(?P<name>\w+)'.{0,80}?use '(?P<other>\w+)' instead", _renamed),
    _row(rf"max_(?:\w+_)?tokens: {_NUMBER} > (?P<bound>{_NUMBER})", _at_most),
    _row(rf"max_(?:\w+_)?tokens\b.{{0,60}}?\[\d+, ?(?P<bound>{_NUMBER})\]", _at_most),
    _row(rf"max_(?:\w+_)?tokens\b.{{0,80}}?supports at most (?P<bound>{_NUMBER})", _at_most),
    _row(
        rf"max_(?:\w+_)?tokens'? (?:must|should|cannot|can not|can't)\b.{{0,40}}?"
        rf"(?:less than or equal to|at most|exceed|greater than|larger than|<=) '?(?P<bound>{_NUMBER})",
        _at_most,
    ),
    # thinking that another endpoint signed, or that is missing because it was left out
    _row(r"thinking\.signature.{0,40}field required|signature.{0,30}thinking'? block|thinking'? block.{0,80}"
         r"(?:invalid.{0,5}signature|cannot be modified)|thought signature", _without_signed, _A),
    _row(
        r"encrypted.content.{0,60}(?:could not be|cannot be|not) (?:verified|decrypted|parsed)"
        r"|invalid_encrypted_content",
        _without_signed, WireFormat.OPENAI_RESPONSES,
    ),
    _row(r"expected 'thinking' or 'redacted_thinking'", _no_thinking, _A),
    # what only Anthropic's own API understands
    _row(r"mid-conversation-system-2026-04-07.*anthropic-beta|anthropic-beta.*mid-conversation-system-2026-04-07"
         r"|messages\.\d+\.role: input should be|unexpected role 'system'|(?:unknown|invalid|unsupported)(?: message)? "
         r"role:? '?system|role:? '?system'? (?:is )?not (?:supported|allowed)|not support.{0,30}role '?system",
         _system_inline, _A),
    _row(r"anthropic-beta|invalid beta flag|unknown beta", _without_beta, _A),
    _row(r"adaptive thinking is not supported|thinking\.type: '?adaptive'? is not supported"
         r"|thinking\.type: input should be 'enabled'|thinking.{0,40}'adaptive'.{0,80}expected tags"
         r"|supported for thinking; 'adaptive' is not",
         _thinking_as("enabled"), _A),
    _row(r"thinking\.type(?:: '?|\.)enabled'? is not supported", _thinking_as("adaptive"), _A),
    # what some endpoints for Chat want otherwise than others
    _row(r"reasoning_content.{0,60}(?:missing|passed back|required)|missing.{0,20}reasoning_content",
         _reasoning_back, _C),
    _row(r"system (?:messages?|role|prompt).{0,60}(?:beginning|first|start)|only one system message",
         _system_first, _C),
    _row(r"function tools with reasoning_effort are not supported(?:.*?set reasoning_effort to (?P<none>'none'))?",
         _effort_with_tools, _C),
    # a parameter by its name
    _row(r"invalid (?P<name>\w+): only .{1,20} is allowed", _without),
    _row(rf"{_NAME}'?: (?:extra (?:inputs are|fields) not permitted|unknown field|unexpected)", _without),
    _row(rf"(?:unknown|unsupported|unrecognized|unexpected|invalid)(?: request| keyword)? "
         rf"(?:parameter|argument|field|name|key|property|value)(?:s|\(s\))?(?: supplied)?:? '?{_NAMES}", _without),
    _row(rf"additional properties are not allowed \('{_NAMES}", _without),
    _row(rf"(?:parameter|property|field|argument)s? '?{_NAMES}'? (?:is|are) (?:not supported|unsupported|not allowed|"
         rf"unknown|not permitted)", _without),
    _row(rf"'?{_NAME}'?:? (?:is |are )?(?:not supported|unsupported|not permitted|not allowed|deprecated)", _without),
    _row(rf"(?:does not|doesn't|not) support(?: the)?(?: parameters?| fields?)?:? '?{_NAMES}", _without),
)  # fmt: skip
"""In the order in which they are asked; the first row that gives a remedy decides."""
