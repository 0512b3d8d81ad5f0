"""What was found out about endpoints, and their health: kept apart from the user's configuration.

Everything is read once when the store is opened; afterwards a look-up is a look into a dict, and changes go to the
database through the writer's thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from cccc.clock import Clock
from cccc.domain.health import EndpointHealth
from cccc.storage import values
from cccc.storage.db import Reader

Submit = Callable[[Callable[[sqlite3.Connection], object]], bool]

_SET_FACT = "INSERT OR REPLACE INTO learned (topic, subject, value, learned, expires) VALUES (?, ?, ?, ?, ?)"
_SET_HEALTH = "INSERT OR REPLACE INTO health (endpoint, saved, state) VALUES (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing learned. ``topic`` says what kind (``auth_style``), ``subject`` about what (an endpoint, a base URL).

    ``value`` is any JSON value. ``learned`` and ``expires`` are wall times; ``expires`` is ``None`` for good.
    """

    topic: str
    subject: str
    value: Any
    learned: float
    expires: float | None = None


class Learned:
    """The facts and the health of all endpoints. ``submit`` is ``None`` where the database is only read."""

    def __init__(self, reader: Reader, clock: Clock, submit: Submit | None) -> None:
        self._clock = clock
        self._submit = submit
        self._unsaved: set[str] = set()
        with reader.connection() as connection:
            facts = connection.execute("SELECT topic, subject, value, learned, expires FROM learned").fetchall()
            states = connection.execute("SELECT endpoint, state FROM health").fetchall()
        self._facts = {
            (topic, subject): Fact(topic, subject, orjson.loads(value), learned, expires)
            for topic, subject, value, learned, expires in facts
        }
        self._health = {endpoint: state for endpoint, text in states if (state := _state(text)) is not None}

    def get(self, topic: str, subject: str) -> Any:
        """The value, or ``None`` where nothing is known or it has expired."""
        fact = self._facts.get((topic, subject))
        return fact.value if fact is not None and self._holds(fact) else None

    def facts(self, topic: str | None = None) -> tuple[Fact, ...]:
        """Everything that is known and has not expired, in the order of topic and subject."""
        found = sorted(self._facts.items())
        return tuple(fact for _, fact in found if topic in (None, fact.topic) and self._holds(fact))

    def set(self, topic: str, subject: str, value: Any, *, seconds: float | None = None) -> None:
        """Remember ``value`` (JSON) for ``seconds``, or for good. Raises ``TypeError`` for what is not JSON."""
        text = values.dumps(value).decode()
        now = self._clock.now()
        fact = Fact(topic, subject, value, now, None if seconds is None else now + seconds)
        known = self._facts.get((topic, subject))
        if known is not None and (known.value, known.expires, None) == (value, None, seconds):
            return
        self._facts[topic, subject] = fact
        self._execute(_SET_FACT, (topic, subject, text, fact.learned, fact.expires))

    def forget(self, *, topic: str | None = None, subject: str | None = None) -> None:
        """Drop the facts of a topic, about a subject, or both; all of them without either."""
        if topic is not None and subject is not None:
            if self._facts.pop((topic, subject), None) is None:
                return
        else:
            for key in [key for key in self._facts if topic in (None, key[0]) and subject in (None, key[1])]:
                del self._facts[key]
        self._execute(
            "DELETE FROM learned WHERE topic = coalesce(?, topic) AND subject = coalesce(?, subject)", (topic, subject)
        )

    def health(self) -> Mapping[str, EndpointHealth]:
        """The states by endpoint, as they were saved. The caller bounds their times (``domain.remembered.clamped``)."""
        return dict(self._health)

    def save_health(self, endpoint: str, state: EndpointHealth) -> None:
        """Remember an endpoint's state; nothing is written where it has not changed."""
        if self._health.get(endpoint) == state:
            return
        self._health[endpoint] = state
        # States change with every turn: one write stands for all changes until it is made.
        if self._submit is not None and endpoint not in self._unsaved:
            self._unsaved.add(endpoint)
            if not self._submit(lambda connection: self._write_health(connection, endpoint)):
                self._unsaved.discard(endpoint)

    def _write_health(self, connection: sqlite3.Connection, endpoint: str) -> None:
        """On the writer's thread, which also serialises: what is saved is the state at that moment."""
        self._unsaved.discard(endpoint)
        state = self._health.get(endpoint)
        if state is not None:
            connection.execute(_SET_HEALTH, (endpoint, self._clock.now(), values.dumps(state).decode()))

    def forget_health(self, endpoint: str) -> None:
        """Drop the state of an endpoint that exists no more."""
        if self._health.pop(endpoint, None) is not None:
            # A state saved from now on needs a write of its own, after this one.
            self._unsaved.discard(endpoint)
            self._execute("DELETE FROM health WHERE endpoint = ?", (endpoint,))

    def _holds(self, fact: Fact) -> bool:
        # A fact "from the future" was learned under a wrong clock: its expiry means nothing.
        now = self._clock.now()
        return fact.expires is None or fact.learned <= now < fact.expires

    def _execute(self, statement: str, parameters: tuple[Any, ...]) -> None:
        if self._submit is not None:
            self._submit(lambda connection: connection.execute(statement, parameters))


def _state(text: str) -> EndpointHealth | None:
    try:
        return values.loads(EndpointHealth, text)
    except ValueError:
        # Written by another version of this program: the endpoint simply starts without a past.
        return None
