"""FHIRPath Patch on resources."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xinglin.fhir.patch import fhirpath_patch
from xinglin.kernel.errors import Fault, Kind


def operation(kind: str, path: str, **parts: Any) -> dict[str, Any]:
    """One operation; a part given as a dict stands as it is, a number is an integer, a text a string."""
    found: list[dict[str, Any]] = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": path},
    ]
    for name, value in parts.items():
        if isinstance(value, dict):
            found.append({"name": name, **value})
        else:
            found.append({"name": name, "valueInteger" if isinstance(value, int) else "valueString": value})
    return {"name": "operation", "part": found}


def parameters(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(operations)}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", **more}


_TWO = [{"value": "1"}, {"value": "2"}]
_CONTACT = {"contact": [{"name": {"text": "a name"}, "gender": "male"}]}
_BESIDE = {"birthDate": "1920", "_birthDate": {"extension": [{"url": "u", "valueString": "x"}]}}
_GIVEN = {"name": [{"given": ["a", "b", "c"], "_given": [None, {"id": "2"}, None]}]}

CASES = [
    ("nothing to do", patient(birthDate="1920"), [], patient(birthDate="1920")),
    (
        "add a primitive",
        patient(),
        [operation("add", "Patient", name="birthDate", value={"valueDate": "1930-01-01"})],
        patient(birthDate="1930-01-01"),
    ),
    (
        "add to a list that is not there",
        patient(),
        [operation("add", "Patient", name="name", value={"valueHumanName": {"text": "x"}})],
        patient(name=[{"text": "x"}]),
    ),
    (
        "add to a list",
        patient(identifier=_TWO),
        [operation("add", "Patient", name="identifier", value={"valueIdentifier": {"value": "3"}})],
        patient(identifier=[*_TWO, {"value": "3"}]),
    ),
    (
        "add an element of its own structure, with parts",
        patient(),
        [
            operation(
                "add",
                "Patient",
                name="contact",
                value={
                    "part": [
                        {"name": "name", "valueHumanName": {"text": "a name"}},
                        {"name": "gender", "valueCode": "male"},
                        {"name": "telecom", "valueContactPoint": {"value": "1"}},
                        {"name": "telecom", "valueContactPoint": {"value": "2"}},
                    ]
                },
            )
        ],
        patient(contact=[{"name": {"text": "a name"}, "gender": "male", "telecom": _TWO}]),
    ),
    (
        "add a choice",
        patient(),
        [operation("add", "Patient", name="deceased", value={"valueDateTime": "2020"})],
        patient(deceasedDateTime="2020"),
    ),
    (
        "add to an element further down",
        patient(contact=[{"name": {"text": "a"}}]),
        [operation("add", "Patient.contact[0]", name="gender", value={"valueCode": "male"})],
        patient(contact=[{"name": {"text": "a"}, "gender": "male"}]),
    ),
    (
        "add an extension to a primitive",
        patient(birthDate="1920"),
        [
            operation(
                "add",
                "Patient.birthDate",
                name="extension",
                value={"valueExtension": {"url": "u", "valueString": "x"}},
            )
        ],
        patient(**_BESIDE),
    ),
    (
        "add an extension to one of many primitives",
        patient(name=[{"given": ["a", "b"]}]),
        [operation("add", "Patient.name.given[1]", name="id", value="2")],
        patient(name=[{"given": ["a", "b"], "_given": [None, {"id": "2"}]}]),
    ),
    (
        "add a contained resource",
        patient(),
        [
            operation(
                "add", "Patient", name="contained", value={"resource": {"resourceType": "Group", "id": "g"}}
            )
        ],
        patient(contained=[{"resourceType": "Group", "id": "g"}]),
    ),
    (
        "insert in the middle",
        patient(identifier=_TWO),
        [operation("insert", "Patient.identifier", index=1, value={"valueIdentifier": {"value": "x"}})],
        patient(identifier=[_TWO[0], {"value": "x"}, _TWO[1]]),
    ),
    (
        "insert at the end",
        patient(identifier=_TWO),
        [operation("insert", "Patient.identifier", index=2, value={"valueIdentifier": {"value": "x"}})],
        patient(identifier=[*_TWO, {"value": "x"}]),
    ),
    (
        "insert keeps what stands beside primitives in step",
        patient(**_GIVEN),
        [operation("insert", "Patient.name[0].given", index=0, value="x")],
        patient(name=[{"given": ["x", "a", "b", "c"], "_given": [None, None, {"id": "2"}, None]}]),
    ),
    (
        "delete a primitive with its extension",
        patient(**_BESIDE),
        [operation("delete", "Patient.birthDate")],
        patient(),
    ),
    (
        "delete only the extension of a primitive",
        patient(**_BESIDE),
        [operation("delete", "Patient.birthDate.extension('u')")],
        patient(birthDate="1920"),
    ),
    ("delete what is not there", patient(), [operation("delete", "Patient.birthDate")], patient()),
    (
        "delete the only child",
        patient(**_CONTACT),
        [operation("delete", "Patient.contact[0].name.text")],
        patient(contact=[{"gender": "male"}]),
    ),
    (
        "delete the last of a list",
        patient(**_CONTACT),
        [operation("delete", "Patient.contact.first()")],
        patient(),
    ),
    (
        "delete one of many primitives",
        patient(**_GIVEN),
        [operation("delete", "Patient.name.given[1]")],
        patient(name=[{"given": ["a", "c"]}]),
    ),
    (
        "delete a choice",
        patient(deceasedBoolean=False),
        [operation("delete", "Patient.deceased")],
        patient(),
    ),
    (
        "replace a primitive",
        patient(**_BESIDE),
        [operation("replace", "Patient.birthDate", value={"valueDate": "1930"})],
        patient(birthDate="1930"),
    ),
    (
        "replace a nested primitive",
        patient(**_CONTACT),
        [operation("replace", "Patient.contact[0].name.text", value="the name")],
        patient(contact=[{"name": {"text": "the name"}, "gender": "male"}]),
    ),
    (
        "replace one of many primitives",
        patient(**_GIVEN),
        [operation("replace", "Patient.name[0].given[1]", value="x")],
        patient(name=[{"given": ["a", "x", "c"]}]),
    ),
    (
        "replace a choice by one of another type",
        patient(deceasedBoolean=True),
        [operation("replace", "Patient.deceased", value={"valueDateTime": "2020"})],
        patient(deceasedDateTime="2020"),
    ),
    (
        "replace what criteria choose",
        patient(telecom=[{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}]),
        [operation("replace", "Patient.telecom.where(system = 'email').value", value="3")],
        patient(telecom=[{"system": "phone", "value": "1"}, {"system": "email", "value": "3"}]),
    ),
    (
        "replace in an extension",
        patient(extension=[{"url": "a", "valueString": "1"}, {"url": "b", "valueString": "2"}]),
        [operation("replace", "Patient.extension('b').value", value={"valueCode": "3"})],
        patient(extension=[{"url": "a", "valueString": "1"}, {"url": "b", "valueCode": "3"}]),
    ),
    (
        "move forwards",
        patient(identifier=[*_TWO, {"value": "3"}]),
        [operation("move", "Patient.identifier", source=0, destination=2)],
        patient(identifier=[_TWO[1], {"value": "3"}, _TWO[0]]),
    ),
    (
        "move keeps what stands beside primitives in step",
        patient(**_GIVEN),
        [operation("move", "Patient.name.given", source=1, destination=0)],
        patient(name=[{"given": ["b", "a", "c"], "_given": [{"id": "2"}, None, None]}]),
    ),
    (
        "several operations, each on what the one before left",
        patient(identifier=_TWO),
        [
            operation("delete", "Patient.identifier[0]"),
            operation("replace", "Patient.identifier[0].value", value="x"),
        ],
        patient(identifier=[{"value": "x"}]),
    ),
]


@pytest.mark.parametrize(("before", "operations", "after"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_patch(before: dict[str, Any], operations: list[dict[str, Any]], after: dict[str, Any]) -> None:
    untouched = repr(before)

    result = fhirpath_patch(before, parameters(*operations))

    assert result == after
    assert repr(before) == untouched


_REFUSED = [
    (operation("add", "Patient", name="birthdate", value="x"), "Patient has no element 'birthdate'."),
    (
        operation("add", "Patient", name="gender", value="male"),
        "Patient.gender is there already; use 'replace'",
    ),
    (
        operation("add", "Patient.identifier", name="value", value="x"),
        "The path 'Patient.identifier' should lead to one",
    ),
    (
        operation("add", "Patient", name="deceased", value="x"),
        "deceased cannot be of type String; it can be boolean",
    ),
    (operation("add", "Patient", name="active"), "The operation has no part 'value'."),
    (operation("add", "Patient", value="x"), "The operation has no part 'name'."),
    (
        operation("insert", "Patient.identifier", index=3, value="x"),
        "The part 'index' should be a whole number from 0 to 2",
    ),
    (operation("insert", "Patient.gender", index=0, value="x"), "Patient.gender is no list"),
    (
        operation("insert", "Patient.identifier[0]", index=0, value="x"),
        "The path 'Patient.identifier[0]' should end with",
    ),
    (
        operation("move", "Patient.identifier", source=2, destination=0),
        "The part 'source' should be a whole number",
    ),
    (operation("move", "Patient.identifier", source=0, destination=-1), "The part 'destination' should be"),
    (
        operation("delete", "Patient.identifier"),
        "The path 'Patient.identifier' should lead to one element; it leads to 2.",
    ),
    (operation("delete", "Patient"), "The whole resource cannot be removed"),
    (
        operation("replace", "Patient.birthDate", value="x"),
        "The path 'Patient.birthDate' should lead to one element",
    ),
    (operation("replace", "Patient", value="x"), "The whole resource cannot be replaced"),
    (operation("replace", "Patient.id", value="q"), "A patch cannot change id"),
    (
        operation("replace", "Patient.managingOrganization.resolve().name", value="x"),
        "Patient.managingOrganization.res",
    ),
    (operation("replace", "Observation.status", value="x"), "Patient has no element 'Observation'."),
    (operation("remove", "Patient.gender"), "There is no operation 'remove'; it should be one of add"),
    (operation("delete", "Patient.(("), "The FHIRPath expression"),
    ({"name": "operatoin", "part": []}, "The parameter should be named 'operation'"),
    ({"name": "operation", "part": ["x"]}, "'part' should be an array of objects."),
]


@pytest.mark.parametrize(("wrong", "message"), _REFUSED)
def test_wrong_operation_is_refused_with_its_position(wrong: dict[str, Any], message: str) -> None:
    before = patient(gender="male", identifier=_TWO, managingOrganization={"reference": "Organization/o"})
    untouched = repr(before)

    with pytest.raises(Fault) as caught:
        fhirpath_patch(
            before,
            parameters(operation("add", "Patient", name="active", value={"valueBoolean": True}), wrong),
        )

    assert caught.value.kind is Kind.INVALID
    assert caught.value.issues[0].text.startswith(f"Operation 1: {message}")
    assert repr(before) == untouched


@pytest.mark.parametrize("body", [{}, [], {"resourceType": "Patient"}])
def test_anything_but_parameters_is_refused(body: Any) -> None:
    with pytest.raises(Fault, match="A FHIRPath Patch should be a Parameters resource"):
        fhirpath_patch(patient(), body)


@given(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=6), st.data())
def test_insert_then_delete_and_move_then_back_give_the_same_resource(
    given_names: list[str], data: st.DataObject
) -> None:
    before = patient(name=[{"given": given_names}])
    last = len(given_names) - 1
    index = data.draw(st.integers(0, last + 1))
    source, destination = data.draw(st.integers(0, last)), data.draw(st.integers(0, last))

    inserted = fhirpath_patch(
        before,
        parameters(
            operation("insert", "Patient.name.given", index=index, value="x"),
            operation("delete", f"Patient.name.given[{index}]"),
        ),
    )
    moved = fhirpath_patch(
        before,
        parameters(
            operation("move", "Patient.name.given", source=source, destination=destination),
            operation("move", "Patient.name.given", source=destination, destination=source),
        ),
    )

    assert inserted == before
    assert moved == before
