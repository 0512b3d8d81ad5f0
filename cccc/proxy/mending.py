"""Remedies carried out on the bytes of a request: what has to change changes, every other byte stays."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from cccc.http.messages import RawHeader
from cccc.ir import json
from cccc.ir.seal import is_ours, unseal_text
from cccc.ir.spans import Child, children, cut, members, replaced
from cccc.ir.splice import prune, splice_json
from cccc.proxy.remedies import Kind, Remedy, offers_functions, signature

BETA_HEADER = b"anthropic-beta"
_INSTRUCTING_ROLES = ("system", "developer")
_LEAST_BUDGET = 1024
_DEFAULT_BUDGET = 8_192


def mended(body: bytes, remedies: Sequence[Remedy]) -> tuple[bytes, tuple[str, ...]]:
    """The body with the remedies applied, and what that cost, in words. The same object where nothing changed."""
    losses = []
    for remedy in remedies:
        change, words = _CHANGES.get(remedy.kind, (None, ""))
        if change is None:
            continue
        changed = change(body, remedy)
        if changed is not body and changed != body:
            losses.append(words.format(what=remedy.what, to=remedy.to))
            body = changed
    return body, tuple(losses)


def mended_headers(headers: list[RawHeader], remedies: Sequence[Remedy]) -> list[RawHeader]:
    """The head's fields with unwanted tokens taken out of ``anthropic-beta``."""
    unwanted = {remedy.what for remedy in remedies if remedy.kind is Kind.WITHOUT_BETA}
    if not unwanted:
        return headers
    kept: list[RawHeader] = []
    for name, value in headers:
        if name != BETA_HEADER:
            kept.append((name, value))
            continue
        tokens = [token for token in _tokens(value) if "" not in unwanted and token not in unwanted]
        if tokens:
            kept.append((name, ",".join(tokens).encode("latin-1")))
    return kept


def betas(headers: Sequence[RawHeader]) -> frozenset[str]:
    """The tokens of ``anthropic-beta``."""
    return frozenset(token for name, value in headers if name == BETA_HEADER for token in _tokens(value))


def digest(mark: str) -> str:
    """A signature's short name: what is remembered of it."""
    return hashlib.sha256(mark.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _tokens(value: bytes) -> list[str]:
    return [token for token in (part.strip() for part in value.decode("latin-1").split(",")) if token]


_INSIDE: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "cache_control": (
            ("system", "*"),
            ("tools", "*"),
            ("messages", "*", "content", "*"),
            ("messages", "*", "content", "*", "content", "*"),
        ),
        "defer_loading": (("tools", "*"),),
        "eager_input_streaming": (("tools", "*"),),
        "input_examples": (("tools", "*"),),
        "strict": (("tools", "*"), ("tools", "*", "function")),
    }
)
"""Where attributes stand that have no path of their own."""


def _without(body: bytes, remedy: Remedy) -> bytes:
    path = tuple(remedy.what.split("."))
    for before in ((), *_INSIDE.get(path[0], ())):
        body = prune(body, (*before, *path))
    return body


def _at_most(body: bytes, remedy: Remedy) -> bytes:
    """A smaller bound on the answer; a thinking budget has to stay below it."""
    bound = int(remedy.to)
    fields = json.obj(json.peek(body))
    if json.count(fields.get(remedy.what)) <= bound:
        return body
    body = splice_json(body, remedy.what, b"%d" % bound)
    thinking = json.obj(fields.get("thinking"))
    if json.count(thinking.get("budget_tokens")) < bound:
        return body
    if bound <= _LEAST_BUDGET:
        return splice_json(body, "thinking", None)
    return splice_json(body, "thinking", orjson.dumps({**thinking, "budget_tokens": bound - 1}))


def _renamed(body: bytes, remedy: Remedy) -> bytes:
    def rename(text: str) -> list[tuple[int, int, str]]:
        found = list(members(text, 0))
        if any(member.key == remedy.to for member in found):
            return []
        new = orjson.dumps(remedy.to).decode()
        return [
            (member.start, member.start + len(_as_spelled(text, member)), new)
            for member in found
            if member.key == remedy.what
        ]

    return _edited(body, rename)


def _as_spelled(text: str, member: Child) -> str:
    return text[member.start : text.rindex('"', member.start, member.value_start) + 1]


