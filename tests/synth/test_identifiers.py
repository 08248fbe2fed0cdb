from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.kernel import checkdigits
from xinglin.synth import identifiers, institutions

if TYPE_CHECKING:
    from collections.abc import Callable

DAYS = st.dates(min_value=date(1910, 1, 1), max_value=date(2026, 10, 31))
INDICES = st.integers(min_value=0, max_value=10_000_100)


@pytest.mark.parametrize(("first17", "last"), [("11010519491231002", "X"), ("44052418800101001", "4")])
def test_check_digit_of_the_standards_examples(first17: str, last: str) -> None:
    assert checkdigits.resident(first17) == last


@given(DAYS, st.sampled_from(["male", "female"]), INDICES)
def test_identity_number_tells_birth_and_sex_and_passes_its_check(birth: date, sex: str, index: int) -> None:
    number = identifiers.identity_number(identifiers.home_division(index % 6, index), birth, sex, index)

    assert number[6:14] == birth.strftime("%Y%m%d")
    assert int(number[16]) % 2 == (1 if sex == "male" else 0)
    values = [10 if c == "X" else int(c) for c in number]
    assert sum(v * pow(2, 17 - i, 11) for i, v in enumerate(values)) % 11 == 1


@given(DAYS, INDICES, st.integers(min_value=0, max_value=16), st.integers(min_value=1, max_value=9))
def test_one_wrong_digit_never_passes_the_check(birth: date, index: int, at: int, shift: int) -> None:
    number = identifiers.identity_number(identifiers.other_division(index), birth, "male", index)
    wrong = number[:at] + str((int(number[at]) + shift) % 10) + number[at + 1 : 17]

    assert checkdigits.resident(wrong) != number[17]


@given(DAYS, INDICES)
def test_old_number_is_the_same_person_without_century_and_check(birth: date, index: int) -> None:
    number = identifiers.identity_number("459802", birth, "female", index)

    old = identifiers.old_number(number)

    assert len(old) == 15
    assert number == number[:6] + number[6:8] + old[6:] + number[17]


@given(st.lists(INDICES, unique=True, max_size=200))
def test_numbers_of_one_institution_are_one_to_one(indices: list[int]) -> None:
    assert len({identifiers.opaque("xc-h01", i) for i in indices}) == len(indices)
    assert len({identifiers.record_number("xc-h01", i) for i in indices}) == len(indices)
    assert len({identifiers.phone(i) for i in indices}) == len(indices)


def test_the_same_resident_has_unrelated_numbers_at_two_institutions() -> None:
    for index in range(500):
        assert identifiers.opaque("xc-h01", index) != identifiers.opaque("xc-z01", index)
        assert identifiers.record_number("xc-h01", index) != identifiers.record_number("xc-z01", index)


def test_division_codes_were_never_given_to_a_real_place(standard: Callable[[str], dict[str, str]]) -> None:
    counties = set(standard("gb2260_counties_old"))
    codes = {identifiers.home_division(d, i) for d in range(6) for i in range(0, 10_000, 500)}
    codes |= {identifiers.other_division(i) for i in range(0, 400_000, 500)}

    assert codes & counties == set()
    assert {code[:4] for code in codes} & {code[:4] for code in counties} == set()


def test_credit_codes_pass_their_check_and_are_unique() -> None:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    codes = [institutions.credit_code(i) for i in institutions.everywhere(100_000)]

    assert len(set(codes)) == len(codes)
    for code in codes:
        total = sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17]))
        assert alphabet.index(code[17]) == (31 - total % 31) % 31
