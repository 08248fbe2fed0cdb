"""From FHIR resources to a chart: one pass, each resource read for what rules ask of its type. Pure.

Resources come from the record, or from other systems with their drafts and prefetched data; what is not shaped as
FHIR says is passed over, never a fault.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir import dates
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import Fault
from xinglin.reminders import knowledge
from xinglin.reminders.values import (
    Allergy,
    Chart,
    Drafts,
    Evaluation,
    Examination,
    Medicine,
    Problem,
    Result,
    Stay,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LOINC, ATC = "http://loinc.org", "http://www.whocc.no/atc"
_VOID = frozenset({"entered-in-error", "cancelled", "refuted", "nullified"})
_ENDED = frozenset({"inactive", "resolved", "remission"})
_TAKEN = frozenset({"active", "completed", "intended", "unknown"})
PANIC = frozenset({"HH", "LL", "AA", "HU", "LU"})
"""Interpretations by which a laboratory calls a result critical (HL7 v3 ObservationInterpretation)."""
_INPATIENT = frozenset({"IMP", "ACUTE", "NONAC"})
_MILLIGRAMS = {"mg": 1.0, "g": 1000.0, "ug": 0.001, "mcg": 0.001, "μg": 0.001, "毫克": 1.0, "克": 1000.0}
_DAYS = {"d": 1.0, "wk": 7.0, "mo": 30.0, "h": 1 / 24, "天": 1.0, "日": 1.0, "周": 7.0, "days": 1.0}
_LARGEST = 1e12
_MEDICINES = ("MedicationRequest", "MedicationOrder", "MedicationStatement")
_ORDERS = ("ServiceRequest", "ProcedureRequest", "DiagnosticOrder")


def _dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, or the object alone."""
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _first(value: Any) -> dict[str, Any]:
    return next(iter(_dicts(value)), {})


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _codings(concept: Any) -> list[tuple[str, str]]:
    """System and code of each coding."""
    return [
        (_text(one.get("system")), _text(one.get("code"))) for one in _dicts(_first(concept).get("coding"))
    ]


def _codes(concept: Any) -> list[str]:
    return [code for _, code in _codings(concept) if code]


def _of_system(concept: Any, name: str) -> list[str]:
    """The codes of a system that ``terms.toml`` names; without any of it those that come without a system."""
    known = knowledge.shipped().terms["systems"][name]
    given = [(system, code) for system, code in _codings(concept) if code]
    return [code for system, code in given if system in known] or [
        code for system, code in given if not system
    ]


def named(concept: Any) -> str:
    """A CodeableConcept in words: its text, else what a coding shows."""
    found = _first(concept)
    shown = (_text(one.get("display")) for one in _dicts(found.get("coding")))
    return _text(found.get("text")) or next((text for text in shown if text), "")


@lru_cache(maxsize=16_384)
def moment(text: str) -> tuple[date, int] | None:
    """The day here and the microseconds since 1970 at which a FHIR date or time begins."""
    try:
        at = dates.interval(text)[0]
    except (Fault, ValueError, OverflowError):
        return None
    if len(text) == 10:
        return date.fromisoformat(text), at
    return datetime.fromtimestamp(at / 1_000_000, LOCAL_ZONE).date(), at


def _day(*values: Any) -> date | None:
    """The first of the values that is a date."""
    for value in values:
        found = moment(value) if isinstance(value, str) else None
        if found is not None:
            return found[0]
    return None


