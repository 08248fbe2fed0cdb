"""FHIRPath evaluations a second, beside plain dict access to the same values in the same run.

python benchmarks/fhirpath.py
"""

from __future__ import annotations

import sys
from itertools import chain
from timeit import Timer
from typing import TYPE_CHECKING, Any

from xinglin.fhir.path import compile_expression

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 0.25  # a measurement; the best of three counts


def _concept(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": code}], "text": code}


def _component(code: str, value: float) -> dict[str, Any]:
    quantity = {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return {"code": _concept(code), "valueQuantity": quantity}


OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "blood-pressure",
    "status": "final",
    "category": [_concept("vital-signs")],
    "code": _concept("85354-9"),
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2026-03-01T08:30:00+08:00",
    "component": [_component("8480-6", 120.0), _component("8462-4", 80.0)],
}


def _codes(o: dict[str, Any]) -> list[Any]:
    return [o["code"], *(component["code"] for component in o.get("component", ()))]


def _numbers(o: dict[str, Any]) -> list[Any]:
    return [component["valueQuantity"]["value"] for component in o.get("component", ())]


def _subject(o: dict[str, Any]) -> list[Any]:
    return [o["subject"]] if o["subject"]["reference"].startswith("Patient/") else []


def _loinc(o: dict[str, Any]) -> list[Any]:
    codings = chain.from_iterable(concept["coding"] for concept in [o["code"]])
    return [coding["code"] for coding in codings if coding["system"] == "http://loinc.org"]


CASES: tuple[tuple[str, Callable[[dict[str, Any]], list[Any]]], ...] = (
    ("Observation.status", lambda o: [o["status"]]),
    ("Observation.code | Observation.component.code", _codes),
    ("Observation.component.value.value", _numbers),
    ("Observation.subject.where(resolve() is Patient)", _subject),
    ("Observation.code.coding.where(system = 'http://loinc.org').code", _loinc),
)


def _rate(function: Callable[[], object]) -> float:
    """Calls a second, the best of three measurements."""
    timer = Timer(function)
    number, elapsed = 100, 0.0
    while elapsed < SECONDS / 10:
        number *= 2
        elapsed = timer.timeit(number)
    number = max(1, int(number * SECONDS / elapsed))
    return number / min(timer.repeat(3, number))


def main() -> int:
    print(f"{'expression':<66}{'per second':>12}{'µs':>8}{'plain dict':>13}{'ratio':>8}")
    for expression, by_hand in CASES:
        program = compile_expression(expression)
        if program(OBSERVATION) != by_hand(OBSERVATION):
            print(f"{expression}: {program(OBSERVATION)} is not {by_hand(OBSERVATION)}", file=sys.stderr)
            return 1
        ours, plain = _rate(lambda p=program: p(OBSERVATION)), _rate(lambda h=by_hand: h(OBSERVATION))  # type: ignore[misc]
        print(f"{expression:<66}{ours:>12,.0f}{1e6 / ours:>8.2f}{plain:>13,.0f}{plain / ours:>8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
