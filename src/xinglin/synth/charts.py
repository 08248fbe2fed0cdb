"""What one institution holds of one resident: a chart, and the visits in it.

Resources are plain dictionaries that share their common parts (subject, performer, codes): a chart is written
out at once and thrown away.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.synth import identifiers
from xinglin.synth.institutions import SOURCE
from xinglin.synth.vocabulary import vocabulary

if TYPE_CHECKING:
    from random import Random

    from xinglin.synth.households import Person
    from xinglin.synth.institutions import Institution

_CLASSES = {
    "AMB": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "门诊"},
    "EMER": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER", "display": "急诊"},
    "IMP": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP", "display": "住院"},
    "HH": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HH", "display": "家庭随访"},
}


def day_text(day: int) -> str:
    return date.fromordinal(day).isoformat()


class Chart:
    """The resources of one resident at one institution, in the order in which they were made."""

    __slots__ = ("institution", "late", "meta", "patient", "person", "resources", "slips", "subject", "words")

    def __init__(self, institution: Institution, person: Person) -> None:
        self.institution = institution
        self.person = person
        self.words = vocabulary(institution)
        self.meta = self.words.meta
        self.patient = f"{institution.code}-{identifiers.opaque(institution.code, person.index)}"
        self.subject = {"reference": f"Patient/{self.patient}"}
        self.resources: list[dict[str, Any]] = []
        self.late: list[tuple[int, int]] = []  # spans of resources that arrive long after
        self.slips: list[tuple[str, str]] = []  # (kind of error, reference)

    def put(self, kind: str, content: dict[str, Any]) -> dict[str, str]:
        """Keep a resource of that type and return a Reference to it."""
        id_ = f"{self.patient}-{len(self.resources)}"
        self.resources.append({"resourceType": kind, "id": id_, "meta": self.meta, **content})
        return {"reference": f"{kind}/{id_}"}


class Visit:
    """One encounter being written into a chart."""

    __slots__ = ("chart", "day", "department", "dice", "doctor", "encounter", "first", "resource", "when")

    def __init__(self, chart: Chart, dice: Random, day: int, department: str, class_: str = "AMB") -> None:
        self.chart, self.dice, self.day, self.department = chart, dice, day, department
        self.first = len(chart.resources)
        words = chart.words
        minute = int(480 + dice.random() * 540)
        self.when = f"{day_text(day)}T{minute // 60:02d}:{minute % 60:02d}:00+08:00"
        self.doctor = words.doctor(department, dice.random())
        content: dict[str, Any] = {
            "status": "finished",
            "class": _CLASSES[class_],
            "type": [words.visit_type(department)],
            "subject": chart.subject,
            "participant": [{"individual": self.doctor}],
            "period": {"start": self.when, "end": self.moment(day, minute + 15)},
            "reasonCode": [],
            "diagnosis": [],
            "serviceProvider": words.organization,
        }
        self.encounter = chart.put("Encounter", content)
        self.resource = chart.resources[-1]

    @staticmethod
    def moment(day: int, minute: int) -> str:
        return f"{day_text(day)}T{minute // 60:02d}:{minute % 60:02d}:00+08:00"

    def close(self) -> None:
        """Drop the lists that stayed empty: FHIR has no empty arrays."""
        for key in ("reasonCode", "diagnosis"):
            if not self.resource[key]:
                del self.resource[key]

    def diagnose(self, key: str, *, onset: int | None = None, lasting: bool = False) -> dict[str, str]:
        """A Condition of ``data/diseases.csv`` in the institution's words."""
        code = self.chart.words.disease(key)
        reference = self.chart.put(
            "Condition",
            {
                "clinicalStatus": _ACTIVE if lasting else _RESOLVED,
                "verificationStatus": _CONFIRMED,
                "category": _ENCOUNTER_DIAGNOSIS,
                "code": code,
                "subject": self.chart.subject,
                "encounter": self.encounter,
                "onsetDateTime": day_text(self.day - self.dice.randrange(1, 4) if onset is None else onset),
                "recordedDate": self.when,
                "asserter": self.doctor,
            },
        )
        self.resource["diagnosis"].append({"condition": reference})
        return reference


def _status(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


_ACTIVE = _status("condition-clinical", "active")
_RESOLVED = _status("condition-clinical", "resolved")
_CONFIRMED = _status("condition-ver-status", "confirmed")
_ENCOUNTER_DIAGNOSIS = [_status("condition-category", "encounter-diagnosis")]
