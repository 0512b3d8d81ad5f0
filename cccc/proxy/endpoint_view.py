"""One endpoint for the screens: what its configuration and its live state say, in wall times."""

from __future__ import annotations

from cccc.control.api import EndpointView
from cccc.domain.health import Availability, success_rate
from cccc.domain.remembered import shifted
from cccc.proxy.member import Member


def endpoint_view(member: Member, state: Availability, *, now: float, ahead: float) -> EndpointView:
    """What the screens show of a ``member``, whose availability is ``state``, in wall time.

    ``now`` is steady time; ``ahead`` is by how much the wall clock is ahead of it.
    """
    endpoint, health = member.endpoint, shifted(member.health, ahead)
    key = endpoint.auth.secret
    return EndpointView(
        name=endpoint.name,
        enabled=endpoint.enabled,
        client_type=endpoint.client_type,
        formats=tuple(endpoint.urls),
        urls=tuple(dict.fromkeys(endpoint.urls.values())),
        auth=f"{endpoint.auth.type} {key.masked}" if key else endpoint.auth.type.value,
        priority=endpoint.priority,
        native_format=endpoint.native_format,
        tags=tuple(sorted(endpoint.tags)),
        models=endpoint.models,
        health=state.standing,
        breaker=health.breaker,
        cooldown_until=None if state.usable else state.until,
        reason=state.reason,
        ttft_ms=member.response_time.current(now) if member.response_time else None,
        success_rate=success_rate(health),
        in_flight=member.in_flight,
        last_error=health.last_error,
        last_error_at=health.last_error_at,
        causes=health.causes,
        unified_status=health.unified_status,
    )
