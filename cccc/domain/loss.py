"""What a conversion between wire formats could not carry over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """``path`` is where it stood in the client's request (``messages[3].content[0].cache_control``), ``what`` is lost.

    ``what`` is a field's or a thing's name and the same for every request that loses it, so that losses can be counted
    (``cache_control``, ``thinking signature``); ``why`` completes a sentence (``OpenAI Chat has no counterpart``).
    """

    path: str
    what: str
    why: str
