"""What simulated providers answer: pure functions from what was asked to a reply.

``echo`` is the plain one. ``write_then_read`` drives the real clients through a whole session of tool turns: asked to
``write FILE with TEXT`` it calls a tool of the client that writes the file, then one that reads it back, and says
``Done: FILE`` only when the text came back.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

import orjson

from cccc.demo.ask import Ask, Call, Compacted, Offer, Reply, Say, Speaker, Think

Brain = Callable[[Ask], Reply]

_TASK = re.compile(r"^\s*write (?P<file>\S+) with (?P<text>.+?)\s*$", re.IGNORECASE | re.MULTILINE)
_CALL = re.compile(r"^call the tool (?P<name>\w+)\b", re.IGNORECASE)


def echo(ask: Ask) -> Reply:
    """Say the user's last words back; follow a schema where one is given, and call a tool that is asked for by name."""
    if ask.compaction:
        return (Compacted(f"{len(ask.turns)} turns, summarised"),)
    if ask.schema is not None:
        return (Say(orjson.dumps(example_of(ask.schema)).decode()),)
    wanted = _CALL.match(last_words(ask))
    if wanted is not None and (offer := ask.tools.get(wanted["name"])) is not None and not offer.custom:
        return (Call(wanted["name"], "{}", offer),)
    return (Say(f"You said: {last_words(ask)} That is all that a simulated provider knows."),)


def ponder(ask: Ask) -> Reply:
    """As ``echo``, with reasoning before it."""
    return (Think("Somebody asks for something. Saying it back will do."), *echo(ask))


_REMARKS = (
    "The tests say what it should do, so that is where I looked first.",
    "Two of the callers pass the value on untouched.",
    "The simplest change is in the table, not in the branch.",
    "I would keep the old name for one release.",
    "Nothing else reads this field.",
    "With that the build is green again.",
)


def chatter(ask: Ask) -> Reply:
    """What the demo says: tool calls where a task asks for them, else a thought and a few remarks on the matter."""
    reply = write_then_read(ask)
    if any(isinstance(part, Call) for part in reply) or ask.schema is not None or ask.compaction:
        return reply
    words = last_words(ask)
    remarks = _REMARKS[len(words) % 3 :]
    return Think(f"They ask: {words}"), Say(" ".join((f"About {words!r}:", *remarks)))


def write_then_read(ask: Ask) -> Reply:
    """Carry out ``write FILE with TEXT`` with the client's own tools, one call a turn."""
    if ask.compaction or ask.schema is not None:
        return echo(ask)
    for index in range(len(ask.turns) - 1, -1, -1):
        turn = ask.turns[index]
        task = _TASK.search(turn.text) if turn.speaker is Speaker.USER else None
        if task is not None:
            results = [after.text for after in ask.turns[index:] if after.speaker is Speaker.TOOL]
            return _next_step(ask, task["file"], task["text"], results)
    return echo(ask)


def _next_step(ask: Ask, file: str, text: str, results: list[str]) -> Reply:
    write = _pick(ask, WRITERS, file, text)
    read = _pick(ask, READERS, file, text)
    if write is None or read is None:
        return (Say(f"No tool that I know was offered to write {file}."),)
    match results:
        case []:
            return Think(f"The file {file} is wanted."), Say(f"I will write {file}."), write
        case [_]:
            return Say("Now I read it back."), read
    return (Say(f"Done: {file}" if text in results[1] else f"Failed: {file} does not hold the text."),)


def _script(command: str) -> str:
    """The JavaScript that Codex's freeform ``exec`` tool runs a shell command with."""
    return f"const r = await tools.exec_command({{cmd: {orjson.dumps(command).decode()}}});\ntext(r.output);\n"


def _patch(file: str, text: str) -> str:
    return f"*** Begin Patch\n*** Add File: {file}\n+{text}\n*** End Patch\n"


def _into(file: str, text: str) -> str:
    return f"printf '%s\\n' {shlex.quote(text)} > {shlex.quote(file)}"


def _cat(file: str) -> str:
    return f"cat {shlex.quote(file)}"


Arguments = Callable[[str, str], Mapping[str, Any] | str]

WRITERS: Mapping[str, Arguments] = {
    "Write": lambda file, text: {"file_path": file, "content": f"{text}\n"},
    "Bash": lambda file, text: {"command": _into(file, text), "description": "Write the file"},
    "apply_patch": _patch,
    "exec_command": lambda file, text: {"cmd": _into(file, text)},
    "exec": lambda file, text: _script(_into(file, text)),
}
"""Tools that can write a file, the preferred first: name -> arguments for (file, text)."""

READERS: Mapping[str, Arguments] = {
    "Read": lambda file, _: {"file_path": file},
    "Bash": lambda file, _: {"command": _cat(file), "description": "Read the file"},
    "exec_command": lambda file, _: {"cmd": _cat(file)},
    "exec": lambda file, _: _script(_cat(file)),
}
"""Tools that can read it back."""

_NEED_ABSOLUTE_PATH = frozenset({"Write", "Read"})


def _pick(ask: Ask, tools: Mapping[str, Arguments], file: str, text: str) -> Call | None:
    for name, arguments in tools.items():
        offer = ask.tools.get(name)
        if offer is None or (name in _NEED_ABSOLUTE_PATH and not PurePath(file).is_absolute()):
            continue
        return Call(name, _as_offered(arguments(file, text), offer), offer)
    return None


def _as_offered(arguments: Mapping[str, Any] | str, offer: Offer) -> str:
    """Free text stays as it is for a custom tool; a custom tool that was converted to a function takes ``input``."""
    if isinstance(arguments, str):
        return arguments if offer.custom else orjson.dumps({"input": arguments}).decode()
    return orjson.dumps(arguments).decode()


def last_words(ask: Ask) -> str:
    """What the user said last, without the reminders that clients add in tags."""
    for turn in reversed(ask.turns):
        if turn.speaker is Speaker.USER and turn.text and not turn.text.startswith("<"):
            return turn.text[:200]
    return "nothing."


def example_of(schema: Mapping[str, Any]) -> Any:
    """A small value that a JSON schema accepts: every property is filled."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: example_of(value) for name, value in schema.get("properties", {}).items()}
        case "array":
            return [example_of(schema.get("items", {}))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return "A simulated answer"
