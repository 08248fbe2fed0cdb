"""What expressions select, on resources small enough to see through."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from xinglin.fhir.json import Exact
from xinglin.fhir.path import Element, Quantity, Temporal, compile_expression, evaluate, locate
from xinglin.kernel.errors import Fault, Kind

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "1",
    "active": True,
    "birthDate": "1974-12-25",
    "_birthDate": {"extension": [{"url": "http://x/time", "valueDateTime": "1974-12-25T14:35:45+08:00"}]},
    "_gender": {"extension": [{"url": "http://x/why", "valueCode": "unknown"}]},
    "name": [
        {
            "use": "official",
            "family": "张",
            "given": ["三", None, "丰"],
            "_given": [None, {"id": "gap"}, None],
        },
        {"use": "usual", "given": ["小三"]},
    ],
    "managingOrganization": {"reference": "#org"},
    "generalPractitioner": [{"reference": "Practitioner/7"}, {"reference": "http://x/fhir/Organization/8"}],
    "contained": [
        {"resourceType": "Organization", "id": "org", "name": "杏林", "partOf": {"reference": "#"}},
    ],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "valueQuantity": {
        "value": Exact("5.40"),
        "unit": "mmol/L",
        "system": "http://unitsofmeasure.org",
        "code": "mmol/L",
    },
    "effectiveDateTime": "2026-03-01T08:30:00+08:00",
    "component": [
        {"code": {"text": "a"}, "valueInteger": 3},
        {"code": {"text": "b"}, "valueString": "x"},
        {"code": {"text": "a"}, "valueQuantity": {"value": 2, "unit": "g"}},
    ],
}
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": PATIENT},
        {
            "fullUrl": "http://x/fhir/Observation/2",
            "resource": {
                "resourceType": "Observation",
                "id": "2",
                "subject": {"reference": "urn:uuid:1"},
                "focus": [{"reference": "Patient/1"}],
            },
        },
    ],
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Observation.value.unit", ["mmol/L"]),
        ("Observation.valueQuantity", []),
        ("Observation.component.value", [3, "x", {"value": 2, "unit": "g"}]),
        ("Observation.component.value.ofType(integer)", [3]),
        ("(Observation.component.value as string)", ["x"]),
        ("Observation.component.value.where($this is Quantity).value", [2]),
        ("Observation.component[1].code.text", ["b"]),
        ("Observation.component[3]", []),
        ("Observation.component.code | Observation.component.code", [{"text": "a"}, {"text": "b"}]),
        ("Observation.component.select($index)", [0, 1, 2]),
        ("Observation.value > 5 'mmol/L'", [True]),
        ("Observation.value = 5400 'umol/L'", [True]),
        ("Observation.value < 5 'mg'", []),
        ("Observation.value.value.precision()", [2]),
        ("Observation.value.value.toString()", ["5.40"]),
        ("Observation.effective < @2026-03-01T08:30:01+08:00", [True]),
        ("Observation.effective = @2026-03-01T00:30:00Z", [True]),
        ("Observation.effective > @2026-03-01", []),
        ("Observation.effective.type().name", ["dateTime"]),
        ("Observation.component.first().type().name", ["BackboneElement"]),
        ("Resource.status", ["final"]),
        ("Patient.status", []),
        ("nothing.at.all", []),
    ],
)
def test_expression_selects_from_an_observation(expression: str, expected: list[Any]) -> None:
    assert evaluate(expression, OBSERVATION) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("birthDate.extension('http://x/time').value", ["1974-12-25T14:35:45+08:00"]),
        ("gender", [PATIENT["_gender"]]),
        ("gender.exists() and gender.hasValue().not()", [True]),
        ("gender.extension.value = 'unknown'", [True]),
        ("name.given", ["三", {"id": "gap"}, "丰", "小三"]),
        ("name.given.where(hasValue()).count()", [3]),
        ("name.given[1].id", ["gap"]),
        ("name.where(family.exists()).given.first()", ["三"]),
        ("birthDate.substring(0, 4)", ["1974"]),
        ("birthDate + 1 month", [Temporal("Date", (1975, 1, 25))]),
        ("active = true", [True]),
        ("active is boolean and (active is Boolean).not()", [True]),
        ("children().where($this is HumanName).use", ["official", "usual"]),
        ("descendants().where($this is Extension).url", ["http://x/time", "http://x/why"]),
        ("name.use.combine(name.use).isDistinct()", [False]),
        ("iif(name.empty(), 'none', name.first().family)", ["张"]),
    ],
)
def test_expression_selects_from_a_patient(expression: str, expected: list[Any]) -> None:
    assert evaluate(expression, PATIENT) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("managingOrganization.resolve().name", ["杏林"]),
        ("managingOrganization.resolve() is Organization", [True]),
        ("contained.partOf.resolve().birthDate", ["1974-12-25"]),
        ("generalPractitioner.where(resolve() is Practitioner).reference", ["Practitioner/7"]),
        ("generalPractitioner.where(resolve().is(Organization)).reference", ["http://x/fhir/Organization/8"]),
        ("generalPractitioner.resolve()", []),
        ("contained.select(%rootResource.id | %resource.id)", ["1"]),
    ],
)
def test_resolve_finds_contained_resources_and_reads_types_from_references(
    expression: str, expected: list[Any]
) -> None:
    assert evaluate(expression, PATIENT) == expected


def test_resolve_finds_the_entries_of_a_bundle() -> None:
    assert evaluate("Bundle.entry.resource.subject.resolve().id", BUNDLE) == ["1"]
    assert evaluate("Bundle.entry.resource.focus.resolve() is Patient", BUNDLE) == [True]
    assert evaluate("Bundle.entry.resource.managingOrganization.resolve().name", BUNDLE) == ["杏林"]


def test_resolve_asks_the_resolver_for_what_is_elsewhere() -> None:
    asked: list[str] = []

    def resolver(reference: str) -> dict[str, Any] | None:
        asked.append(reference)
        return {"resourceType": "Practitioner", "id": "7"} if reference == "Practitioner/7" else None

    assert evaluate("generalPractitioner.resolve().id", PATIENT, resolver=resolver) == ["7"]
    assert asked == ["Practitioner/7", "http://x/fhir/Organization/8"]


def test_a_focus_inside_a_resource_knows_its_type_and_its_resource() -> None:
    name = PATIENT["name"][0]

    assert evaluate("given.first() & %resource.id", name, type="HumanName", root=PATIENT) == ["三1"]
    assert evaluate("$this is HumanName", name, type="HumanName") == [True]
    assert evaluate("family", name) == ["张"]


def test_an_element_can_be_the_focus_of_another_expression() -> None:
    (place,) = locate("Patient.name[1]", PATIENT)

    assert isinstance(place.element, Element)
    assert evaluate("use", place.element) == ["usual"]
    assert evaluate("%resource.id", place.element) == ["1"]


def test_variables_are_json_values_or_lists_of_them() -> None:
    given = {"n": 2, "d": 0.1, "all": [1, [2, 3]], "none": None, "who": PATIENT, "`odd`": "x"}

    assert evaluate("%n + %d", {}, variables=given) == [Decimal("2.1")]
    assert evaluate("%all.count()", {}, variables=given) == [3]
    assert evaluate("%none.empty()", {}, variables=given) == [True]
    assert evaluate("%who.name.family", {}, variables=given) == ["张"]


def test_defined_variables_last_as_long_as_their_chain() -> None:
    assert evaluate("name.first().defineVariable('n').select(%n.use)", PATIENT) == ["official"]
    assert evaluate("name.select(defineVariable('u', use).given.select($this & %u))", PATIENT) == [
        "三official",
        "official",
        "丰official",
        "小三usual",
    ]
    with pytest.raises(Fault, match="%n is not defined"):
        evaluate("defineVariable('n', 1).active | %n", PATIENT)
    with pytest.raises(Fault, match="cannot define 'n'"):
        evaluate("defineVariable('n', 1).defineVariable('n', 2)", PATIENT)


def test_trace_is_heard_and_changes_nothing() -> None:
    heard: list[tuple[str, list[Any]]] = []
    result = evaluate(
        "name.trace('n', use).family", PATIENT, tracer=lambda name, values: heard.append((name, values))
    )

    assert result == ["张"]
    assert heard == [("n", ["official", "usual"])]


def test_member_of_asks_the_terminology_at_hand() -> None:
    def member_of(value: Any, url: str) -> bool | None:
        return {"final": True, "x": False}.get(value) if url == "http://vs" else None

    assert evaluate("status.memberOf('http://vs')", OBSERVATION, member_of=member_of) == [True]
    assert evaluate("status.memberOf('http://other')", OBSERVATION, member_of=member_of) == []
    with pytest.raises(Fault) as caught:
        evaluate("status.memberOf('http://vs')", OBSERVATION)
    assert caught.value.kind is Kind.UNSUPPORTED


def test_an_expression_that_multiplies_collections_without_end_is_refused() -> None:
    many = list(range(1001))

    assert len(evaluate("%n.select($this + 1)", {}, variables={"n": many})) == 1001
    with pytest.raises(Fault, match="goes through more than 1000000 items"):
        evaluate("%n.select(%n)", {}, variables={"n": many})


def test_a_string_that_doubles_without_end_is_refused() -> None:
    with pytest.raises(Fault, match="string of more than 10000000 characters"):
        evaluate("%n.aggregate($total & $total, 'x')", {}, variables={"n": list(range(40))})


@pytest.mark.parametrize("call", ["name.slice('a', 'b')", "gender.subsumes('x')", "name.elementDefinition()"])
def test_functions_that_need_profiles_are_not_supported(call: str) -> None:
    with pytest.raises(Fault) as caught:
        evaluate(call, PATIENT)

    assert caught.value.kind is Kind.UNSUPPORTED


def test_now_is_one_moment_of_the_evaluation() -> None:
    assert evaluate("now() = now() and today() <= today() and timeOfDay() = timeOfDay()", {}) == [True]


def test_calculated_values_are_exact() -> None:
    assert evaluate("0.1 + 0.2", {}) == [Decimal("0.3")]
    assert evaluate("3 'cm' + 1 'm'", {}) == [Quantity(Decimal(103), "cm")]
    assert evaluate("2147483647 + 1", {}) == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("nope()", "has no function nope()"),
        ("name.where()", "where() takes 1 arguments, here are 0"),
        ("name.substring(1, 2, 3)", "substring() takes 1 to 2 arguments, here are 3"),
        ("name.ofType(1)", "ofType() takes the name of a type, not 1"),
        ("name.ofType(Nonsense)", "does not know the type Nonsense"),
        ("%nope", "constant %nope is not defined"),
        ("name.family.first() + 1", "cannot calculate System.String + System.Integer"),
        ("name < 1", "< works on a single value, here are 2"),
        ("name.first() < 1", "cannot order FHIR.HumanName and System.Integer"),
        ("name.first().upper()", "upper() needs a string, not FHIR.HumanName"),
        ("name.single()", "single() found 2 values"),
        ("-name.first()", "cannot negate a FHIR.HumanName"),
        ("birthDate + 1 'cm'", "cannot move a date by 1 'cm'"),
        ("@2015-02-30", "@2015-02-30 is no date or time that exists"),
        ("'a'.matches('(')", "regular expression '(' in FHIRPath is wrong"),
        ("(true | 'x').allTrue()", "allTrue() needs booleans, not System.String"),
        ("defineVariable('resource')", "cannot define 'resource'"),
        ("'x'.repeat($this & 'x')", "repeat() still finds new items after 200 rounds"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_its_reason(expression: str, message: str) -> None:
    with pytest.raises(Fault) as caught:
        evaluate(expression, PATIENT)

    assert caught.value.kind is Kind.INVALID
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("name.given1", "HumanName has no element given1"),
        ("Encounter.name", "starts with Encounter, where Patient is evaluated"),
        ("name.where(usee = 'usual')", "HumanName has no element usee"),
        ("contact.name.select(given | famly)", "HumanName has no element famly"),
        ("deceased.as(Period).begin", "Period has no element begin"),
        ("name.as(HumanName)", "as() works on a single value"),
        ("children()[0]", "[] needs an order"),
        ("name.first().upper()", "upper() does not work on HumanName"),
        ("name.period.upper()", "upper() does not work on Period"),
        ("(link | name).other.foo", "has no element foo"),
    ],
)
def test_strict_evaluation_refuses_what_the_types_rule_out(expression: str, message: str) -> None:
    with pytest.raises(Fault) as caught:
        evaluate(expression, {"resourceType": "Patient"}, strict=True)

    assert caught.value.kind is Kind.INVALID
    assert message in str(caught.value)
    assert evaluate(expression, {"resourceType": "Patient"}) == []


@pytest.mark.parametrize(
    ("expression", "places"),
    [
        ("Patient.name.given", [("given", 0), ("given", 1), ("given", 2), ("given", 0)]),
        ("Patient.birthDate", [("birthDate", None)]),
        ("Patient.birthDate.extension", [("extension", 0)]),
        ("Patient", [("", None)]),
    ],
)
def test_locations_lead_to_the_values(expression: str, places: list[tuple[str, int | None]]) -> None:
    found = locate(expression, PATIENT)

    assert [(place.key, place.index) for place in found] == places
    for place in found:
        assert evaluate(place.path, PATIENT) == evaluate("$this", place.element)


def test_location_names_choices_by_element_and_property() -> None:
    (place,) = locate("Observation.component[2].value", OBSERVATION)

    assert place.parent is OBSERVATION["component"][2]
    assert (place.key, place.index, place.path) == ("valueQuantity", None, "Observation.component[2].value")


def test_a_calculated_value_has_no_location() -> None:
    with pytest.raises(Fault, match="calculates a value"):
        locate("Patient.name.count()", PATIENT)


def test_programs_of_one_text_are_compiled_once() -> None:
    assert compile_expression("Patient.name") is compile_expression("Patient.name")


@pytest.mark.parametrize("wrong", [None, "x", 3, [], {"value": "much"}, {"value": {}}, [None, 1]])
def test_json_that_is_no_fhir_does_not_break_the_evaluation(wrong: Any) -> None:
    broken = {"resourceType": "Observation", "valueQuantity": wrong, "status": wrong, "subject": wrong}

    for expression in ("value > 1", "value = value", "subject.resolve()", "descendants().count() >= 0"):
        assert _outcome(expression, broken) in {"values", Kind.INVALID}


def _outcome(expression: str, resource: dict[str, Any]) -> str:
    try:
        evaluate(expression, resource)
    except Fault as fault:
        return fault.kind
    return "values"
