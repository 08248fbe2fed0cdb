"""Which tests are the same quantity, by their codes or by their names (``data/quantities-1.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from xinglin.fhir.reading import loinc_of, text_of


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is measured. ``code`` (LOINC) is the one it is known by, ``unit`` the one its names are taken with."""

    code: str
    zh: str
    en: str
    unit: str


@cache
def _known() -> tuple[dict[str, Quantity], dict[tuple[str, str], Quantity]]:
    said = tomllib.loads(
        resources.files("xinglin.summary").joinpath("data/quantities-1.toml").read_text("utf-8")
    )
    codes: dict[str, Quantity] = {}
    names: dict[tuple[str, str], Quantity] = {}
    for one in said["quantity"]:
        quantity = Quantity(one["codes"][0], one["zh"], one["en"], one["unit"])
        codes |= dict.fromkeys(one["codes"], quantity)
        names |= {(name.casefold(), quantity.unit): quantity for name in (one["zh"], *one["names"])}
    return codes, names


def of(concept: Any, unit: str) -> Quantity | None:
    """The quantity of a test by its CodeableConcept, with the unit as shown."""
    loinc = loinc_of(concept)
    return quantity(loinc, "" if loinc else text_of(concept), unit)


def quantity(loinc: str | None, name: str, unit: str) -> Quantity | None:
    """The quantity of a test: by its LOINC code, or, where it has none, by its name with the unit as shown."""
    codes, names = _known()
    return codes.get(loinc) if loinc else names.get((name.casefold(), unit))
