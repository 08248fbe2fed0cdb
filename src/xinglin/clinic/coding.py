"""Diagnoses as codes: chosen in a code field, from a value set of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.clinic import reference
from xinglin.codebook import queries as codebook
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.terminology import picking

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.terminology.checking import Coding


def address(key: str) -> str:
    """The value set of a diagnosis."""
    return f"urn:xinglin:valuesets:{reference.diagnoses()[key].set}"


def picked(key: str, *, chosen: str, typed: str, now: datetime) -> Coding | None:
    """The code of a diagnosis; None where nothing was chosen. Raises ``invalid`` for what is none or means several."""
    if not chosen and not typed.strip():
        return None
    place = codebook.shelf(now.astimezone(LOCAL_ZONE).date(), english=False)
    version = codebook.set_of(place, address(key), "")
    members, _, _ = codebook.members_page(place, version, typed, 0)
    return picking.picked(place.connection, place.known, members, chosen=chosen, typed=typed)
