"""Content blocks of a request in neutral words: what users, tools and the model said before this turn.

What another format can say keeps its kind. What the vendor ran by itself (searches, code, MCP) stands in the history
as text, because the model's later words lean on it. Content of the user's that no other format can say is not dropped
but refused, so that an endpoint of this format may answer. Source: the API reference, ``ContentBlockParam``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from cccc.domain.endpoint import WireFormat
from cccc.errors import NotConvertible
from cccc.formats.anthropic.tables import MEDIA
from cccc.ir import json
from cccc.ir.loss import Losses
from cccc.ir.messages import Media, Part, ResultPart, Role, Text, Thinking, ToolCall, ToolResult
from cccc.ir.seal import is_ours, unseal

Block = dict[str, Any]

_ONLY_HERE = "only Anthropic Messages knows it"
_HOSTED_RESULT = "what Anthropic ran stays in the history as text"
_HOSTED = frozenset(
    {
        "server_tool_use",
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "advisor_tool_result",
        "mcp_tool_use",
        "mcp_tool_result",
    }
)
_WORDS = ("title", "url", "text", "data", "stdout", "stderr", "tool_name", "error_code", "content", "source")
"""The fields of what it ran that hold words, or something that holds words."""


def decoded_parts(content: object, role: Role, path: str, losses: Losses) -> tuple[Part, ...]:
    """A message's ``content``, a string or blocks."""
    if isinstance(content, str):
        return (Text(content),) if content else ()
    parts: list[Part] = []
    for at, block in enumerate(json.items(content)):
        parts += _parts(json.obj(block), role, f"{path}.content[{at}]", losses)
    return tuple(parts)


def decoded_texts(content: object) -> tuple[Text, ...]:
    """A string or text blocks: what a system prompt may hold."""
    if isinstance(content, str):
        return (Text(content),) if content else ()
    blocks = (json.obj(block) for block in json.items(content))
    return tuple(Text(text, is_cached(block)) for block in blocks if (text := json.text(block.get("text"))))


def is_cached(block: Mapping[str, Any]) -> bool:
    """Whether the prompt up to here is to be cached."""
    return bool(json.obj(block.get("cache_control")))


def _parts(block: Block, role: Role, path: str, losses: Losses) -> list[Part]:
    kind = _kind(block)
    match kind:
        case "text":
            return _text(block, path, losses)
        case "image" | "document":
            return list(_shown(block, path, losses))
        case "search_result":
            return [_found(block)]
        case "thinking":
            return _thinking(block)
        case "redacted_thinking":
            return _redacted(block)
        case "tool_use":
            call_id, name = json.text(block.get("id")) or "", json.text(block.get("name")) or ""
            return [ToolCall(call_id, name, arguments(block.get("input")))]
        case "tool_result":
            return [_tool_result(block, path, losses)]
        case "compaction":
            return [_summary(block, path)]
        case _ if role is Role.ASSISTANT:
            losses.add(path, kind or "content", _HOSTED_RESULT if kind in _HOSTED else _ONLY_HERE)
            return [Text(said)] if (said := _told(kind, block)) else []
    raise NotConvertible(path, f"{_ONLY_HERE} ({kind or 'a block without a type'})")


def _kind(block: Block) -> str:
    return json.text(block.get("type")) or ("text" if "text" in block else "")


def _text(block: Block, path: str, losses: Losses) -> list[Part]:
    if block.get("citations"):
        losses.add(f"{path}.citations", "citations", _ONLY_HERE)
    text = json.text(block.get("text"))
    return [Text(text, is_cached(block))] if text else []


def _summary(block: Block, path: str) -> Text:
    summary = json.text(block.get("content"))
    if summary is None:
        raise NotConvertible(path, "only Anthropic can read its summary of the conversation")
    return Text(summary, is_cached(block))


