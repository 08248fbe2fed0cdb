"""What may come in."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exchange.dicom import make
from xinglin.exchange.dicom import reading, rules
from xinglin.exchange.dicom.rules import Announced, Status

NOTHING = Announced()


def judged(announced: Announced = NOTHING, **attributes: object) -> tuple[Status, list[str]]:
    instance = reading.read(io.BytesIO(make.file(**attributes)))
    reasons = rules.judge(instance, announced)
    return rules.status_of(reasons), [reason.place.partition(" ")[2] for reason in reasons]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, (Status.SUCCESS, [])),
        ({"PatientID": None}, (Status.KEPT, ["PatientID"])),
        ({"PatientID": ""}, (Status.KEPT, ["PatientID"])),
        ({"StudyInstanceUID": None}, (Status.MISMATCH, ["StudyInstanceUID"])),
        ({"Modality": None}, (Status.SUCCESS, ["Modality"])),
    ],
)
def test_an_instance_is_judged_by_what_it_says(attributes: dict[str, object], expected: object) -> None:
    assert judged(**attributes) == expected


def test_what_was_announced_has_to_come() -> None:
    assert judged(Announced(make.CT, f"{make.ROOT}.1.1.1", make.STUDY)) == (Status.SUCCESS, [])
    assert judged(Announced(uid="1.2.3")) == (Status.MISMATCH, ["SOPInstanceUID"])
    assert judged(Announced(study="1.2.3")) == (Status.MISMATCH, ["StudyInstanceUID"])


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("1.2.3", True), ("1.02", True), ("1", True), ("", False), ("1..2", False), (".1", False), ("1.a", False),
     ("1." + "2" * 62, True), ("1." + "2" * 63, False), ("1.2\n", False)],
)  # fmt: skip
def test_a_uid_is_figures_with_points_between(text: str, is_one: bool) -> None:
    assert rules.is_uid(text) is is_one


@given(st.text(max_size=20))
@settings(max_examples=30)
def test_titles_have_one_to_sixteen_signs_of_ascii(text: str) -> None:
    if rules.is_title(text):
        assert 1 <= len(text) <= 16
        assert text.isascii()
        assert "\\" not in text
