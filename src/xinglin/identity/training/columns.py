"""Patients as a flat table, in the form in which our own comparison sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.identity.births import is_vague
from xinglin.identity.identifiers import Kind, Proof

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.identity.traits import Traits

COLUMNS = (
    "unique_id",
    "document",
    "name",
    "surname",
    "given",
    "syllables",
    "birth",
    "sex",
    "phone",
    "spot",
    "place",
    "town",
    "district",
    "mother",
)


def row(number: int, traits: Traits) -> tuple[str | int | None, ...]:
    """One line of the table; None where nothing is known."""
    document = next(
        (d.number for d in traits.documents if d.kind == Kind.RESIDENT and d.proof != Proof.BROKEN), None
    )
    birth = next((n for n in traits.births if not is_vague(n)), None)
    place = traits.addresses[0] if traits.addresses else None
    return (
        number,
        document,
        traits.name.name or None,
        traits.name.surname or None,
        traits.name.given or None,
        " ".join(traits.name.syllables) or None,
        str(birth) if birth else None,
        traits.sex or None,
        traits.phones[0] if traits.phones else None,
        (place.spot if place else "") or None,
        (place.road or place.village if place else "") or None,
        (place.town if place else "") or None,
        (place.district if place else "") or None,
        traits.mother or None,
    )


def table(patients: Iterable[Traits]) -> list[tuple[str | int | None, ...]]:
    """All lines, numbered in order of arrival."""
    return [row(number, traits) for number, traits in enumerate(patients)]
