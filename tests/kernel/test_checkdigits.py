"""Check characters, by the examples that the standards and public registers give."""

from __future__ import annotations

import pytest

from xinglin.kernel import checkdigits


@pytest.mark.parametrize(("first17", "last"), [("11010519491231002", "X"), ("44052418800101001", "4")])
def test_identity_numbers_of_the_standard(first17: str, last: str) -> None:
    assert checkdigits.resident(first17) == last


def test_a_social_credit_code() -> None:
    assert checkdigits.social_credit("91350100M000100Y4") == "3"


def test_an_organization_code() -> None:
    assert checkdigits.organization("D2143569") == "X"


@pytest.mark.parametrize(
    ("check", "number"),
    [(checkdigits.resident, "1101051949123100A"), (checkdigits.social_credit, "91350100M000100I4")],
)
def test_a_foreign_character_is_an_error(check: object, number: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- Python's own words
        check(number)  # type: ignore[operator]
