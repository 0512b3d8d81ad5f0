"""Work that a screen does beside drawing: asking the proxy, starting a client."""

from __future__ import annotations

from textual.dom import DOMNode
from textual.worker import WorkType


def start(node: DOMNode, work: WorkType[None], group: str, *, exclusive: bool = True) -> None:
    """Do ``work`` (a coroutine function) until it ends or ``node`` goes; ``exclusive``: it ends the group's work
    before it. A function and no coroutine, so that nothing is left unawaited where it never comes to run."""
    node.run_worker(work, group=group, exclusive=exclusive)
