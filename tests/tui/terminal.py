"""A terminal that keeps what it is sent, and says what of that it would obey.

``Terminal`` is a driver: what is written to it is what the real one writes, byte for byte. ``obeyed`` knows the few
sequences that the screens themselves have use for; whatever else would steer a terminal is found.
"""

from __future__ import annotations

import re

from textual.drivers.headless_driver import HeadlessDriver

_OURS = re.compile(
    r"\x1b\[\d+;\d+H"  # the cursor to a place
    r"|\x1b\[(?:0|(?:[1-47-9]|[34]8;2;\d+;\d+;\d+)(?:;(?:[1-47-9]|[34]8;2;\d+;\d+;\d+))*)m"  # true colours
    r"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07"  # what somebody copied
    r"|\x1b\]22;[a-z-]*\x07"  # the shape of the pointer
    r"|\n"  # between the lines of a whole screen; inside of one ``look`` finds it
)
_DANGEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def obeyed(sent: bytes) -> list[str]:
    """Everything that a terminal would do because of these bytes, beside what the screens tell it themselves.

    Each with what follows it. Raises ``UnicodeDecodeError`` where the bytes are no text at all.
    """
    text = _OURS.sub("", sent.decode())
    return [text[found.start() : found.end() + 12] for found in _DANGEROUS.finditer(text)]


class Terminal(HeadlessDriver):
    """Takes what is written as a terminal does: as bytes."""

    @property
    def is_headless(self) -> bool:
        """Whether nobody looks: then nothing would be written."""
        return False

    @property
    def sent(self) -> bytes:
        """All of it so far."""
        return b"".join(self._written)

    def write(self, data: str) -> None:
        """One write of the app. Raises ``UnicodeEncodeError`` as the real driver does."""
        self._written.append(data.encode())

    def start_application_mode(self) -> None:
        """Begin with nothing."""
        self._written: list[bytes] = []
        super().start_application_mode()
