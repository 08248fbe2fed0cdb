"""Each parameter type with each modifier and prefix: what of the region is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xinglin.record.search import compiler

if TYPE_CHECKING:
    from tests.record.search.finding import Finder

pytestmark = pytest.mark.django_db

TOKENS = [
    ("Patient?gender=male", {"zhang"}),
    ("Patient?gender=male,female", {"zhang", "eve"}),
    ("Patient?gender=http://hl7.org/fhir/administrative-gender|male", {"zhang"}),
    ("Patient?gender=http://example.org|male", set()),
    ("Patient?gender=http://hl7.org/fhir/administrative-gender|", {"zhang", "eve"}),
    ("Patient?gender:not=male", {"eve", "anna"}),
    ("Patient?gender:not=male,female", {"anna"}),
    ("Patient?gender:missing=true", {"anna"}),
    ("Patient?gender:missing=false", {"zhang", "eve"}),
    ("Patient?active=true", {"zhang"}),
    ("Patient?active=false", {"eve"}),
    ("Patient?identifier=77", {"zhang"}),
    ("Patient?identifier=http://hospital.example.org|77", {"zhang"}),
    ("Patient?identifier=http://hospital.example.org|", {"zhang", "eve"}),
    ("Patient?identifier=|77", set()),
    ("Patient?identifier=|bare", {"eve"}),
    ("Patient?identifier=urn:oid:1.2.156|77", set()),
    ("Patient?identifier=77,78", {"zhang", "eve"}),
    ("Patient?identifier=77&identifier=78", set()),
    ("Patient?identifier=77&identifier=11010519491231002X", {"zhang"}),
    (
        "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|NI|11010519491231002X",
        {"zhang"},
    ),
    ("Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|11010519491231002X", set()),
    ("Patient?identifier:text=身份", {"zhang"}),
    ("Patient?telecom=phone|13800138000", {"zhang"}),
    ("Patient?phone=13800138000", {"zhang"}),
    ("Patient?email=13800138000", set()),
    ("Patient?email=zhang@example.org", {"zhang"}),
    ("Observation?code=http://loinc.org|2345-7", {"glucose", "glucose-high", "eve-glucose"}),
    ("Observation?code=2345-7&status=final&subject=Patient/eve", {"eve-glucose"}),
    ("Observation?status=amended", {"smoking"}),
    ("Observation?status:missing=true", set()),
    ("Observation?value-concept:text=从不", {"smoking"}),
    ("Condition?code:text=dry", {"cough"}),
    ("Condition?code:text=cough", set()),
    ("Condition?code:text=PNEU", {"pneumonia"}),
    ("Condition?code:in=http://example.org/fhir/ValueSet/coughs", {"cough"}),
    ("Condition?code:in=http://example.org/fhir/ValueSet/coughs|1", {"cough"}),
    ("Condition?code:in=ValueSet/coughs", {"cough"}),
    ("Condition?code:in=http://example.org/fhir/ValueSet/infections", {"pneumonia"}),
    ("Condition?code:not-in=http://example.org/fhir/ValueSet/coughs", {"pneumonia"}),
    ("Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender", {"zhang", "eve"}),
    ("Condition?code:below=http://example.org/codes|respiratory", {"cough", "pneumonia"}),
    ("Condition?code:below=http://example.org/codes|infection", {"pneumonia"}),
    ("Condition?code:above=http://example.org/codes|pneumonia", {"pneumonia"}),
    ("Condition?code:above=http://example.org/codes|cough", {"cough"}),
    ("Patient?_id=zhang", {"zhang"}),
    ("Patient?_id=zhang,eve,nobody", {"zhang", "eve"}),
    ("Patient?_id:not=zhang", {"eve", "anna"}),
    ("Patient?_tag=pilot", {"zhang"}),
    ("Patient?_tag=http://example.org/codes|pilot", {"zhang"}),
    ("Patient?_tag:not=pilot", {"eve", "anna"}),
    ("Patient?_security=R", {"zhang"}),
]

STRINGS = [
    ("Patient?name=mull", {"eve"}),
    ("Patient?name=MÜLLER", {"eve"}),
    ("Patient?name=strasse", set()),
    ("Patient?name:contains=strasse", {"eve"}),
    ("Patient?name:contains=le", {"eve", "anna"}),
    ("Patient?name:contains=张三", {"zhang"}),
    ("Organization?name:contains=y", {"city"}),
    ("Patient?family=müller-straße", {"eve"}),
    ("Patient?family:exact=Müller-Straße", {"eve"}),
    ("Patient?family:exact=müller-straße", set()),
    ("Patient?given:exact=Eve", {"eve"}),
    ("Patient?given=maria,anna", {"eve", "anna"}),
    ("Patient?name=张三", {"zhang"}),
    ("Patient?name=张 三", {"zhang"}),
    ("Patient?name=zhangsan", {"zhang"}),
    ("Patient?name=Zhang San", {"zhang"}),
    ("Patient?name=zs", {"zhang"}),
    ("Patient?address-city=苏州", {"zhang"}),
    ("Patient?address:contains=人民路", {"zhang"}),
    ("Patient?name:missing=true", set()),
    ("Patient?address:missing=true", {"eve", "anna"}),
    ("Observation?value-string=no acute", {"note"}),
    ("Observation?value-string:contains=night nurse", {"note"}),
    ("Observation?value-string:contains=eats well", {"note"}),
    ("Observation?value-string:contains=eats badly", set()),
    (r"Patient?name=lee\,", set()),
]

REFERENCES = [
    ("Observation?subject=Patient/eve", {"eve-glucose"}),
    ("Observation?subject=eve", {"eve-glucose"}),
    ("Observation?subject=http://localhost/fhir/Patient/eve", {"eve-glucose"}),
    ("Observation?subject:Patient=eve", {"eve-glucose"}),
    ("Observation?subject:Group=ward", {"ward-air"}),
    ("Observation?subject:Patient=ward", set()),
    ("Observation?patient=eve", {"eve-glucose"}),
    ("Observation?patient=ward", set()),
    ("Observation?patient=eve,anna", {"eve-glucose"}),
    ("Observation?patient:missing=true", {"ward-air", "homeless"}),
    ("Observation?subject:missing=true", {"homeless"}),
    ("Observation?performer=Practitioner/wang", {"glucose"}),
    ("Condition?asserter:identifier=http://hospital.example.org|doctor-9", {"cough"}),
    ("Condition?asserter:identifier=doctor-8", set()),
    ("Provenance?target=Observation/glucose", {"origin"}),
    ("Provenance?target=Observation/glucose,Observation/pressure", {"origin"}),
    ("Patient/zhang/Condition", {"cough"}),
    ("Patient/zhang/Condition?code=cough", {"cough"}),
    ("Patient/zhang/Patient", {"zhang", "eve"}),
    ("Practitioner/wang/Observation", {"glucose"}),
    ("Encounter/visit/Observation", {"glucose"}),
]

URIS = [
    ("ValueSet?url=http://example.org/fhir/ValueSet/coughs", {"coughs"}),
    ("ValueSet?url=http://example.org/fhir/ValueSet", set()),
    ("ValueSet?url:below=http://example.org/fhir", {"coughs", "infections", "local"}),
    ("ValueSet?url:below=http://example.org/fhir/ValueSet/coughs", {"coughs"}),
    ("ValueSet?url:below=http://example.org/fh", set()),
    ("ValueSet?url:above=http://example.org/fhir/ValueSet/coughs/_history/1", {"coughs"}),
    ("ValueSet?url:missing=false", {"coughs", "infections", "local"}),
    ("Patient?_profile=http://example.org/fhir/StructureDefinition/resident", {"zhang"}),
    ("Patient?_source=http://his.example.org/a", {"zhang"}),
]

DATES = [  # 1980-03-15, the year 1990, July 1975
    ("Patient?birthdate=1980-03-15", {"zhang"}),
    ("Patient?birthdate=1980", {"zhang"}),
    ("Patient?birthdate=1990-05", set()),
    ("Patient?birthdate=eq1990", {"eve"}),
    ("Patient?birthdate=ne1990", {"zhang", "anna"}),
    ("Patient?birthdate=gt1980-03-15", {"eve"}),
    ("Patient?birthdate=gt1990-05", {"eve"}),
    ("Patient?birthdate=ge1980-03-15", {"zhang", "eve"}),
    ("Patient?birthdate=lt1980", {"anna"}),
    ("Patient?birthdate=le1980-03-15", {"zhang", "anna"}),
    ("Patient?birthdate=sa1980", {"eve"}),
    ("Patient?birthdate=sa1990-05", set()),
    ("Patient?birthdate=eb1980", {"anna"}),
    ("Patient?birthdate=eb1975-07-10", set()),
    ("Patient?birthdate=ge1970&birthdate=lt1985", {"zhang", "anna"}),
    ("Patient?birthdate=1980,1990", {"zhang", "eve"}),
    ("Patient?birthdate:missing=true", set()),
    ("Encounter?date=2024-01-10", {"visit"}),
    ("Encounter?date=2024-01-10T08:30:00%2B08:00", set()),
    ("Encounter?date=ap2024-01-10T08:30:00%2B08:00", {"visit", "stay"}),
    ("Encounter?date=gt2030", {"stay"}),
    ("Encounter?date=eb2024-01-11", {"visit"}),
    ("Observation?date=2024-01-10T00:30:00Z", {"glucose"}),
    ("Observation?date=2024-01-10T08:30%2B08:00", {"glucose"}),
    ("Observation?date=2024-01", {"glucose", "pressure", "ward-air"}),
    ("Observation?patient=zhang&date=ge2024-01-15", {"glucose-high", "pressure"}),
    ("Observation?patient=zhang&date=lt2024-01-15", {"glucose"}),
    ("Observation?patient=zhang&date=2024-02", {"glucose-high"}),
    (
        "Observation?_lastUpdated=gt2020",
        {"glucose", "glucose-high", "pressure", "smoking", "note", "eve-glucose", "ward-air", "homeless"},
    ),
    ("Observation?_lastUpdated=lt2020", set()),
]

NUMBERS = [
    ("RiskAssessment?probability=0.25", {"risk"}),
    ("RiskAssessment?probability=0.2", set()),
    ("RiskAssessment?probability=0.3", {"risk"}),
    ("RiskAssessment?probability=100", {"riskier"}),
    ("RiskAssessment?probability=1e2", {"riskier"}),
    ("RiskAssessment?probability=98", set()),
    ("RiskAssessment?probability=ne100", {"risk"}),
    ("RiskAssessment?probability=gt0.25", {"riskier"}),
    ("RiskAssessment?probability=ge0.25", {"risk", "riskier"}),
    ("RiskAssessment?probability=lt100", {"risk"}),
    ("RiskAssessment?probability=le100", {"risk", "riskier"}),
    ("RiskAssessment?probability=sa1", {"riskier"}),
    ("RiskAssessment?probability=eb1", {"risk"}),
    ("RiskAssessment?probability=ap95", {"riskier"}),
    ("RiskAssessment?probability=ap80", set()),
    ("RiskAssessment?probability=0.25,100", {"risk", "riskier"}),
]

QUANTITIES = [
    ("Observation?value-quantity=5.4", {"glucose"}),
    ("Observation?value-quantity=5.40", {"glucose"}),
    ("Observation?value-quantity=5", {"glucose"}),
    ("Observation?value-quantity=6", set()),
    ("Observation?value-quantity=5.4|http://unitsofmeasure.org|mmol/L", {"glucose"}),
    ("Observation?value-quantity=5.4|http://example.org|mmol/L", set()),
    ("Observation?value-quantity=5.4||mmol/L", {"glucose"}),
    ("Observation?value-quantity=5.4||mg/dL", set()),
    ("Observation?value-quantity=gt5.4||mmol/L", {"glucose-high"}),
    ("Observation?value-quantity=ge5.4||mmol/L", {"glucose", "glucose-high"}),
    ("Observation?value-quantity=lt100", {"glucose", "glucose-high"}),
    ("Observation?value-quantity=le100", {"glucose", "glucose-high", "eve-glucose"}),
    ("Observation?value-quantity=ne100", {"glucose", "glucose-high"}),
    ("Observation?value-quantity=sa11.1", {"eve-glucose"}),
    ("Observation?value-quantity=eb5.5", {"glucose"}),
    ("Observation?value-quantity=ap10||mmol/L", set()),
    ("Observation?value-quantity=ap10.5||mmol/L", {"glucose-high"}),
    ("Observation?value-quantity:missing=false", {"glucose", "glucose-high", "eve-glucose"}),
    ("Observation?combo-value-quantity=gt100", {"pressure"}),
    ("Observation?component-value-quantity=150||mmHg", {"pressure"}),
]

COMPOSITES = [
    ("Observation?code-value-quantity=http://loinc.org|2345-7$gt10||mmol/L", {"glucose-high"}),
    ("Observation?code-value-quantity=2345-7$5.4", {"glucose"}),
    ("Observation?code-value-quantity=2345-7$5.4,2345-7$100", {"glucose", "eve-glucose"}),
    ("Observation?code-value-concept=72166-2$never", {"smoking"}),
    ("Observation?component-code-value-quantity=8480-6$gt140", {"pressure"}),
    ("Observation?component-code-value-quantity=8462-4$gt140", set()),
    ("Observation?component-code-value-quantity=http://loinc.org|8462-4$80||mmHg", {"pressure"}),
    ("Observation?combo-code-value-quantity=8480-6$150", {"pressure"}),
    ("Observation?combo-code-value-quantity=2345-7$5.4", {"glucose"}),
]

NEAR = [
    ("Location?near=31.30|120.58|5|km", {"suzhou"}),
    ("Location?near=31.30|120.58|100|m", set()),
    ("Location?near=31.2990|120.5853", {"suzhou"}),
    ("Location?near=-17.0|-179.95|15|km", {"fiji"}),
    ("Location?near=-17.0|-179.95|10|km", set()),
    ("Location?near=90|0|20000|km", {"suzhou", "fiji"}),
]

CHAINS = [
    ("Observation?subject:Patient.gender=female", {"eve-glucose"}),
    ("Observation?subject.name=eve", {"eve-glucose"}),
    ("Observation?patient.identifier=http://hospital.example.org|78", {"eve-glucose"}),
    ("Observation?patient.organization.name=city", {"eve-glucose"}),
    ("Observation?encounter:Encounter.subject:Patient.family=张", {"glucose"}),
    ("Patient?organization.partof.name=city", {"zhang"}),
    ("Patient?organization.name:exact=Clinic", {"zhang"}),
    ("DiagnosticReport?result.value-quantity=lt6", {"report"}),
    ("DiagnosticReport?result.value-quantity=gt6", set()),
    ("Observation?subject:Patient._id=eve", {"eve-glucose"}),
    ("Observation?subject:Group._id=ward", {"ward-air"}),
    ("Observation?subject:Patient.gender:missing=true", set()),
    ("Patient?_has:Observation:patient:code=2345-7", {"zhang", "eve"}),
    ("Patient?_has:Observation:subject:status=amended", {"zhang"}),
    ("Patient?_has:Observation:patient:code=11", set()),
    ("Group?_has:Observation:subject:code=11", {"ward"}),
    ("Observation?_has:Provenance:target:agent=Practitioner/wang", {"glucose", "pressure"}),
    ("Observation?_has:DiagnosticReport:result:status=final", {"glucose"}),
    ("Patient?_has:Observation:patient:_has:DiagnosticReport:result:status=final", {"zhang"}),
    ("Organization?_has:Patient:organization:_has:Observation:patient:code=2345-7", {"clinic", "city"}),
    ("Organization?_has:Patient:organization:gender=female", {"city"}),
    ("Practitioner?_has:Observation:performer:patient.gender=male", {"wang"}),
    ("Condition?patient._has:Observation:patient:code=72166-2", {"cough"}),
    ("Condition?patient:Patient.link.gender=male", {"pneumonia"}),
]

SYSTEM = [
    ("?_tag=pilot", {"zhang"}),
    ("?_id=zhang,visit", {"zhang", "visit"}),
    ("?_type=Patient,Encounter&_count=10", {"zhang", "eve", "anna", "visit", "stay"}),
    ("?_type=Patient&gender=male", {"zhang"}),
    ("Patient/eve/*", {"eve", "stay", "pneumonia", "eve-glucose"}),
]

ALL = [
    *TOKENS,
    *STRINGS,
    *REFERENCES,
    *URIS,
    *DATES,
    *NUMBERS,
    *QUANTITIES,
    *COMPOSITES,
    *NEAR,
    *CHAINS,
    *SYSTEM,
]


@pytest.mark.parametrize(("url", "expected"), ALL, ids=[url for url, _ in ALL])
def test_a_search_finds_exactly_what_it_asks_for(world: Finder, url: str, expected: set[str]) -> None:
    assert world.found(url) == expected


@pytest.mark.parametrize(("url", "expected"), ALL, ids=[url for url, _ in ALL])
def test_its_exact_total_is_the_number_of_what_it_finds(world: Finder, url: str, expected: set[str]) -> None:
    joint = "&" if "?" in url else "?"

    assert world.page(f"{url}{joint}_summary=count").total == len(expected)


@pytest.mark.parametrize(("url", "expected"), CHAINS, ids=[url for url, _ in CHAINS])
def test_a_chain_finds_the_same_where_its_far_end_is_crowded(
    world: Finder, url: str, expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "PROBED", -1)

    assert world.found(url) == expected
