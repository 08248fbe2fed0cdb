"""What a message says of its charset, and what its bytes say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.hl7v2 import make
from xinglin.exchange.hl7v2 import charsets, messages
from xinglin.exchange.hl7v2.messages import Broken

_WORDS = "患者韦桂兰，总胆红素偏高，建议复查"


@pytest.mark.parametrize(
    ("real", "said", "usual", "codec", "warned"),
    [
        ("utf-8", "UNICODE UTF-8", "", "utf-8", False),
        ("gb18030", "GB 18030-2000", "", "gb18030", False),
        ("gbk", "", "gbk", "gb18030", False),
        ("gbk", "", "", "gb18030", False),
        ("utf-8", "", "gbk", "utf-8", False),
        ("gbk", "UNICODE UTF-8", "gbk", "gb18030", True),
        ("gbk", "UNICODE UTF-8", "", "gb18030", True),
        ("utf-8", "GB 18030-2000", "", "utf-8", True),
        ("gbk", "ASCII", "", "gb18030", True),
        ("gbk", "8859/1", "gbk", "gb18030", True),
        ("big5", "BIG-5", "", "big5", False),
        ("utf-8", "utf8", "", "utf-8", False),
        ("gbk", "GB2312", "", "gb18030", False),
    ],
)
def test_the_bytes_decide_where_they_contradict(
    real: str, said: str, usual: str, codec: str, *, warned: bool
) -> None:
    words = "患者總膽紅素偏高建議複查" if real == "big5" else _WORDS

    found = charsets.decode(words.encode(real), said, usual)

    assert (found.text, found.codec, bool(found.reasons)) == (words, codec, warned)


def test_a_mark_at_the_start_decides() -> None:
    for codec in ("utf-16", "utf-8-sig"):
        read = messages.read(make.results().encode(codec))
        assert read.segments[1].text(5) == "韦"


def test_sixteen_bits_without_a_mark_are_seen() -> None:
    assert messages.read(make.results().encode("utf-16-le")).control == "M1"


def test_an_unknown_name_is_said_and_read_all_the_same() -> None:
    found = charsets.decode(_WORDS.encode(), "KLINGON")

    assert found.text == _WORDS
    assert [(reason.severity, reason.place) for reason in found.reasons] == [("warning", "MSH-18")]


def test_a_character_cut_in_two_is_named_by_segment_and_field() -> None:
    body = make.message(make.header("ADT^A31"), "PID|1||P1||@@|x").replace(b"@@", "韦".encode()[:2] + b"\xff")

    with pytest.raises(Broken) as caught:
        messages.read(body)

    assert [reason.place for reason in caught.value.reasons] == ["PID-5"]
    assert caught.value.header is not None
    assert caught.value.header.text(10) == "M1"


@given(st.binary(max_size=200), st.sampled_from(["", "UNICODE UTF-8", "GB 18030-2000", "8859/1", "x"]))
def test_any_bytes_are_read_or_refused(body: bytes, said: str) -> None:
    try:
        found = charsets.decode(body, said)
    except charsets.Unreadable:
        pass  # it says where
    else:
        assert isinstance(charsets.encode(found.text, found.codec), bytes)
