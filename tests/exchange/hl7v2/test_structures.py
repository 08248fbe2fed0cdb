"""Segments sorted into groups."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.hl7v2 import make
from xinglin.exchange.hl7v2 import messages, structures
from xinglin.exchange.hl7v2.structures import Group


def _sorted(kind: str, *segments: str) -> tuple[str, list[tuple[str, str]]]:
    """The groups as a text, and what was said: (severity, place)."""
    read = messages.read(make.message(make.header(kind), *segments))
    root, reasons = structures.assemble(read, structures.structures().get(read.kind))
    return _shown(root), [(reason.severity, reason.place) for reason in reasons]


def _shown(group: Group) -> str:
    own = [f"{name}{len(found) if len(found) > 1 else ''}" for name, found in group.own.items()]
    inner = [f"{one.name}({_shown(one)})" for groups in group.groups.values() for one in groups]
    return " ".join([*own, *inner])


def test_results_are_sorted_by_order() -> None:
    shown, said = _sorted(
        "ORU^R01", "PID|1", "PV1|1", "ORC|RE", "OBR|1", "OBX|1", "NTE|1", "OBX|2", "OBR|2", "OBX|1", "SPM|1"
    )

    assert shown == (
        "MSH PATIENT_RESULT(PATIENT(PID VISIT(PV1))"
        " ORDER_OBSERVATION(ORC OBR OBSERVATION(OBX NTE) OBSERVATION(OBX))"
        " ORDER_OBSERVATION(OBR OBSERVATION(OBX) SPECIMEN(SPM)))"
    )
    assert said == []


def test_a_specimen_may_stand_before_the_results() -> None:
    shown, said = _sorted("ORU^R01", "PID|1", "OBR|1", "SPM|1", "OBX|1", "OBX|2")

    assert shown == (
        "MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR SPECIMEN(SPM) OBSERVATION(OBX) OBSERVATION(OBX)))"
    )
    assert said == []


def test_two_patients_have_results_of_their_own() -> None:
    shown, said = _sorted("ORU^R01", "PID|1", "OBR|1", "OBX|1", "PID|2", "OBR|1", "OBX|1")

    one = "PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBR OBSERVATION(OBX)))"
    assert (shown, said) == (f"MSH {one} {one}", [])


def test_a_group_is_entered_without_its_first_segment() -> None:
    shown, said = _sorted("ORU^R01", "PID|1", "OBX|1", "OBX|2")

    assert shown == "MSH PATIENT_RESULT(PATIENT(PID) ORDER_OBSERVATION(OBSERVATION(OBX) OBSERVATION(OBX)))"
    assert said == [("error", "PATIENT_RESULT/ORDER_OBSERVATION/OBR")]


def test_a_visit_behind_the_order_belongs_to_the_patient_all_the_same() -> None:
    shown, said = _sorted("ORU^R01", "PID|1", "OBR|1", "PV1|1", "OBX|1")

    assert shown == "MSH PATIENT_RESULT(PATIENT(PID VISIT(PV1)) ORDER_OBSERVATION(OBR OBSERVATION(OBX)))"
    assert said == [("warning", "PV1[1]")]


def test_a_visit_before_the_patient_does_not_divide_the_message() -> None:
    shown, said = _sorted("ORU^R01", "PV1|1", "PID|1", "OBR|1", "OBX|1")

    assert shown == "MSH PATIENT_RESULT(PATIENT(PID VISIT(PV1)) ORDER_OBSERVATION(OBR OBSERVATION(OBX)))"
    assert said == [("warning", "PID[1]")]


def test_segments_in_another_order_are_taken() -> None:
    shown, said = _sorted("ADT^A01", "EVN|A01", "PID|1", "PV1|1", "IN1|1", "DG1|1", "AL1|1", "AL1|2")

    assert shown == "MSH EVN PID PV1 DG1 AL12 INSURANCE(IN1)"
    assert said == [("warning", "DG1[1]"), ("warning", "AL1[1]"), ("warning", "AL1[2]")]


def test_own_segments_stay_where_they_stand_and_are_not_remarked() -> None:
    shown, said = _sorted("ORU^R01", "ZAA|1", "PID|1", "ZPI|1", "OBR|1", "OBX|1", "ZRS|1")

    assert shown == "MSH ZAA PATIENT_RESULT(PATIENT(PID ZPI) ORDER_OBSERVATION(OBR OBSERVATION(OBX ZRS)))"
    assert said == []


def test_what_is_not_of_the_message_is_remarked() -> None:
    shown, said = _sorted("ADT^A31", "EVN|A31", "PID|1", "RXA|1")

    assert shown == "MSH EVN PID RXA"
    assert said == [("warning", "RXA[1]")]


@pytest.mark.parametrize(
    ("kind", "segments", "place"),
    [
        ("ADT^A01", ["EVN|A01", "PV1|1"], "PID"),
        ("ADT^A01", ["EVN|A01", "PID|1"], "PV1"),
        ("ADT^A40", ["EVN|A40", "PID|1"], "PATIENT/MRG"),
        ("ORU^R01", ["PID|1"], "PATIENT_RESULT/OBR"),
        ("ORU^R01", [], "PID"),
        ("ORM^O01", ["PID|1"], "ORC"),
        ("OML^O21", ["PID|1", "OBR|1"], "ORDER/ORC"),
        ("MDM^T02", ["EVN|T02", "PID|1", "PV1|1", "OBX|1"], "TXA"),
        ("SIU^S12", ["PID|1", "RGS|1"], "SCH"),
        ("RDE^O11", ["PID|1", "ORC|NW"], "ORDER/RXE"),
        ("DFT^P03", ["EVN|P03", "PID|1"], "FT1"),
        ("VXU^V04", ["PID|1", "ORC|RE"], "ORDER/RXA"),
    ],
)
def test_what_is_needed_and_missing_is_an_error_with_its_place(
    kind: str, segments: list[str], place: str
) -> None:
    _, said = _sorted(kind, *segments)

    assert ("error", place) in said


def test_orders_of_every_kind_are_sorted() -> None:
    assert _sorted("ORM^O01", "PID|1", "PV1|1", "ORC|NW", "OBR|1", "NTE|1", "ORC|NW", "RXO|1", "RXR|1")[
        0
    ] == (
        "MSH PATIENT(PID PATIENT_VISIT(PV1)) ORDER(ORC ORDER_DETAIL(OBR NTE)) ORDER(ORC RXR ORDER_DETAIL(RXO))"
    )
    assert _sorted("OML^O21", "PID|1", "ORC|NW", "TQ1|1", "OBR|1", "SPM|1", "ORC|NW", "OBR|1")[0] == (
        "MSH PATIENT(PID) ORDER(ORC TIMING(TQ1) OBSERVATION_REQUEST(OBR SPECIMEN(SPM)))"
        " ORDER(ORC OBSERVATION_REQUEST(OBR))"
    )
    assert _sorted(
        "RDE^O11", "PID|1", "ORC|NW", "RXE|1", "RXR|1", "ORC|NW", "RXO|1", "RXR|1", "RXE|1", "TQ1|1"
    )[0] == ("MSH PATIENT(PID) ORDER(ORC RXE RXR) ORDER(ORC RXE ORDER_DETAIL(RXO RXR) TIMING_ENCODED(TQ1))")
    assert _sorted("VXU^V04", "PID|1", "RXA|1", "RXR|1", "RXA|2", "OBX|1")[0] == (
        "MSH PID ORDER(RXA RXR) ORDER(RXA OBSERVATION(OBX))"
    )
    assert _sorted(
        "SIU^S12", "SCH|1", "PID|1", "PV1|1", "RGS|1", "AIS|1", "AIL|1", "AIP|1", "RGS|2", "AIS|1"
    )[0] == (
        "MSH SCH PATIENT(PID PV1) RESOURCES(RGS SERVICE(AIS) LOCATION_RESOURCE(AIL) PERSONNEL_RESOURCE(AIP))"
        " RESOURCES(RGS SERVICE(AIS))"
    )


def test_a_wrong_shape_is_refused() -> None:
    for shape in ("MSH (", "MSH )", "MSH GROUP( PID", "MSH pid"):
        with pytest.raises(ValueError, match="X"):
            structures.parse("X", shape)


_NAMES = sorted(
    {
        name
        for structure in structures.structures().values()
        for name in structure.root.depths
        if len(name) == 3
    }
)


@given(
    st.sampled_from(sorted(structures.structures())),
    st.lists(st.sampled_from([*_NAMES, "ZZZ", "QQQ"]), max_size=25),
)
def test_every_segment_has_a_place_in_any_order(kind: str, names: list[str]) -> None:
    read = messages.read(make.message(make.header(kind), *[f"{name}|1" for name in names if name != "MSH"]))

    root, _ = structures.assemble(read, structures.structures()[kind])

    placed = [segment for group in root.all_groups() for found in group.own.values() for segment in found]
    assert sorted(map(id, placed)) == sorted(map(id, read.segments))
    assert all(
        segment.group is not None and segment in segment.group.own[segment.name] for segment in read.segments
    )
