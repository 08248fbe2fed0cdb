"""Sealed streams: what goes in comes out, and nothing else does."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xinglin.crypto import streams

KEY = bytes(range(32))
LENGTHS = [
    0,
    1,
    streams.PIECE - 1,
    streams.PIECE,
    streams.PIECE + 1,
    2 * streams.PIECE,
    2 * streams.PIECE + 5,
]


def sealed(*pieces: bytes) -> bytes:
    return b"".join(streams.seal(pieces, KEY))


def opened(text: bytes, key: bytes = KEY) -> bytes:
    return b"".join(streams.unseal(io.BytesIO(text), key))


@pytest.mark.parametrize("length", LENGTHS)
def test_a_text_of_any_length_comes_back(length: int) -> None:
    text = os.urandom(length)

    assert opened(sealed(text)) == text


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_how_the_text_was_cut_makes_no_difference(pieces: list[bytes]) -> None:
    assert opened(sealed(*pieces)) == b"".join(pieces)


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
@settings(max_examples=50)
def test_any_altered_bit_is_noticed(place: int, bit: int) -> None:
    text = bytearray(sealed(b"a resident's record"))
    text[place % len(text)] ^= 1 << bit

    with pytest.raises(streams.Unreadable):
        opened(bytes(text))


def pieces_of(text: bytes) -> tuple[bytes, list[bytes]]:
    start = len(streams.MAGIC) + 16
    size = streams.PIECE + 16
    return text[:start], [text[i : i + size] for i in range(start, len(text), size)]


@pytest.mark.parametrize("order", [[0], [0, 1], [1, 0, 2], [0, 2], [0, 0, 1, 2], [0, 1, 2, 2]])
def test_pieces_dropped_swapped_or_repeated_are_noticed(order: list[int]) -> None:
    head, pieces = pieces_of(sealed(os.urandom(2 * streams.PIECE + 5)))

    with pytest.raises(streams.Unreadable):
        opened(head + b"".join(pieces[n] for n in order))


def test_a_piece_of_another_file_is_noticed() -> None:
    head, pieces = pieces_of(sealed(os.urandom(2 * streams.PIECE)))
    _, others = pieces_of(sealed(os.urandom(2 * streams.PIECE)))

    with pytest.raises(streams.Unreadable):
        opened(head + others[0] + pieces[1])


def test_another_key_opens_nothing() -> None:
    with pytest.raises(streams.Unreadable):
        opened(sealed(b"text"), bytes(32))


@pytest.mark.parametrize("text", [b"", b"XLSTRM1\n", b"PK\x03\x04" + bytes(40)])
def test_what_is_no_stream_is_refused(text: bytes) -> None:
    with pytest.raises(streams.Unreadable):
        opened(text)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        list(streams.seal([b""], b"short"))


@pytest.mark.parametrize("length", LENGTHS)
def test_a_sealed_file_is_read_at_any_place(length: int) -> None:
    text = os.urandom(length)
    source = io.BytesIO(b"before" + sealed(text))
    source.seek(6)
    file = io.BufferedReader(streams.Unsealed(source, KEY))

    assert file.read() == text
    for place in (0, length // 2, max(length - 3, 0), length, length + 10):
        assert file.seek(place) == place
        assert file.read(5) == text[place : place + 5]
    file.seek(-min(4, length), io.SEEK_END)
    assert file.read() == text[-4:]


def test_a_piece_that_was_altered_is_not_given_out_whatever_is_read_before() -> None:
    text = bytearray(sealed(os.urandom(2 * streams.PIECE + 5)))
    text[-1] ^= 1
    file = io.BufferedReader(streams.Unsealed(io.BytesIO(bytes(text)), KEY))

    assert len(file.read(streams.PIECE)) == streams.PIECE
    file.seek(2 * streams.PIECE)
    with pytest.raises(streams.Unreadable):
        file.read(1)


def test_a_sealed_file_that_was_cut_at_a_piece_is_noticed() -> None:
    head, pieces = pieces_of(sealed(os.urandom(2 * streams.PIECE + 5)))
    file = io.BufferedReader(streams.Unsealed(io.BytesIO(head + b"".join(pieces[:2])), KEY))

    file.seek(streams.PIECE)
    with pytest.raises(streams.Unreadable):
        file.read(1)
