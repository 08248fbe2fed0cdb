"""FHIR resources as institutions send them, with only what a test cares about."""

from __future__ import annotations

from typing import Any

LOINC = "http://loinc.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ATC = "http://www.whocc.no/atc"
IDENTITY = "urn:oid:2.16.156.10011.1.3"
WANG = "11010519491231002X"  # the example of GB 11643


def concept(text: str = "", **codes: str) -> dict[str, Any]:
    """A CodeableConcept; keyword arguments are ``loinc``, ``icd``, ``atc`` or ``code`` (of no system)."""
    systems = {"loinc": LOINC, "icd": ICD10, "atc": ATC}
    coding = [{**({"system": systems[k]} if k in systems else {}), "code": v} for k, v in codes.items()]
    return {**({"coding": coding} if coding else {}), **({"text": text} if text else {})}


def status_of(system: str, code: str) -> dict[str, Any]:
    """A status as FHIR's own code systems have it."""
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def patient(id_: str, institution: str = "甲医院", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "managingOrganization": {"reference": f"Organization/{institution}", "display": institution},
        **more,
    }


def identified(number: str) -> list[dict[str, str]]:
    return [{"system": IDENTITY, "value": number}]


def resource(kind: str, id_: str, about: str = "p", **more: Any) -> dict[str, Any]:
    subject = "patient" if kind in {"AllergyIntolerance", "Immunization"} else "subject"
    return {"resourceType": kind, "id": id_, subject: {"reference": f"Patient/{about}"}, **more}


def condition(
    id_: str, code: dict[str, Any], when: str, about: str = "p", status: str = "active"
) -> dict[str, Any]:
    return resource(
        "Condition",
        id_,
        about,
        code=code,
        recordedDate=when,
        clinicalStatus=status_of("condition-clinical", status),
    )


def quantity(
    id_: str, code: dict[str, Any], when: str, value: float, unit: str, **more: Any
) -> dict[str, Any]:
    about = more.pop("about", "p")
    measured = {"value": value, "unit": unit}
    return resource(
        "Observation",
        id_,
        about,
        status="final",
        code=code,
        effectiveDateTime=when,
        valueQuantity=measured,
        **more,
    )


def bounds(low: float | None = None, high: float | None = None) -> list[dict[str, Any]]:
    return [
        {
            **({} if low is None else {"low": {"value": low}}),
            **({} if high is None else {"high": {"value": high}}),
        }
    ]


def request(
    id_: str, code: dict[str, Any], when: str, days: int | None = None, **more: Any
) -> dict[str, Any]:
    about = more.pop("about", "p")
    supply = (
        {} if days is None else {"dispenseRequest": {"expectedSupplyDuration": {"value": days, "unit": "天"}}}
    )
    given = {"status": "completed", "intent": "order", "medicationCodeableConcept": code, "authoredOn": when}
    return resource("MedicationRequest", id_, about, **{**given, **supply, **more})
