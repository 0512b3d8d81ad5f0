"""The corpus in every text that comes from outside: worlds of it, one for each kind of widget and each other sink."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

from cccc.control.api import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    ClientOptions,
    ClientPlan,
    ClientView,
    ConfigForm,
    EndpointDetail,
    EndpointDraft,
    FlowEnded,
    FlowPiece,
    Found,
    Learned,
    Loss,
    ModelRule,
    Overview,
    PlannedFile,
    PlannedReason,
    ProbeReport,
    Ranking,
    RequestStarted,
    StatsGroup,
    StatsKey,
    StatsView,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamEnded,
    UpstreamSaid,
)
from cccc.domain.redact import Redactor
from cccc.server.logs import FILE_NAME, Logs, told_of
from tests.control import world
from tests.tui.corpus import HOSTILE
from tests.tui.counted import Counted

FLOWING = "req_0"


class Hostile(Counted):
    """A proxy whose every name, model, error, header, file, setting and finding is one of these texts."""

    def __init__(self, texts: Sequence[str] = HOSTILE) -> None:
        super().__init__()
        self.texts = texts
        some = self.some = cycle(texts)
        self.views = {
            text: replace(
                world.BETA,
                name=text, urls=(next(some),), auth=next(some), models=(next(some),), tags=(next(some),),
                reason=next(some), last_error=next(some), causes=(next(some),),
            )
            for text in texts
        }  # fmt: skip
        order, excluded = (tuple(texts[start::2]) for start in (0, 1))
        self.ranking = Ranking(
            tuple(
                replace(world.RANKING.order[rank % 2], name=name, rank=rank, model_sent=next(some))
                for rank, name in enumerate(order, 1)
            ),
            tuple(replace(world.RANKING.excluded[0], name=name, reason=next(some)) for name in excluded),
        )
        self.records = [
            replace(
                record,
                id=f"req_{number}", time=world.NOW - 200 + number, client=next(some), model=text, endpoint=next(some),
                error=next(some), session=next(some), client_reason=next(some), notes={next(some): next(some)},
                ranking=self.ranking,
                response_headers=((next(some), next(some)),), response_body=wire(next(some)),
                attempts=tuple(
                    replace(
                        attempt, endpoint=next(some), error=next(some), model_sent=next(some),
                        response_body=b"data: " + wire(next(some)),
                    )
                    for attempt in record.attempts
                ),
            )
            for number, (text, record) in enumerate(zip(texts, cycle(world.RECORDS), strict=False))
        ]  # fmt: skip
        found = tuple(Found(text, text, text, text, holds_key=True) for text in texts)
        diff = "".join(f"+{line}\n" for text in texts for line in text[:999].split("\n"))
        self.importable = replace(self.importable, found=found, diff=diff, path=texts[0])
        self.told = replace(world.OVERVIEW, version=next(some), address=next(some), warnings=tuple(texts))
        self.client_views = {client: self._view(view) for client, view in self.client_views.items()}

    def _view(self, view: ClientView) -> ClientView:
        some = self.some
        settings = tuple(replace(one, key=next(some), value=next(some), source=next(some)) for one in view.settings)
        return replace(
            view,
            title=next(some), files=(next(some),), program=next(some), warnings=(next(some),), settings=settings,
        )  # fmt: skip

    async def overview(self) -> Overview:
        return self.told

    async def rank(self, *_: object, **__: object) -> Ranking:
        return self.ranking

    async def endpoint_detail(self, name: str) -> EndpointDetail:
        one, other = self.texts[:2]
        return replace(
            await super().endpoint_detail(name),
            key=one,
            proxy=other,
            learned=tuple(Learned(text, None) for text in self.texts),
            model_rules=(ModelRule(one, other),),
        )

    async def stats(self, by: StatsKey, **_: object) -> StatsView:
        groups = tuple(
            StatsGroup(text, 512, 1, 1, 500.0, 1_600.0, world.OK.usage or world.STATS.groups[0].usage, 1.0, 0.7, 61.0)
            for text in self.texts
        )
        return StatsView(world.NOW, by, groups)

    async def client_plan(self, client: object, options: object = None) -> ClientPlan:
        one, other, *more = self.texts
        lines = [text[:200] for text in self.texts if not text[:200].splitlines()[1:]]
        diff = f"@@ -1,{len(lines)} +1,{len(lines)} @@\n" + "".join(f"-{line}\n+{line}\n" for line in lines)
        file = PlannedFile(one, True, "", "", diff, tuple(PlannedReason(text, text) for text in more[:9]), other)
        made = world.client_plan(world.CLIENTS[0], ClientOptions())
        return replace(made, title=one, url=other, files=(file,), warnings=(one,), notes=(other,))

    async def config_form(self) -> ConfigForm:
        (section,) = world.FORM.sections
        one, *_ = self.texts
        fields = tuple(
            replace(section.fields[0], key=f"routing.{number}", title=text, help=text, value=text, source=text,
                    overridden_by=text if number % 2 else None)
            for number, text in enumerate(self.texts)
        )  # fmt: skip
        return replace(world.FORM, path=one, sections=(replace(section, help=one, fields=fields),))

    async def probe(self, draft: EndpointDraft, *, model: str | None = None) -> ProbeReport:
        some = self.some
        formats = tuple(
            replace(one, path=next(some), quirks=tuple(self.texts), plain=replace(one.plain, error=next(some)),
                    stream=replace(one.stream, note=next(some)))
            for one in world.PROBED.formats
        )  # fmt: skip
        return replace(world.PROBED, formats=formats, model_names=tuple(self.texts))


def flow(texts: Sequence[str] = HOSTILE) -> Iterator[FlowPiece]:
    """A request whose every word comes from somebody who means harm, each cut in the middle as well."""
    some = cycle(text[:20_000] for text in texts)
    for number in range(1, 4):
        bodies = [
            json.dumps({next(some): next(some), "messages": [{"role": next(some), "content": next(some)}] * 3})
            for _ in range(2)
        ]
        asked, sent = (body.encode("utf-8", "surrogatepass") for body in bodies)
        headers = ((next(some), next(some)), ("x-api-key", next(some)))
        yield ClientAsked(next(some), next(some), headers, asked)
        yield UpstreamAsked(number, next(some), next(some), next(some), headers, sent, True, 1.0 * number)
        yield UpstreamAnswered(number, 200, headers, 2.0 * number)
        for text in texts:
            for part in chunks(text[:20_000]):
                data = json.dumps({"choices": [{"delta": {"content": part, "reasoning": next(some)[:999]}}]})
                yield UpstreamSaid(number, part[:99], data.encode(), 3.0)
                yield ClientGot(part[:99], part.encode("utf-8", "surrogatepass"), 4.0)
        yield UpstreamSaid(number, "", json.dumps({"choices": [{"delta": {}, "finish_reason": next(some)}]}).encode())
        yield UpstreamEnded(number, next(some), 5.0 * number)
        yield ClientAnswered(200, headers, 6.0 * number)
    losses = tuple(Loss(next(some)[:999], next(some)[:999], next(some)[:999]) for _ in texts)
    notes = {next(some)[:999]: next(some)}
    yield FlowEnded(replace(world.FAILED_OVER, id=FLOWING, losses=losses, notes=notes, error=next(some)))


def wire(text: str) -> bytes:
    """The text as bytes, halves of characters too."""
    return text.encode("utf-8", "surrogatepass")


def chunks(text: str) -> tuple[str, ...]:
    """The text whole, and in two pieces: after its first character, where an escape sequence is torn, and halfway."""
    return (text, text[:1], text[1:], text[: len(text) // 2], text[len(text) // 2 :])


def live(texts: Sequence[str] = HOSTILE) -> list[RequestStarted]:
    """As many requests that have only begun."""
    ok = world.OK
    return [
        RequestStarted(f"live_{number}", world.NOW, ok.client_type, ok.wire_format, text, stream=True)
        for number, text in enumerate(texts)
    ]


def log_file(folder: Path) -> bytes:
    """What stands in the program's log after requests and other events with all of it."""
    with Logs(lambda _: None, folder, Redactor, "debug"):
        tell = told_of(lambda _: None)
        for record in Hostile().records:
            tell(record)
        for text in HOSTILE:
            logging.getLogger("cccc").warning("%s", text)
    return (folder / FILE_NAME).read_bytes()
