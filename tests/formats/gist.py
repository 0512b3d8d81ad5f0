"""What a request or a reply means, whichever words say it: what a round trip through a format must keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from cccc.ir.messages import (
    Media,
    Refusal,
    Reply,
    Request,
    ResultPart,
    Role,
    StopReason,
    Text,
    Thinking,
    ToolCall,
    ToolKind,
    ToolResult,
)

Gist = tuple[Any, ...]


def reply_gist(reply: Reply, *, blanks: bool = True) -> dict[str, Any]:
    """Words, thoughts, calls, the reason to stop and the tokens; a refusal counts as words in every format.

    Without ``blanks`` white space does not count: Anthropic's clients take blank text for no answer, so it is not told.
    """
    text = "".join(part.text for part in reply.parts if isinstance(part, Text | Refusal))
    refused = any(isinstance(part, Refusal) for part in reply.parts)
    return {
        "thinking": "".join(part.text for part in reply.parts if isinstance(part, Thinking)),
        "text": text if blanks else _squeezed(text),
        "calls": [_call(part) for part in reply.parts if isinstance(part, ToolCall)],
        "stop": StopReason.REFUSAL if refused else reply.stop,
        "usage": reply.usage,
    }


def request_gist(request: Request) -> dict[str, Any]:
    """Who says what in which order, and the tools. White space between words does not count."""
    return {
        "system": _squeezed("".join(part.text for part in request.system)),
        "said": _joined(_said(request)),
        "tools": [(tool.name, tool.namespace, tool.kind, tool.description, tool.schema) for tool in request.tools],
        "choice": request.tool_choice.choice if request.tool_choice else None,
    }


def _said(request: Request) -> Iterator[Gist]:
    for message in request.messages:
        # Chat has one text in a turn, and its calls behind it.
        for part in sorted(message.parts, key=lambda part: isinstance(part, ToolCall)):
            match part:
                case Text(text):
                    yield (message.role, _squeezed(text))
                case Media():
                    yield (message.role, part.media_type, part.data)
                case ToolCall():
                    yield _call(part)
                case ToolResult():
                    said = _squeezed("Error:" * part.is_error) + _squeezed("".join(map(_result_part, part.parts)))
                    yield ("result", part.call_id, part.kind, said.replace("Error:Error:", "Error:"))


def _joined(pieces: Iterator[Gist]) -> list[Gist]:
    out: list[Gist] = []
    for piece in pieces:
        if out and len(piece) == 2 and len(out[-1]) == 2 and piece[0] is out[-1][0] and isinstance(piece[0], Role):
            out[-1] = (piece[0], out[-1][1] + piece[1])
        elif piece[1:] != ("",):
            out.append(piece)
    return out


def _call(call: ToolCall) -> Gist:
    arguments = call.arguments if call.kind is ToolKind.CUSTOM else orjson.loads(call.arguments or "{}")
    return (call.id, call.name, call.namespace, call.kind, arguments)


def _result_part(part: ResultPart) -> str:
    return part.text if isinstance(part, Text) else f"[{part.media_type} {part.data}]"


def _squeezed(text: str) -> str:
    return "".join(text.split())
