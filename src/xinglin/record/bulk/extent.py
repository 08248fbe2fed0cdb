"""What an export contains: its parameters, read and made into SQL.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from xinglin.fhir import dates, definitions
from xinglin.kernel.errors import Fault, invalid
from xinglin.kernel.ids import floor_vid, self_number
from xinglin.record import parameters, search
from xinglin.record.search import compiler
from xinglin.record.search.fragments import Fragment, Int2, Int8, both, either
from xinglin.record.search.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.record.database import Connection
    from xinglin.record.search import Access, Query

FORMATS = ("application/fhir+ndjson", "application/ndjson", "ndjson")
KNOWN = ("_outputFormat", "_since", "_type", "_typeFilter", "_elements")


@dataclass(frozen=True, slots=True)
class Extent:
    """``level``: system, patient or group. ``since`` in milliseconds since 1970."""

    level: str
    group: str | None = None
    types: tuple[str, ...] = ()
    since: int | None = None
    filters: dict[str, list[str]] = field(default_factory=dict)
    elements: tuple[str, ...] = ()


def read(level: str, group: str | None, pairs: Sequence[tuple[str, str]]) -> Extent:
    """The extent that the parameters ask for; raises ``invalid`` for what cannot be understood."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in KNOWN:
            raise invalid(
                "An export has no parameter %(name)s; it has %(known)s.",
                code="not-supported", name=repr(name), known=", ".join(KNOWN),
            )  # fmt: skip
        given.setdefault(name, []).append(value)
    wanted = (given.get("_outputFormat") or [FORMATS[0]])[0].replace(" ", "+")
    if wanted not in FORMATS:
        raise invalid("_outputFormat should be %(format)s.", code="not-supported", format=FORMATS[0])
    filters = _filters(given.get("_typeFilter", []))
    types = _types(given.get("_type", []), level)
    since = given.get("_since")
    return Extent(
        level, group, types,
        since=_since(since[0]) if since else None,
        filters=filters,
        elements=tuple(_listed(given.get("_elements", []))),
    )  # fmt: skip


def _listed(values: Sequence[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def _types(values: Sequence[str], level: str) -> tuple[str, ...]:
    offered = definitions.RESOURCE_TYPES if level == "system" else _of_patients()
    asked = _listed(values)
    for name in asked:
        if name not in offered:
            raise invalid(
                "_type names %(type)s, which is no resource type%(where)s.",
                code="not-supported", type=repr(name), where="" if level == "system" else " of a patient's record",
            )  # fmt: skip
    return tuple(dict.fromkeys(asked)) or tuple(offered)


def _of_patients() -> tuple[str, ...]:
    """The types of which some belong to a patient: https://hl7.org/fhir/R4/compartmentdefinition-patient.html."""
    members = definitions.compartment("Patient")
    return tuple(t for t in definitions.RESOURCE_TYPES if t == "Patient" or members.get(t))


def _since(text: str) -> int:
    try:
        return dates.interval(text.replace(" ", "+"))[0] // 1000
    except Fault:
        raise invalid(
            "_since should be a date and time, not %(text)s.", code="value", text=repr(text)
        ) from None


def _filters(values: Sequence[str]) -> dict[str, list[str]]:
    """``Type?search`` by type; each is parsed, so that a wrong one is refused now."""
    found: dict[str, list[str]] = {}
    for value in values:
        type_, question, criteria = value.partition("?")
        if type_ not in definitions.RESOURCE_TYPES or not question:
            raise invalid(
                "_typeFilter should be a search such as Observation?status=final, not %(text)s.",
                code="value", text=repr(value),
            )  # fmt: skip
        query = _query(type_, criteria)
        if query.sort or query.includes or query.page:
            raise invalid("A _typeFilter selects; it cannot sort, include or page.", code="not-supported")
        found.setdefault(type_, []).append(criteria)
    return found


def _query(type_: str, criteria: str) -> Query:
    return search.parse(type_, parse_qsl(criteria, keep_blank_values=True), catalogue=parameters.catalogue())


def condition(
    extent: Extent, type_: str, connection: Connection, now: int, access: Access | None = None
) -> Fragment:
    """The condition on rows ``r`` of ``record_resource``; ``now`` in milliseconds since 1970."""
    parts = [Fragment("r.type = %s", (Int2(definitions.type_number(type_)),))]
    if extent.since is not None:
        parts.append(Fragment("r.vid >= %s", (Int8(floor_vid(extent.since)),)))
    if extent.level == "patient":
        parts.append(Fragment("r.patient <> 0"))
    elif extent.level == "group":
        members = sorted(_members(connection, str(extent.group), set(), access))
        parts.append(Fragment("r.patient <> 0 AND r.patient = ANY(%s::bigint[])", (members,)))
    filters = extent.filters.get(type_)
    if filters:
        scope = Scope(connection, "", now * 1000, access=access)
        parts.append(either([compiler.where(scope, "r", _query(type_, text)).fragment() for text in filters]))
    allowed = access("r", (type_,)) if access else None
    if allowed is not None:
        parts.append(Fragment(f"({allowed.sql})", allowed.values))
    return both(parts)


def _members(connection: Connection, group: str, seen: set[str], access: Access | None) -> set[int]:
    """The numbers of the group's patients, those of groups in it too."""
    from xinglin.record import queries  # noqa: PLC0415 -- only for groups

    seen.add(group)
    found: set[int] = set()
    for member in queries.read(connection, "Group", group, access).resource.get("member", ()):
        if member.get("inactive"):
            continue
        type_, _, id_ = str(member.get("entity", {}).get("reference", "")).partition("/")
        if type_ == "Patient":
            found.add(self_number("Patient", id_))
        elif type_ == "Group" and id_ not in seen:
            found |= _members(connection, id_, seen, access)
    return found


def projection(extent: Extent, type_: str) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """What ``_elements`` leaves of a resource of that type, None if all of it."""
    names = []
    for element in extent.elements:
        owner, point, name = element.rpartition(".")
        if not point or owner == type_:
            names.append(name)
    if not names:
        return None
    return search.projection(
        search.parse(type_, [("_elements", ",".join(names))], catalogue=parameters.catalogue())
    )
