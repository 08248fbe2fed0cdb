"""Resources as the data elements of a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.exchange.cda import from_record, meanings, values
from xinglin.exchange.cda.composing.gathering import Gathered, Resource, fitted
from xinglin.exchange.cda.documents import (
    Statement,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.exchange.cda.kinds import Part


def _renamed(part: Part, one: Statement, target: str, role: str) -> Statement | None:
    """The statement under the name that this template has for what it says; None where it has no place for it."""
    for element in part.elements:
        meaning = meanings.meaning_of(element.code, element.name)
        if meaning is not None and meaning == meanings.Meaning(target, role):
            one.code, one.name = element.code, element.name
            if one.value is not None:
                one.value = fitted(one.value, element)
            return one
    return None


def _conditions(target: str) -> Callable[[Part, Gathered], Iterator[Statement]]:
    tcm = target != "condition"

    def tell(part: Part, gathered: Gathered) -> Iterator[Statement]:
        for one in _diagnosed(gathered, target):
            said = list(from_record.elements_of(one))
            if (
                not said
                or said[0].code.startswith("DE05.10") != tcm
                or _is_syndrome(one) != (target == "syndrome")
            ):
                continue
            for statement in said:
                role = "code" if statement.value is not None and statement.value.kind == "CD" else "name"
                renamed = _renamed(part, statement, target, role)
                if renamed is not None:
                    yield renamed

    return tell


def _diagnosed(gathered: Gathered, target: str) -> Iterator[Resource]:
    """The Conditions; of syndromes also those that a Condition names as its evidence."""
    for one in gathered.of("Condition"):
        yield one
        if target == "syndrome":
            for evidence in one.get("evidence", ()):
                yield from ({**one, "code": code, "evidence": []} for code in evidence.get("code", ()))


def _is_syndrome(condition: Resource) -> bool:
    """Whether a condition in the terms of Chinese medicine is a syndrome; its codes begin with B."""
    codings = (condition.get("code") or {}).get("coding", ())
    return any(
        str(c.get("system", "")).endswith("2.3.3.14") and str(c.get("code", "")).startswith(("B", "Z"))
        for c in codings
    ) or from_record.named(condition.get("code")).endswith("证")


def _allergies(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("AllergyIntolerance"):
        for statement, role in zip(from_record.elements_of(one), ("flag", "substance"), strict=False):
            renamed = _renamed(part, statement, "allergy", role)
            if renamed is not None:
                yield renamed


def _procedures(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("Procedure"):
        for statement in from_record.elements_of(one):
            kind = statement.value.kind if statement.value else ""
            role = {"CD": "code", "TS": "time"}.get(kind, "name")
            renamed = _renamed(part, statement, "procedure", role)
            if renamed is not None:
                yield renamed


def _medicines(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("MedicationRequest", "MedicationStatement"):
        for statement in from_record.elements_of(one):
            if part.medication:
                yield statement
                continue
            assert statement.medicine is not None
            name = from_record.element("", "", Value("ST", text=statement.medicine.drug.display))
            told = [_renamed(part, name, "medicine", "name")]
            for inner in statement.inside:
                role = "total" if inner.code == from_record.TOTAL else "usage"
                told.append(_renamed(part, from_record.element("", "", inner.value), "medicine", role))
            yield from (inner for inner in told if inner is not None)


def _results(part: Part, gathered: Gathered) -> Iterator[Statement]:
    named = any(one.code == "DE04.30.019.00" for one in part.elements)
    for one in gathered.of("Observation"):
        if not _is_laboratory(one):
            continue
        if named:
            made = from_record.result(one)
            if made is not None:
                yield made
            continue
        value = values.from_fhir(one)
        item = from_record.named(one.get("code"))
        if value is not None and not value.is_empty and item:
            words = f"{value.text or value.display} {value.unit}".strip()
            for role, text in (("item", item), ("text", words)):
                made = _renamed(part, from_record.element("", "", Value("ST", text=text)), "result", role)
                if made is not None:
                    yield made


def _is_laboratory(observation: Resource) -> bool:
    return any(
        c.get("code") == "laboratory"
        for one in observation.get("category", ())
        for c in one.get("coding", ())
    )


def _reports(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("DiagnosticReport"):
        words = str(one.get("conclusion") or from_record.named(one.get("code")))
        for role in ("finding", "conclusion"):
            made = _renamed(part, from_record.element("", "", Value("ST", text=words)), "report", role)
            if made is not None:
                yield made
                break


def _orders(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("ServiceRequest", "MedicationRequest"):
        concept = one.get("code") or one.get("medicationCodeableConcept")
        words = from_record.named(concept) or str((one.get("medicationReference") or {}).get("display", ""))
        medicine = one.get("resourceType") == "MedicationRequest"
        kind = Value("CD", code="01" if medicine else "99", system="2.16.156.10011.2.3.1.268")
        kind.display = "药品类医嘱" if medicine else "其他医嘱"
        for role, value in (("kind", kind), ("name", Value("ST", text=words))):
            made = _renamed(part, from_record.element("", "", value), "order", role)
            if made is not None and words:
                yield made


def _doses(part: Part, gathered: Gathered) -> Iterator[Statement]:
    for one in gathered.of("Immunization"):
        for statement in from_record.elements_of(one):
            if part.element(statement.code, statement.name) is not None:
                yield statement


GROUPS: dict[str, Callable[[Part, Gathered], Iterator[Statement]]] = {
    "condition": _conditions("condition"),
    "tcm": _conditions("tcm"),
    "syndrome": _conditions("syndrome"),
    "allergy": _allergies,
    "procedure": _procedures,
    "medicine": _medicines,
    "result": _results,
    "report": _reports,
    "order": _orders,
    "dose": _doses,
}
