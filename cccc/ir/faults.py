"""Errors as endpoints word them. Relays mix the vendors' shapes freely, so every format reads all of them."""

from __future__ import annotations

from typing import Any

from cccc.ir import json
from cccc.ir.codec import Fault

MAX_MESSAGE = 2_000

_NO_REASON = "no reason given"
_MESSAGE_KEYS = ("message", "msg", "detail", "error_msg", "error_description", "title")
_TYPE_KEYS = ("type", "status", "__type")
_CODE_KEYS = ("code", "error_code", "status_code")


def stated_fault(value: object) -> Fault | None:
    """The error in a JSON value that is one beyond doubt, whatever its HTTP status; else ``None``.

    ``{"error": …}`` (object or text), ``{"type":"error"}``, ``{"base_resp":{"status_code":1004}}`` (MiniMax),
    ``{"success":false}``. ``"error": null`` and the like are none.
    """
    if isinstance(value, list) and len(value) == 1:  # Google wraps its errors so
        value = value[0]
    body = json.obj(value)
    error = body.get("error")
    if error or body.get("type") == "error":
        return _worded(error, body)
    base = json.obj(body.get("base_resp"))
    if json.count(base.get("status_code")):
        return Fault(None, str(base["status_code"]), _short(base.get("status_msg")) or _NO_REASON)
    return _worded(body, {}) if body.get("success") is False else None


def body_fault(body: bytes) -> Fault | None:
    """The error in a body that came with an error status; ``None`` where nothing in it can be read as one."""
    value = json.peek(body)
    if stated := stated_fault(value):
        return stated
    found = json.obj(value)
    listed = json.items(found.get("errors"))
    if listed:
        return _worded(listed[0], found)
    return _worded(found, {}) if any(found.get(key) for key in _MESSAGE_KEYS) else None


def bare_fault(data: bytes) -> Fault:
    """The error in an event that is one by its name: JSON of some shape, or just a text."""
    if fault := body_fault(data):
        return fault
    said = "" if json.peek(data) is not None else data.decode("utf-8", "replace").strip()
    return Fault(None, None, said[:MAX_MESSAGE] or _NO_REASON)


def _worded(error: object, around: dict[str, Any]) -> Fault:
    """Read an error object or text; what it lacks may stand ``around`` it."""
    inner = json.obj(error)
    code = _first(inner, _CODE_KEYS) or _first(around, _CODE_KEYS)
    message = _short(error) or _first(inner, _MESSAGE_KEYS) or _first(around, _MESSAGE_KEYS) or _NO_REASON
    return Fault(_first(inner, _TYPE_KEYS), code, message)


def _first(source: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((word for key in keys if (word := _short(source.get(key)))), None)


def _short(value: object) -> str | None:
    """A value as bounded text: strings and numbers as they are, FastAPI's list of details by its first."""
    if isinstance(value, list) and value:
        value = _detail(json.obj(value[0])) or value[0]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)[:MAX_MESSAGE] or None


def _detail(detail: dict[str, Any]) -> str | None:
    """One of FastAPI's details with the place that it is about, as Anthropic words it (``thinking.type: …``)."""
    message = json.text(detail.get("msg"))
    where = ".".join(str(part) for part in json.items(detail.get("loc")) if part != "body")
    return f"{where}: {message}" if message and where else message
