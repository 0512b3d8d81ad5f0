"""Readers of option values, as click callbacks: what cannot be read is wrong use (exit 2), with what is expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from cccc.cli.session import Session
from cccc.control import filters
from cccc.errors import BadFilter

T = TypeVar("T")
Callback = Callable[[click.Context, click.Parameter, str | None], T | None]

PORT = click.IntRange(0, 65535)
"""A port to listen on, 0 for a free one."""

PORT.name = "port number"  # what a complaint calls it

CLIENTS = "claude_code|codex|openai|gemini"


def _reading(read: Callable[[str, float], T]) -> Callback[T]:
    """A callback that hands the option's text and the wall time to ``read``."""

    def callback(ctx: click.Context, param: click.Parameter, value: str | None) -> T | None:
        if value is None:
            return None
        try:
            return read(value, ctx.ensure_object(Session).clock.now())
        except (ValueError, BadFilter) as error:
            raise click.BadParameter(str(error), ctx, param) from None

    return callback


client = _reading(lambda text, _: filters.client_type(text))
"""A kind of client, as people write it: a ``ClientType``."""

span = _reading(lambda text, _: filters.span(text))
"""A length of time, in seconds."""

moment = _reading(filters.moment)
"""A length of time ago, or a date: a wall time."""

wanted = _reading(filters.parse)
"""Words that choose requests: a ``RequestFilter``."""
