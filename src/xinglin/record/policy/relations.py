"""Care relations: kept in step with the resources that open them, opened by hand, and by breaking the glass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from xinglin.fhir import dates, definitions
from xinglin.fhir.references import parse
from xinglin.kernel.errors import Fault, forbidden, invalid
from xinglin.kernel.ids import self_number, shard_of
from xinglin.record import packing
from xinglin.record.policy import compiling, scopes
from xinglin.record.search.fragments import both

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.policy.terms import Relation

TYPES = ("Patient", "Encounter", "EpisodeOfCare", "ServiceRequest", "Appointment", "OrganizationAffiliation")
_SHORTEST = 8  # characters of a reason
_PATIENTS = ("subject", "patient")
_PLACES = frozenset({"Organization", "Location", "HealthcareService"})
_LEVELS = 4  # of departments within departments


@dataclass(frozen=True, slots=True)
class Opened:
    """A record that was opened by breaking the glass, until then."""

    patient: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A resource that may say something about who cares for whom; None for what is deleted."""

    type: str
    id: str
    resource: dict[str, Any] | None


def follow(connection: Connection, written: Iterable[Said], now: datetime) -> None:
    """Put the relations that these resources open in the place of those they opened before."""
    policy = compiling.in_force()
    if policy.open:
        return
    said = list(written)
    numbers = [self_number(each.type, each.id) for each in said]
    connection.execute("DELETE FROM record_relation WHERE source <> 0 AND source = ANY(%s)", [numbers])
    if any(each.type == "OrganizationAffiliation" for each in said):
        connection.execute("DELETE FROM record_consortium WHERE source = ANY(%s)", [numbers])
    rows = [row for each in said for rule in policy.relations for row in _rows(rule, each, now)]
    rows += _of_those_above(connection, rows)
    members = [row for each in said for row in _members(each)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO record_relation (patient, source, institution, actor, kind, since, until, shard)"
            " VALUES (%s, %s, %s, '', %s, %s, %s, %s)",
            rows,
        )
        cursor.executemany(
            "INSERT INTO record_consortium (consortium, institution, number, source) VALUES (%s, %s, %s, %s)",
            members,
        )


def _rows(rule: Relation, said: Said, now: datetime) -> Iterator[tuple[Any, ...]]:
    resource = said.resource
    if resource is None or rule.type != said.type or resource.get("status") in rule.closed:
        return
    if rule.when:
        found = set(map(str, _at(resource, rule.when)))
        if (rule.values and not found & rule.values) or found & rule.unless:
            return
    patient = said.id if said.type == "Patient" else _patient(resource)
    if patient is None:
        return
    until = _until(rule, resource)
    for holder in _at(resource, rule.institution):
        named = parse(str(holder.get("reference", ""))) if isinstance(holder, dict) else None
        if named is not None and named.type in _PLACES:
            place = named.id if named.type == "Organization" else f"{named.type}/{named.id}"
            yield (
                self_number("Patient", patient), self_number(said.type, said.id), place, rule.kind, now, until,
                shard_of("Patient", patient),
            )  # fmt: skip


