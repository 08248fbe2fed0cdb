"""``Patient/$everything``: the whole record of a patient.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api.answers import Answer
from xinglin.api.interactions import searching
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, Operation, register
from xinglin.fhir import dates, definitions
from xinglin.kernel.errors import Fault, invalid
from xinglin.record.everything import MOST, Extent

if TYPE_CHECKING:
    from xinglin.api.requests import Request

_KNOWN = ("start", "end", "_since", "_type", "_count", "_page")


def everything(request: Request, _level: str, type_name: str, id_: str) -> Answer:
    """The patient, the patient's compartment, and what that refers to.

    ``start`` and ``end`` limit the dates of care, ``_since`` the last change, ``_type`` the types, ``_count``
    the members of a page.
    """
    asked = Parameters(request, _KNOWN)
    pairs = [(name, ",".join(map(str, found))) for name in _KNOWN if (found := asked.all(name))]
    page = request.door.everything(id_, _extent(dict(pairs)), pairs)
    return Answer(200, searching.searchset(request, f"{type_name}/{id_}/$everything", page))


def _extent(asked: dict[str, str]) -> Extent:
    types = tuple(asked["_type"].split(",")) if "_type" in asked else ()
    for name in types:
        if not definitions.is_resource_type(name):
            raise _wrong("_type", name, "resource types of R4")
    return Extent(
        types=types,
        start=_span("start", asked["start"])[0] if "start" in asked else float("-inf"),
        end=_span("end", asked["end"])[1] if "end" in asked else float("inf"),
        since=_span("_since", asked["_since"])[0] // 1000 if "_since" in asked else None,
        count=min(_number("_count", asked["_count"]), MOST) if "_count" in asked else MOST,
        after=_number("_page", asked["_page"]) if "_page" in asked else 0,
    )


def _span(name: str, text: str) -> tuple[int, int]:
    """Microseconds since 1970 that a date covers."""
    try:
        return dates.interval(text.replace(" ", "+"))
    except Fault:
        raise _wrong(name, text, "a date") from None


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) < 1 << 63):
        raise _wrong(name, text, "a whole number from 1")
    return int(text)


def _wrong(name: str, text: str, wanted: str) -> Fault:
    return invalid(
        "The parameter %(name)s should be %(wanted)s; it is %(there)s.",
        code="value",
        name=name,
        wanted=wanted,
        there=repr(text[:80]),
    )


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
