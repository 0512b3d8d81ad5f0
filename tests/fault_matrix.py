"""Every fault that can happen once a connection stands, by name: the rows of the fault matrix.

Faults before that (no such name, a closed port, a certificate that nobody trusts) need no provider.
"""

from __future__ import annotations

from collections.abc import Mapping

from cccc.demo import faults
from cccc.demo.faults import End, Fault, Point

NEVER_ENDS = frozenset({"stall before head", "stall after head", "stall after preamble", "stall in content"})
"""Those that wait for the provider's release."""

FAULTS: Mapping[str, Fault] = {
    "reset before head": faults.cut(Point.BEFORE_HEAD, End.RST),
    "closed before head": faults.cut(Point.BEFORE_HEAD, End.FIN),
    "closed in head": faults.cut(Point.IN_HEAD, End.FIN),
    "closed when idle": faults.close_when_idle(),
    "stall before head": faults.stall(Point.BEFORE_HEAD),
    "stall after head": faults.stall(Point.HEAD),
    "stall after preamble": faults.stall(Point.PREAMBLE),
    "stall in content": faults.stall(Point.CONTENT),
    "400": faults.status(400),
    "400 context too long": faults.status(
        400, "prompt is too long: 250000 tokens > 200000 maximum", error_kind="context_length_exceeded"
    ),
    "400 no credit": faults.status(400, "Your credit balance is too low to access the API."),
    "401": faults.status(401),
    "402": faults.status(402),
    "403": faults.status(403),
    "403 page": faults.html_page(403, "Attention Required!"),
    "404": faults.status(404),
    "404 page": faults.html_page(404, "Not Found"),
    "408": faults.status(408),
    "409": faults.status(409),
    "413": faults.status(413),
    "422": faults.status(422),
    "429": faults.status(429),
    "429 with retry-after": faults.status(429, retry_after="30"),
    "429 no quota": faults.status(429, error_kind="insufficient_quota"),
    "500": faults.status(500),
    "502 page": faults.html_page(502, "502 Bad Gateway"),
    "503": faults.status(503),
    "504": faults.status(504),
    "524 page": faults.html_page(524, "524: A timeout occurred"),
    "529": faults.status(529),
    "redirect": faults.redirect(),
    "empty 200": faults.empty(),
    "204": faults.empty(204),
    "page in a 200": faults.html_page(200, "Sign in"),
    "error in a 200": faults.error_in_200(500),
    "rate limit in a 200": faults.error_in_200(429),
    "error event first": faults.error_event(Point.HEAD),
    "error event after preamble": faults.error_event(Point.PREAMBLE),
    "error event in content": faults.error_event(Point.CONTENT),
    "clean end after head": faults.cut(Point.HEAD, End.CLEAN),
    "clean end after preamble": faults.cut(Point.PREAMBLE, End.CLEAN),
    "clean end in content": faults.cut(Point.CONTENT, End.CLEAN),
    "closed after head": faults.cut(Point.HEAD, End.FIN),
    "closed after preamble": faults.cut(Point.PREAMBLE, End.FIN),
    "closed in content": faults.cut(Point.CONTENT, End.FIN),
    "reset after preamble": faults.cut(Point.PREAMBLE, End.RST),
    "reset in content": faults.cut(Point.CONTENT, End.RST),
    "reset after the end": faults.cut(Point.TERMINAL, End.RST),
    "broken event after preamble": faults.broken_event(Point.PREAMBLE),
    "broken event in content": faults.broken_event(Point.CONTENT),
    "wrong content type": faults.wrong_type(),
    "wrong shape": faults.wrong_shape(),
    "garbage": faults.garbage(),
}
