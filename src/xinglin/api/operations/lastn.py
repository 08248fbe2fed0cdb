"""``Observation/$lastn``: the latest observations of every kind.

https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api import bodies
from xinglin.api.answers import Answer
from xinglin.api.interactions import searching
from xinglin.api.operations.register import TYPE, Operation, register
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from xinglin.api.requests import Request

MOST = 100  # of each kind


def lastn(request: Request, _level: str, type_name: str) -> Answer:
    """For each code, the ``max`` (1) latest observations that fit the search in the query.

    Observations that share a coding are of one kind.
    """
    pairs = request.criteria + (bodies.form(request) if request.method == "POST" else [])
    counts = [value for name, value in pairs if name == "max"] or ["1"]
    if len(counts) > 1 or not (counts[0].isascii() and counts[0].isdigit() and 1 <= int(counts[0]) <= MOST):
        raise invalid(
            "The parameter max should be a whole number from 1 to %(most)d; it is %(there)s.",
            code="value",
            most=MOST,
            there=repr(counts[-1]),
        )
    asked = [pair for pair in pairs if pair[0] != "max"]
    page = request.door.lastn(asked, int(counts[0]), lenient=request.preference.lenient)
    return Answer(200, searching.searchset(request, f"{type_name}/$lastn", page))


register(
    Operation(
        "lastn",
        frozenset({TYPE}),
        frozenset({"Observation"}),
        "http://hl7.org/fhir/OperationDefinition/Observation-lastn",
        "The latest observations of every code; max says how many of each.",
        lastn,
    )
)
