"""What residents measure themselves: kinds, plausible figures, targets, and the Observation that keeps it. Pure.

An Observation of ours has our code of the kind beside the LOINC code, and says by a tag of HL7's ObservationValue
(``PATRPT``) that a patient reported it, so that readers at institutions can tell it from what they measured.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.fhir import dates
from xinglin.fhir.reading import UNDATED, codings, day, each, moment, number
from xinglin.kernel.errors import invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

_DATA = Path(__file__).parent / "data"
_VERSION = 1
SYSTEM = "urn:xinglin:codes:self-measured"
REPORTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "PATRPT",
    "display": "patient reported",
}
TAG = f"{REPORTED['system']}|{REPORTED['code']}"
"""The value of ``_tag=`` that finds what was reported so."""
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
_VOID = "entered-in-error"


@dataclass(frozen=True, slots=True)
class Value:
    """One figure of a kind. ``target`` and ``see`` are bounds in its unit, or None."""

    code: str
    loinc: str
    zh: str
    en: str
    unit: str
    shown: str
    decimals: int
    least: float
    most: float
    target: tuple[float, float] | None = None
    see: tuple[float, float] | None = None
    shown_en: str = ""

    def name(self, language: str) -> str:
        return self.zh if language == "zh" else self.en

    def unit_in(self, language: str) -> str:
        """The unit as it is read."""
        return self.shown if language == "zh" else self.shown_en or self.shown

    def text(self, figure: float) -> str:
        return f"{figure:.{self.decimals}f}"

    def flag(self, figure: float) -> str:
        """``high``, ``low`` or ``normal`` against the target; ``none`` without one."""
        if self.target is None:
            return "none"
        return "low" if figure < self.target[0] else "high" if figure > self.target[1] else "normal"

    def is_urgent(self, figure: float) -> bool:
        """Whether somebody should see a doctor with it: below the first bound, or from the second on."""
        return self.see is not None and (figure < self.see[0] or figure >= self.see[1])


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be measured."""

    code: str
    loinc: str
    category: str
    icon: str
    said: Mapping[str, Mapping[str, str]]
    values: tuple[Value, ...]

    def words(self, language: str) -> Mapping[str, str]:
        """Its name, how to measure, and when to see a doctor."""
        return self.said[language]


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of the record; ``figures`` by the code of the value."""

    id: str
    kind: Kind
    at: int  # microseconds since 1970 UTC
    date: str
    moment: str
    figures: Mapping[str, float]

    @property
    def text(self) -> str:
        """Its figures, as ``128/82``."""
        return "/".join(v.text(self.figures[v.code]) for v in self.kind.values if v.code in self.figures)

    @property
    def unit(self) -> str:
        return self.kind.values[0].shown

    @property
    def flag(self) -> str:
        """The worst of its figures' flags."""
        flags = [v.flag(self.figures[v.code]) for v in self.kind.values if v.code in self.figures]
        return next((flag for flag in ("high", "low", "normal") if flag in flags), "none")

    @property
    def urgent(self) -> bool:
        return any(v.is_urgent(self.figures[v.code]) for v in self.kind.values if v.code in self.figures)


@cache
def table() -> dict[str, Any]:
    return tomllib.loads((_DATA / f"measurements-{_VERSION}.toml").read_text())


def _value(given: Mapping[str, Any]) -> Value:
    bounds = {name: tuple(given[name]) for name in ("target", "see") if name in given}
    return Value(**{**given, **bounds})


@cache
def kinds() -> dict[str, Kind]:
    """All kinds by code, in the order of the table."""
    return {
        one["code"]: Kind(
            one["code"], one["loinc"], one["category"], one["icon"], {"zh": one["zh"], "en": one["en"]},
            tuple(_value(value) for value in one["value"]),
        )
        for one in table()["kind"]
    }  # fmt: skip


def kind(code: str) -> Kind:
    """Raises ``not_found``."""
    if code not in kinds():
        raise not_found(gettext_noop("Nothing called %(code)s is measured here."), code=code)
    return kinds()[code]


def require_plausible(of: Kind, figures: Mapping[str, float], at: datetime, now: datetime) -> None:
    """Raise ``invalid`` for figures that nobody has, and for a moment to come or long past."""
    for value in of.values:
        figure = figures.get(value.code)
        if figure is None or not value.least <= figure <= value.most:
            raise invalid(
                gettext_noop("This figure is possible from %(least)s to %(most)s %(unit)s. Measure or type it again."),
                least=value.text(value.least), most=value.text(value.most), unit=value.shown,
            )  # fmt: skip
    if of.code == "pressure" and figures["systolic"] <= figures["diastolic"]:
        raise invalid(gettext_noop("The upper figure is the greater one. Have you changed the two?"))
    if not now - timedelta(days=table()["back_days"]) <= at <= now + timedelta(minutes=5):
        raise invalid(
            gettext_noop("When was it measured? At most %(days)s days ago, and not later than now."),
            days=table()["back_days"],
        )


