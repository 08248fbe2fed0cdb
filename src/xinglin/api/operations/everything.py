"""``Patient/$everything``: the whole record of a patient.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api.answers import Answer
from xinglin.api.interactions import searching
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, Operation, register
from xinglin.fhir import dates
from xinglin.kernel.errors import Fault, invalid

if TYPE_CHECKING:
    from xinglin.api.requests import Request

MOST = 10_000  # members of a page
_TIMES = ("start", "end", "_since")  # a plus sign that was not encoded has come as a space
_KNOWN = (*_TIMES, "_type", "_count", "_page")


def everything(request: Request, _level: str, type_name: str, id_: str) -> Answer:
    """The patient, the patient's compartment, and what that refers to; without ``_count`` in one piece.

    ``start`` and ``end`` limit the dates of care, ``_since`` the last change, ``_type`` the types.
    """
    asked = Parameters(request, _KNOWN)
    given = {name: ",".join(map(str, found)) for name in _KNOWN if (found := asked.all(name))}
    for name in _TIMES:
        if name in given:
            given[name] = _moment(name, given[name].replace(" ", "+"))
    count = given.get("_count", "1")
    if not (count.isascii() and count.isdigit() and 0 < int(count[:10]) <= MOST):
        raise invalid(
            "The parameter %(name)s should be a whole number from 1 to %(most)d; it is %(there)s.",
            code="value",
            name="_count",
            most=MOST,
            there=repr(count[:80]),
        )
    page = request.door.everything(type_name, id_, list(given.items()))
    return Answer(200, searching.searchset(request, f"{type_name}/{id_}/$everything", page))


def _moment(name: str, text: str) -> str:
    """``text``, if it is a date or a time."""
    try:
        dates.interval(text)
    except Fault:
        raise invalid(
            "The parameter %(name)s should be a date or an instant (2024-05-01T08:00:00Z); it is %(there)s.",
            code="value",
            name=name,
            there=repr(text[:80]),
        ) from None
    return text


register(
    Operation(
        "everything",
        frozenset({INSTANCE}),
        frozenset({"Patient"}),
        "http://hl7.org/fhir/OperationDefinition/Patient-everything",
        "The whole record of a patient: the compartment and what it refers to.",
        everything,
    )
)
