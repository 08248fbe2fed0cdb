"""Every constraint of the standard, evaluated as FHIRPath: for ``$validate``, where time is not short.

https://hl7.org/fhir/R4/resource-operation-validate.html
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.fhir import path
from xinglin.fhir.definitions import Constraint, structure
from xinglin.fhir.validation.checks import check, inner_resources
from xinglin.fhir.validation.explanation import rule_issue
from xinglin.fhir.validation.rules import RULES
from xinglin.kernel.errors import Fault, Issue

if TYPE_CHECKING:
    from collections.abc import Iterator

_BASE = "http://hl7.org/fhir/StructureDefinition/"
_KNOWN_OTHERWISE = {"ele-1", "dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "sqty-1", "txt-1", "txt-2"}
_CHILDREN = path.compile_expression("children()")


def check_fully(resource: Any) -> list[Issue]:
    """What ``check`` says; and for a resource without errors what every other constraint of the standard says.

    Also warnings: constraints of that severity (a narrative for people among them, dom-6), and profiles that
    ``meta.profile`` claims but that are not known here. Takes milliseconds, for large definitions seconds.
    """
    issues = check(resource)
    if issues:
        return issues
    issues += _profiles(resource, resource["resourceType"])
    focus = path.compile_expression("$this").items(resource)[0]
    issues += _walk(focus, resource["resourceType"], ())
    return issues


def _profiles(resource: dict[str, Any], expression: str) -> Iterator[Issue]:
    for position, url in enumerate(resource.get("meta", {}).get("profile", ())):
        if url.partition("|")[0] != _BASE + resource["resourceType"]:
            yield Issue(
                "not-found",
                "The profile %(profile)s is not known here; only FHIR R4 itself was checked.",
                {"profile": url},
                f"{expression}.meta.profile[{position}]",
                "warning",
            )
    for child, place in inner_resources(resource, expression):
        yield from _profiles(child, place)


def _walk(element: path.Element, expression: str, extra: tuple[Constraint, ...]) -> Iterator[Issue]:
    """The constraints of an element's type, of its place in its parent (``extra``), and of all below it."""
    for constraint in (*_of_type(element.type.name), *extra):
        if constraint.key == "dom-6" and element.key == "contained":
            continue  # what is contained is told by the narrative around it
        if not _holds(constraint, element):
            yield rule_issue(constraint.key, constraint.human, expression, constraint.severity)
    if element.type.primitive:
        return
    for child in _CHILDREN.items(element):
        if isinstance(child, path.Element) and child.type.name:
            place = f"{expression}.{child.key}" + (f"[{child.index}]" if child.index >= 0 else "")
            yield from _walk(child, place, _of_element(element.type.name, child.name))


@cache
def _of_type(name: str) -> tuple[Constraint, ...]:
    """The constraints of a type and of those it specialises, without the ones that ``check`` has tested."""
    found: list[Constraint] = []
    while name:
        owner = structure(name)
        found += [c for c in owner.constraints if _is_untested(c.key, owner.name)]
        name = owner.base
    return tuple(found)


@cache
def _of_element(owner: str, name: str) -> tuple[Constraint, ...]:
    element = structure(owner).elements.get(name)
    places = (owner, f"{owner}.{name}")
    constraints = element.constraints if element else ()
    return tuple(c for c in constraints if all(_is_untested(c.key, place) for place in places))


def _is_untested(key: str, owner: str) -> bool:
    return key not in _KNOWN_OTHERWISE and key not in RULES.get(owner, {})


def _holds(constraint: Constraint, element: path.Element) -> bool:
    """Whether the constraint is true of the element, or cannot be told (an empty result)."""
    try:
        found = path.compile_expression(constraint.expression).items(element)
    except Fault:  # a function that needs what is not here
        return True
    return found != [False]
