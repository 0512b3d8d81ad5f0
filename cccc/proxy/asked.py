"""What a client asks for, as far as routing and the log have to understand it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from cccc.clock import Clock
from cccc.domain.answers import Audience, Failure
from cccc.domain.client import Client, detect, session_key
from cccc.domain.endpoint import Action
from cccc.domain.loss import Loss
from cccc.domain.ranking import Need, Unsayable
from cccc.domain.tags import Tagged, Tagger, tags
from cccc.domain.telling import Told
from cccc.errors import InvalidJson, NotConvertible
from cccc.formats.registry import OTHERS
from cccc.http.messages import Request
from cccc.ir.codec import Codec, JsonObject, RequestFacts
from cccc.ir.json import parse
from cccc.ir.messages import Request as NeutralRequest
from cccc.proxy.ids import request_id
from cccc.proxy.neutral import Neutral
from cccc.proxy.prompt import NO_PROMPT, Prompt, asks_for_long_context

NOTHING_KNOWN = RequestFacts(model=None, stream=False)
"""Of a body that nobody has looked at."""

_COUNTING = Unsayable("", "counting tokens is not converted")
_STATE = Unsayable("previous_response_id", "what it names is held by one endpoint, in its own format")


@dataclass(frozen=True, slots=True)
class Asked:
    """One client request. ``time`` is the wall time of its arrival, ``start`` the same moment on the monotonic clock.

    Until the body is understood ``facts`` are empty, and so is what follows from them; there is no ``neutral`` form.
    """

    id: str
    time: float
    start: float
    codec: Codec
    action: Action
    request: Request
    headers: Mapping[str, str]
    client: Client
    facts: RequestFacts = NOTHING_KNOWN
    tags: frozenset[str] = frozenset()
    session: str | None = None
    prompt: Prompt = NO_PROMPT
    neutral: Neutral | None = None

    @property
    def audience(self) -> Audience:
        """Who reads what we answer by ourselves."""
        return self.client.audience

    @property
    def streaming(self) -> bool:
        """Whether the answer is to come as a stream of events."""
        return self.facts.stream and self.action is Action.TURN

    @property
    def counts(self) -> bool:
        """Whether this request says something about an endpoint's health (counting tokens does not)."""
        return self.action is not Action.COUNT_TOKENS

    @property
    def asker(self) -> Hashable:
        """Who asks for what: the same for a request and for the one that replaces it when it failed."""
        return (self.session or self.request.peer, self.facts.model)

    def need(self, *, holder: str | None) -> Need:
        """What this asks of an endpoint; ``holder`` is the one that holds the state the request goes on from."""
        unsayable = self._unsayable()
        return Need(
            wire_format=self.codec.wire_format,
            client_type=self.client.client_type,
            action=self.action,
            model=self.facts.model,
            tags=self.tags,
            convertible=frozenset() if unsayable else OTHERS[self.codec.wire_format],
            unsayable=unsayable,
            holder=holder,
        )

    def _unsayable(self) -> Unsayable | None:
        """Why no other format can say this, as far as that is known without decoding it."""
        if self.action is Action.COUNT_TOKENS:
            return _COUNTING
        return _STATE if self.facts.state_ref is not None else None

    def decoded(self) -> tuple[NeutralRequest, tuple[Loss, ...]]:
        """The request in neutral form and what was lost in reading it. Raises ``NotConvertible``."""
        if self.neutral is None:
            raise NotConvertible("body", "nobody has looked at it")
        return self.neutral.request()


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a request's body cannot be sent to anybody."""

    told: Told


def arrived(codec: Codec, action: Action, request: Request, clock: Clock) -> Asked:
    """A request whose body has not been looked at."""
    now, headers = clock.now(), dict(request.head.headers)
    client = detect(codec.wire_format, action, headers)
    return Asked(request_id(now), now, clock.monotonic(), codec, action, request, headers, client)


def understood(asked: Asked, taggers: Sequence[Tagger]) -> Asked | Unusable:
    """The same request with everything that its body says."""
    try:
        body = parse(asked.request.body)
    except InvalidJson as problem:
        return Unusable(Told(Failure.BAD_JSON, str(problem)))
    if not isinstance(body, dict):
        return Unusable(Told(Failure.BAD_JSON, "body is not a JSON object"))
    facts = asked.codec.request_facts(body, asked.headers)
    if facts.problem is not None:
        return Unusable(Told(Failure.BAD_JSON, facts.problem, param=facts.problem_param))
    return replace(
        asked,
        facts=facts,
        tags=tags(taggers, _tagged(asked, body, facts)) if taggers else frozenset(),
        session=session_key(asked.client.session_header or facts.session, facts.opening),
        prompt=Prompt(len(asked.request.body), body, long_context=asks_for_long_context(asked.headers)),
        neutral=Neutral(asked.codec, asked.action, body),
    )


def _tagged(asked: Asked, body: JsonObject, facts: RequestFacts) -> Tagged:
    head, thinking = asked.request.head, facts.thinking
    return Tagged(
        method=head.method,
        path=head.path,
        headers=asked.headers,
        query=dict(parse_qsl(head.query, keep_blank_values=True)),
        body=body,
        model=facts.model,
        last_user_text=facts.last_user_text,
        thinking_enabled=thinking is not None and thinking.mode != "disabled",
        thinking_budget=thinking.budget_tokens if thinking is not None else None,
    )
