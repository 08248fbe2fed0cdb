"""Children: birth, the national immunisation schedule, examinations by age."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from xinglin.synth import admissions, findings, institutions
from xinglin.synth.charts import day_text
from xinglin.synth.health import YEAR
from xinglin.synth.tables import rows
from xinglin.synth.vocabulary import VACCINES

if TYPE_CHECKING:
    from xinglin.synth.charts import Visit
    from xinglin.synth.institutions import Institution
    from xinglin.synth.life import Life

_MONTH = YEAR / 12
EXAMINATIONS = (1, 3, 6, 8, 12, 18, 24, 30, 36, 48, 60, 72)  # months
_HAEMOGLOBIN = {6, 18, 30, 48}
_AT_BIRTH = 0
_MISSED = 0.03


@cache
def schedule() -> tuple[tuple[int, tuple[dict[str, str], ...]], ...]:
    """Doses by the month in which they are due, birth first."""
    ordered = sorted(rows("vaccines"), key=lambda r: int(r["age_months"]))
    return tuple(
        (month, tuple(doses)) for month, doses in groupby(ordered, key=lambda r: int(r["age_months"]))
    )


def birthplace(life: Life) -> Institution:
    """Where the resident was born: a function of the mother, so that her record and the child's agree."""
    mother = life.person.mother or life.person
    if mother.index % 3:
        return institutions.MATERNAL
    return institutions.district_hospital(mother.place.township.district)


def grow_up(life: Life) -> None:
    """Plan all that childhood brings within the window."""
    person, dice = life.person, life.dice
    if person.mother is not None:
        life.plan(person.birth, _birth)
    if (life.start - person.birth) / YEAR > 7:
        return
    for month, doses in schedule():
        if month > _AT_BIRTH and dice.random() >= _MISSED:
            life.plan(person.birth + int(month * _MONTH) + dice.randrange(25), vaccinate, doses)
    for month in EXAMINATIONS:
        if dice.random() < 0.9:
            life.plan(person.birth + int(month * _MONTH) + dice.randrange(20), examine, month)


def _birth(life: Life, day: int) -> None:
    """The newborn's own record in the maternity ward."""
    person, dice = life.person, life.dice
    visit = life.visit(birthplace(life), day, "产科", "IMP")
    visit.resource["period"]["end"] = f"{day_text(min(day + 3, life.until))}T10:00:00+08:00"
    visit.diagnose("birth_twin" if person.twin else "birth")
    grams = dice.gauss(2500 if person.twin else 3300, 380)
    findings.sign(visit, "weight", round(max(1200.0, grams) / 1000, 2))
    findings.sign(visit, "height", round(dice.gauss(50, 1.5), 1))
    findings.sign(visit, "head", round(dice.gauss(34, 1), 1))
    for dose in schedule()[0][1]:
        _give(visit, dose)
    visit.close()
    if dice.random() < 0.12:
        admissions.admit(life, min(day + 4, life.until), "jaundice", birthplace(life))


def vaccinate(life: Life, day: int, doses: tuple[dict[str, str], ...]) -> None:
    visit = life.visit(life.where("centre"), day, "预防接种门诊")
    findings.sign(visit, "temperature", round(life.dice.gauss(36.6, 0.15), 1))
    for dose in doses:
        _give(visit, dose)
    visit.close()


@cache
def _vaccine(key: str, name: str) -> dict[str, Any]:
    return {"coding": [{"system": VACCINES, "code": key, "display": name}], "text": name}


def _give(visit: Visit, dose: dict[str, str]) -> None:
    """One Immunization, with its lot number and place in the schedule."""
    lot = f"{visit.day - 20000 - visit.day % 30:06d}{dose['key'][:2].upper()}"
    visit.chart.put(
        "Immunization",
        {
            "status": "completed",
            "vaccineCode": _vaccine(dose["key"], dose["name"]),
            "patient": visit.chart.subject,
            "encounter": visit.encounter,
            "occurrenceDateTime": visit.when,
            "primarySource": True,
            "lotNumber": lot,
            "site": {"text": dose["site"]},
            "route": {"text": dose["route"]},
            "performer": [{"actor": visit.doctor}],
            "protocolApplied": [
                {
                    "targetDisease": [{"text": dose["target_disease"]}],
                    "doseNumberPositiveInt": int(dose["dose"]),
                }
            ],
        },
    )


def height_at(months: float) -> float:
    """Centimetres, near the median of both sexes."""
    if months <= 12:
        return 50 + 25.5 * float((months / 12) ** 0.62)
    return 75.5 + (months - 12) * 0.95 if months <= 36 else 98.3 + (months - 36) * 0.56


def weight_at(months: float) -> float:
    """Kilograms, near the median of both sexes."""
    if months <= 12:
        return 3.3 + 6.3 * float((months / 12) ** 0.6)
    return 9.6 + (months - 12) * 0.19


def examine(life: Life, day: int, month: int) -> None:
    dice = life.dice
    visit = life.visit(life.where("centre"), day, "儿童保健科")
    visit.diagnose("child_exam")
    factor = dice.gauss(1.0, 0.04)
    findings.sign(visit, "height", round(height_at(month) * factor, 1))
    findings.sign(visit, "weight", round(weight_at(month) * factor * factor, 1))
    if month <= 36:
        findings.sign(visit, "head", round(34.5 + 12.5 * (month / 36) ** 0.42 + dice.gauss(0, 0.6), 1))
    if month in _HAEMOGLOBIN:
        findings.result(visit, "haemoglobin", dice.gauss(119, 8))
    visit.close()