def observation(
    of: Kind, figures: Mapping[str, float], *, patient: str, performer: Mapping[str, str], at: datetime
) -> dict[str, Any]:
    """The Observation of a measurement; ``performer`` refers to who measured."""
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "meta": {"tag": [REPORTED]},
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORIES, "code": of.category}]}],
        "code": {
            "coding": [{"system": _LOINC, "code": of.loinc}, {"system": SYSTEM, "code": of.code}],
            "text": of.words("zh")["name"],
        },
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": at.isoformat(timespec="seconds"),
        "performer": [dict(performer)],
    }
    if len(of.values) == 1:
        made["valueQuantity"] = _quantity(of.values[0], figures[of.values[0].code])
    else:
        made["component"] = [
            {
                "code": {"coding": [{"system": _LOINC, "code": value.loinc}], "text": value.zh},
                "valueQuantity": _quantity(value, figures[value.code]),
            }
            for value in of.values
        ]
    return made


def _quantity(value: Value, figure: float) -> dict[str, Any]:
    rounded = round(figure, value.decimals)
    return {
        "value": int(rounded) if value.decimals == 0 else rounded, "unit": value.shown, "system": _UCUM,
        "code": value.unit,
    }  # fmt: skip


def is_reported(resource: Mapping[str, Any]) -> bool:
    """Whether a patient reported it."""
    tags = each((resource.get("meta") or {}).get("tag"))
    return any((t.get("system"), t.get("code")) == (REPORTED["system"], REPORTED["code"]) for t in tags)


def measured(resources: Iterable[Mapping[str, Any]]) -> list[Measured]:
    """The measurements among Observations, the latest first; those withdrawn are left out."""
    found = [one for resource in resources if (one := _measured(resource)) is not None]
    return sorted(found, key=lambda one: one.at, reverse=True)


def latest(found: Iterable[Measured]) -> dict[str, Measured]:
    """The first of each kind, which is the last that was measured, by the kind's code."""
    kept: dict[str, Measured] = {}
    for one in found:
        kept.setdefault(one.kind.code, one)
    return kept


def _measured(resource: Mapping[str, Any]) -> Measured | None:
    if resource.get("status") == _VOID or not is_reported(resource):
        return None
    said = [code for system, code in codings(resource.get("code")) if system == SYSTEM]
    of = kinds().get(said[0]) if said else None
    if of is None:
        return None
    at = str(resource.get("effectiveDateTime", ""))
    figures = dict(_figures(of, resource))
    return Measured(str(resource["id"]), of, moment(at), day(at), _read(at), figures) if figures else None


def _read(at: str) -> str:
    """A moment in this country as people read it."""
    found = moment(at)
    if "T" not in at or found == UNDATED:
        return at
    return dates.moment(found).astimezone(dates.LOCAL_ZONE).strftime("%Y-%m-%d %H:%M")


def _figures(of: Kind, resource: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    if "value" in (resource.get("valueQuantity") or {}):
        yield of.values[0].code, float(number(resource["valueQuantity"]["value"]))
    for part in each(resource.get("component")):
        codes = {code for _, code in codings(part.get("code"))}
        value = next((v for v in of.values if v.loinc in codes), None)
        if value is not None and "value" in (part.get("valueQuantity") or {}):
            yield value.code, float(number(part["valueQuantity"]["value"]))


def charts(of: Kind, found: Iterable[Measured], language: str) -> list[list[dict[str, Any]]]:
    """What ``xl-trend`` draws, a chart for each figure with its target as the band; none for a single day."""
    ordered = sorted(found, key=lambda one: one.at)
    if len({one.date for one in ordered}) < 2:
        return []
    return [[_chart(value, ordered, language)] for value in of.values]


def _chart(value: Value, ordered: list[Measured], language: str) -> dict[str, Any]:
    points = [
        {
            "date": one.date,
            "value": one.figures[value.code],
            "text": value.text(one.figures[value.code]),
            "flag": value.flag(one.figures[value.code]),
            "institution": "",
        }
        for one in ordered
        if value.code in one.figures
    ]
    low, high = value.target or (None, None)
    return {
        "name": value.name(language), "unit": value.unit_in(language), "low": low, "high": high, "points": points,
    }  # fmt: skip