def _thinking_as(body: bytes, remedy: Remedy) -> bytes:
    fields = json.obj(json.peek(body))
    thinking = json.obj(fields.get("thinking"))
    if thinking.get("type") not in ("adaptive", "enabled") or thinking["type"] == remedy.what:
        return body
    kept = {key: value for key, value in thinking.items() if key not in ("type", "budget_tokens")}
    if remedy.what == "adaptive":
        return splice_json(body, "thinking", orjson.dumps({**kept, "type": "adaptive"}))
    room = json.count(fields.get("max_tokens")) - 1
    if 0 <= room < _LEAST_BUDGET:
        return splice_json(body, "thinking", None)
    budget = room if room > 0 else _DEFAULT_BUDGET
    return splice_json(body, "thinking", orjson.dumps({**kept, "type": "enabled", "budget_tokens": budget}))


def _effort_with_tools(body: bytes, remedy: Remedy) -> bytes:
    if not offers_functions(json.obj(json.peek(body))):
        return body
    return splice_json(body, "reasoning_effort", b'"none"' if remedy.what == "none" else None)


def _no_thinking(body: bytes, remedy: Remedy) -> bytes:  # noqa: ARG001
    """Thinking switched off, and with it what needs it."""
    for key in ("thinking", "context_management"):
        body = splice_json(body, key, None)
    return body


def _without_signed(body: bytes, remedy: Remedy) -> bytes:
    """Thinking with these signatures taken out."""
    wanted = frozenset(remedy.what.split())

    def unwanted(part: Any) -> bool:
        mark = signature(part)
        return mark is not None and (not wanted or digest(mark) in wanted)

    return _without_thinking(body, unwanted)


def _without_ours(body: bytes, remedy: Remedy) -> bytes:  # noqa: ARG001
    """Thinking of another format taken out; a summary made by another format in plain words."""

    def unwanted(part: Any) -> bool:
        mark = signature(part)
        return mark is not None and is_ours(mark)

    def in_words(text: str) -> list[tuple[int, int, str]]:
        items = [one for member in members(text, 0) if member.key == "input" for one in _children(text, member)]
        edits = []
        for item in items:
            fields = json.obj(item.value)
            summary = unseal_text(json.text(fields.get("encrypted_content")) or "")
            if fields.get("type") == "compaction" and summary is not None:
                said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": summary}]}
                edits.append((item.start, item.end, orjson.dumps(said).decode()))
        return edits

    body = _without_thinking(body, unwanted)
    return _edited(body, in_words)


def _children(text: str, member: Child) -> list[Child]:
    return list(children(text, member.value_start)) if isinstance(member.value, list) else []


def _without_thinking(body: bytes, unwanted: Callable[[Any], bool]) -> bytes:
    """A message of which nothing stays goes as a whole."""

    def nothing_stays(message: Any) -> bool:
        blocks = json.items(json.obj(message).get("content"))
        return bool(blocks) and all(map(unwanted, blocks))

    body = prune(body, ("messages", "*"), nothing_stays)
    body = prune(body, ("messages", "*", "content", "*"), unwanted)
    return prune(body, ("input", "*"), unwanted)


def _system_inline(body: bytes, remedy: Remedy) -> bytes:  # noqa: ARG001
    """The text of system messages as blocks of the user's message beside them, as Claude Code does it when told to."""

    def inline(text: str) -> list[tuple[int, int, str]]:
        edits: list[tuple[int, int, str]] = []
        for listed in (member for member in members(text, 0) if member.key == "messages"):
            messages = list(children(text, listed.value_start))
            added: defaultdict[int, list[str]] = defaultdict(list)
            moved = []
            for at, message in enumerate(messages):
                if json.obj(message.value).get("role") != "system":
                    continue
                host = _host(messages, at)
                if host is None:
                    edits += _as_user(text, message)
                    continue
                added[host] += _blocks(text, message)
                moved.append(at)
            edits += [(start, end, "") for start, end in cut(messages, moved)]
            for host, blocks in added.items():
                edits += _with_blocks(text, messages[host], blocks)
        return edits

    return _edited(body, inline)


