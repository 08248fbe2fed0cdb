"""The kinds of thing that the directory keeps, as tables of columns.

``columns`` reads a cell, ``kind`` says what a kind must know of itself, the other modules are the kinds, ``plan`` finds
out what a batch of rows would change. Files, forms and exports all go through here, so they take and refuse the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.directory.kinds.departments import DEPARTMENTS
from xinglin.directory.kinds.divisions import DIVISIONS
from xinglin.directory.kinds.institutions import INSTITUTIONS
from xinglin.directory.kinds.offers import SERVICES
from xinglin.directory.kinds.places import BEDS, EQUIPMENT, PLACES
from xinglin.directory.kinds.practitioners import PRACTITIONERS

if TYPE_CHECKING:
    from xinglin.directory.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    kind.key: kind
    for kind in (
        DIVISIONS, INSTITUTIONS, DEPARTMENTS, PRACTITIONERS, SERVICES, PLACES, BEDS, EQUIPMENT,
    )
}  # fmt: skip
"""All kinds by their key, in the order in which one would load them."""
