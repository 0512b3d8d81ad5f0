"""Whether an endpoint is still configured as it was: told without keeping its key.

A refused key keeps an endpoint out until its configuration changes, and a configuration may change while no proxy runs.
What is kept of it is a salted digest, too short to test guesses of a key against it with any certainty.
"""

from __future__ import annotations

import hashlib
import secrets

import orjson

from cccc.domain.endpoint import Endpoint

_DIGEST_BYTES = 4


def fingerprint(endpoint: Endpoint) -> str:
    """A fingerprint of all that may mend a refusal: addresses, key, headers and names. Another one every time."""
    salt = secrets.token_bytes(8)
    return f"{salt.hex()}:{_digest(endpoint, salt)}"


def recognised(endpoint: Endpoint, known: object) -> bool:
    """Whether ``known`` is a fingerprint of this endpoint as it is now."""
    if not isinstance(known, str):
        return False
    salt, _, digest = known.partition(":")
    try:
        return secrets.compare_digest(_digest(endpoint, bytes.fromhex(salt)), digest)
    except ValueError:
        return False


def _digest(endpoint: Endpoint, salt: bytes) -> str:
    key = endpoint.auth.secret
    egress = endpoint.egress
    said = [
        sorted(endpoint.urls.items()),
        endpoint.auth.type,
        None if key is None else key.reveal(),
        sorted(endpoint.header_overrides.items()),
        sorted(endpoint.parameter_overrides.items(), key=lambda item: item[0]),
        [(rule.pattern, rule.target) for rule in endpoint.model_rules],
        None if egress is None else [egress.type, egress.host, egress.port, egress.username],
    ]
    return hashlib.blake2b(orjson.dumps(said, default=str), digest_size=_DIGEST_BYTES, key=salt).hexdigest()