def _number(value: Any) -> float | None:
    """A number that is no more than a body can have of anything; JSON knows larger ones."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST < value < _LARGEST:
        return None
    return float(value)


def _ref(resource: dict[str, Any]) -> str:
    id_ = _text(resource.get("id"))
    return f"{resource.get('resourceType')}/{id_}" if id_ else ""


def _status(resource: dict[str, Any], name: str) -> set[str]:
    return set(_codes(resource.get(name)))


# -- one type each


def _patient(resource: dict[str, Any], chart: Chart) -> None:
    chart.birth = _day(resource.get("birthDate")) or chart.birth
    chart.sex = _text(resource.get("gender")) or chart.sex


def _allergy(resource: dict[str, Any], chart: Chart) -> None:
    known = knowledge.shipped()
    if _ENDED & _status(resource, "clinicalStatus") or _VOID & _status(resource, "verificationStatus"):
        return
    concepts = [resource.get("code"), *(one.get("substance") for one in _dicts(resource.get("reaction")))]
    groups: dict[str, None] = {}
    for concept in concepts:
        codings, text = _codings(concept), named(concept)
        if known.no_allergy & {code for _, code in codings}:
            continue
        groups |= dict.fromkeys(known.allergy_codes[one] for one in codings if one in known.allergy_codes)
        groups |= dict.fromkeys(knowledge.allergens_in(text))
    if groups:
        chart.allergies.append(Allergy(_ref(resource), named(resource.get("code")), tuple(groups)))


def _problem(resource: dict[str, Any], chart: Chart) -> None:
    if _VOID & _status(resource, "verificationStatus"):
        return
    codes, name = tuple(_of_system(resource.get("code"), "icd10")), named(resource.get("code"))
    noted = _day(resource.get("recordedDate"), resource.get("onsetDateTime"))
    active = not (_ENDED & _status(resource, "clinicalStatus") or resource.get("abatementDateTime"))
    chart.problems.append(Problem(_ref(resource), codes, name, noted, active))


def medicine(resource: dict[str, Any]) -> Medicine:
    """A medicine that was ordered or is taken; a draft has no days."""
    concept = resource.get("medicationCodeableConcept")
    if not concept:
        reference = _first(resource.get("medicationReference"))
        wanted = _text(reference.get("reference")).removeprefix("#")
        contained = next((c for c in _dicts(resource.get("contained")) if c.get("id") == wanted), {})
        concept = contained.get("code") or {"text": _text(reference.get("display"))}
    name = named(concept)
    known = knowledge.shipped().terms["systems"]["atc"]
    codes = tuple(code for system, code in _codings(concept) if system in known)
    start, end = _taken(resource)
    dosage = _first(resource.get("dosageInstruction") or resource.get("dosage"))
    return Medicine(_ref(resource), name, codes or knowledge.substances_in(name), start, end, _daily(dosage))


def _taken(resource: dict[str, Any]) -> tuple[date | None, date | None]:
    """From when to when a medicine is taken, as far as the order says."""
    period = _first(resource.get("effectivePeriod"))
    start = _day(
        period.get("start"), resource.get("authoredOn"), resource.get("effectiveDateTime"),
        resource.get("dateAsserted"),
    )  # fmt: skip
    if start is None:
        return None, None
    terms = knowledge.shipped().terms["reading"]
    end = _day(period.get("end"))
    if end is None and _goes_on(resource, period):
        return start, None
    if end is None:
        supply = _first(_first(resource.get("dispenseRequest")).get("expectedSupplyDuration"))
        days = _days(supply)
        end = start + timedelta(days=int(terms["taken_days"] if days is None else days))
    return start, end + timedelta(days=terms["grace_days"])


def _goes_on(resource: dict[str, Any], period: dict[str, Any]) -> bool:
    """Whether somebody says that it is taken, since a day and without an end."""
    return (
        resource.get("resourceType") == "MedicationStatement"
        and _text(resource.get("status")) == "active"
        and bool(period.get("start"))
    )


def _days(quantity: dict[str, Any]) -> float | None:
    value = _number(quantity.get("value"))
    per = _DAYS.get(_text(quantity.get("code"))) or _DAYS.get(_text(quantity.get("unit")))
    return None if value is None or per is None or not 0 < value * per < 4000 else value * per


def _daily(dosage: dict[str, Any]) -> float | None:
    """Milligrams a day; None where the order does not say it in these terms."""
    repeat = _first(_first(dosage.get("timing")).get("repeat"))
    frequency, period = _number(repeat.get("frequency")), _number(repeat.get("period")) or 1.0
    per = _DAYS.get(_text(repeat.get("periodUnit")) or "d")
    rate = _first(dosage.get("doseAndRate"))
    quantity = _first(rate.get("doseQuantity") or dosage.get("doseQuantity"))
    value = _number(quantity.get("value"))
    scale = _MILLIGRAMS.get(_text(quantity.get("code")) or _text(quantity.get("unit")))
    if frequency is None or value is None or scale is None or per is None or period <= 0:
        return None
    return value * scale * frequency / (period * per)


def _medicine(resource: dict[str, Any], chart: Chart) -> None:
    found = medicine(resource)
    if _text(resource.get("status")) in _TAKEN and found.codes and found.since is not None:
        chart.medicines.append(found)


def _observation(resource: dict[str, Any], chart: Chart) -> None:
    found = moment(_text(resource.get("effectiveDateTime") or resource.get("issued")))
    if _text(resource.get("status")) in _VOID or found is None:
        return
    day, at = found
    ref, codes = _ref(resource), _codes(resource.get("code"))
    if set(knowledge.shipped().programmes["evaluation"]["codes"]) & set(codes):
        chart.evaluations.append(Evaluation(ref, day, _is_satisfied(resource)))
        return
    loinc = knowledge.shipped().terms["systems"]["loinc"]
    for part in (resource, *_dicts(resource.get("component"))):
        quantity = _first(part.get("valueQuantity"))
        value = _number(quantity.get("value"))
        if value is None:
            continue
        unit = _text(quantity.get("code")) or _text(quantity.get("unit"))
        flagged = any(PANIC & set(_codes(one)) for one in _dicts(part.get("interpretation")))
        for system, code in _codings(part.get("code")):
            if code and system in loinc:
                name = named(part.get("code"))
                made = Result(ref, code, name, value, unit, day, at, flagged)
                chart.results.setdefault(code, []).append(made)


def _is_satisfied(resource: dict[str, Any]) -> bool:
    terms = knowledge.shipped().programmes["evaluation"]
    text = _text(resource.get("valueString")) or named(resource.get("valueCodeableConcept"))
    codes = set(_codes(resource.get("valueCodeableConcept")))
    return not (any(word in text for word in terms["unsatisfied"]) or codes & set(terms["unsatisfied_codes"]))


def _examination_of(resource: dict[str, Any]) -> Examination | None:
    concept = resource.get("code") or _first(resource.get("item")).get("code")
    name = named(concept)
    kinds = knowledge.examinations_in(name, tuple(_codes(concept)))
    if not kinds:
        return None
    when = _day(resource.get("effectiveDateTime"), resource.get("issued"))
    place = _text(_first(resource.get("performer")).get("display"))
    return Examination(_ref(resource), kinds, name, when, place)


def _report(resource: dict[str, Any], chart: Chart) -> None:
    found = _examination_of(resource)
    if found is not None and _text(resource.get("status")) not in _VOID:
        chart.examinations.append(found)


def _encounter(resource: dict[str, Any], chart: Chart) -> None:
    period = _first(resource.get("period"))
    start, status = _day(period.get("start")), _text(resource.get("status"))
    if status in _VOID or start is None:
        return
    if status == "planned":
        chart.planned.append(start)
        return
    kind = _text(_first(resource.get("class")).get("code"))
    place = _text(_first(resource.get("serviceProvider")).get("display"))
    chart.stays.append(Stay(_ref(resource), kind in _INPATIENT, start, _day(period.get("end")), place))


def _appointment(resource: dict[str, Any], chart: Chart) -> None:
    start = _day(resource.get("start"))
    if start is not None and _text(resource.get("status")) in ("booked", "pending", "proposed", "arrived"):
        chart.planned.append(start)


_READERS: dict[str, Callable[[dict[str, Any], Chart], None]] = {
    "Patient": _patient, "AllergyIntolerance": _allergy, "Condition": _problem, "MedicationRequest": _medicine,
    "MedicationStatement": _medicine, "Observation": _observation, "DiagnosticReport": _report,
    "Encounter": _encounter, "Appointment": _appointment,
}  # fmt: skip
TYPES = tuple(_READERS)
"""The types of resources that a chart is made of."""


def chart_of(resources: Iterable[dict[str, Any]], patient: str) -> Chart:
    """The chart of ``Patient/<patient>``; of several Patients of one person the last one tells birth and sex."""
    chart = Chart(patient)
    for resource in resources:
        reader = _READERS.get(_text(resource.get("resourceType")))
        if reader is not None:
            reader(resource, chart)
    for found in chart.results.values():
        found.sort(key=lambda one: one.at, reverse=True)
    chart.stays.sort(key=lambda one: one.start, reverse=True)
    chart.evaluations.sort(key=lambda one: one.day, reverse=True)
    chart.problems.sort(key=lambda one: one.day or date.min, reverse=True)
    chart.examinations.sort(key=lambda one: one.day or date.min, reverse=True)
    return chart


def drafts_of(resources: Iterable[dict[str, Any]], selections: Iterable[str] | None = None) -> Drafts:
    """What is drafted: a medicine of whom no substance is known is passed over, as is every other kind of order."""
    drafts = Drafts(focus=None if selections is None else frozenset(selections))
    for number, resource in enumerate(resources):
        kind = resource.get("resourceType")
        given = resource if _text(resource.get("id")) else {**resource, "id": f"draft-{number}"}
        if kind in _MEDICINES:
            found = medicine({**given, "authoredOn": None, "effectivePeriod": None})
            if found.codes:
                drafts.medicines.append(found)
        elif kind in _ORDERS:
            wanted = _examination_of(given)
            if wanted is not None:
                drafts.examinations.append(wanted)
    return drafts


def resources_of(given: Any) -> Iterator[dict[str, Any]]:
    """The resources of a Bundle, or the one resource."""
    for one in _dicts(given):
        if one.get("resourceType") == "Bundle":
            for entry in _dicts(one.get("entry")):
                yield from _dicts(entry.get("resource"))
        else:
            yield one
