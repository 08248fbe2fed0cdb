"""The flat tables and their columns, as rules may name them. Pure.

A *kind* says what a column holds: ``text``, ``number``, ``moment``, ``flag`` (true or false) or ``key`` (a resource's
number). ``HEAD`` stands in every table; the columns of ``Table.own`` come after it, in the order of the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = {
    "self": "key",
    "vid": "key",
    "person": "key",
    "encounter": "key",
    "institution": "key",
    "department": "key",
    "event": "moment",
    "received": "moment",
    "part": "number",
    "shard": "number",
    "dataset": "number",
    "week": "number",
    "receipt": "text",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A flat table: its name in rules, the resource type it is made of, its own columns."""

    name: str
    type: str
    own: Mapping[str, str]

    @property
    def sql(self) -> str:
        return f"quality_{self.name}"

    @property
    def columns(self) -> Mapping[str, str]:
        return {**HEAD, **self.own}


def _columns(text: str) -> dict[str, str]:
    """``name:kind`` by spaces; a name without kind is a text."""
    return {name: kind or "text" for name, _, kind in (one.partition(":") for one in text.split())}


_CODED = "code system"
TABLES = {
    table.name: table
    for table in (
        Table(
            "person",
            "Patient",
            _columns(
                "birth:moment death:moment sex:number dead:flag active:flag birth_default:flag id_filled:flag"
                " id_proven:flag id_birth:flag id_sex:flag id_division:flag name_filled:flag name_plain:flag"
                " phone_filled:flag phone_shaped:flag address_filled:flag"
            ),
        ),
        Table(
            "encounter",
            "Encounter",
            _columns(
                "finish:moment practitioner:key diagnoses:number reason_filled:flag disposition_filled:flag"
                " class status"
            ),
        ),
        Table(
            "condition",
            "Condition",
            _columns(f"onset:moment abated:moment recorded:moment practitioner:key {_CODED} syndrome"),
        ),
        Table(
            "observation",
            "Observation",
            _columns(
                "issued:moment practitioner:key value:number low:number high:number said_length:number"
                f" satisfied:flag value_code {_CODED} unit category status"
            ),
        ),
        Table(
            "medication",
            "MedicationRequest",
            _columns(
                "practitioner:key reason:key dose:number days:number quantity:number frequency:number herbs:number"
                " herbs_undosed:number herbal:flag incompatible:flag method_filled:flag route_filled:flag"
                f" {_CODED} dose_unit status"
            ),
        ),
        Table(
            "report",
            "DiagnosticReport",
            _columns(
                "issued:moment practitioner:key request:key results:number conclusion_length:number form_filled:flag"
                f" performer_filled:flag {_CODED} category status"
            ),
        ),
        Table(
            "immunisation",
            "Immunization",
            _columns(f"practitioner:key dose:number lot_filled:flag site_filled:flag {_CODED} status"),
        ),
        Table("document", "DocumentReference", _columns("practitioner:key length:number code status")),
        Table("procedure", "Procedure", _columns(f"practitioner:key reason:key {_CODED} status")),
        Table("order", "ServiceRequest", _columns(f"practitioner:key {_CODED} category status")),
        Table("allergy", "AllergyIntolerance", _columns(f"practitioner:key {_CODED} coded:flag")),
        Table("declared", "", _columns("declared:number teller")),
    )
}
"""Every flat table by its name in rules."""

BY_TYPE = {table.type: table for table in TABLES.values() if table.type}
"""The flat table that a resource type is made into."""

COUNTS = frozenset(
    {
        "institution",
        "department",
        "results",
        "conclusion_length",
        "said_length",
        "diagnoses",
        "herbs",
        "length",
    }
)
"""Columns in which 0 means that there is nothing."""
