"""Opening a connection to an endpoint: TCP, perhaps through an egress proxy, then TLS. One table says what went wrong.

Names resolve and addresses race through anyio (RFC 8305). Certificates are judged by the system's own trust store;
there is no way to turn that off. Nagle's algorithm is off on every connection, as asyncio does by itself.
"""

from __future__ import annotations

import math
import socket
import ssl
from collections.abc import Iterator

import anyio
import truststore
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from cccc.domain.endpoint import EgressProxy, EgressType, Timeouts
from cccc.errors import ConnectCause, ConnectFailed, Phase, TimedOut
from cccc.http.messages import Origin
from cccc.http.wire import GONE

_CAUSES: tuple[tuple[type[BaseException], ConnectCause, str], ...] = (
    (ssl.SSLCertVerificationError, ConnectCause.CERTIFICATE, "the endpoint's certificate is not trusted"),
    (ssl.SSLError, ConnectCause.TLS, "the TLS handshake failed"),
    (socket.gaierror, ConnectCause.DNS, "the endpoint's host name cannot be resolved"),
    (UnicodeError, ConnectCause.DNS, "the endpoint's host name cannot be resolved"),
    (ConnectionRefusedError, ConnectCause.REFUSED, "the endpoint refuses connections"),
    (OSError, ConnectCause.UNREACHABLE, "the endpoint cannot be reached"),
)
"""From what was raised to what is said; the first that matches."""


class Dialer:
    """Opens connections. ``ssl_context`` replaces the system's trust store (in tests)."""

    def __init__(self, ssl_context: ssl.SSLContext | None = None) -> None:
        self._ssl_context = ssl_context

    async def connect(self, origin: Origin, egress: EgressProxy | None, timeouts: Timeouts) -> ByteStream:
        """A connection that is ready for HTTP/1.1. Raises ``ConnectFailed`` and ``TimedOut``; leaks no socket."""
        stream = await self._reach(origin, egress, timeouts.connect)
        if origin.scheme != "https":
            return stream
        try:
            return await self._secure(stream, origin.host, timeouts.tls_handshake)
        except BaseException:
            await anyio.aclose_forcefully(stream)
            raise

    async def _reach(self, origin: Origin, egress: EgressProxy | None, seconds: float) -> ByteStream:
        with anyio.move_on_after(seconds):
            if egress is not None:
                return await _through(egress, origin)
            try:
                return await anyio.connect_tcp(origin.host, origin.port)
            except (OSError, UnicodeError) as error:
                raise _failed(error) from None
        raise TimedOut(Phase.CONNECT, seconds)

    async def _secure(self, stream: ByteStream, host: str, seconds: float) -> ByteStream:
        if self._ssl_context is None:
            self._ssl_context = system_context()
        with anyio.move_on_after(seconds):
            try:
                return await TLSStream.wrap(
                    stream, server_side=False, hostname=host, ssl_context=self._ssl_context, standard_compatible=False
                )
            except (ssl.SSLError, UnicodeError) as error:
                raise _failed(error) from None
            except GONE:
                raise ConnectFailed(ConnectCause.TLS, "the connection ended during the TLS handshake") from None
        raise TimedOut(Phase.TLS_HANDSHAKE, seconds)


def system_context() -> ssl.SSLContext:
    """TLS as a client, with the trust store of the operating system."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _through(egress: EgressProxy, origin: Origin) -> ByteStream:
    # Imported where an egress proxy is configured: few have one, and every start would pay for it.
    from python_socks import ProxyConnectionError, ProxyType
    from python_socks.async_.anyio import Proxy

    types = {EgressType.HTTP: ProxyType.HTTP, EgressType.SOCKS5: ProxyType.SOCKS5}
    proxy = Proxy(
        types[egress.type],
        egress.host,
        egress.port,
        egress.username,
        egress.password.reveal() if egress.password is not None else None,
        rdns=True,
    )
    try:
        return await proxy.connect(origin.host, origin.port, timeout=math.inf)  # bounded above
    except ProxyConnectionError:
        raise ConnectFailed(ConnectCause.EGRESS_PROXY, "the egress proxy cannot be reached") from None
    except Exception as error:
        # python-socks lets parser errors, assertions and its own unexported exceptions through.
        raise ConnectFailed(ConnectCause.EGRESS_PROXY, "the egress proxy did not open the connection") from error


def _failed(error: BaseException) -> ConnectFailed:
    reasons = tuple(_reasons(error))
    return next(
        ConnectFailed(cause, message)
        for kind, cause, message in _CAUSES
        if any(isinstance(reason, kind) for reason in reasons)
    )


def _reasons(error: BaseException) -> Iterator[BaseException]:
    """What happened at bottom: anyio wraps the failures of every address that was tried."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _reasons(inner)
    elif error.__cause__ is not None:
        yield from _reasons(error.__cause__)
    else:
        yield error
