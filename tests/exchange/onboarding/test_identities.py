from __future__ import annotations

import pytest

from xinglin.exchange.onboarding import identities

NUMBER = "11010519491231002X"  # the example of GB 11643: a woman born on the last day of 1949


@pytest.mark.parametrize(
    ("number", "birth", "sex", "said"),
    [
        (NUMBER, "1949-12-31", "female", ""),
        (NUMBER, "1949", "unknown", ""),
        (NUMBER, None, None, ""),
        ("110105194912310021", "1949-12-31", "female", "check character"),
        ("110105491231002", "1949-12-31", "female", "18 places"),
        (NUMBER, "1949-12-30", "female", "date of birth"),
        (NUMBER, "1949-12-31", "male", "sex"),
    ],
)
def test_a_number_is_judged_by_itself_and_by_what_else_is_said(
    number: str, birth: str | None, sex: str | None, said: str
) -> None:
    wrong = identities.wrong(number, {"birthDate": birth, "gender": sex})

    assert said in wrong
    assert bool(wrong) is bool(said)


def test_numbers_of_other_systems_are_left_alone() -> None:
    patient = {
        "identifier": [
            {"system": "urn:x", "value": "1"},
            {"system": "urn:y", "value": " 11010519491231002x "},
        ]
    }

    assert list(identities.said(patient, "urn:y")) == [(1, NUMBER)]
