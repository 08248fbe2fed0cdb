from __future__ import annotations

import pytest

from xinglin.fhir.definitions import RESOURCE_TYPES, search_parameters
from xinglin.fhir.index import branches, composites, main_date
from xinglin.fhir.index.branches import filed


def paths(resource_type, code):
    return [branch.path for branch in branches(resource_type, search_parameters(resource_type)[code])]


@pytest.mark.parametrize(
    ("resource_type", "code", "found"),
    [
        ("Observation", "subject", ["Observation.subject"]),
        ("Observation", "patient", ["Observation.subject"]),
        ("Observation", "value-quantity", ["Observation.value:Quantity", "Observation.value:SampledData"]),
        ("Observation", "date", ["Observation.effective"]),
        ("Observation", "combo-code", ["Observation.code", "Observation.component.code"]),
        ("Observation", "_tag", ["Resource.meta.tag"]),
        (
            "Observation",
            "value-string",
            ["Observation.value:string", "Observation.value:CodeableConcept.text"],
        ),
        ("Patient", "email", ["Patient.telecom.where(system = 'email')"]),
        ("Condition", "onset-date", ["Condition.onset:dateTime", "Condition.onset:Period"]),
        ("Bundle", "composition", ["Bundle.entry[0].resource"]),
        ("InsurancePlan", "name", ["InsurancePlan.name", "InsurancePlan.alias"]),
        ("Appointment", "patient", ["Appointment.participant.actor"]),
    ],
)
def test_branches_have_canonical_paths(resource_type, code, found):
    assert paths(resource_type, code) == found


def test_branch_of_a_restricted_reference_says_so():
    (subject,) = branches("Observation", search_parameters("Observation")["subject"])
    (patient,) = branches("Observation", search_parameters("Observation")["patient"])

    assert (subject.restricted, subject.targets) == ("", ("Device", "Group", "Location", "Patient"))
    assert (patient.restricted, patient.targets) == ("Patient", ("Patient",))


@pytest.mark.parametrize(
    ("code", "types", "required"),
    [
        ("code", ("CodeableConcept",), True),
        ("status", ("code",), True),
        ("category", ("CodeableConcept",), False),
        ("component-code", ("CodeableConcept",), False),
        ("identifier", ("Identifier",), False),
        ("date", ("dateTime", "Period", "Timing", "instant"), False),
        ("_profile", ("canonical",), False),
    ],
)
def test_branch_knows_the_types_of_its_values(code, types, required):
    (branch,) = branches("Observation", search_parameters("Observation")[code])

    assert (branch.types, branch.required) == (types, required)


def test_types_that_a_parameter_cannot_be_filed_by_are_left_out():
    (performed,) = branches("Procedure", search_parameters("Procedure")["date"])

    assert performed.types == ("dateTime", "Period")


def test_no_parameter_of_the_standard_needs_the_evaluator():
    needy = {
        (type_, branch.path)
        for type_ in RESOURCE_TYPES
        for branch in filed(type_)[0]
        if branch.routes is None
    }

    assert needy == set()


def test_every_parameter_of_the_standard_has_branches():
    bare = {
        (type_, parameter.code)
        for type_ in RESOURCE_TYPES
        for parameter in search_parameters(type_).values()
        if not (composites if parameter.type == "composite" else branches)(type_, parameter)
    }

    assert bare == set()


def test_composite_of_the_resource_itself_is_made_of_its_branches():
    (found,) = composites("Observation", search_parameters("Observation")["code-value-date"])

    assert found.root
    assert [[branch.path for branch in part] for part in found.components] == [
        ["Observation.code"],
        ["Observation.value:dateTime", "Observation.value:Period"],
    ]


def test_composite_of_elements_has_a_path_of_its_own():
    root, element = composites("Observation", search_parameters("Observation")["combo-code-value-quantity"])

    assert (root.root, element.root) == (True, False)
    assert element.path == "Observation.component$code$value:Quantity"
    assert [part[0].path for part in element.components] == [
        "Observation.component.code",
        "Observation.component.value:Quantity",
    ]


def test_component_has_the_kind_of_its_values_where_its_definition_is_mixed_up():
    (found,) = composites("DocumentReference", search_parameters("DocumentReference")["relationship"])

    assert [part[0].kind for part in found.components] == ["token", "reference"]


@pytest.mark.parametrize(
    ("resource_type", "code"),
    [
        ("Observation", "date"),
        ("Condition", "onset-date"),
        ("MedicationRequest", "authoredon"),
        ("Patient", None),
    ],
)
def test_main_date_is_a_parameter_of_the_type(resource_type, code):
    assert main_date(resource_type) == code


def test_every_main_date_is_a_date_parameter():
    dates = {type_: main_date(type_) for type_ in RESOURCE_TYPES}

    assert {search_parameters(type_)[code].type for type_, code in dates.items() if code} == {"date"}
