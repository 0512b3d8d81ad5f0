"""What both OpenAI dialects share: the error envelope, the complaint about a key, the model list.

Source: the API reference of OpenAI (Errors, Models).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cccc.demo.dialect import Complaint, Json

_TYPES: Mapping[int, tuple[str, str | None]] = MappingProxyType(
    {
        400: ("invalid_request_error", None),
        401: ("invalid_request_error", "invalid_api_key"),
        403: ("invalid_request_error", None),
        404: ("invalid_request_error", None),
        429: ("requests", "rate_limit_exceeded"),
    }
)


def code_of(complaint: Complaint) -> str | None:
    """The ``code`` of an error."""
    return complaint.kind or _TYPES.get(complaint.status, ("server_error", None))[1]


def error_body(complaint: Complaint) -> Json:
    """``{"error": {message, type, param, code}}``."""
    kind, _ = _TYPES.get(complaint.status, ("server_error", None))
    if complaint.kind == "insufficient_quota":
        kind = "insufficient_quota"
    return {"error": {"message": complaint.message, "type": kind, "param": None, "code": code_of(complaint)}}


def key_complaint(presented: str | None) -> Complaint:
    """The real API shows both ends of a wrong key; so does this, because others must not pass that on."""
    if presented is None:
        return Complaint(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY).",
        )
    shown = f"{presented[:8]}{'*' * max(0, len(presented) - 12)}{presented[-4:]}"
    where = "You can find your API key at https://platform.openai.com/account/api-keys."
    return Complaint(401, f"Incorrect API key provided: {shown}. {where}")


def model_complaint(model: str) -> Complaint:
    """A model that is not there."""
    return Complaint(404, f"The model `{model}` does not exist or you do not have access to it.", "model_not_found")


def models_body(names: tuple[str, ...]) -> Json:
    """The model list."""
    data = [{"id": name, "object": "model", "created": 1_750_000_000, "owned_by": "demo"} for name in names]
    return {"object": "list", "data": data}
