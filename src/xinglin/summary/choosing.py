"""Which entries of a record belong into which section. Pure.

Of several entries about the same (a disease that five hospitals wrote down, a test that was done every month) the
latest is taken: a summary says what is, and the record keeps the rest.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from xinglin.fhir.reading import Resource, codings, day, each, first_date, has_code, moment, text_of, unit_of
from xinglin.summary import diagnoses, medicines, quantities

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xinglin.summary.quantities import Quantity

_VOID = {"entered-in-error", "cancelled", "registered", "refuted", "draft", "not-done"}
_DISEASES = {"problems", "past-illness"}
_IMAGING = {"RAD", "RX", "CT", "MR", "NMR", "CUS", "RUS", "OUS", "VUS", "EC", "LP29684-5"}
_DATES = (
    "recordedDate", "authoredOn", "effectiveDateTime", "effectivePeriod", "occurrenceDateTime", "performedDateTime",
    "performedPeriod", "timingPeriod", "timingDateTime", "onsetDateTime", "onsetPeriod", "issued", "recordedOn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A section as the data file has it."""

    name: str
    code: str
    zh: str
    en: str
    types: tuple[str, ...]
    required: bool
    most: int
    categories: tuple[str, ...] = ()
    years: int = 0  # how far back it looks; 0 for ever
    without: tuple[str, ...] = ()  # how codes begin of what senders put into it that is something else


@dataclass(frozen=True, slots=True)
class Content:
    """The data file."""

    version: int
    type: str
    bundle: str
    composition: str
    kinds: tuple[Kind, ...]


@cache
def content() -> Content:
    """What holds."""
    said = tomllib.loads(resources.files("xinglin.summary").joinpath("data/ips-1.toml").read_text("utf-8"))
    kinds = tuple(_kind(one) for one in said["section"])
    return Content(
        said["version"], said["type"], said["bundle"], said["composition"],
        kinds,
    )  # fmt: skip


def _kind(said: dict[str, Any]) -> Kind:
    listed = {name: tuple(said.get(name, ())) for name in ("types", "categories", "without")}
    return Kind(**{**said, **listed})


def chosen(kind: Kind, found: Iterable[Resource], today: date) -> tuple[Resource, ...]:
    """The entries of a section among these, the latest first."""
    if kind.name == "medicines":
        return _medicines(kind, found, today)
    if kind.name in _DISEASES:
        return _diseases(kind, found)
    kept = [r for r in found if r["resourceType"] in kind.types and not _is_void(r) and _fits(kind, r, today)]
    kept.sort(key=lambda resource: moment(date_of(resource)), reverse=True)
    latest: dict[str, Resource] = {}
    for resource in kept:
        latest.setdefault(_about(resource), resource)
    return tuple(latest.values())[: kind.most]


def _diseases(kind: Kind, found: Iterable[Resource]) -> tuple[Resource, ...]:
    """Of each disease the latest entry: it says whether the disease is over."""
    kept = [r for r in found if r["resourceType"] in kind.types]
    latest = [max(group, key=lambda r: moment(date_of(r))) for group in diagnoses.together(kept)]
    chosen = [r for r in latest if diagnoses.is_over(r) is (kind.name == "past-illness")]
    chosen.sort(key=lambda resource: moment(date_of(resource)), reverse=True)
    return tuple(chosen[: kind.most])


def _medicines(kind: Kind, found: Iterable[Resource], today: date) -> tuple[Resource, ...]:
    """Of each medicine that is being taken the latest request, before all one that says how it is taken."""
    chosen = []
    for group in medicines.together(r for r in found if r["resourceType"] in kind.types):
        running = [request for request in group if medicines.runs(request, today)]
        if running:
            chosen.append(next((r for r in running if medicines.dose_of(r)), running[0]))
    chosen.sort(key=lambda request: moment(medicines.start_of(request)), reverse=True)
    return tuple(chosen[: kind.most])


def _fits(kind: Kind, resource: Resource, today: date) -> bool:
    if kind.years and day(date_of(resource)) < f"{today - timedelta(days=round(365.25 * kind.years))}":
        return False
    if kind.name == "allergies":
        return not has_code(resource.get("clinicalStatus"), diagnoses.PAST)
    if resource["resourceType"] == "DiagnosticReport":
        return has_code(resource.get("category"), _IMAGING)
    if kind.without and any(code.startswith(kind.without) for _, code in codings(resource.get("code"))):
        return False
    return not kind.categories or has_code(resource.get("category"), set(kind.categories))


def _about(resource: Resource) -> str:
    """What makes two entries one: the first standard code, else the words; every dose of a vaccine is its own."""
    if resource["resourceType"] in {"Immunization", "DiagnosticReport"}:
        return f"{resource['resourceType']}/{resource['id']}"
    concept = concept_of(resource)
    known = quantity_of(resource)
    if known is not None:
        return known.code
    codes = sorted(
        f"{c.get('system', '')}|{c['code']}"
        for c in each(concept.get("coding"))
        if c.get("code") and "institution" not in str(c.get("system", ""))
    )
    return codes[0] if codes else text_of(concept).casefold()


def quantity_of(resource: Mapping[str, Any]) -> Quantity | None:
    """What an Observation with a number measures, if it is known."""
    if not isinstance(resource.get("valueQuantity"), dict):
        return None
    return quantities.of(resource.get("code"), unit_of(resource["valueQuantity"]))


def concept_of(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an entry is about, as a CodeableConcept."""
    for name in ("code", "vaccineCode"):
        if isinstance(resource.get(name), dict):
            return dict(resource[name])
    if isinstance(resource.get("device"), dict):
        held = _held(resource)
        text = (
            resource["device"].get("display")
            or text_of(held.get("code"))
            or str(resource["device"].get("reference", ""))
        )
        return {**(held.get("code") or {}), "text": text}
    return medicines.concept_of(resource)


def _held(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = str(resource["device"].get("reference", ""))[1:]
    return next((c for c in each(resource.get("contained")) if c.get("id") == wanted), {})


def date_of(resource: Mapping[str, Any]) -> str:
    """The date as FHIR has it, of a Period its start; ``""`` for none."""
    return first_date(resource, *_DATES)


def _is_void(resource: Resource) -> bool:
    return resource.get("status") in _VOID or has_code(resource.get("verificationStatus"), _VOID)