def _shown(block: Block, path: str, losses: Losses) -> list[ResultPart]:
    """An image or a document, with the words that introduce a document."""
    source = json.obj(block.get("source"))
    medium = MEDIA[block["type"]]
    title = json.text(block.get("title")) or ""
    if json.obj(block.get("citations")).get("enabled") is True:
        losses.add(f"{path}.citations", "citations", _ONLY_HERE)
    around: list[ResultPart] = [Text(context)] if (context := json.text(block.get("context"))) else []
    match source.get("type"):
        case "base64":
            media_type, data = json.text(source.get("media_type")) or "", json.text(source.get("data")) or ""
            return [*around, Media(medium, media_type, data, name=title, cached=is_cached(block))]
        case "url":
            return [*around, Media(medium, url=json.text(source.get("url")) or "", name=title, cached=is_cached(block))]
        case "text":
            return [*around, Text(_titled(title, json.text(source.get("data")) or ""), is_cached(block))]
        case "content":
            return [*around, Text(_titled(title, "")), *_result_parts(source.get("content"), f"{path}.source", losses)]
        case "file":
            raise NotConvertible(path, "it refers to a file that Anthropic holds")
        case kind:
            raise NotConvertible(path, f"its source {kind!r} is unknown")


def _titled(title: str, text: str) -> str:
    heading = f"Document: {title}" if title else "Document:"
    return f"{heading}\n{text}" if text else heading


def _found(block: Block) -> Text:
    """A search result of the client's own: its title, where it is from, and what it says."""
    words = (json.text(block.get("title")), json.text(block.get("source")), json.plain_text(block.get("content")))
    return Text("\n".join(word for word in words if word), is_cached(block))


def _thinking(block: Block) -> list[Part]:
    words, signature = json.text(block.get("thinking")) or "", json.text(block.get("signature")) or ""
    if own := unseal(signature):
        return [replace(own, text=words)]
    if not signature or is_ours(signature):
        return [Thinking(words)] if words else []
    return [Thinking(words, signature, WireFormat.ANTHROPIC)]


def _redacted(block: Block) -> list[Part]:
    data = json.text(block.get("data"))
    if data is None:
        return []
    if is_ours(data):
        return [own] if (own := unseal(data)) else []
    return [Thinking("", data, WireFormat.ANTHROPIC, redacted=True)]


def arguments(given: object) -> str:
    """A call's ``input`` as the text of an object; what is none becomes one."""
    if given is None or given == "":
        return "{}"
    return orjson.dumps(given if isinstance(given, dict) else {"input": given}).decode()


def _tool_result(block: Block, path: str, losses: Losses) -> ToolResult:
    return ToolResult(
        json.text(block.get("tool_use_id")) or "",
        tuple(_result_parts(block.get("content"), path, losses)),
        is_error=block.get("is_error") is True,
        cached=is_cached(block),
    )


def _result_parts(content: object, path: str, losses: Losses) -> list[ResultPart]:
    if isinstance(content, str):
        return [Text(content)] if content else []
    parts: list[ResultPart] = []
    for at, item in enumerate(json.items(content)):
        block, place = json.obj(item), f"{path}.content[{at}]"
        kind = _kind(block)
        if kind in MEDIA:
            parts += _shown(block, place, losses)
        elif kind == "search_result":
            parts.append(_found(block))
        elif kind == "tool_reference":
            # The tool itself is among the request's tools: other formats have no tools that wait to be looked up.
            parts.append(Text(f"Tool loaded: {json.text(block.get('tool_name')) or ''}"))
        elif text := json.text(block.get("text")):
            parts.append(Text(text, is_cached(block)))
        elif kind != "text":
            raise NotConvertible(place, f"{_ONLY_HERE} ({kind or 'a block without a type'})")
    return parts


def _told(kind: str, block: Block) -> str:
    """What a block that the vendor made says in words, in a tag of its kind."""
    name = f' name="{block["name"]}"' if json.text(block.get("name")) else ""
    asked = block.get("input")
    said = orjson.dumps(asked).decode() if asked else "\n".join(_words(block.get("content")))
    return f"<{kind}{name}>\n{said}\n</{kind}>" if kind and said else json.text(block.get("text")) or ""


def _words(content: object) -> list[str]:
    """The readable strings in a result of any hosted tool, in their order."""
    if isinstance(content, list):
        return [word for item in content for word in _words(item)]
    if not isinstance(content, dict):
        return [content] if isinstance(content, str) and content else []
    # What is encrypted or encoded says nothing to another model.
    readable = [] if content.get("type") == "base64" else [content[key] for key in _WORDS if key in content]
    return [word for value in readable for word in _words(value)]
