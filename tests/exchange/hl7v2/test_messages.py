"""Reading and writing messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.hl7v2 import make
from xinglin.exchange.hl7v2 import messages, paths, separators
from xinglin.exchange.hl7v2.messages import Broken


def _reasons(body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Broken) as caught:
        messages.read(body)
    return [(reason.place, reason.words) for reason in caught.value.reasons]


def test_a_message_is_read_and_written_back() -> None:
    body = make.results().encode()

    read = messages.read(body)

    assert bytes(read) == body
    assert (read.kind, read.control, read.version) == ("ORU^R01", "M1", "2.5.1")
    assert [segment.name for segment in read.segments][:4] == ["MSH", "PID", "PV1", "ORC"]
    assert read.segments[1].text(3, 5) == "PI"
    assert read.segments[4].text(32, 1, 3) == "芳"


def test_the_header_counts_its_separator() -> None:
    read = messages.read(make.results().encode())

    assert (read.header.raw(1), read.header.raw(2), read.header.text(2), read.header.text(3)) == (
        "|", "^~\\&", "^~\\&", "LIS",
    )  # fmt: skip


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r\n", "\n\r"])
def test_every_line_ending_is_read(end: str) -> None:
    body = make.results().replace("\r", end).encode()

    assert bytes(messages.read(b"\x0b" + body + b"\x1c\r")) == make.results().encode()


def test_line_ends_may_be_mixed() -> None:
    body = make.results().replace("\rPV1", "\nPV1").encode()

    assert bytes(messages.read(body)) == make.results().encode()


def test_other_separators_are_read() -> None:
    body = b"MSH$%?!*$A$B$$$20260101$$ADT%A31$7$P$2.5\rPID$1$$7%%%X%PI?8%%%Y%NI$$Li!S!ng%A*b\r"

    read = messages.read(body)

    assert read.kind == "ADT^A31"
    assert [[part.inner(n).text for n in (1, 4, 5)] for part in paths.fields(read.segments[1], 3)] == [
        ["7", "X", "PI"], ["8", "Y", "NI"],
    ]  # fmt: skip
    assert (read.segments[1].text(5), read.segments[1].text(5, 2, 2)) == ("Li%ng", "b")
    assert bytes(read) == body


def test_the_sign_for_truncation_may_be_named() -> None:
    read = messages.read(b"MSH|^~\\&#|A|B|||2026||ADT^A31|7|P|2.7\rPID|1||x\\P\\y#\r")

    assert (read.separators.truncation, read.segments[1].text(3)) == ("#", "x#y#")


def test_a_text_whose_lines_were_not_escaped_is_kept_whole() -> None:
    body = make.message(make.header("ORU^R01"), "OBX|1|TX|A||first", "second line", "third|x")

    read = messages.read(body)

    assert [segment.name for segment in read.segments] == ["MSH", "OBX"]
    assert read.segments[1].text(5) == "first\nsecond line\nthird"
    assert [reason.severity for reason in read.reasons] == ["warning", "warning"]


def test_what_is_no_message_is_refused_with_the_reason() -> None:
    assert _reasons(b"") == [("MSH", "The message does not begin with MSH but with ''.")]
    assert _reasons(b"GET / HTTP/1.1") == [
        ("MSH", "The message does not begin with MSH but with 'GET / HT'.")
    ]
    assert [place for place, _ in _reasons(b"MSH")] == ["MSH-1"]
    assert [place for place, _ in _reasons(b"MSH|")] == ["MSH-2"]
    assert [place for place, _ in _reasons(b"MSH|^^~\\|A")] == ["MSH-2"]
    assert [place for place, _ in _reasons(b"MSHA^~\\&A")] == ["MSH-1"]
    assert [place for place, _ in _reasons(b"MSH|^~\\&AB|x")] == ["MSH-2"]


def test_a_line_without_a_name_is_named_by_number() -> None:
    body = make.message(make.header("ADT^A31"), "PID|1||7", "pv1|1|I", "garbage")

    assert _reasons(body) == [
        ("PID[1]", "Line 3 begins with no segment's name but with 'pv1|1|I'."),
        ("PID[1]", "Line 4 begins with no segment's name but with 'garbage'."),
    ]


def test_two_messages_in_one_are_refused() -> None:
    body = make.results("M1").encode() + make.results("M2").encode()

    assert _reasons(body) == [("MSH[2]", "A second message begins here; messages are sent one by one.")]


def test_as_much_of_the_header_as_there_is_can_be_answered() -> None:
    with pytest.raises(Broken) as caught:
        messages.read(b"xxMSH|^~\\&|LIS|H01|X|Y|2026||ADT^A31|77|P|2.4\r")

    assert caught.value.header is not None
    assert (caught.value.header.text(3), caught.value.header.text(10)) == ("LIS", "77")


def test_null_is_no_text() -> None:
    read = messages.read(make.message(make.header("ADT^A31"), 'PID|1||7||""^x||""'))

    assert (read.segments[1].text(7), read.segments[1].raw(7)) == ("", '""')
    assert (read.segments[1].text(5), read.segments[1].text(5, 2)) == ("", "x")


_name = st.from_regex(r"[A-Z][A-Z0-9]{2}", fullmatch=True).filter(
    lambda name: name not in {"MSH", "FHS", "BHS"}
)
_field = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12)


@given(st.lists(st.tuples(_name, st.lists(_field, max_size=6)), max_size=8))
def test_what_is_written_is_read_back(segments: list[tuple[str, list[str]]]) -> None:
    lines = [make.header("ADT^A31")]
    for name, fields in segments:
        lines.append("|".join([name, *[separators.write(value) for value in fields]]))
    body = make.message(*lines)

    read = messages.read(body)

    assert bytes(read) == body
    got = [(s.name, [separators.read(f) for f in s.fields[1:]]) for s in read.segments[1:]]
    assert got == [(name, fields) for name, fields in segments]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for start in (b"", b"MSH|^~\\&|", b"\x0bMSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\rPID|"):
        try:
            read = messages.read(start + body)
        except Broken:
            pass  # it says where
        else:
            assert read.segments


@given(st.data())
def test_a_damaged_message_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(make.results().encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        if data.draw(st.booleans()):
            body[at] = data.draw(st.integers(0, 255))
        else:
            del body[at : at + data.draw(st.integers(1, 40))]
    try:
        read = messages.read(bytes(body))
    except Broken:
        pass  # it says where
    else:
        assert str(read)