def _system_first(body: bytes, remedy: Remedy) -> bytes:  # noqa: ARG001
    """All system messages of a chat as one, which begins it."""

    def first(text: str) -> list[tuple[int, int, str]]:
        edits: list[tuple[int, int, str]] = []
        for listed in (member for member in members(text, 0) if member.key == "messages"):
            messages = _children(text, listed)
            found = [
                at for at, message in enumerate(messages) if json.obj(message.value).get("role") in _INSTRUCTING_ROLES
            ]
            content = _content(text, messages[found[0]]) if found else None
            if content is None or found == [0]:
                continue
            words = _joined(text, [messages[at] for at in found])
            if found[0] == 0:
                edits.append((content.value_start, content.end, words))
                found = found[1:]
            else:
                head = messages[found[0]]
                whole = text[head.start : content.value_start] + words + text[content.end : head.end]
                edits.append((messages[0].start, messages[0].start, whole + ","))
            edits += [(start, end, "") for start, end in cut(messages, found)]
        return edits

    return _edited(body, first)


def _joined(text: str, messages: Sequence[Child]) -> str:
    """The content of several messages as one: a string where all of them are strings."""
    contents = [content for message in messages if (content := _content(text, message)) is not None]
    if all(isinstance(content.value, str) for content in contents):
        words = [text[content.value_start + 1 : content.end - 1] for content in contents if content.value]
        return '"' + "\\n\\n".join(words) + '"'
    return "[" + ",".join(block for message in messages for block in _blocks(text, message)) + "]"


def _host(messages: Sequence[Child], at: int) -> int | None:
    """The user's message that takes a system message in: the one before it, else the one after it."""
    roles = [json.obj(message.value).get("role") for message in messages]
    before = next((place for place in range(at - 1, -1, -1) if roles[place] != "system"), None)
    after = next((place for place in range(at + 1, len(roles)) if roles[place] != "system"), None)
    return next((place for place in (before, after) if place is not None and roles[place] == "user"), None)


def _content(text: str, message: Child) -> Child | None:
    return next((member for member in members(text, message.value_start) if member.key == "content"), None)


def _blocks(text: str, message: Child) -> list[str]:
    """A message's content as the texts of its blocks."""
    content = _content(text, message)
    if content is None:
        return []
    raw = text[content.value_start : content.end]
    if isinstance(content.value, str):
        return [f'{{"type":"text","text":{raw}}}'] if content.value else []
    return [text[block.value_start : block.end] for block in children(text, content.value_start)]


def _with_blocks(text: str, message: Child, blocks: list[str]) -> list[tuple[int, int, str]]:
    content = _content(text, message)
    if content is None or not blocks:
        return []
    if isinstance(content.value, str):
        own = [f'{{"type":"text","text":{text[content.value_start : content.end]}}}'] if content.value else []
        return [(content.value_start, content.end, f"[{','.join([*own, *blocks])}]")]
    end = content.end - 1
    return [(end, end, ("," if content.value else "") + ",".join(blocks))]


def _as_user(text: str, message: Child) -> list[tuple[int, int, str]]:
    return [
        (member.value_start, member.end, '"user"')
        for member in members(text, message.value_start)
        if member.key == "role"
    ]


def _edited(body: bytes, edit: Callable[[str], list[tuple[int, int, str]]]) -> bytes:
    try:
        text = body.decode()
        edits = edit(text)
    except (ValueError, RecursionError):
        return body
    return replaced(text, edits).encode() if edits else body


_CHANGES: Mapping[Kind, tuple[Callable[[bytes, Remedy], bytes], str]] = MappingProxyType(
    {
        Kind.WITHOUT: (_without, "{what} left out"),
        Kind.RENAMED: (_renamed, "{what} sent as {to}"),
        Kind.AT_MOST: (_at_most, "{what} lowered to {to}"),
        Kind.SHORTER: (_at_most, "{what} lowered to {to} for this prompt"),
        Kind.THINKING_AS: (_thinking_as, "thinking asked for as {what}"),
        Kind.EFFORT_WITH_TOOLS: (_effort_with_tools, "reasoning_effort beside functions: {what}"),
        Kind.NO_THINKING: (_no_thinking, "thinking switched off"),
        Kind.SYSTEM_INLINE: (_system_inline, "system messages sent as the user's"),
        Kind.SYSTEM_FIRST: (_system_first, "system messages sent as one at the beginning"),
        Kind.WITHOUT_SIGNED: (_without_signed, "thinking signed by another endpoint left out"),
        Kind.WITHOUT_OURS: (_without_ours, "thinking of endpoints of another format left out"),
    }
)
"""Kinds that change the body, and how the change is told. The others change the head, or how a request is converted."""
