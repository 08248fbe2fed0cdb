"""Messages in a stream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.exchange.hl7v2.framing import Frame, Framer, Trouble, framed

_bodies = st.binary(max_size=40).map(lambda body: body.translate(None, b"\x0b\x1c"))


def _fed(data: bytes, largest: int = 1000) -> list[tuple[bytes, str | None]]:
    return [(frame.body, frame.trouble) for frame in Framer(largest).feed(data)]


@given(st.lists(_bodies, max_size=6), st.lists(st.integers(1, 9), max_size=200))
def test_messages_are_found_however_they_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(framed(body) for body in bodies)
    framer, found, at = Framer(1000), [], 0
    for cut in [*cuts, len(stream)]:
        found += framer.feed(stream[at : at + cut])
        at += cut

    assert found == [Frame(body) for body in bodies if body]
    assert not framer.is_inside


@pytest.mark.parametrize("end", [b"\x1c\r", b"\x1c", b"\x1c\r\n", b"\x1c\x1c\r\r"])
def test_ends_are_taken_as_they_come(end: bytes) -> None:
    assert _fed(b"\x0bone" + end + b"\x0btwo" + end) == [(b"one", None), (b"two", None)]


def test_noise_is_told_from_messages() -> None:
    assert _fed(b"GET /\r\n\x0bone\x1c\rxx\x0btwo\x1c\r") == [
        (b"GET /", Trouble.NOISE), (b"one", None), (b"xx", Trouble.NOISE), (b"two", None),
    ]  # fmt: skip


def test_a_message_that_was_never_ended_does_not_take_the_next_with_it() -> None:
    assert _fed(b"\x0bone\x0btwo\x1c\r") == [(b"one", Trouble.UNENDED), (b"two", None)]


def test_a_message_too_large_is_told_once_and_dropped() -> None:
    framer = Framer(10)

    assert framer.feed(b"\x0b" + b"x" * 11) == [Frame(b"x" * 11, Trouble.OVERSIZE)]
    assert framer.feed(b"y" * 100) == []
    assert framer.size == 0
    assert framer.feed(b"z\x1c\r\x0bnext\x1c\r") == [Frame(b"next")]


def test_a_message_too_large_in_one_piece_is_told() -> None:
    assert _fed(b"\x0b" + b"x" * 11 + b"\x1c\r\x0bok\x1c\r", largest=10) == [
        (b"x" * 11, Trouble.OVERSIZE), (b"ok", None),
    ]  # fmt: skip


@given(st.lists(st.binary(max_size=30), max_size=30))
def test_any_stream_is_borne_and_little_is_held(chunks: list[bytes]) -> None:
    framer = Framer(50)

    for chunk in chunks:
        framer.feed(chunk)
        assert framer.size <= 50 + 30
