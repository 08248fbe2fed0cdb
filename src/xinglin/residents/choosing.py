"""What a resident can decide about the own data, in plain words (``data/choices-1.toml``). Pure.

The decision itself is the same Consent as a clerk takes down (``consent.rules``), so that one rule keeps to both.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinglin.consent.rules import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DATA = Path(__file__).parent / "data"
_VERSION = 1
_ORGANIZATION = "Organization/"


@cache
def table() -> dict[str, Any]:
    """The whole table, with its source and confidence."""
    return tomllib.loads((_DATA / f"choices-{_VERSION}.toml").read_text())


@dataclass(frozen=True, slots=True)
class Words:
    """What closing, permitting and taking back do."""

    deny: str
    permit: str
    undo: str


def does(language: str) -> Words:
    """``language`` is ``zh`` or ``en``."""
    return Words(**{act: said[language] for act, said in table()["does"].items()})


def about(code: str, language: str) -> str:
    """What belongs to a kind of data; empty for one that the table does not explain."""
    return next((str(kind[language]) for kind in table()["kind"] if kind["code"] == code), "")


def institutions(patients: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[Reader]:
    """The institutions that keep these Patients, by name; ``names`` by reference, for those that do not say theirs."""
    found: dict[str, str] = {}
    for patient in patients:
        keeper = patient.get("managingOrganization") or {}
        reference = str(keeper.get("reference", ""))
        name = str(keeper.get("display") or names.get(reference, ""))
        if reference.startswith(_ORGANIZATION) and name:
            found[reference] = name
    return [Reader(reference, name) for reference, name in sorted(found.items(), key=lambda one: one[::-1])]
