"""What is answered."""

from __future__ import annotations

import pytest

from tests.exchange.hl7v2 import make
from xinglin.exchange.doors import Reason
from xinglin.exchange.hl7v2 import acknowledgements, messages
from xinglin.exchange.hl7v2.acknowledgements import Answer, Outcome, Wish

_REASONS = (
    Reason("warning", "structure", "OBX[5]-6", "The unit is odd."),
    Reason("error", "required", "PID-3.1", "A value is missing here."),
    Reason("error", "code-invalid", "OBX[2]-8", "There is no code %(code)s.", {"code": "a|b"}),
)


def _answer(code: str, *, version: str = "2.5.1", reasons: tuple[Reason, ...] = ()) -> list[str]:
    header = messages.read(make.message(make.header("ORU^R01^ORU_R01", "C7", version))).header
    told = Answer(make.NOW, reasons, "r1", "0123456789")
    return acknowledgements.write(header, code, told).decode().split("\r")[:-1]


def test_an_accepted_message_has_two_segments_in_answer() -> None:
    assert _answer("AA") == [
        "MSH|^~\\&|XINGLIN|REGION|LIS|H01|20261126093000+0800||ACK^R01^ACK|0123456789|P|2.5.1||||||UNICODE UTF-8",
        "MSA|AA|C7|Receipt r1",
    ]


def test_reasons_stand_in_segments_of_their_own() -> None:
    assert _answer("AE", reasons=_REASONS)[1:] == [
        "MSA|AE|C7|PID-3.1: A value is missing here.",
        "ERR||PID^1^3^1^1|101^Required field missing^HL70357|E|||A value is missing here.|A value is missing here.",
        "ERR||OBX^2^8^1|103^Table value not found^HL70357|E|||There is no code a\\F\\b.|There is no code a\\F\\b.",
        "ERR||OBX^5^6^1|100^Segment sequence error^HL70357|W|||The unit is odd.|The unit is odd.",
    ]


def test_newer_versions_have_no_text_in_msa() -> None:
    assert _answer("AA", version="2.7")[1:] == ["MSA|AA|C7"]


def test_older_versions_have_their_own_form() -> None:
    lines = _answer("AE", version="2.3", reasons=_REASONS)

    assert lines[0].split("|")[8] == "ACK^R01"
    assert lines[2:] == [
        "ERR|PID^1^3^101&Required field missing&HL70357~OBX^2^8^103&Table value not found&HL70357",
    ]


@pytest.mark.parametrize(
    ("place", "location"),
    [
        ("PID-3[2].1.4", "PID^1^3^2^1^4"),
        ("PID", "PID^1"),
        ("OBX[12]-5", "OBX^12^5^1"),
        ("PATIENT_RESULT/ORDER_OBSERVATION[2]/OBR", "OBR^1"),
        ("Patient/abc", ""),
        ("", ""),
    ],
)
def test_a_place_becomes_a_location(place: str, location: str) -> None:
    assert acknowledgements.location(place) == location


@pytest.mark.parametrize(
    ("wish", "outcome", "codes"),
    [
        (Wish(), Outcome.STORED, ("AA",)),
        (Wish(), Outcome.UNUSABLE, ("AE",)),
        (Wish(), Outcome.REFUSED, ("AR",)),
        (Wish(), Outcome.BUSY, ("AR",)),
        (Wish("AL", "NE"), Outcome.KEPT, ("CA",)),
        (Wish("AL", "AL"), Outcome.STORED, ("CA", "AA")),
        (Wish("AL", "AL"), Outcome.UNUSABLE, ("CA", "AE")),
        (Wish("AL", "AL"), Outcome.REFUSED, ("CR",)),
        (Wish("AL", "AL"), Outcome.BUSY, ("CE",)),
        (Wish("NE", "AL"), Outcome.STORED, ("AA",)),
        (Wish("NE", "NE"), Outcome.REFUSED, ()),
        (Wish("ER", "ER"), Outcome.STORED, ()),
        (Wish("ER", "ER"), Outcome.UNUSABLE, ("AE",)),
        (Wish("ER", "ER"), Outcome.REFUSED, ("CR",)),
        (Wish("SU", "SU"), Outcome.STORED, ("CA", "AA")),
        (Wish("SU", "SU"), Outcome.UNUSABLE, ("CA",)),
        (Wish("SU", "NE"), Outcome.REFUSED, ()),
        (Wish("", "AL"), Outcome.STORED, ("AA",)),
        (Wish("AL", ""), Outcome.KEPT, ("CA",)),
    ],
)
def test_each_sender_hears_what_it_wants_to(wish: Wish, outcome: Outcome, codes: tuple[str, ...]) -> None:
    assert wish.codes(outcome) == codes


def test_the_answer_uses_the_senders_separators() -> None:
    header = messages.read(b"MSH$%?!*$A$B$$$2026$$ADT%A31$7$P$2.5\r").header

    said = acknowledgements.write(
        header, "AE", Answer(make.NOW, (Reason("error", "value", "PID-7", "No $."),), "", "1")
    )

    assert said.decode().split("\r")[1:3] == [
        "MSA$AE$7$PID-7: No !F!.",
        "ERR$$PID%1%7%1$102%Data type error%HL70357$E$$$No !F!.$No !F!.",
    ]


def test_what_has_no_header_is_answered_too() -> None:
    said = acknowledgements.write(None, "AR", Answer(make.NOW, (), "", "1")).decode()

    assert said.startswith("MSH|^~\\&|XINGLIN||||20261126093000+0800||ACK|1|P|2.5.1\rMSA|AR\rERR||")
