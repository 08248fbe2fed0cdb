"""What fits a search."""

from __future__ import annotations

import pytest

from xinglin.exchange.dicom import matching
from xinglin.kernel.errors import Fault

FACTS = {
    "00080020": {"vr": "DA", "Value": ["20261103"]},
    "00080030": {"vr": "TM", "Value": ["093015.5"]},
    "00080050": {"vr": "SH", "Value": ["A-100"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zhang^San", "Ideographic": "张^三"}]},
    "00200011": {"vr": "IS", "Value": [2]},
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
    "00400275": {"vr": "SQ", "Value": [{"00401001": {"vr": "SH", "Value": ["R1"]}}]},
}


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("StudyDate", "20261103", True),
        ("StudyDate", "20261101-20261130", True),
        ("StudyDate", "-20261102", False),
        ("StudyDate", "20261103-", True),
        ("StudyTime", "09", True),
        ("StudyTime", "0900-1000", True),
        ("StudyTime", "1000-", False),
        ("AccessionNumber", "A-100", True),
        ("AccessionNumber", "A-*", True),
        ("AccessionNumber", "a-100", False),
        ("AccessionNumber", "A-10?", True),
        ("AccessionNumber", "A-1", False),
        ("PatientName", "zhang*", True),
        ("PatientName", "ZHANG SAN", True),
        ("PatientName", "张三", True),
        ("PatientName", "张*", True),
        ("PatientName", "*三", True),
        ("PatientName", "李*", False),
        ("00100010", "Zhang^San", True),
        ("SeriesNumber", "2", True),
        ("SeriesNumber", "3", False),
        ("StudyInstanceUID", "1.2.3", True),
        ("StudyInstanceUID", "1.2.4,1.2.3", True),
        ("StudyInstanceUID", "1.2.4\\1.2.5", False),
        ("RequestAttributesSequence.RequestedProcedureID", "R1", True),
        ("00400275.00401001", "R2", False),
        ("StudyID", "", True),
        ("StudyID", "1", False),
    ],
)
def test_attributes_are_matched_as_the_standard_says(name: str, value: str, fits: bool) -> None:
    assert matching.asked(name, value).fits(FACTS) is fits


@pytest.mark.parametrize("name", ["NoSuchName", "0010", "ZZZZZZZZ", ""])
def test_what_is_no_attribute_is_refused(name: str) -> None:
    with pytest.raises(Fault):
        matching.asked(name, "1")
