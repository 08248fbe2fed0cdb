"""``Patient/$summary``: the International Patient Summary as a document.

https://hl7.org/fhir/uv/ips/STU2/OperationDefinition-summary.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api.answers import Answer
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, TYPE, Operation, register
from xinglin.fhir import dates, json
from xinglin.kernel import clock
from xinglin.kernel.errors import invalid, not_found
from xinglin.summary import building, queries

if TYPE_CHECKING:
    from xinglin.api.requests import Request

_KNOWN = ("identifier", "profile")


def summary(request: Request, level: str, _type_name: str, id_: str = "") -> Answer:
    """The summary of a patient; asked of the type, of the one with ``identifier`` (``system|value``)."""
    asked = Parameters(request, _KNOWN)
    patient = id_ if level == INSTANCE else _identified(request, asked)
    now = clock.now()
    made = queries.of(request.door, patient, now.astimezone(dates.LOCAL_ZONE).date())
    return Answer(200, json.dump(building.document(made, base=request.base, now=now)))


def _identified(request: Request, asked: Parameters) -> str:
    given = [str(value) for value in asked.all("identifier")]
    if len(given) != 1:
        raise invalid("Give the patient by its id, or by the parameter identifier.", code="required")
    found = request.door.search("Patient", [("identifier", given[0]), ("_count", "2")]).entries
    if len(found) != 1:
        raise not_found(
            "There is no Patient, or more than one, with the identifier %(value)s.", value=given[0]
        )
    return found[0].stored.id


register(
    Operation(
        "summary",
        frozenset({INSTANCE, TYPE}),
        frozenset({"Patient"}),
        "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
        "The International Patient Summary of a patient, as a document.",
        summary,
    )
)
