"""Clients that are not there: a gentle, random stream of requests as Claude Code, Codex and a chat SDK send them.

Each of them has sessions of a few turns, thinks between turns, sometimes does without a stream, and sometimes leaves
in the middle of an answer. Now and then they ask for a model that only another format's endpoint has, so that
conversion can be watched. The same seed gives the same requests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any

import anyio
import httpx

from cccc.demo.dialect import Json

Exchange = tuple[str, str]
"""What the user said, and what the assistant answered."""

PROMPTS = (
    "why does the build fail on a clean machine?",
    "explain what this module is for",
    "write notes.txt with three ideas for the parser",
    "rename the setting and keep the old tests green",
    "add a test for the empty list",
    "write todo.txt with what is left to do",
    "is there a race between these two tasks?",
    "summarise the last five commits",
)

_SHELL_SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
_EXEC_SCHEMA = {"type": "object", "properties": {"cmd": {"type": "string"}}, "required": ["cmd"]}
_SYSTEM = "You are a coding agent. " * 40


def _claude_code(model: str, session: str, past: list[Exchange], prompt: str) -> Json:
    messages: list[Json] = []
    for said, answered in past:
        messages += [{"role": "user", "content": said}, {"role": "assistant", "content": answered}]
    messages.append({"role": "user", "content": [{"type": "text", "text": prompt}]})
    return {
        "model": model,
        "max_tokens": 32000,
        "system": [{"type": "text", "text": _SYSTEM, "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "Bash", "description": "Runs a command", "input_schema": _SHELL_SCHEMA}],
        "metadata": {"user_id": f'{{"session_id":"{session}"}}'},
        "messages": messages,
    }


def _codex(model: str, session: str, past: list[Exchange], prompt: str) -> Json:
    def message(role: str, text: str) -> Json:
        kind = "output_text" if role == "assistant" else "input_text"
        return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}

    items = [message("developer", _SYSTEM)]
    for said, answered in past:
        items += [message("user", said), message("assistant", answered)]
    items.append(message("user", prompt))
    tool = {"type": "function", "name": "exec_command", "strict": False, "parameters": _EXEC_SCHEMA}
    return {
        "model": model,
        "input": items,
        "tools": [tool],
        "tool_choice": "auto",
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": session,
    }


def _chat_sdk(model: str, session: str, past: list[Exchange], prompt: str) -> Json:
    messages: list[Json] = [{"role": "system", "content": _SYSTEM}]
    for said, answered in past:
        messages += [{"role": "user", "content": said}, {"role": "assistant", "content": answered}]
    messages.append({"role": "user", "content": prompt})
    return {"model": model, "messages": messages, "user": session, "stream_options": {"include_usage": True}}


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of client. ``always_streams`` as Codex does; ``session_header`` carries the session's id."""

    path: str
    models: tuple[str, ...]
    body: Callable[[str, str, list[Exchange], str], Json]
    headers: Mapping[str, str]
    session_header: str | None = None
    always_streams: bool = False


PERSONAS = (
    Persona(
        path="/v1/messages?beta=true",
        models=("claude-opus-4-8", "claude-haiku-4-5-20251001", "glm-5"),
        body=_claude_code,
        headers=MappingProxyType(
            {
                "user-agent": "claude-cli/2.1.197 (external, cli)",
                "x-app": "cli",
                "anthropic-version": "2023-06-01",
                "authorization": "Bearer cccc-local",
            }
        ),
        session_header="x-claude-code-session-id",
    ),
    Persona(
        path="/v1/responses",
        models=("gpt-5.5", "gpt-5.5", "glm-5"),
        body=_codex,
        headers=MappingProxyType(
            {
                "user-agent": "codex_exec/0.169.0 (Linux; x86_64) demo",
                "originator": "codex_exec",
                "accept": "text/event-stream",
                "authorization": "Bearer cccc-local",
            }
        ),
        session_header="session-id",
        always_streams=True,
    ),
    Persona(
        path="/v1/chat/completions",
        models=("glm-5", "gpt-5.5"),
        body=_chat_sdk,
        headers=MappingProxyType({"user-agent": "OpenAI/Python 3.54.0", "authorization": "Bearer cccc-local"}),
    ),
)


async def traffic(base_url: str, *, seed: int = 0, pause: float = 2.0) -> None:
    """Send requests to ``base_url`` until cancelled; ``pause`` is the mean time between the turns of a client in s."""
    limits = httpx.Timeout(120.0, connect=5.0)
    async with (
        httpx.AsyncClient(base_url=base_url, timeout=limits, trust_env=False) as client,
        anyio.create_task_group() as group,
    ):
        for number, persona in enumerate(PERSONAS):
            group.start_soon(_live, client, persona, Random(f"{seed}/{number}"), pause)  # noqa: S311


async def _live(client: httpx.AsyncClient, persona: Persona, chance: Random, pause: float) -> None:
    while True:
        session = f"{chance.getrandbits(128):032x}"
        model = chance.choice(persona.models)
        past: list[Exchange] = []
        for _ in range(chance.randint(2, 6)):
            prompt = chance.choice(PROMPTS)
            body = persona.body(model, session, past, prompt)
            headers = dict(persona.headers)
            if persona.session_header:
                headers[persona.session_header] = session
            try:
                await _turn(client, persona, body, headers, chance)
            except httpx.TransportError:
                pass  # a proxy that stops or breaks an answer off is part of what is shown
            past.append((prompt, "Done, see the notes."))
            await anyio.sleep(chance.expovariate(1.0) * pause)


async def _turn(
    client: httpx.AsyncClient, persona: Persona, body: Json, headers: Mapping[str, str], chance: Random
) -> None:
    streams = persona.always_streams or chance.random() > 0.2
    leaves_after = chance.randint(1, 8) if chance.random() < 0.05 else None
    extra: dict[str, Any] = {"stream": streams}
    async with client.stream("POST", persona.path, json=body | extra, headers=headers) as answer:
        pieces = 0
        async for _ in answer.aiter_raw():
            pieces += 1
            if pieces == leaves_after:
                return
