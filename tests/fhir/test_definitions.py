from __future__ import annotations

import pytest

from xinglin.fhir import definitions
from xinglin.fhir.definitions import RESOURCE_TYPES, element, structure


def test_resource_types_are_the_146_concrete_ones_in_order() -> None:
    assert len(RESOURCE_TYPES) == 146
    assert list(RESOURCE_TYPES) == sorted(RESOURCE_TYPES)
    assert {"Patient", "Parameters", "Bundle", "Binary"} <= set(RESOURCE_TYPES)
    assert not {"Resource", "DomainResource"} & set(RESOURCE_TYPES)


def test_type_numbers_go_there_and_back() -> None:
    assert [definitions.type_number(name) for name in RESOURCE_TYPES] == list(range(1, 147))
    assert [definitions.type_name(number) for number in range(1, 147)] == list(RESOURCE_TYPES)


@pytest.mark.parametrize("number", [0, -1, 147])
def test_type_name_of_no_type_is_refused(number: int) -> None:
    with pytest.raises(IndexError):
        definitions.type_name(number)


def test_structure_of_a_choice_lists_its_json_properties() -> None:
    value = structure("Observation").elements["value"]

    assert value.choice
    assert value.properties[0] == ("valueQuantity", "Quantity")
    assert structure("Observation").properties["valueDateTime"] == (value, "dateTime")
    assert "value" not in structure("Observation").properties


def test_element_follows_data_types_and_content_references() -> None:
    assert element("Patient.name.family").types == ("string",)
    assert element("Observation.component.referenceRange").types == ("Observation.referenceRange",)
    assert element("Observation.component.referenceRange.low").types == ("SimpleQuantity",)
    assert element("Observation.subject").targets == ("Device", "Group", "Location", "Patient")
    assert element("Observation.status").binding == (
        "required",
        "http://hl7.org/fhir/ValueSet/observation-status",
    )


@pytest.mark.parametrize("path", ["Observation", "Observation.nonsense", "Nonsense.status"])
def test_element_of_no_path_is_a_key_error(path: str) -> None:
    with pytest.raises(KeyError):
        element(path)


def test_special_ids_have_their_own_types() -> None:
    assert element("Patient.id").types == ("id",)
    assert element("HumanName.id").types == ("string",)
    assert element("Extension.url").types == ("uri",)


def test_every_type_an_element_names_is_a_structure() -> None:
    names = set(definitions.structure_names())

    wanted = {t for name in names for e in structure(name).elements.values() for t in e.types}

    assert wanted - names == set()


def test_type_hierarchy_goes_up_to_the_root() -> None:
    assert definitions.is_a("Patient", "DomainResource")
    assert definitions.is_a("Bundle", "Resource")
    assert not definitions.is_a("Bundle", "DomainResource")
    assert definitions.is_a("Age", "Quantity")
    assert definitions.is_a("Observation.component", "BackboneElement")
    assert definitions.is_a("positiveInt", "integer")


def test_value_set_lists_codes_by_system() -> None:
    status = definitions.value_set("http://hl7.org/fhir/ValueSet/administrative-gender")

    assert status == {"http://hl7.org/fhir/administrative-gender": ("male", "female", "other", "unknown")}
    assert definitions.value_set("http://hl7.org/fhir/ValueSet/mimetypes") is None


def test_search_parameters_include_those_of_the_base_types() -> None:
    found = definitions.search_parameters("Observation")

    assert {"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source", "code", "subject"} <= set(
        found
    )
    assert found["subject"].target == ("Group", "Device", "Patient", "Location")
    assert not {"_content", "_text", "_query", "_filter"} & set(found)


def test_composite_parameter_names_its_components() -> None:
    composite = definitions.search_parameters("Observation")["code-value-quantity"]

    assert composite.type == "composite"
    assert [(c.code, c.expression) for c in composite.components] == [
        ("code", "code"),
        ("value-quantity", "value.as(Quantity)"),
    ]


def test_search_parameters_of_no_type_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        definitions.search_parameters("Nonsense")


def test_patient_compartment_names_the_parameters_that_lead_into_it() -> None:
    patients = definitions.compartment("Patient")

    assert patients["Observation"] == ("subject", "performer")
    assert "Location" not in patients


@pytest.mark.parametrize("name", ["Patient", "Encounter", "Practitioner", "RelatedPerson", "Device"])
def test_compartments_name_only_parameters_that_exist(name: str) -> None:
    missing = {
        (kind, code)
        for kind, codes in definitions.compartment(name).items()
        for code in codes
        if code not in definitions.search_parameters(kind) and code != "{def}"
    }

    assert missing == set()
