"""Search: FHIR R4's grammar, compiled to SQL over the record's index.

``parse`` reads name=value pairs into a ``Query`` (``grammar``, ``controls``, ``values``; pure); ``run`` gives a
``Page`` of it. In between, ``compiler`` makes one SQL condition of the criteria: ``predicates`` what each
parameter type and modifier demands, ``composites``, chains and ``_has`` what they add, ``vocabulary`` the
codes of value sets. ``ordering`` and ``sorting`` decide the order, ``paging`` where a page begins,
``plans`` how a statement is planned, ``includes`` what comes along, ``summary`` what of each resource is sent.

A policy (``Access``) is a condition in the same SQL, so that counts and pages are right for whoever asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.kernel.ids import self_number
from xinglin.record.search.catalogue import STANDARD, Catalogue
from xinglin.record.search.criteria import Compartment, Query, Summary, Total
from xinglin.record.search.explain import explain
from xinglin.record.search.grammar import parse
from xinglin.record.search.pages import Entry, Page
from xinglin.record.search.run import find, run
from xinglin.record.search.scope import Access, as_of
from xinglin.record.search.summary import projection

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "STANDARD",
    "Access",
    "Catalogue",
    "Compartment",
    "Entry",
    "Page",
    "Query",
    "Summary",
    "Total",
    "as_of",
    "explain",
    "find",
    "parse",
    "patient_of",
    "projection",
    "run",
]

_OF_PATIENTS = ("patient", "subject", "subject:Patient", "patient:Patient")


def patient_of(pairs: Sequence[tuple[str, str]], compartment: tuple[str, str] | None = None) -> int | None:
    """The number of the one patient a search is plainly about, None if it does not say."""
    if compartment is not None and compartment[0] == "Patient":
        return self_number("Patient", compartment[1])
    named = {value.removeprefix("Patient/") for name, value in pairs if name in _OF_PATIENTS}
    if len(named) != 1:
        return None
    id_ = named.pop()
    return None if "/" in id_ or "," in id_ else self_number("Patient", id_)
