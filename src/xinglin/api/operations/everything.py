"""``Patient/$everything``: the whole record of a patient.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api.answers import Answer
from xinglin.api.interactions import searching
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, Operation, register
from xinglin.kernel.errors import invalid

if TYPE_CHECKING:
    from xinglin.api.requests import Request

_KNOWN = ("start", "end", "_since", "_type", "_count", "_page")


def everything(request: Request, _level: str, type_name: str, id_: str) -> Answer:
    """The patient, the patient's compartment, and what that refers to; without ``_count`` in one piece.

    ``start`` and ``end`` limit the dates of care, ``_since`` the last change, ``_type`` the types.
    """
    asked = Parameters(request, _KNOWN)
    pairs = [(name, ",".join(map(str, found))) for name in _KNOWN if (found := asked.all(name))]
    count = dict(pairs).get("_count")
    if count is not None and not (count.isascii() and count.isdigit() and int(count) > 0):
        raise invalid(
            "The parameter _count should be a whole number from 1; it is %(there)s.",
            code="value",
            there=repr(count),
        )
    page = request.door.everything(type_name, id_, pairs)
    return Answer(200, searching.searchset(request, f"{type_name}/{id_}/$everything", page))


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
