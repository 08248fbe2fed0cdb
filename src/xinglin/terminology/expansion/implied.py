"""Value sets that nobody has stored: R4's own as far as they can be listed, and those that a code system implies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions
from xinglin.terminology import queries

if TYPE_CHECKING:
    from datetime import date

    from xinglin.terminology.memory import Memory
    from xinglin.terminology.values import Connection


def of_standard(url: str) -> dict[str, Any] | None:
    """One of R4's own value sets, as far as its codes can be listed."""
    listed = definitions.value_set(url.partition("|")[0])
    if listed is None:
        return None
    return {
        "include": [
            {"system": system, "concept": [{"code": code} for code in codes]}
            for system, codes in listed.items()
        ]
    }


def of_system(connection: Connection, known: Memory, url: str, on: date) -> dict[str, Any] | None:
    """The value set of a whole code system that some systems imply by ``?fhir_vs``.

    https://hl7.org/fhir/R4/snomedct.html#implicit
    """
    system, mark, rest = url.partition("?fhir_vs")
    if not mark or queries.system(connection, known, system, on) is None:
        return None
    if not rest:
        return {"include": [{"system": system}]}
    kind, _, code = rest.removeprefix("=").partition("/")
    if kind != "isa" or not code:
        return None
    return {"include": [{"system": system, "filter": [{"property": "concept", "op": "is-a", "value": code}]}]}
