"""Thinking that a model writes into its text, between tags, as those do whose server does not take it out."""

from __future__ import annotations

_TAGS = {"<think>": "</think>", "<thought>": "</thought>"}
"""DeepSeek's, Qwen's and MiniMax's own, and Gemini's in its OpenAI dialect."""

_WAITING, _THINKING, _AFTER, _TEXT = range(4)


class TagReader:
    """Cuts text into thinking and words, whatever pieces it comes in.

    Only a tag at the very beginning counts: further on, a model writes *about* tags. White space before the first word
    is held back until a word comes, since an answer may have none; white space behind a closing tag belongs to nobody.
    ``tagged``: whether a tag is looked for at all.
    """

    __slots__ = ("_close", "_held", "_state", "_tagged")

    def __init__(self, *, tagged: bool = True) -> None:
        self._state = _WAITING
        self._tagged = tagged
        self._held = ""
        self._close = ""

    def feed(self, text: str) -> list[tuple[bool, str]]:
        """More text: pieces in order, whether they are thought, and the words."""
        if self._state == _TEXT:
            return [(False, text)]
        text, self._held = self._held + text, ""
        if self._state == _WAITING:
            return self._begin(text)
        return self._think(text) if self._state == _THINKING else self._after(text)

    def close(self) -> list[tuple[bool, str]]:
        """No more text comes: what was held back, if it says anything."""
        held, self._held = self._held, ""
        thinks = self._state == _THINKING
        self._state = _TEXT
        return [(thinks, held)] if held.strip() else []

    def _begin(self, text: str) -> list[tuple[bool, str]]:
        start = text.lstrip()
        if self._tagged:
            for tag, close in _TAGS.items():
                if start.startswith(tag):
                    self._state, self._close = _THINKING, close
                    return self._think(start[len(tag) :].lstrip("\r\n"))
        if not start or (self._tagged and any(tag.startswith(start) for tag in _TAGS)):
            self._held = text
            return []
        self._state = _TEXT
        return [(False, text)]

    def _think(self, text: str) -> list[tuple[bool, str]]:
        thought, closed, rest = text.partition(self._close)
        if closed:
            self._state = _AFTER
            return [(True, thought)] * bool(thought) + self._after(rest)
        keep = next((size for size in range(len(self._close) - 1, 0, -1) if text.endswith(self._close[:size])), 0)
        self._held = text[len(text) - keep :]
        thought = text[: len(text) - keep]
        return [(True, thought)] if thought else []

    def _after(self, text: str) -> list[tuple[bool, str]]:
        text = text.lstrip()
        if text:
            self._state = _TEXT
        return [(False, text)] if text else []
