"""Facts of the visit and of the person that a data element may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.exchange.cda import from_record, kinds, moments
from xinglin.exchange.cda.composing.gathering import Gathered, author_of, fitted
from xinglin.exchange.cda.documents import (
    INPATIENT,
    OUTPATIENT,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xinglin.exchange.cda.kinds import Element


def fact_of(element: Element, gathered: Gathered) -> Value | None:
    maker = _FACTS.get(element.code) or _FACTS_BY_NAME.get(kinds.plain(element.name))
    value = maker(gathered) if maker is not None else None
    if value is None or value.is_empty:
        return None
    return value if value.kind in element.types else fitted(value, element)


def _time(name: str) -> Callable[[Gathered], Value]:
    def tell(gathered: Gathered) -> Value:
        period = gathered.encounter.get("period") or {}
        return Value("TS", text=moments.from_fhir(str(period.get(name, ""))))

    return tell


def _complaint(gathered: Gathered) -> Value:
    told = [from_record.named(one) for one in gathered.encounter.get("reasonCode", ())]
    return Value("ST", text="；".join(filter(None, told)))


def _visit_number(root: str) -> Callable[[Gathered], Value]:
    def tell(gathered: Gathered) -> Value:
        patient = from_record.patient_of({}, gathered.encounter)
        return Value("ST", text=next((n.extension for n in patient.numbers if n.root == root), ""))

    return tell


def _department(gathered: Gathered) -> Value:
    told = [from_record.named(one) for one in gathered.encounter.get("type", ())]
    return Value("ST", text=next(filter(None, told), ""))


def _kind_of_visit(gathered: Gathered) -> Value:
    return from_record.patient_of({}, gathered.encounter).kind


def _doctor(gathered: Gathered) -> Value:
    return Value("ST", text=author_of(gathered).name)


def _stay(name: str, system: str) -> Callable[[Gathered], Value]:
    def tell(gathered: Gathered) -> Value:
        concept = (gathered.encounter.get("hospitalization") or {}).get(name)
        return (from_record.coded(concept, system) if concept else None) or Value()

    return tell


def _days(gathered: Gathered) -> Value:
    if (gathered.encounter.get("class") or {}).get("code") != "IMP":
        return Value()
    period = gathered.encounter.get("period") or {}
    begin, end = (moments.read(moments.from_fhir(str(period.get(n, "")))) for n in ("start", "end"))
    if begin is None or end is None:
        return Value()
    return Value("INT", text=str(max(1, (end.date() - begin.date()).days)))


def _marital(gathered: Gathered) -> Value:
    return from_record.patient_of(gathered.patient, {}).marital


def _phone(gathered: Gathered) -> Value:
    return Value("ST", text=from_record.patient_of(gathered.patient, {}).phone)


def _formulas(gathered: Gathered) -> Iterator[Mapping[str, Any]]:
    """Orders of herbs: those that contain a Medication with what it is made of."""
    for one in gathered.of("MedicationRequest"):
        if one.get("status") not in _UNDONE and any(
            held.get("ingredient") for held in one.get("contained", ())
        ):
            yield one


_UNDONE = ("cancelled", "entered-in-error", "draft")


def _herbs(gathered: Gathered) -> Value:
    """Herbs with their grams in one dose, several prescriptions divided by a semicolon."""
    told = []
    for one in _formulas(gathered):
        herbs = [each for held in one["contained"] for each in held.get("ingredient", ())]
        told.append("、".join(_herb(each) for each in herbs))
    return Value("ST", text="；".join(told))


def _herb(ingredient: Mapping[str, Any]) -> str:
    amount = (ingredient.get("strength") or {}).get("numerator") or {}
    said = from_record.named(ingredient.get("itemCodeableConcept"))
    return f"{said} {amount['value']:g}{amount.get('unit', '')}" if "value" in amount else said


def _packets(gathered: Gathered) -> Value:
    """Doses (剂) of the prescription of herbs, where there is only one."""
    told = [(one.get("dispenseRequest") or {}).get("quantity") or {} for one in _formulas(gathered)]
    if len(told) != 1 or "value" not in told[0]:
        return Value()
    return Value("PQ", text=f"{told[0]['value']:g}", unit="剂")


def _taken(gathered: Gathered) -> Value:
    """How herbs are decocted and taken."""
    told = [
        str(each.get("text", "")) for one in _formulas(gathered) for each in one.get("dosageInstruction", ())
    ]
    return Value("ST", text="；".join(filter(None, told)))


_FACTS: dict[str, Callable[[Gathered], Value]] = {
    "DE04.01.119.00": _complaint,
    "DE05.10.053.00": _complaint,
    "DE06.00.092.00": _time("start"),
    "DE06.00.017.00": _time("end"),
    "DE01.00.010.00": _visit_number(OUTPATIENT),
    "DE01.00.014.00": _visit_number(INPATIENT),
    "DE08.10.026.00": _department,
    "DE02.01.060.00": _kind_of_visit,
    "DE02.01.039.00": _doctor,
    "DE06.00.223.00": _stay("dischargeDisposition", "2.16.156.10011.2.3.1.265"),
    "DE06.00.339.00": _stay("admitSource", "2.16.156.10011.2.3.1.270"),
    "DE06.00.310.00": _days,
    "DE02.01.018.00": _marital,
    "DE08.50.049.00": _herbs,
    "DE08.50.050.00": _packets,
    "DE08.50.047.00": _taken,
}
_FACTS_BY_NAME: dict[str, Callable[[Gathered], Value]] = {
    "就诊日期时间": _time("start"),
    "随访日期": _time("start"),
    "本次随访日期": _time("start"),
    "联系电话": _phone,
}
