"""Numbers by which people are known."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity import make
from tests.identity.numbers import numbers
from xinglin.identity import identifiers
from xinglin.identity.identifiers import Kind, Proof
from xinglin.kernel import checkdigits

STANDARD = "11010519491231002X"  # the example of GB 11643
FOREIGN_17 = "9110001990010100" + "2"
FOREIGN = FOREIGN_17 + checkdigits.resident(FOREIGN_17)


def read(value: str, **about: object) -> identifiers.Document | None:
    return identifiers.read({"value": value, **about}, organization="Organization/h")


def test_the_example_of_the_standard_passes():
    assert identifiers.normal_identity(STANDARD) == STANDARD


@given(numbers())
def test_a_number_with_its_check_digit_is_itself(number):
    assert identifiers.normal_identity(f" {number.lower()} ") == number


@given(numbers(), st.integers(0, 16), st.integers(1, 9))
def test_a_number_with_one_wrong_digit_is_refused(number, at, shift):
    wrong = number[:at] + str((int(number[at]) + shift) % 10) + number[at + 1 :]

    assert identifiers.normal_identity(wrong) is None


@given(numbers(last=date(1999, 12, 31)))
def test_fifteen_digits_and_eighteen_are_one_number(number):
    fifteen = identifiers.to_fifteen(number)

    assert identifiers.to_eighteen(fifteen) == number
    assert identifiers.normal_identity(fifteen) == number
    assert fifteen in identifiers.identity_forms(number)


@pytest.mark.parametrize(
    "text", ["", "123", "11010519490231002X", "abc", "110105194912310021", "00010519491231002X"]
)
def test_what_cannot_be_an_identity_number_is_refused(text):
    assert identifiers.normal_identity(text) is None


@given(numbers())
def test_a_number_tells_birth_and_sex(number):
    document = identifiers.resident(number)

    assert document == identifiers.Document(
        Kind.RESIDENT,
        number,
        Proof.PROVEN,
        int(number[6:14]),
        "male" if int(number[16]) % 2 else "female",
    )


@given(numbers())
def test_a_masked_number_hides_the_day_of_birth(number):
    masked = identifiers.mask_identity(number)

    assert masked == f"{number[:6]} ******** {number[14:]}"
    assert number[6:14] not in masked


@pytest.mark.parametrize(
    ("about", "value", "kind", "number"),
    [
        ({"system": "urn:oid:2.16.156.10011.1.3"}, STANDARD, Kind.RESIDENT, STANDARD),
        ({"system": "2.16.840.1.113883.2.23.1.19.1"}, STANDARD.lower(), Kind.RESIDENT, STANDARD),
        ({"type": {"coding": [{"code": "NI"}]}}, "110105 19491231 002x", Kind.RESIDENT, STANDARD),
        ({"type": {"coding": [{"code": "01"}]}}, STANDARD, Kind.RESIDENT, STANDARD),
        ({"type": {"text": "居民身份证号"}}, "１１０１０５19491231002X", Kind.RESIDENT, STANDARD),
        ({"system": "http://hospital.example/idcard"}, STANDARD, Kind.RESIDENT, STANDARD),
        ({}, STANDARD, Kind.RESIDENT, STANDARD),
        ({}, "110105491231002", Kind.RESIDENT, STANDARD),
        ({"type": {"text": "港澳居民来往内地通行证"}}, "H1234567801", Kind.HONGKONG, "H12345678"),
        ({}, "M12345678", Kind.HONGKONG, "M12345678"),
        ({"type": {"coding": [{"code": "07"}]}}, "12345679", Kind.TAIWAN, "12345679"),
        ({"type": {"text": "台胞证"}}, "1234567902(B)", Kind.TAIWAN, "12345679"),
        ({"type": {"coding": [{"code": "PPN"}]}}, "E 1234 5670", Kind.PASSPORT, "E12345670"),
        ({"type": {"text": "护照"}}, "K0123456", Kind.PASSPORT, "K0123456"),
        ({"type": {"text": "外国人永久居留身份证"}}, "USA110080010105", Kind.PERMANENT, "USA110080010105"),
        ({}, FOREIGN, Kind.PERMANENT, FOREIGN),
        ({"type": {"text": "出生医学证明"}}, "T450012345", Kind.BIRTH, "T450012345"),
        ({"system": "urn:oid:2.16.156.10011.1.19"}, "A0000-1234-77", Kind.CARD, "A0000123477"),
        ({"system": "urn:oid:2.16.156.10011.1.2"}, "45980200100100123", Kind.FILE, "45980200100100123"),
        ({"type": {"coding": [{"code": "SS"}]}}, "5304218", Kind.SOCIAL, "5304218"),
        ({"type": {"coding": [{"code": "MR"}]}, "system": "urn:h:mr"}, "00123", Kind.RECORD, "00123"),
        ({"system": "urn:h:other"}, "B-7", Kind.OTHER, "B7"),
    ],
)
def test_a_document_is_known_by_system_or_type_or_words_or_shape(about, value, kind, number):
    document = read(value, **about)

    if number == "B7":
        assert document is None  # two characters tell nothing
    else:
        assert document is not None
        assert (document.kind, document.number) == (kind, number)


@pytest.mark.parametrize("first", ["810000", "820000", "830000"])
def test_residence_permits_of_hongkong_macao_and_taiwan_are_checked_like_identity_numbers(first):
    number = make.number(division=first)

    assert read(number) == identifiers.Document(Kind.RESIDENT, number, Proof.PROVEN, 19800203, "male")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "000000",
        "000000000000000000",
        "111111111111111",
        "123456789",
        "987654321",
        "999999999999999999",
        "121212121212121212",
        "11010100000000000X",
        "110101190001011009",
        "无",
        "不详",
        "none",
    ],
)
def test_placeholders_are_no_documents(value):
    assert read(value, system=make.ID_SYSTEM) is None


def test_a_number_of_the_right_shape_with_a_wrong_check_digit_is_broken():
    document = read("110105194912310021", system=make.ID_SYSTEM)

    assert document is not None
    assert (document.proof, document.birth, document.sex) == (Proof.BROKEN, 0, "")


def test_own_numbers_of_two_institutions_are_different_numbers():
    about = {"value": "00123", "type": {"coding": [{"code": "MR"}]}}

    assert identifiers.read(about, "Organization/a") != identifiers.read(about, "Organization/b")
    assert identifiers.read(about, "") is None


@pytest.mark.parametrize(
    ("a", "b", "slips"),
    [
        ("12345", "12345", 0),
        ("12345", "12354", 1),
        ("12345", "12395", 1),
        ("12345", "1245", 1),
        ("12345", "19395", 2),
        ("12345", "67890", 3),
        ("12345", "12", 3),
    ],
)
def test_distance_counts_slips_of_the_hand(a, b, slips):
    assert (identifiers.distance(a, b), identifiers.distance(b, a)) == (slips, slips)
