"""What of a Patient tells who it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identity import make
from tests.identity.numbers import numbers
from xinglin.identity import births, blocking, contacts, traits
from xinglin.identity.births import BirthLevel
from xinglin.identity.contacts import Address
from xinglin.identity.identifiers import Proof
from xinglin.kernel.errors import Fault


def test_everything_of_a_patient_is_read():
    found = traits.from_patient(
        make.patient("覃晓梅", mother="韦秀英")
        | {"managingOrganization": {"reference": "Organization/h1"}, "deceasedBoolean": True}
    )

    assert found.name.name == "覃晓梅"
    assert (found.sex, found.births) == ("female", (19800203,))
    assert [d.number for d in found.documents] == [make.number()]
    assert found.phones == ("15412345670",)
    assert found.addresses == (Address("杏林", "新桥", "和塘", "人民路", ("12", "3", "2", "502")),)
    assert (found.mother, found.scope, found.deceased) == ("韦秀英", "Organization/h1", True)


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"name": [{}]},
        {"name": "x"},
        {"identifier": [{}], "birthDate": "never", "telecom": [{}], "address": [{}]},
    ],
)
def test_a_patient_that_says_nothing_is_nobody_and_has_no_keys(resource):
    found = traits.from_patient({"resourceType": "Patient", **resource})

    assert found == traits.Traits()
    assert blocking.keys(found) == ()


@given(
    st.builds(
        make.patient,
        st.text(st.sampled_from("王李欧阳伟·之子女 abcXY"), max_size=6),
        identity=st.none() | numbers() | st.text("0123456789X", max_size=18),
        phone=st.none() | st.text("0123456789+- ", max_size=15),
        address=st.none() | st.text(st.sampled_from("广西省市区县镇村路号1290栋室人民Street "), max_size=20),
        mother=st.none() | st.just("韦秀英"),
        birthDate=st.sampled_from(["1980", "1980-02", "1980-02-03", "x", "1900-01-01"]),
    )
)
def test_traits_come_back_from_their_bytes(resource):
    found = traits.from_patient(resource)

    assert traits.unpack(traits.pack(found)) == found


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "王伟", "NI", "2020-01-01", "ethnic", make.number()]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["text", "family", "given", "system", "value", "type", "coding", "code", "line", "url"]
            ),
            inner,
        )
    ),
    max_leaves=8,
)
ELEMENTS = [
    "name",
    "identifier",
    "telecom",
    "address",
    "contact",
    "extension",
    "birthDate",
    "multipleBirthInteger",
]


@given(st.dictionaries(st.sampled_from(ELEMENTS), JSON))
def test_what_is_not_as_fhir_has_it_is_passed_over(resource):
    found = traits.from_patient(resource)

    assert traits.unpack(traits.pack(found)) == found
    assert len(blocking.keys(found)) <= blocking.MOST


def test_traits_of_another_form_are_refused():
    with pytest.raises(Fault, match="form 00, not 01"):
        traits.unpack(b"\x00" + traits.pack(make.known())[1:])


def test_the_birth_date_of_a_proven_number_stands_beside_a_default_one():
    assert make.known(birthDate="1980-01-01").births == (19800203, 19800101)
    assert make.known(birthDate=None).births == (19800203,)


def test_the_sex_of_a_proven_number_stands_in_for_a_missing_one():
    assert make.known(gender=None).sex == "male"  # the number's order is odd
    assert make.known(gender="female").sex == "female"


def test_a_number_that_is_somebody_elses_is_doubted():
    child = make.known("覃小宝", birthDate="2015-05-06")

    assert child.births == (20150506,)
    assert child.documents[0].proof == Proof.BROKEN


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("154 1234 5670", "15412345670"),
        ("+86-154-1234-5670", "15412345670"),
        ("0086 15412345670", "15412345670"),
        ("015412345670", "15412345670"),
        ("(0771) 345-6789 转 12", "7713456789"),
        ("0771-3456789", "7713456789"),
        ("+1 212 555 0147", "12125550147"),
        ("13800000000", ""),
        ("13812345678", ""),
        ("11111111111", ""),
        ("00000000", ""),
        ("无", ""),
        ("12345", ""),
    ],
)
def test_a_phone_is_its_own_digits_and_placeholders_are_none(text, number):
    assert contacts.phone(text) == number


def test_two_numbers_in_one_telecom_are_two():
    assert make.known(phone="15412345670/0771-3456789").phones == ("15412345670", "7713456789")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("桂南省杏川市青石县青江镇竹河村6组10号", Address("青石", "青江", "竹河", "", ("6", "10"))),
        ("青石县竹河村六组10号", Address("青石", "", "竹河", "", ("6", "10"))),
        ("杏川市杏林区人民路12号3栋2单元502室", Address("杏林", "", "", "人民路", ("12", "3", "2", "502"))),
        ("杏林区人民路12号3-2-502", Address("杏林", "", "", "人民路", ("12", "3", "2", "502"))),
        ("杏林区新桥街道办事处和塘社区居委会", Address("杏林", "新桥", "和塘", "", ())),
        ("西昌市马道镇新村街五〇二号", Address("", "马道", "", "新村街", ("502",))),
        ("XX市XX区", Address()),
        ("上海市浦東新区張江鎮", Address("浦东", "张江", "", "", ())),
        ("杏林区花园小区A栋5号", Address("杏林", "", "", "花园小区", ("a", "5"))),
    ],
)
def test_an_address_is_taken_to_parts(text, address):
    assert contacts.address({"text": text}) == address


def test_parts_of_an_address_fill_what_the_text_leaves_out():
    given_parts = {"text": "人民路12号", "city": "杏川市", "district": "杏林区"}

    assert contacts.address(given_parts) == Address("杏林", "", "", "人民路", ("12",))


def test_a_foreign_address_has_road_number_and_postal_code():
    found = contacts.address(
        {"line": ["21 Brewster Place", "Summerdale"], "city": "Frankston", "postalCode": "4570"}
    )

    assert found == Address("4570", "frankston", "", "brewster summerdale", ("21",))


@pytest.mark.parametrize(
    ("a", "b", "level"),
    [
        ("1980-02-03", "1980-02-03", BirthLevel.SAME),
        ("1980-02-03", "1980-01-01", BirthLevel.VAGUE),
        ("1980-02-03", "1980", BirthLevel.VAGUE),
        ("1980-02-03", "1980-02", BirthLevel.VAGUE),
        ("1980-02-03", "1980-03", BirthLevel.YEAR),
        ("1980-01-01", "1980-01-01", BirthLevel.BOTH_VAGUE),
        ("1980-01-01", "1980", BirthLevel.BOTH_VAGUE),
        ("1980-02-03", "1980-03-02", BirthLevel.TURNED),
        ("1980-02-03", "1981-02-03", BirthLevel.YEAR_OFF),
        ("1980-02-03", "1990-02-03", BirthLevel.YEAR_OFF),
        ("1980-02-03", "1980-02-08", BirthLevel.DIGIT),
        ("1980-02-13", "1980-02-31", BirthLevel.VAGUE),
        ("1980-02-13", "1980-02-01", BirthLevel.VAGUE),
        ("1989-12-30", "1998-12-30", BirthLevel.DIGIT),
        ("1980-02-03", "1980-02-17", BirthLevel.MONTH),
        ("1980-02-03", "1980-10-17", BirthLevel.YEAR),
        ("1980-02-03", "1955-10-17", BirthLevel.DIFFERENT),
        ("1980-02-03", "1900-01-01", BirthLevel.MISSING),
        ("1980-02-03", "", BirthLevel.MISSING),
    ],
)
def test_birth_dates_are_as_near_as_their_difference_is_usual(a, b, level):
    one, other = tuple(filter(None, [births.read(a)])), tuple(filter(None, [births.read(b)]))

    assert (births.nearest(one, other), births.nearest(other, one)) == (level, level)


def test_keys_are_few_signed_and_the_document_comes_first():
    found = blocking.keys(make.known(mother="韦秀英"))

    assert 5 <= len(found) <= blocking.MOST
    assert all(-(1 << 63) <= key < 1 << 63 for key in found)
    assert found[0] == blocking.keys(make.known("别人", phone=None, address=None, birthDate=None))[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"identity": None, "phone": None, "address": None},
        {"identity": None, "birthDate": "1980-01-01"},
        {"identity": None, "birthDate": None},
        {"name": "覃小妹", "identity": None, "phone": None, "address": None},
        {"name": "覃小花", "identity": None, "phone": None, "address": None},
        {"name": "秦晓梅", "identity": None, "phone": None, "address": None},
        {"name": "覃梅晓", "identity": None, "birthDate": "1979-02-03"},
    ],
)
def test_a_patient_with_mistakes_shares_a_key_with_itself(changes):
    name = changes.pop("name", "覃晓梅")

    assert set(blocking.keys(make.known())) & set(blocking.keys(make.known(name, **changes)))


def test_placeholders_make_no_keys():
    full = set(blocking.keys(make.known()))
    hollow = set(blocking.keys(make.known(identity="000000000000000000", phone="13800000000")))

    assert hollow < full
    assert len(full - hollow) == 2
