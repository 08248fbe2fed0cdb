"""References as tokens: by which numbers a row that refers to something is found.

A reference to ``Type/id`` of this record is the number of ``Type/id`` XOR the seed of the branch, so that
SQL can go from a row to those that refer to it and back. https://hl7.org/fhir/R4/search.html#reference
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from xinglin.fhir import definitions, index
from xinglin.fhir.index import keys
from xinglin.fhir.index.routes import Get
from xinglin.fhir.references import parse
from xinglin.kernel.ids import self_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.fhir.definitions import SearchParameter
    from xinglin.fhir.index import Branch
    from xinglin.record.search import values

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def allows(branch: Branch, type_: str) -> bool:
    """Whether the branch means references to resources of that type."""
    return not branch.targets or type_ in branch.targets


def hashes(branch: Branch, wanted: values.Reference, base: str) -> Iterator[int]:
    """The tokens of a reference as asked for: ``id``, ``Type/id``, an address of ours or another's."""
    named = parse(wanted.text, base)
    if named is not None:
        if allows(branch, named.type) and wanted.type in (None, named.type):
            yield keys.reference_hash(branch.path, named.type, named.id)
    elif _ID.fullmatch(wanted.text):
        for type_ in (wanted.type,) if wanted.type else branch.targets or definitions.RESOURCE_TYPES:
            if allows(branch, type_):
                yield keys.reference_hash(branch.path, type_, wanted.text)
    else:
        yield keys.uri_hash(branch.path, wanted.text)


def seeds(type_: str, parameter: SearchParameter, target: str | None) -> list[int]:
    """The seeds of the branches by which resources of ``type_`` refer to ``target`` (None: to any type)."""
    found = index.branches(type_, parameter)
    return [keys.seed(b.path) for b in found if target is None or allows(b, target)]


def patient_named(branch: Branch, wanted: values.Reference, base: str) -> int | None:
    """The number of the one patient whose resources a reference asks for, if that is what it does."""
    if branch.path != patient_path(branch.path.partition(".")[0]):
        return None
    named = parse(wanted.text, base)
    if named is not None:
        return self_number("Patient", named.id) if named.type == "Patient" else None
    only_patients = wanted.type == "Patient" or branch.targets == ("Patient",)
    if only_patients and _ID.fullmatch(wanted.text):
        return self_number("Patient", wanted.text)
    return None


@cache
def patient_path(type_: str) -> str | None:
    """The path whose reference to a patient always is what the column ``patient`` holds.

    That is the first one by which resources of the type are in a patient's compartment, if it holds one
    reference at most.
    """
    first = next(_compartment_branches("Patient", type_), None)
    return first.path if first is not None and _is_single(first) else None


def _is_single(branch: Branch) -> bool:
    return branch.routes is not None and all(
        isinstance(step, Get) and not step.many for route in branch.routes for step in route.steps
    )


def is_main_date(branches: Sequence[Branch]) -> bool:
    """Whether the column ``date`` holds the beginning of the only value that the branches can have."""
    return len(branches) == 1 and branches[0].path == _main_date_path(branches[0].path.partition(".")[0])


@cache
def _main_date_path(type_: str) -> str | None:
    """The path of the type's main date, if it is but one and holds one value at most."""
    code = index.main_date(type_) if definitions.is_resource_type(type_) else None
    found = index.branches(type_, definitions.search_parameters(type_)[code]) if code else ()
    return found[0].path if len(found) == 1 and _is_single(found[0]) else None


def by_patient(type_: str, parameter: SearchParameter) -> bool:
    """Whether all that ``parameter`` says of patients is in the column ``patient`` too."""
    return [branch.path for branch in index.branches(type_, parameter)] == [patient_path(type_)]


def always_by_patient(type_: str) -> bool:
    """Whether resources of the type are in the compartment of their ``patient`` and in no other's."""
    paths = {branch.path for branch in _compartment_branches("Patient", type_)}
    return paths == {patient_path(type_)} and type_ != "Patient"


def _compartment_branches(compartment: str, type_: str) -> Iterator[Branch]:
    """Where resources of the type refer to the compartment's own resource, in the order they are looked at."""
    known = definitions.search_parameters(type_)
    for code in definitions.compartment(compartment).get(type_, ()):
        if code in known:
            yield from index.branches(type_, known[code])


@lru_cache(maxsize=1024)
def compartment_seeds(compartment: str, type_: str) -> tuple[int, ...]:
    """The seeds by which resources of the type are in compartments of that kind."""
    return tuple(dict.fromkeys(keys.seed(b.path) for b in _compartment_branches(compartment, type_)))
