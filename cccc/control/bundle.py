"""One request as a ZIP for whoever has to find out what went wrong: what was asked, sent, answered, and when.

Everything in it has passed the allow-list of headers and the redactor. The same request gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from cccc.control import wire
from cccc.control.api import (
    ClientAnswered,
    ClientAsked,
    ClientGot,
    Control,
    FlowEnded,
    FlowPiece,
    RequestRecord,
    UpstreamAnswered,
    UpstreamAsked,
    UpstreamSaid,
)
from cccc.domain.record import HeaderList

_README = """\
Request {id}

request.json                 the record: client, decision, attempts, verdict, figures
client/head.txt, body.json   what the client asked, and the head of the answer that it got
client/answer.txt            that answer; events.sse where it streamed
attempts/N-NAME/head.txt     what was sent to an endpoint, and the head of its answer
attempts/N-NAME/sent.json    its body, where it differs from the client's
attempts/N-NAME/answer.txt   what it answered; events.sse where it streamed
flow.jsonl                   all of it in order, one piece a line, with milliseconds since the request arrived

Headers that may carry credentials are left out or masked, and whatever looks like a key is masked everywhere. The words
of the conversation are in it: look before you pass it on.
"""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


async def bundle_of(control: Control, request_id: str) -> bytes:
    """The bundle of a request that has ended. Raises ``UnknownRequest``."""
    record = await control.request(request_id)
    async with aclosing(control.watch(record.id)) as flow:
        pieces = [piece async for piece in flow]
    return bundle(record, pieces)


def bundle(record: RequestRecord, pieces: Sequence[FlowPiece]) -> bytes:
    """A record and what flowed for it as a ZIP."""
    moment = datetime.fromtimestamp(max(record.time, 315_619_200.0), UTC).timetuple()[:6]  # a ZIP begins in 1980
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(record, pieces):
            archive.writestr(zipfile.ZipInfo(f"{record.id}/{name}", moment), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _files(record: RequestRecord, pieces: Sequence[FlowPiece]) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _README.format(id=record.id).encode()
    yield "request.json", wire.dumps(wire.to_json(record.without_contents()), indent=2).encode()
    yield from _client(pieces)
    for asked in (piece for piece in pieces if isinstance(piece, UpstreamAsked)):
        yield from _attempt(asked, pieces)
    lines = (wire.dumps(wire.piece_to_json(piece)) for piece in pieces if not isinstance(piece, FlowEnded))
    yield "flow.jsonl", "".join(f"{line}\n" for line in lines).encode()


def _client(pieces: Sequence[FlowPiece]) -> Iterator[tuple[str, bytes]]:
    answered = (piece for piece in pieces if isinstance(piece, ClientAnswered))
    answer = b"".join(b"\n" + _head(str(piece.status), piece.headers) for piece in answered)
    for asked in (piece for piece in pieces if isinstance(piece, ClientAsked)):
        yield "client/head.txt", _head(f"{asked.method} {asked.path}", asked.headers) + answer
        if asked.body is not None:
            yield "client/body.json", asked.body
    yield from _said("client", [piece for piece in pieces if isinstance(piece, ClientGot)])


def _attempt(asked: UpstreamAsked, pieces: Iterable[FlowPiece]) -> Iterator[tuple[str, bytes]]:
    folder = f"attempts/{asked.attempt}-{_UNSAFE.sub('_', asked.endpoint)}"
    own = [piece for piece in pieces if getattr(piece, "attempt", None) == asked.attempt]
    head = _head(f"{asked.method} {asked.url}", asked.headers)
    for answered in (piece for piece in own if isinstance(piece, UpstreamAnswered)):
        head += b"\n" + _head(str(answered.status), answered.headers)
    yield f"{folder}/head.txt", head
    if asked.changed and asked.body is not None:
        yield f"{folder}/sent.json", asked.body
    yield from _said(folder, [piece for piece in own if isinstance(piece, UpstreamSaid)])


def _said(folder: str, pieces: Sequence[UpstreamSaid | ClientGot]) -> Iterator[tuple[str, bytes]]:
    """What one side was answered: its events, or a body."""
    if events := [piece for piece in pieces if piece.event is not None]:
        yield f"{folder}/events.sse", b"".join(map(_event, events))
    for piece in pieces:
        if piece.event is None:
            yield f"{folder}/answer.txt", piece.data


def _head(first: str, headers: HeaderList) -> bytes:
    return "".join(f"{line}\n" for line in (first, *(f"{name}: {value}" for name, value in headers))).encode()


def _event(piece: UpstreamSaid | ClientGot) -> bytes:
    name = f"event: {piece.event}\n".encode() if piece.event else b""
    return name + b"".join(b"data: " + line + b"\n" for line in piece.data.split(b"\n")) + b"\n"
