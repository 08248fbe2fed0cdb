"""Cases beside the rules: for each rule what it has to say something of, and what it has to let pass. Pure.

A case is a few words of TOML (``data/cases``); it becomes FHIR resources, as an institution would send them, so that
the whole way from resource to finding is tried.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.reminders import charting, knowledge
from xinglin.reminders.asking import Case
from xinglin.reminders.firing import compiled
from xinglin.reminders.rulebook import shipped
from xinglin.reminders.values import Hook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinglin.reminders.values import Finding

TODAY = date(2026, 11, 27)
"""The day on which all cases are."""
_PATIENT = "case"
_ICD10 = "http://hl7.org/fhir/sid/icd-10"
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_PARTS = frozenset(
    {
        "rule", "name", "fires", "hook", "birth", "sex", "allergies", "taking", "drafts", "orders", "selections",
        "results", "problems", "reports", "stays", "evaluations", "appointments", "encounter",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """One case: what it is called, and how many findings the rule has to have."""

    rule: str
    name: str
    fires: int
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_positive(self) -> bool:
        return self.fires > 0


@cache
def shipped_cases() -> tuple[Example, ...]:
    """All cases; raises ``ValueError`` for a part that there is not."""
    found = []
    for path in sorted((knowledge.DATA / "cases").glob("*.toml")):
        for said in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            if unknown := set(said) - _PARTS:
                message = f"case {said.get('name')}: unknown {sorted(unknown)}"
                raise ValueError(message)
            found.append(Example(said["rule"], said["name"], int(said["fires"]), said))
    return tuple(found)


def of_rule(id_: str) -> list[Example]:
    """The cases of one rule, positive ones first."""
    return sorted((one for one in shipped_cases() if one.rule == id_), key=lambda one: not one.is_positive)


def tried(example: Example) -> list[Finding]:
    """What the case's rule says of the case."""
    return list(compiled(shipped().rules[example.rule])(case_of(example)))


def case_of(example: Example) -> Case:
    """The case as it is asked."""
    said = example.said
    chart = charting.chart_of(resources(said), _PATIENT)
    drafts = charting.drafts_of(_drafts(said), said.get("selections"))
    return Case(chart, Hook(said["hook"]), TODAY, drafts, encounter=said.get("encounter", ""))


def _ago(days: int) -> str:
    return f"{(TODAY - timedelta(days=days)).isoformat()}T09:00:00+08:00"


def _status(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"{_HL7}{system}", "code": code}]}


def resources(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The person of a case as FHIR resources."""
    yield {
        "resourceType": "Patient", "id": _PATIENT, "birthDate": said.get("birth", "1966-05-01"),
        "gender": said.get("sex", "male"),
    }  # fmt: skip
    for n, one in enumerate(said.get("allergies", ())):
        code = {"coding": [one]} if "code" in one else {}
        yield _about(
            "AllergyIntolerance", f"a{n}", patient=True, code={**code, "text": one.get("text", "")},
            clinicalStatus=_status("allergyintolerance-clinical", one.get("status", "active")),
        )  # fmt: skip
    for n, one in enumerate(said.get("taking", ())):
        yield _about("MedicationRequest", f"m{n}", **_medicine(one), **_authored(one))
    for n, one in enumerate(said.get("results", ())):
        yield _result(n, one)
    for n, one in enumerate(said.get("problems", ())):
        yield _about(
            "Condition", f"c{n}", code={"coding": [{"system": _ICD10, "code": one["code"]}], "text": one["code"]},
            recordedDate=_ago(one.get("days_ago", 30)),
            clinicalStatus=_status("condition-clinical", one.get("status", "active")),
        )  # fmt: skip
    yield from _course(said)


def _course(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for n, one in enumerate(said.get("reports", ())):
        yield _about(
            "DiagnosticReport", f"r{n}", status="final", code={"text": one["name"]},
            effectiveDateTime=_ago(one["days_ago"]),
        )  # fmt: skip
    for n, one in enumerate(said.get("stays", ())):
        end = {} if one.get("open") else {"end": _ago(one["days_ago"] - one.get("days", 0))}
        yield _about(
            "Encounter", f"e{n}", status="in-progress" if one.get("open") else "finished",
            period={"start": _ago(one["days_ago"]), **end}, **{"class": {"code": one["class"]}},
        )  # fmt: skip
    for n, one in enumerate(said.get("evaluations", ())):
        yield _about(
            "Observation", f"v{n}", status="final", code={"coding": [{"code": "CV05.10.012"}]},
            effectiveDateTime=_ago(one["days_ago"]), valueString=one["text"],
        )  # fmt: skip
    for n, one in enumerate(said.get("appointments", ())):
        yield {
            "resourceType": "Appointment",
            "id": f"p{n}",
            "status": "booked",
            "start": _ago(-one["in_days"]),
        }


def _result(n: int, one: Mapping[str, Any]) -> dict[str, Any]:
    mark = {"interpretation": [_status("v3-ObservationInterpretation", one["flag"])]} if "flag" in one else {}
    return _about(
        "Observation", f"o{n}", status=one.get("status", "final"), effectiveDateTime=_ago(one["days_ago"]), **mark,
        code={"coding": [{"system": charting.LOINC, "code": one["loinc"]}]},
        valueQuantity={"value": one["value"], "unit": one["unit"], "code": one["unit"]},
    )  # fmt: skip


def _about(kind: str, id_: str, **members: Any) -> dict[str, Any]:
    own = "patient" if kind == "AllergyIntolerance" else "subject"
    subject = {own: {"reference": f"Patient/{_PATIENT}"}}
    return {"resourceType": kind, "id": id_, **subject, **members}


def _medicine(one: Mapping[str, Any]) -> dict[str, Any]:
    concept = {"coding": [{"system": charting.ATC, "code": one["atc"]}]} if "atc" in one else {}
    members: dict[str, Any] = {"medicationCodeableConcept": {**concept, "text": one.get("name", "")}}
    if "dose" in one:
        dose = {"value": one["dose"], "code": one.get("unit", "mg")}
        times = {"repeat": {"frequency": one.get("per_day", 1), "period": 1, "periodUnit": "d"}}
        members["dosageInstruction"] = [{"timing": times, "doseAndRate": [{"doseQuantity": dose}]}]
    return members


def _authored(one: Mapping[str, Any]) -> dict[str, Any]:
    supply = {"expectedSupplyDuration": {"value": one.get("days", 30), "code": "d"}}
    return {
        "status": one.get("status", "completed"), "intent": "order", "authoredOn": _ago(one.get("days_ago", 3)),
        "dispenseRequest": supply,
    }  # fmt: skip


def _drafts(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for n, one in enumerate(said.get("drafts", ())):
        yield _about("MedicationRequest", f"d{n}", status="draft", intent="order", **_medicine(one))
    for n, one in enumerate(said.get("orders", ())):
        yield _about("ServiceRequest", f"s{n}", status="draft", intent="order", code={"text": one["name"]})
