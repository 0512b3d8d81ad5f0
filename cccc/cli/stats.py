"""``cccc stats``: requests, errors, latencies, tokens, cache share and cost."""

from __future__ import annotations

import click

from cccc.cli import params, words
from cccc.cli.group import Command
from cccc.cli.session import Session, pass_session
from cccc.cli.table import Column, Row, table
from cccc.cli.text import safe_line
from cccc.cli.words import count, dollars, milliseconds, share, wall
from cccc.control.api import StatsGroup, StatsKey, StatsView
from cccc.control.wire import to_json

_NUMBERS = ("requests", "errors", "failovers", "first p50", "first p95", "in", "out", "cached", "cost")


_DROPPED = {"failovers": 1, "first p95": 2, "cached": 3}


@click.command(
    cls=Command,
    examples=[
        ("cccc stats", "by endpoint, last 24 hours"),
        ("cccc stats --by model --since 7d", ""),
        ("cccc stats --by day --since 30d --json", "for scripts"),
    ],
)
@click.option(
    "--by", type=click.Choice([key.value for key in StatsKey]), default="endpoint", show_default=True, help="Groups."
)
@click.option("--since", metavar="T", default="24h", show_default=True, callback=params.moment, help="24h, 7d, a date.")
@pass_session
def stats(session: Session, by: str, since: float) -> None:
    """Requests, errors, times to the first content, tokens, cache share and cost."""
    view = session.ask(lambda control: control.stats(StatsKey(by), since=since))
    if session.json:
        session.say_json(to_json(view))
    elif not view.groups:
        session.note(f"No request since {wall(since, session.clock.now())}.")
    else:
        columns = (
            Column(by, shrinks=True),
            *(Column(title, right=True, drop=_DROPPED.get(title, 0)) for title in _NUMBERS),
        )
        session.say([*table(columns, [_row(group) for group in view.groups], session.width()), *_conversions(view)])


def _conversions(view: StatsView) -> list[str]:
    """What was converted between which formats, and what that cost in each group."""
    converted = [one for one in view.conversions if one.asked is not one.sent]
    if not converted:
        return []
    pairs = [f"{count(one.requests)} {words.path(one.asked, one.sent)}" for one in converted]
    lost = []
    for group in view.groups:
        losses = ", ".join(f"{one.what} {count(one.count)}" for one in group.losses)
        lost += [f"lost at {safe_line(group.key)}: {safe_line(losses)}"] if losses else []
    return ["", f"converted: {', '.join(pairs)}", *lost]


def _row(group: StatsGroup) -> Row:
    return (
        group.key,
        count(group.requests),
        count(group.errors),
        count(group.failovers),
        milliseconds(group.ttft_p50_ms),
        milliseconds(group.ttft_p95_ms),
        count(group.usage.prompt),
        count(group.usage.output),
        share(group.cache_share),
        dollars(group.cost_usd),
    )
