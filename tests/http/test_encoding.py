"""Bounded decoding: what fits comes out whole in every slicing, what does not is stopped early."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from functools import cache

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cccc.errors import BadAnswer, BadRequest
from cccc.http.encoding import BURST, BadEncoding, TooMuchOutput, answer_decoder, decode_request


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def zstd_unsized(data: bytes) -> bytes:
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return bytes(packer.compress(data) + packer.flush())


PACK: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "zstd": ("zstd", zstandard.ZstdCompressor().compress),
    "zstd without size": ("zstd", zstd_unsized),
    "br": ("br", brotli.compress),
}
REQUEST_CODINGS = [name for name in PACK if name != "br"]
MIB = 1024 * 1024


@cache
def bomb(coding: str, mebibytes: int) -> bytes:
    """So many MiB of zeros."""
    if coding == "gzip":
        packer = zlib.compressobj(9, wbits=31)
    elif coding == "deflate":
        packer = zlib.compressobj(9)
    elif coding == "br":
        compressor = brotli.Compressor(quality=5)
        return b"".join(compressor.process(bytes(MIB)) for _ in range(mebibytes)) + compressor.finish()
    else:
        packer = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join(packer.compress(bytes(MIB)) for _ in range(mebibytes)) + packer.flush()


def lying_zstd(mebibytes: int) -> bytes:
    """A frame whose header says one byte and whose blocks are zeros without end."""
    header = struct.pack("<IB", 0xFD2FB528, 0b0010_0000) + b"\x01"
    window = struct.pack("<IBB", 0xFD2FB528, 0, 0x58)
    block = struct.pack("<I", (128 * 1024) << 3 | 1 << 1)[:3] + b"\0"
    last = struct.pack("<I", 1 << 3 | 1 << 1 | 1)[:3] + b"\0"
    return (header if mebibytes == 0 else window) + block * (8 * mebibytes) + last


def peak_of(action: Callable[[], object]) -> int:
    """The most memory (bytes) that Python's allocator held at once during ``action``."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", REQUEST_CODINGS)
@given(body=st.binary(max_size=5_000))
def test_requests_come_out_whole(name: str, body: bytes) -> None:
    coding, pack = PACK[name]
    assert decode_request(coding.upper(), pack(body), len(body)) == body


@pytest.mark.parametrize("coding", [None, "", "identity", " Identity "])
def test_identity(coding: str | None) -> None:
    assert decode_request(coding, b"abc", 1) == b"abc"


@pytest.mark.parametrize("coding", ["br", "compress", "gzip, gzip", "gzip, zstd", "zstd;q=1", "nonsense", "\x1b[2J"])
def test_other_codings_are_415(coding: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decode_request(coding, gzip.compress(b"abc"), 100)
    assert caught.value.status == 415


@pytest.mark.parametrize("name", REQUEST_CODINGS)
@pytest.mark.parametrize(("over", "fits"), [(-1, True), (0, True), (1, False)])
def test_limit_on_the_decoded_size(name: str, over: int, fits: bool) -> None:
    coding, pack = PACK[name]
    body = bytes(50_000 + over)
    if fits:
        assert decode_request(coding, pack(body), 50_000) == body
        return
    with pytest.raises(BadRequest) as caught:
        decode_request(coding, pack(body), 50_000)
    assert caught.value.status == 413


@pytest.mark.parametrize("name", REQUEST_CODINGS)
@pytest.mark.parametrize("damage", ["cut", "flipped", "trailing", "second", "empty", "plain"])
def test_damaged_data_is_400(name: str, damage: str) -> None:
    coding, pack = PACK[name]
    good = pack(b"The quick brown fox. " * 50)
    bad = {
        "cut": good[:-1],
        "flipped": bytes([good[0] ^ 0xFF, *good[1:]]),
        "trailing": good + b"x",
        "second": good + good,
        "empty": good[:1],
        "plain": b'{"model":"m"}',
    }[damage]
    with pytest.raises(BadRequest) as caught:
        decode_request(coding, bad, 100_000)
    assert caught.value.status == 400


def test_a_zstd_window_above_8_mib_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(bytes(20 * MIB)) + packer.flush()
    with pytest.raises(BadRequest) as caught:
        decode_request("zstd", packed, 64 * MIB)
    assert caught.value.status == 400


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_request_bombs_are_stopped_early(coding: str) -> None:
    packed = bomb(coding, 256)

    def decode() -> None:
        with pytest.raises(BadRequest) as caught:
            decode_request(coding, packed, MIB)
        assert caught.value.status == 413

    assert peak_of(decode) < 40 * MIB


def test_zstd_bomb_of_the_densest_blocks() -> None:
    packed = lying_zstd(1024)
    assert len(packed) < 40_000

    def decode() -> None:
        with pytest.raises(BadRequest) as caught:
            decode_request("zstd", packed, MIB)
        assert caught.value.status == 413

    assert peak_of(decode) < 40 * MIB


def test_zstd_that_lies_about_its_size() -> None:
    with pytest.raises(BadRequest) as caught:
        decode_request("zstd", lying_zstd(0)[:6] + lying_zstd(64)[6:], MIB)
    assert caught.value.status in (400, 413)


@pytest.mark.parametrize("name", PACK)
@given(body=st.binary(max_size=2_000), data=st.data())
def test_answers_in_every_slicing(name: str, body: bytes, data: st.DataObject) -> None:
    coding, pack = PACK[name]
    packed = pack(body)
    step = data.draw(st.integers(1, max(1, len(packed))))
    decoder = answer_decoder(coding)
    assert decoder is not None
    pieces = [decoder.feed(packed[i : i + step], BURST) for i in range(0, len(packed), step)]
    decoder.end()
    assert b"".join(pieces) == body


@pytest.mark.parametrize("name", PACK)
def test_answers_that_end_early_are_noticed(name: str) -> None:
    coding, pack = PACK[name]
    decoder = answer_decoder(coding)
    assert decoder is not None
    decoder.feed(pack(b"The quick brown fox. " * 50)[:-1], BURST)
    with pytest.raises(BadEncoding):
        decoder.end()


@pytest.mark.parametrize("name", PACK)
def test_no_body_at_all_is_no_damage(name: str) -> None:
    decoder = answer_decoder(PACK[name][0])
    assert decoder is not None
    decoder.end()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd", "br"])
def test_answer_bombs_are_stopped_early(coding: str) -> None:
    packed = bomb(coding, 256)

    def decode() -> None:
        decoder = answer_decoder(coding)
        assert decoder is not None
        for begin in range(0, len(packed), 65_536):
            decoder.feed(packed[begin : begin + 65_536], BURST)

    def stopped() -> None:
        with pytest.raises(TooMuchOutput):
            decode()

    assert peak_of(stopped) < 64 * MIB


def test_answer_codings_that_nobody_asked_for() -> None:
    assert answer_decoder(None) is None
    assert answer_decoder("identity") is None
    with pytest.raises(BadAnswer):
        answer_decoder("compress")
