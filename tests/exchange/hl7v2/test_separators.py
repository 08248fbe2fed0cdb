"""Escape sequences, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.exchange.hl7v2 import separators
from xinglin.exchange.hl7v2.separators import USUAL, Separators

_texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=60)
_others = Separators("!", "*", "%", "/", "$", "#")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("plain", "plain"),
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"one\.br\two\.sp2\three\.ce\four", "one\ntwo\n\nthree\nfour"),
        (r"\H\bold\N\ plain", "bold plain"),
        (r"\X0D0A\x", "\nx"),
        (r"\XE4BDA0\好", "你好"),
        (r"C:\temp\F\x", "C:\\temp|x"),
        (r"\Zabc\ \Q\ \X1\ ", r"\Zabc\ \Q\ \X1\ "),
        ("\\", "\\"),
        (r"\.in+4\\.ti-2\\.fi\text", "text"),
    ],
)
def test_a_sequence_stands_for_its_text(raw: str, text: str) -> None:
    assert separators.read(raw) == text


def test_bytes_in_a_sequence_are_of_the_messages_charset() -> None:
    assert separators.read(r"\XC4E3BAC3\ ", USUAL, "gb18030") == "你好 "


@given(_texts)
def test_what_is_written_is_read_back(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")

    assert separators.read(separators.write(text)) == lines
    assert separators.read(separators.write(text, _others), _others) == lines


@given(_texts)
def test_what_is_written_splits_nothing(text: str) -> None:
    written = separators.write(text)

    assert not set(written) & set("|^~&\r\n\x0b\x1c")


@given(_texts)
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(separators.read(text), str)


def test_without_an_escape_character_nothing_splits_either() -> None:
    none = Separators(escape="")

    assert separators.write("a|b^c", none) == "a b c"
    assert separators.read(r"a\F\b", none) == r"a\F\b"
