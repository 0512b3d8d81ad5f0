"""Reaching endpoints: TLS with good and bad certificates, egress proxies, and what is said when it fails."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable

import anyio
import pytest
import trustme
from anyio.abc import ByteStream, SocketAttribute, SocketStream
from anyio.streams.tls import TLSAttribute, TLSStream

from cccc.domain.endpoint import EgressProxy, EgressType, Timeouts
from cccc.domain.secret import Secret
from cccc.errors import ConnectCause, ConnectFailed, Phase, TimedOut
from cccc.http.dial import Dialer, system_context
from cccc.http.messages import Origin
from tests.http.streams import open_sockets, serving, settled

pytestmark = pytest.mark.anyio

QUICK = Timeouts(connect=0.1, tls_handshake=0.1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.set_alpn_protocols(["http/1.1"])
    return context


def echo_over_tls(certificate: trustme.LeafCert) -> Callable[[SocketStream], Awaitable[None]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])

    async def handler(stream: SocketStream) -> None:
        try:
            tls = await TLSStream.wrap(stream, server_side=True, ssl_context=context, standard_compatible=False)
        except ssl.SSLError:
            return
        await tls.send(await tls.receive())

    return handler


async def echo(stream: SocketStream) -> None:
    await stream.send(await stream.receive())


async def echoes(stream: ByteStream) -> bool:
    await stream.send(b"ping")
    answer = await stream.receive()
    await stream.aclose()
    return answer == b"ping"


class TestPlain:
    async def test_connects_without_nagle(self) -> None:
        async with serving(echo) as port:
            stream = await Dialer().connect(Origin("http", "127.0.0.1", port), None, Timeouts())
            raw = stream.extra(SocketAttribute.raw_socket)
            assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            assert await echoes(stream)

    @pytest.mark.parametrize(
        ("error", "cause"),
        [
            (socket.gaierror(socket.EAI_NONAME, "no such name"), ConnectCause.DNS),
            (UnicodeError("label too long"), ConnectCause.DNS),
            (ConnectionRefusedError(111, "refused"), ConnectCause.REFUSED),
            (OSError(113, "no route to host"), ConnectCause.UNREACHABLE),
            (
                ExceptionGroup("several addresses", [OSError(101, "unreachable"), ConnectionRefusedError(111, "no")]),
                ConnectCause.REFUSED,
            ),
        ],
    )
    async def test_causes(self, monkeypatch: pytest.MonkeyPatch, error: Exception, cause: ConnectCause) -> None:
        async def connect_tcp(host: str, port: int) -> SocketStream:
            if isinstance(error, socket.gaierror | UnicodeError):
                raise error
            raise OSError("All connection attempts failed") from error

        monkeypatch.setattr(anyio, "connect_tcp", connect_tcp)
        with pytest.raises(ConnectFailed) as caught:
            await Dialer().connect(Origin("http", "host.example", 80), None, Timeouts())
        assert caught.value.cause is cause
        assert "host.example" not in str(caught.value)


class TestTls:
    async def test_trusted_certificate(self, authority: trustme.CA, trusting: ssl.SSLContext) -> None:
        async with serving(echo_over_tls(authority.issue_cert("127.0.0.1"))) as port:
            stream = await Dialer(trusting).connect(Origin("https", "127.0.0.1", port), None, Timeouts())
            assert stream.extra(TLSAttribute.alpn_protocol) == "http/1.1"
            assert await echoes(stream)

    @pytest.mark.parametrize("why", ["other authority", "other name"])
    async def test_untrusted_certificate(self, authority: trustme.CA, trusting: ssl.SSLContext, why: str) -> None:
        certificate = {
            "other authority": lambda: trustme.CA().issue_cert("127.0.0.1"),
            "other name": lambda: authority.issue_cert("other.example"),
        }[why]()
        async with serving(echo_over_tls(certificate)) as port:
            before = open_sockets()
            with pytest.raises(ConnectFailed) as caught:
                await Dialer(trusting).connect(Origin("https", "127.0.0.1", port), None, Timeouts())
            assert caught.value.cause is ConnectCause.CERTIFICATE
            assert await settled(lambda: open_sockets() == before)

    async def test_the_system_does_not_trust_everybody(self, authority: trustme.CA) -> None:
        async with serving(echo_over_tls(authority.issue_cert("127.0.0.1"))) as port:
            with pytest.raises(ConnectFailed) as caught:
                await Dialer().connect(Origin("https", "127.0.0.1", port), None, Timeouts())
        assert caught.value.cause is ConnectCause.CERTIFICATE

    def test_the_system_context_checks(self) -> None:
        context = system_context()
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname

    async def test_plain_http_behind_https(self, trusting: ssl.SSLContext) -> None:
        async with serving(echo) as port:
            with pytest.raises(ConnectFailed) as caught:
                await Dialer(trusting).connect(Origin("https", "127.0.0.1", port), None, Timeouts())
        assert caught.value.cause is ConnectCause.TLS

    async def test_closed_in_the_handshake(self, trusting: ssl.SSLContext) -> None:
        async def handler(stream: SocketStream) -> None:
            await stream.receive(1)

        async with serving(handler) as port:
            with pytest.raises(ConnectFailed) as caught:
                await Dialer(trusting).connect(Origin("https", "127.0.0.1", port), None, Timeouts())
        assert caught.value.cause is ConnectCause.TLS

    async def test_silent_handshake(self, trusting: ssl.SSLContext) -> None:
        async def handler(stream: SocketStream) -> None:
            await anyio.sleep_forever()

        async with serving(handler) as port:
            before = open_sockets()
            with pytest.raises(TimedOut) as caught:
                await Dialer(trusting).connect(Origin("https", "127.0.0.1", port), None, QUICK)
            assert caught.value.phase is Phase.TLS_HANDSHAKE
            assert await settled(lambda: open_sockets() <= before + 1)


async def pipe(source: ByteStream, target: ByteStream) -> None:
    try:
        while True:
            await target.send(await source.receive())
    except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        await target.aclose()


async def join(left: ByteStream, right: ByteStream) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pipe, left, right)
        tasks.start_soon(pipe, right, left)


class HttpProxy:
    """A CONNECT proxy that keeps what it was asked."""

    def __init__(self, status: bytes = b"200 Connection established") -> None:
        self.status = status
        self.asked = b""

    async def __call__(self, stream: SocketStream) -> None:
        while b"\r\n\r\n" not in self.asked:
            self.asked += await stream.receive()
        host, port = self.asked.split()[1].rsplit(b":", 1)
        await stream.send(b"HTTP/1.1 " + self.status + b"\r\n\r\n")
        if self.status.startswith(b"200"):
            async with await anyio.connect_tcp(host.decode(), int(port)) as onward:
                await join(stream, onward)


class SocksProxy:
    """A SOCKS5 proxy (RFC 1928, RFC 1929) that keeps the credentials and the address that it was asked for."""

    def __init__(self, reply: int = 0) -> None:
        self.reply = reply
        self.credentials: bytes | None = None
        self.asked = b""

    async def __call__(self, stream: SocketStream) -> None:
        methods = await stream.receive()
        if b"\x02" in methods[2:]:
            await stream.send(b"\x05\x02")
            self.credentials = await stream.receive()
            await stream.send(b"\x01\x00")
        else:
            await stream.send(b"\x05\x00")
        request = await stream.receive()
        self.asked = request[3:]
        await stream.send(bytes([5, self.reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if self.reply == 0:
            async with await anyio.connect_tcp("127.0.0.1", int.from_bytes(request[-2:], "big")) as onward:
                await join(stream, onward)


class TestEgress:
    @staticmethod
    def through(kind: EgressType, port: int, *, user: str | None = None) -> EgressProxy:
        return EgressProxy(kind, "127.0.0.1", port, user, Secret("pass") if user else None)

    async def test_connect(self) -> None:
        proxy = HttpProxy()
        async with serving(echo) as target, serving(proxy) as port:
            egress = self.through(EgressType.HTTP, port, user="me")
            stream = await Dialer().connect(Origin("http", "127.0.0.1", target), egress, Timeouts())
            assert await echoes(stream)
            assert proxy.asked.startswith(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n" % target)
            assert b"Proxy-Authorization: Basic bWU6cGFzcw==\r\n" in proxy.asked

    async def test_connect_then_tls(self, authority: trustme.CA, trusting: ssl.SSLContext) -> None:
        proxy = HttpProxy()
        async with serving(echo_over_tls(authority.issue_cert("127.0.0.1"))) as target, serving(proxy) as port:
            origin = Origin("https", "127.0.0.1", target)
            stream = await Dialer(trusting).connect(origin, self.through(EgressType.HTTP, port), Timeouts())
            assert await echoes(stream)

    @pytest.mark.parametrize("user", [None, "me"])
    async def test_socks5(self, user: str | None) -> None:
        proxy = SocksProxy()
        async with serving(echo) as target, serving(proxy) as port:
            egress = self.through(EgressType.SOCKS5, port, user=user)
            stream = await Dialer().connect(Origin("http", "127.0.0.1", target), egress, Timeouts())
            assert await echoes(stream)
            assert proxy.credentials == (b"\x01\x02me\x04pass" if user else None)

    async def test_names_are_resolved_by_the_proxy(self) -> None:
        proxy = SocksProxy()
        async with serving(echo) as target, serving(proxy) as port:
            egress = self.through(EgressType.SOCKS5, port)
            stream = await Dialer().connect(Origin("http", "only.there.example", target), egress, Timeouts())
            assert await echoes(stream)
            assert proxy.asked[1:].startswith(bytes([18]) + b"only.there.example")

    @pytest.mark.parametrize(
        ("kind", "proxy"),
        [
            (EgressType.HTTP, HttpProxy(b"407 Proxy Authentication Required")),
            (EgressType.HTTP, HttpProxy(b"502 Bad Gateway")),
            (EgressType.HTTP, HttpProxy(b"nonsense")),
            (EgressType.SOCKS5, SocksProxy(reply=5)),
            (EgressType.SOCKS5, HttpProxy()),
        ],
    )
    async def test_refusals(self, kind: EgressType, proxy: Callable[[SocketStream], Awaitable[None]]) -> None:
        async with serving(proxy) as port:
            before = open_sockets()
            origin = Origin("http", "127.0.0.1", 9)
            with pytest.raises((ConnectFailed, TimedOut)) as caught:
                await Dialer().connect(origin, self.through(kind, port, user="me"), QUICK)
            if isinstance(caught.value, ConnectFailed):
                assert caught.value.cause is ConnectCause.EGRESS_PROXY
                assert "pass" not in str(caught.value)
            assert await settled(lambda: open_sockets() <= before + 1)

    async def test_no_proxy_there(self) -> None:
        with socket.socket() as placeholder:
            placeholder.bind(("127.0.0.1", 0))
            egress = self.through(EgressType.HTTP, placeholder.getsockname()[1])
            with pytest.raises(ConnectFailed) as caught:
                await Dialer().connect(Origin("http", "127.0.0.1", 9), egress, Timeouts())
        assert caught.value.cause is ConnectCause.EGRESS_PROXY

    async def test_silent_proxy(self) -> None:
        async def handler(stream: SocketStream) -> None:
            await anyio.sleep_forever()

        async with serving(handler) as port:
            with pytest.raises(TimedOut) as caught:
                await Dialer().connect(Origin("http", "127.0.0.1", 9), self.through(EgressType.SOCKS5, port), QUICK)
        assert caught.value.phase is Phase.CONNECT
