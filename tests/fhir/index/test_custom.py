"""Parameters that are not the standard's: any FHIRPath, filed like the others."""

from __future__ import annotations

import pytest

from tests.fhir.index.conversion import convert
from tests.fhir.index.oracle import values
from xinglin.fhir.definitions import Component, SearchParameter
from xinglin.fhir.index import branches, composites, extractor, keys

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "extension": [
        {"url": "http://x.cn/nation", "valueCodeableConcept": {"coding": [{"system": "gb", "code": "01"}]}},
        {"url": "http://x.cn/blood", "valueCode": "A"},
        {"url": "http://x.cn/score", "valueDecimal": 1.5},
        {
            "url": "http://x.cn/village",
            "extension": [{"url": "name", "valueString": "李家村"}, {"url": "since", "valueDate": "2020-05"}],
        },
    ],
    "name": [
        {"use": "official", "family": "张", "given": ["三", "丰"]},
        {"use": "usual", "family": "章", "given": ["四"]},
    ],
    "contact": [
        {"gender": "male", "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}]},
        {"gender": "female"},
    ],
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "Organization/2"}],
    "deceasedBoolean": False,
    "birthDate": "1990-02-03",
}


def parameter(kind, expression, **more):
    return SearchParameter(
        code="extra", type=kind, expression=expression, base=("Patient",), url="http://x.cn/sp/extra", **more
    )


def added(extra, resource=PATIENT):
    """What a parameter adds to the entries of a resource."""
    before = extractor(resource["resourceType"])(resource)
    after = extractor(resource["resourceType"], (extra,))(resource)
    assert (after.date, after.patient) == (before.date, before.patient)
    return tuple(set(getattr(after, n)) - set(getattr(before, n)) for n in ("tokens", "ranges", "strings"))


BY_ROUTES = [
    ("token", "Patient.extension('http://x.cn/nation').value"),
    ("token", "Patient.extension('http://x.cn/blood').value"),
    ("token", "Patient.extension.where(url = 'http://x.cn/nation').value.ofType(CodeableConcept)"),
    ("number", "Patient.extension('http://x.cn/score').value as decimal"),
    ("string", "Patient.extension('http://x.cn/village').extension('name').value"),
    ("date", "Patient.extension('http://x.cn/village').extension('since').value"),
    ("string", "Patient.name.where(use = 'official').family"),
    ("string", "Patient.name.where(use = 'usual' or use = 'official').given"),
    ("string", "Patient.name.where(use = 'usual' and text.empty()).given"),
    ("string", "Patient.name.where(period.exists().not()).family"),
    ("string", "Patient.name.where(use != 'usual').family"),
    ("string", "Patient.name.first().given"),
    ("token", "Patient.contact[0].gender"),
    ("token", "Patient.contact.telecom.where(system = 'phone')"),
    ("token", "(Patient.contact | Patient.link).telecom"),
    ("token", "Patient.deceased.exists()"),
    ("reference", "Patient.generalPractitioner.where(resolve() is Practitioner)"),
    ("date", "Patient.birthDate"),
    ("token", "name.use"),
]
BY_EVALUATOR = [
    ("string", "Patient.name.where(family.startsWith('张')).given"),
    ("string", "Patient.name.given.first()"),
    ("string", "Patient.name.given[1]"),
    ("string", "Patient.name.given.select($this + '号')"),
    ("token", "Patient.contact.where(telecom.where(system = 'phone').exists()).gender"),
    ("token", "Patient.name.count() > 1"),
    ("token", "Patient.descendants().ofType(Coding)"),
    ("reference", "Patient.generalPractitioner.last()"),
    ("date", "iif(Patient.active, Patient.birthDate, Patient.birthDate)"),
]


@pytest.mark.parametrize(("kind", "expression"), BY_ROUTES + BY_EVALUATOR)
def test_custom_parameter_files_what_its_expression_selects(kind, expression):
    extra = parameter(kind, expression)
    (branch,) = branches("Patient", extra)
    restricted = {keys.presence_hash(branch.path, branch.restricted)} if branch.restricted else set()
    wanted = [set(), set(), set()]
    for type_, value in values(expression, PATIENT):
        usable, *found = convert(kind, branch.path, type_, value)
        if usable:
            wanted = [a | b for a, b in zip(wanted, found, strict=True)]
            wanted[0] |= {keys.presence_hash(branch.path)} | restricted

    before = extractor("Patient")(PATIENT)
    known = [set(before.tokens), set(before.ranges), set(before.strings)]
    assert list(added(extra)) == [w - k for w, k in zip(wanted, known, strict=True)]
    assert wanted[0]
    assert (branch.routes is None) == ((kind, expression) in BY_EVALUATOR)


def test_custom_parameter_of_another_type_files_nothing():
    extra = SearchParameter("x", "token", "Observation.code", ("Observation",), "http://x.cn/sp/x")

    assert added(extra) == (set(), set(), set())


def test_custom_parameter_that_cannot_be_applied_files_nothing():
    """Two names have no single one; the resource is stored all the same."""
    assert added(parameter("string", "Patient.name.single().family")) == (set(), set(), set())


def test_custom_composite_files_each_element():
    extra = parameter(
        "composite",
        "Patient.contact",
        components=(
            Component("gender", "http://hl7.org/fhir/SearchParameter/individual-gender", "gender"),
            Component("telecom", "http://x.cn/sp/unknown", "telecom"),
        ),
    )
    (found,) = composites("Patient", extra)
    tokens, ranges, strings = added(extra)

    pairs = {
        keys.composite_hash(
            "Patient.contact$gender$telecom", keys.code_hash("Patient.contact.gender", "male"), part
        )
        for system, value in (("phone", "1"), ("email", "2"))
        for part in (
            keys.code_hash("Patient.contact.telecom", value),
            keys.token_hash("Patient.contact.telecom", system, value),
        )
    }
    assert found.path == "Patient.contact$gender$telecom"
    assert (tokens, ranges, strings) == (pairs, set(), set())


def test_custom_composite_by_the_evaluator_is_filed_like_any_other():
    plain = parameter(
        "composite",
        "Patient.name",
        components=(
            Component("use", "http://x.cn/use", "use"),
            Component("family", "http://x.cn/f", "family"),
        ),
    )
    odd = parameter(
        "composite",
        "Patient.name.tail()",
        components=(
            Component("use", "http://x.cn/use", "use"),
            Component("family", "http://x.cn/f", "family"),
        ),
    )

    assert len(added(plain)[0]) == 2
    assert len(added(odd)[0]) == 1
    assert composites("Patient", odd)[0].routes is None
