"""What stands where the endpoints would be while there are none."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Center, Middle
from textual.widgets import Static

_STEPS = """\
No endpoints yet. Three steps and a client can talk through cccc:

  1  Add an endpoint            key a: address and key; it is
                                asked what it speaks
  2  Point a client at cccc     key 5: one key, after a look at
                                what it would write
  3  Watch the first request    key 3

Whoever prefers a file: cccc config example prints one. To look
around without a key: cccc demo"""


class Welcome(Middle):
    """Says what to do first."""

    DEFAULT_CSS = """
    Welcome { height: 1fr; display: none; }
    Welcome Static { width: 72; height: auto; padding: 1 2; }
    """

    def compose(self) -> ComposeResult:
        with Center():
            box = Static(_STEPS, markup=False, classes="pane")
            box.border_title = "Welcome"
            yield box
