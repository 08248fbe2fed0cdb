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

from xinglin.fhir.reading import day, each, first_date, has_code, moment, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Resource = dict[str, Any]
_VOID = {"entered-in-error", "cancelled", "registered", "refuted", "draft", "not-done"}
_PAST = {"inactive", "resolved", "remission"}
_STOPPED = {"stopped", "on-hold", "ended"}
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


@dataclass(frozen=True, slots=True)
class Content:
    """The data file."""

    version: int
    type: str
    bundle: str
    composition: str
    unknown_supply: timedelta
    kinds: tuple[Kind, ...]


@cache
def content() -> Content:
    """What holds."""
    said = tomllib.loads(resources.files("xinglin.summary").joinpath("data/ips-1.toml").read_text("utf-8"))
    kinds = tuple(_kind(one) for one in said["section"])
    return Content(
        said["version"], said["type"], said["bundle"], said["composition"],
        timedelta(days=said["unknown_supply_days"]), kinds,
    )  # fmt: skip


def _kind(said: dict[str, Any]) -> Kind:
    listed = {name: tuple(said.get(name, ())) for name in ("types", "categories")}
    return Kind(**{**said, **listed})


def chosen(kind: Kind, found: Iterable[Resource], today: date) -> tuple[Resource, ...]:
    """The entries of a section among these, the latest first."""
    kept = [r for r in found if r["resourceType"] in kind.types and not _is_void(r) and _fits(kind, r, today)]
    kept.sort(key=lambda resource: moment(date_of(resource)), reverse=True)
    latest: dict[str, Resource] = {}
    for resource in kept:
        latest.setdefault(_about(resource), resource)
    return tuple(latest.values())[: kind.most]


def _fits(kind: Kind, resource: Resource, today: date) -> bool:
    if kind.years and day(date_of(resource)) < f"{today - timedelta(days=round(365.25 * kind.years))}":
        return False
    if kind.name == "medicines":
        return is_current(resource, today)
    if kind.name == "allergies":
        return not has_code(resource.get("clinicalStatus"), _PAST)
    if kind.name in {"problems", "past-illness"}:
        past = has_code(resource.get("clinicalStatus"), _PAST) or bool(resource.get("abatementDateTime"))
        return past is (kind.name == "past-illness")
    if resource["resourceType"] == "DiagnosticReport":
        return has_code(resource.get("category"), _IMAGING)
    return not kind.categories or has_code(resource.get("category"), set(kind.categories))


def is_current(request: Resource, today: date) -> bool:
    """Whether a medicine is being taken: by its end or its supply, else as long as an order without one counts."""
    if request.get("status") in _STOPPED or request.get("intent") in {"proposal", "option"}:
        return False
    begun = day(date_of(request))
    supply = ((request.get("dispenseRequest") or {}).get("expectedSupplyDuration") or {}).get("value")
    end = str((request.get("effectivePeriod") or {}).get("end", ""))[:10]
    if supply is not None and len(begun) == 10:
        end = f"{date.fromisoformat(begun) + timedelta(days=float(supply))}"
    if end:
        return end >= today.isoformat()
    return request.get("status") == "active" and begun >= f"{today - content().unknown_supply}"


def _about(resource: Resource) -> str:
    """What makes two entries one: the first standard code, else the words; every dose of a vaccine is its own."""
    if resource["resourceType"] in {"Immunization", "DiagnosticReport"}:
        return f"{resource['resourceType']}/{resource['id']}"
    concept = concept_of(resource)
    codes = sorted(
        f"{c.get('system', '')}|{c['code']}"
        for c in each(concept.get("coding"))
        if c.get("code") and "institution" not in str(c.get("system", ""))
    )
    return codes[0] if codes else text_of(concept).casefold()


def concept_of(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an entry is about, as a CodeableConcept."""
    for name in ("code", "vaccineCode", "medicationCodeableConcept"):
        if isinstance(resource.get(name), dict):
            return dict(resource[name])
    reference = resource.get("medicationReference") or resource.get("device") or {}
    wanted = str(reference.get("reference", ""))[1:]
    held: Mapping[str, Any] = next((c for c in each(resource.get("contained")) if c.get("id") == wanted), {})
    text = reference.get("display") or text_of(held.get("code")) or str(reference.get("reference", ""))
    return {**(held.get("code") or {}), "text": text}


def date_of(resource: Mapping[str, Any]) -> str:
    """The date as FHIR has it, of a Period its start; ``""`` for none."""
    return first_date(resource, *_DATES)


def _is_void(resource: Resource) -> bool:
    return resource.get("status") in _VOID or has_code(resource.get("verificationStatus"), _VOID)
