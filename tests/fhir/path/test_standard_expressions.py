"""The expressions that R4 itself is written with: search parameters and invariants."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from xinglin.fhir import definitions
from xinglin.fhir.path import Element, compile_expression, elements, evaluate, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

SYNTHEA = Path(__file__).parents[3] / ".." / "shared" / "data" / "synthea"


def _search_expressions() -> set[str]:
    return {
        parameter.expression
        for name in definitions.RESOURCE_TYPES
        for parameter in definitions.search_parameters(name).values()
        if parameter.expression
    }


def _constraints(name: str) -> Iterator[definitions.Constraint]:
    structure = definitions.structure(name)
    yield from structure.constraints
    for element in structure.elements.values():
        yield from element.constraints


def _invariants() -> set[str]:
    return {one.expression for name in definitions.structure_names() for one in _constraints(name)}


@pytest.mark.parametrize(("expressions", "least"), [(_search_expressions(), 1000), (_invariants(), 150)])
def test_expressions_of_the_standard_compile_and_print_as_themselves(
    expressions: set[str], least: int
) -> None:
    assert len(expressions) >= least
    for text in expressions:
        program = compile_expression(text)
        assert parse(str(program.tree)) == program.tree


def _below(element: Element) -> Iterator[Element]:
    yield element
    for child in elements.children([element]):
        yield from _below(child)


def _broken_invariants(resource: dict[str, Any]) -> list[tuple[str, str]]:
    broken: list[tuple[str, str]] = []
    for element in _below(elements.root(resource)):
        constraints = list(element.type.structure.constraints)
        if element.parent is not None:
            constraints += element.parent.type.structure.elements[element.name].constraints
        broken += [
            (constraint.key, element.name)
            for constraint in constraints
            if constraint.severity == "error" and evaluate(constraint.expression, element) == [False]
        ]
    return broken


@pytest.mark.skipif(not SYNTHEA.exists(), reason=f"no example records at {SYNTHEA}")
def test_invariants_hold_and_search_parameters_evaluate_on_example_records() -> None:
    path = min(SYNTHEA.glob("*.json.gz"), key=lambda one: one.stat().st_size)
    bundle = json.loads(gzip.decompress(path.read_bytes()))
    resources = [entry["resource"] for entry in bundle["entry"]]
    firsts = {resource["resourceType"]: resource for resource in reversed(resources)}

    assert [broken for resource in firsts.values() for broken in _broken_invariants(resource)] == []
    for name, resource in firsts.items():
        status = evaluate(definitions.search_parameters(name)["_id"].expression, resource)
        assert status == [resource["id"]]
        for parameter in definitions.search_parameters(name).values():
            assert isinstance(evaluate(parameter.expression, resource), list)