def _of_those_above(connection: Connection, rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """What a department's relation opens to the institution that it is part of."""
    above = _institutions(connection, {row[2] for row in rows if "/" not in row[2]})
    for row in list(rows):
        for institution in above.get(row[2], ()):
            yield (*row[:2], institution, *row[3:])


def _institutions(connection: Connection, ids: set[str]) -> dict[str, list[str]]:
    """By department: the Organizations that it is part of, up to the first that is no department."""
    parents: dict[str, str] = {}
    asked = set(ids)
    for _ in range(_LEVELS):
        if not asked:
            break
        found = connection.execute(
            "SELECT id, body FROM record_resource WHERE self = ANY(%s) AND type = %s",
            [[self_number("Organization", id_) for id_ in asked], definitions.type_number("Organization")],
            binary=True,
        ).fetchall()
        asked = set()
        for id_, body in found:
            resource = packing.parsed("Organization", packing.unpack(body))
            named = parse(str(resource.get("partOf", {}).get("reference", "")))
            if named is not None and _is_department(resource):
                parents[id_] = named.id
                asked |= {named.id} - parents.keys()
    chains: dict[str, list[str]] = {}
    for id_ in ids & parents.keys():
        chain, at = [], id_
        while (at := parents.get(at, "")) and at not in chain:
            chain.append(at)
        chains[id_] = chain
    return chains


def _is_department(resource: dict[str, Any]) -> bool:
    return any(code.get("code") == "dept" for code in _at(resource, "type.coding") if isinstance(code, dict))


def _patient(resource: dict[str, Any]) -> str | None:
    for name in _PATIENTS:
        holder = resource.get(name)
        named = parse(str(holder.get("reference", ""))) if isinstance(holder, dict) else None
        if named is not None and named.type == "Patient":
            return named.id
    return None


def _until(rule: Relation, resource: dict[str, Any]) -> datetime | None:
    text = next(iter(_at(resource, rule.end)), None) if rule.end else None
    if text is None:
        return None
    try:
        end = dates.interval(str(text))[1]
    except Fault:  # it has been checked before; an odd date opens nothing for ever
        return datetime(1970, 1, 1, tzinfo=UTC)
    return datetime.fromtimestamp(end / 1_000_000, UTC) + timedelta(days=rule.days or 0)


def _at(value: Any, path: str) -> list[Any]:
    """The values at a path of names, through lists."""
    found = [value]
    for name in path.split("."):
        step = [each.get(name) for each in found if isinstance(each, dict)]
        found = [
            one for each in step if each is not None for one in (each if isinstance(each, list) else [each])
        ]
    return found


def _members(said: Said) -> Iterator[tuple[str, str, int, int]]:
    """The two institutions of an OrganizationAffiliation, as members of the consortium of the first."""
    resource = said.resource
    if said.type != "OrganizationAffiliation" or resource is None or resource.get("active") is False:
        return
    ends = [
        parse(str((resource.get(n) or {}).get("reference", "")))
        for n in ("organization", "participatingOrganization")
    ]
    if all(ends):
        for end in ends:
            assert end is not None
            assert ends[0] is not None
            yield ends[0].id, end.id, self_number("Organization", end.id), self_number(said.type, said.id)


def open_by_hand(  # noqa: PLR0913 -- the columns of the table
    connection: Connection, *, patient: str, kind: str, since: datetime, until: datetime | None = None,
    institution: str = "", actor: str = "", reason: str = "",
) -> None:  # fmt: skip
    """Open a relation that no resource says: with an institution, or with one actor."""
    connection.execute(
        "INSERT INTO record_relation (patient, source, institution, actor, kind, since, until, reason, shard)"
        " VALUES (%s, 0, %s, %s, %s, %s, %s, %s, %s)",
        [
            self_number("Patient", patient),
            institution,
            actor,
            kind,
            since,
            until,
            reason,
            shard_of("Patient", patient),
        ],
    )


def close_by_hand(
    connection: Connection, *, actor: str, now: datetime, patient: str = "", kind: str = ""
) -> int:
    """End at once what was opened by hand to an actor: of one patient and kind, or all of it; tell how many."""
    number = self_number("Patient", patient) if patient else None
    return connection.execute(
        "UPDATE record_relation SET until = %(now)s WHERE source = 0 AND actor = %(actor)s"
        " AND (%(patient)s::bigint IS NULL OR (patient = %(patient)s AND kind = %(kind)s))"
        " AND (until IS NULL OR until > %(now)s)",
        {"actor": actor, "now": now, "patient": number, "kind": kind},
    ).rowcount


def break_glass(connection: Connection, *, actor: Actor, patient: str, reason: str, now: datetime) -> Opened:
    """Open the record of the patient (and of the person) for the actor, for the minutes that the policy gives.

    Raises ``forbidden`` for roles that may not, ``invalid`` without a reason.
    """
    policy = compiling.in_force()
    if not policy.breakers & actor.roles:
        raise forbidden(
            "%(name)s may not open a record in an emergency; the policy %(policy)s gives that to other roles.",
            name=actor.name, policy=policy.name,
        )  # fmt: skip
    if not compiling.is_qualified(connection, actor):
        raise forbidden(
            "The registration of %(name)s to practise has ended or is suspended; records of residents stay closed.",
            name=actor.name,
        )  # fmt: skip
    if len(reason.strip()) < _SHORTEST:
        raise invalid(
            "Say in at least %(count)d characters why this record must be opened now.",
            code="required", count=_SHORTEST,
        )  # fmt: skip
    until = now + timedelta(minutes=policy.minutes)
    open_by_hand(
        connection, patient=patient, kind=compiling.EMERGENCY, since=now, until=until, actor=actor.id,
        reason=reason.strip(),
    )  # fmt: skip
    return Opened(patient, until)


def is_open(connection: Connection, actor: Actor, patient: str) -> bool:
    """Whether the actor may see the record of the patient, sensitive parts apart."""
    return is_open_to(connection, actor, self_number("Patient", patient))


def is_open_to(connection: Connection, actor: Actor, patient: int, type_name: str | None = None) -> bool:
    """The same by the patient's number, of resources of that type (an Observation, say).

    A resident's decision about some of the data does not close the record, one about all of them does.
    """
    shown, denied = compiling.shown_and_denied(actor, "r", type_name or "Observation")
    if actor.scopes is not None:
        shown = both([shown, scopes.granted(actor, "r", (type_name or "Observation",))])
    row = connection.execute(
        f"SELECT {shown.sql} FROM ({_ANY_ROW}) r UNION ALL SELECT NOT ({denied.sql}) FROM ({_ANY_ROW}) r",
        (
            *shown.values, patient, definitions.type_number(type_name or "Observation"),
            *denied.values, patient, definitions.type_number(type_name) if type_name else 0,
        ),
    ).fetchall()  # fmt: skip
    return all(answer for (answer,) in row)


_ANY_ROW = (
    "SELECT %s::bigint AS patient, %s::smallint AS type, 0::bigint AS self, '{}'::bigint[] AS tokens,"
    " 'NaN'::double precision AS date"  # in no period
)
