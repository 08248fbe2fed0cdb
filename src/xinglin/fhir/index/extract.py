"""The extractor of a resource type: a function from a resource to its entries in the search index."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from xinglin.fhir.definitions import compartment, search_parameters
from xinglin.fhir.index import keys
from xinglin.fhir.index.branches import Branch, Composite, branches, filed
from xinglin.fhir.index.compose import elements
from xinglin.fhir.index.evaluated import evaluated, evaluated_elements
from xinglin.fhir.index.generate import Function, Place
from xinglin.fhir.index.leaves import Filing
from xinglin.kernel.ids import self_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xinglin.fhir.definitions import SearchParameter
    from xinglin.fhir.index.values import NameKeys, RangeRow, StringRow


@lru_cache(maxsize=512)
def text_keys(resource_type: str, extra: tuple[SearchParameter, ...] = ()) -> frozenset[int]:
    """The keys of the string rows that are texts of tokens, for ``:text``."""
    found, _ = filed(resource_type, extra)
    return frozenset(keys.key(f"{branch.path}:text") for branch in found if branch.kind == "token")


# The parameter that says when what a resource tells of took place, where it is not called ``date``.
_MAIN_DATES = {
    "Account": "period",
    "Basic": "created",
    "Bundle": "timestamp",
    "ChargeItem": "occurrence",
    "Claim": "created",
    "ClaimResponse": "created",
    "Communication": "sent",
    "CommunicationRequest": "authored",
    "Condition": "onset-date",
    "Contract": "issued",
    "CoverageEligibilityRequest": "created",
    "CoverageEligibilityResponse": "created",
    "DetectedIssue": "identified",
    "DeviceRequest": "authored-on",
    "DocumentManifest": "created",
    "ExplanationOfBenefit": "created",
    "Goal": "start-date",
    "ImagingStudy": "started",
    "Media": "created",
    "MedicationAdministration": "effective-time",
    "MedicationDispense": "whenhandedover",
    "MedicationRequest": "authoredon",  # its ``date`` is that of the doses
    "MedicationStatement": "effective",
    "NutritionOrder": "datetime",
    "PaymentNotice": "created",
    "PaymentReconciliation": "created",
    "Provenance": "recorded",
    "QuestionnaireResponse": "authored",
    "RequestGroup": "authored",
    "ServiceRequest": "authored",
    "Slot": "start",
    "Specimen": "collected",
    "Task": "authored-on",
    "TestReport": "issued",
    "VisionPrescription": "datewritten",
}


class Entries(NamedTuple):
    """What a resource is found by; the package's docstring says what is in each."""

    tokens: list[int]
    ranges: list[RangeRow]
    strings: list[StringRow]
    date: float | None
    patient: int
    others: list[int]  # the numbers of further patients in whose compartments it is


def hash_with(secret: bytes | None) -> None:
    """Hash identifying values with a key that is made from ``secret``, None: without one. Extractors are made anew."""
    keys.hash_with(secret)
    extractor.cache_clear()


def main_date(resource_type: str) -> str | None:
    """The code of the date parameter whose beginning is ``Entries.date``; None if the type has none."""
    code = _MAIN_DATES.get(resource_type, "date")
    return code if code in search_parameters(resource_type) else None


@lru_cache(maxsize=1024)
def extractor(
    resource_type: str, extra: tuple[SearchParameter, ...] = (), name_keys: NameKeys | None = None
) -> Callable[[dict[str, Any]], Entries]:
    """The function that makes the entries of resources of one type; it never changes the resource.

    ``extra`` are parameters beyond the standard's, of which those for this type count; ``name_keys`` gives
    the readings of a Chinese name. The function raises nothing for a structurally valid resource.
    """
    function, root = Function(name_keys), Place()
    found, compound = filed(resource_type, extra)
    patients = _patients(resource_type)
    for filing in _filings(resource_type, found, patients):
        root.add(filing)
    for branch in (branch for branch in found if branch.routes is None):
        root.elements.append(evaluated(branch, name_keys))
    for composite in compound:
        _compose(root, composite)
    function.walk(root, "r")
    function.names.update(Entries=Entries, self_number=self_number)
    first = [*patients.values(), "0"]
    own = "self_number('Patient', r.get('id', ''))" if resource_type == "Patient" else " or ".join(first)
    return function.compile(
        "def extract(r):",
        ["t, g, s, a, d = [], [], [], [], None", *(f"{variable} = 0" for variable in patients.values())],
        f"return Entries([*{{*t}}], [*{{*g}}], [*{{*s}}], d, (p := {own}), [n for n in {{*a}} if n != p] if a else [])",
    )


def _patients(resource_type: str) -> dict[str, str]:
    """Path → variable, for the paths by which a resource is in a patient's compartment, in their order."""
    known = search_parameters(resource_type)
    codes = compartment("Patient").get(resource_type, ())
    paths = [
        branch.path for code in codes if code in known for branch in branches(resource_type, known[code])
    ]
    return {path: f"p{number}" for number, path in enumerate(dict.fromkeys(paths))}


def _filings(resource_type: str, found: Iterable[Branch], patients: dict[str, str]) -> Iterable[Filing]:
    """One filing for each path and kind, whatever restrictions several parameters make."""
    date = main_date(resource_type)
    dated = branches(resource_type, search_parameters(resource_type)[date]) if date else ()
    dates = {branch.path for branch in dated}
    same: dict[tuple[str, str], list[Branch]] = {}
    for branch in found:
        if branch.routes is not None:
            same.setdefault((branch.path, branch.kind), []).append(branch)
    for (path, kind), alike in same.items():
        yield Filing(
            path,
            kind,
            alike[0].routes or (),
            frozenset(branch.restricted for branch in alike if branch.restricted),
            any(branch.required for branch in alike),
            patient=patients.get(path, "") if kind == "reference" else "",
            main_date=kind == "date" and path in dates,
        )


def _compose(root: Place, composite: Composite) -> None:
    parts = [branch for component in composite.components for branch in component]
    if composite.routes is None or any(branch.routes is None for branch in parts):
        root.elements.append(evaluated_elements(composite))
        return
    filer = elements(composite)
    for route in composite.routes:
        root.reach(route.steps).elements.append(filer)
