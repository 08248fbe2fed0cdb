"""What one institution holds of one resident: a chart, and the visits in it.

Resources are plain dictionaries that share their common parts (subject, performer, codes): a chart is written
out at once and thrown away.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.synth import identifiers
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


def status(system: str, code: str) -> dict[str, Any]:
    """A CodeableConcept from one of HL7's own small code systems."""
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


ACTIVE = status("condition-clinical", "active")
RESOLVED = status("condition-clinical", "resolved")
CONFIRMED = status("condition-ver-status", "confirmed")
ENCOUNTER_DIAGNOSIS = [status("condition-category", "encounter-diagnosis")]


def day_text(day: int) -> str:
    return date.fromordinal(day).isoformat()


class Chart:
    """The resources of one resident at one institution, in the order in which they were made."""

    __slots__ = (
        "institution",
        "meta",
        "patient",
        "person",
        "problems",
        "resources",
        "slips",
        "subject",
        "visits",
        "words",
    )

    def __init__(self, institution: Institution, person: Person) -> None:
        self.institution = institution
        self.person = person
        self.words = vocabulary(institution)
        self.meta = self.words.meta
        self.patient = f"{institution.code}-{identifiers.opaque(institution.code, person.index)}"
        self.subject = {"reference": f"Patient/{self.patient}"}
        self.resources: list[dict[str, Any]] = []
        self.visits: list[int] = []  # where each visit begins in ``resources``
        self.slips: list[tuple[str, str]] = []  # (kind of error, reference)
        self.problems: dict[tuple[str, int], dict[str, str]] = {}  # lasting diseases already on the list

    def put(self, kind: str, content: dict[str, Any]) -> dict[str, str]:
        """Keep a resource of that type and return a Reference to it."""
        id_ = f"{self.patient}-{len(self.resources)}"
        self.resources.append({"resourceType": kind, "id": id_, "meta": self.meta, **content})
        return {"reference": f"{kind}/{id_}"}


class Visit:
    """One encounter being written into a chart."""

    __slots__ = ("chart", "day", "dice", "doctor", "encounter", "resource", "when")

    def __init__(self, chart: Chart, dice: Random, day: int, department: str, class_: str = "AMB") -> None:
        self.chart, self.dice, self.day = chart, dice, day
        chart.visits.append(len(chart.resources))
        words = chart.words
        department = words.own_department(department)
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

    def problem(self, key: str, onset: int, ended: int | None = None) -> dict[str, str]:
        """A lasting disease: written down at the first visit here, referred to at the later ones.

        ``ended`` is the day on which it was over, if it is by now.
        """
        found = self.chart.problems.get((key, onset))
        if found is None:
            found = self.diagnose(key, onset=min(onset, self.day), lasting=ended is None)
            self.chart.problems[key, onset] = found
            if ended is not None:
                self.chart.resources[-1]["abatementDateTime"] = day_text(ended)
        else:
            self.resource["diagnosis"].append({"condition": found})
        return found

    def complain(self, text: str) -> None:
        """The reason for the visit in the resident's words."""
        self.resource["reasonCode"].append({"text": text})

    def diagnose(self, key: str, *, onset: int | None = None, lasting: bool = False) -> dict[str, str]:
        """A Condition of ``data/diseases.csv`` in the institution's words."""
        code = self.chart.words.disease(key)
        reference = self.chart.put(
            "Condition",
            {
                "clinicalStatus": ACTIVE if lasting else RESOLVED,
                "verificationStatus": CONFIRMED,
                "category": ENCOUNTER_DIAGNOSIS,
                "code": code,
                "subject": self.chart.subject,
                "encounter": self.encounter,
                "onsetDateTime": day_text(self.day - self.dice.randrange(3) if onset is None else onset),
                "recordedDate": self.when,
                "asserter": self.doctor,
            },
        )
        self.resource["diagnosis"].append({"condition": reference})
        return reference
