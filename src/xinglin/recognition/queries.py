"""What can be asked: the candidates of an order, decisions, disputes.

``candidates`` is for every package above that orders something.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.identity import queries as identity
from xinglin.kernel.errors import Fault, Kind, not_found
from xinglin.quality.flattening.reading import organization
from xinglin.recognition import catalogue, finding, reading, reference, rules, standings, versions
from xinglin.recognition.rules import State, Verdict
from xinglin.recognition.values import Asking
from xinglin.recognition.values import Kind as ItemKind
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from xinglin.recognition.values import Catalogue, Found, Item, Result
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.record.queries import Stored

_TYPES = {ItemKind.LABORATORY: "Observation", ItemKind.IMAGING: "DiagnosticReport"}


@dataclass(frozen=True, slots=True)
class Candidates:
    """What was found for an order, by which version of the catalogue; ``unknown`` are items that it has not."""

    patient: str
    catalogue: Catalogue
    found: tuple[Found, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it is kept."""

    id: int
    shard: int
    patient: str
    ordering: str
    item: str
    item_name: str
    catalogue: int
    verdict: Verdict
    reason: str
    words: str
    reference: str
    result_time: datetime
    source: str
    own: bool
    institution: str
    doctor_name: str
    fen: int
    replaces: int
    moment: datetime
    dispute: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute over a decision, and what was said in it."""

    id: int
    shard: int
    state: State
    objector: str
    decliner: str
    opened: datetime
    closed: datetime | None
    item_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A step of a dispute."""

    verb: str
    state: State
    words: str
    moment: datetime
    name: str
    institution: str


def candidates(
    door: Door, patient: str, items: Iterable[str | Item], now: datetime, connection: Connection | None = None
) -> Candidates:
    """The earlier results of a person that an order of ``items`` finds at ``now``, valid and not, with why.

    ``items`` are codes of the catalogue, ``system|code``, LOINC codes or names. The reader is who opened the door:
    faults as its ``read`` and ``search``, ``forbidden`` without the right. Every look is noted by the door.
    """
    rules.require(door.actor, "checking")
    connection = connection or database.connection()
    known = versions.in_force(connection, now.astimezone(LOCAL_ZONE).date())
    asked = [(one if isinstance(one, str) else one.code) for one in items]
    meant = [(text, catalogue.resolve(known, text)) for text in asked]
    order = list(dict.fromkeys(item for _, item in meant if item is not None))
    unknown = tuple(text for text, item in meant if item is None)
    owners = _owners(connection, door, patient)
    results = _results(connection, door, owners, {item.kind for item in order}, now)
    places = standings.places(
        connection, [*(one.institution for one in results), door.actor.institution or ""]
    )
    own = places.get(door.actor.institution or "")
    asking = Asking(door.actor.institution or "", own.division if own else "", now)
    events = _events(door, owners, now) if results else []
    found = finding.find(order, results, places, asking=asking, measures=reference.measures(), events=events)
    return Candidates(patient, known, found, unknown)


def _owners(connection: Connection, door: Door, patient: str) -> dict[str, str]:
    """All Patients of the person, each with the id of its institution's Organization; faults as ``read``."""
    first = door.read("Patient", patient)
    same = [one for one in identity.together(connection, patient) if one != patient]
    others = door.every("Patient", [("_id", ",".join(same))]) if same else ()
    return {one.id: organization(one.resource.get("managingOrganization")) for one in (first, *others)}


def _results(
    connection: Connection, door: Door, owners: dict[str, str], kinds: set[ItemKind], now: datetime
) -> list[Result]:
    """The person's results of these kinds as far back as is looked, and none from after ``now``."""
    stored: list[Stored] = []
    for kind in sorted(kinds):
        beside = [("category", "laboratory")] if kind is ItemKind.LABORATORY else []
        stored += door.every(_TYPES[kind], [*_lately(owners, now), *beside])
    resources = [(one.resource, one.version) for one in stored]
    said = [
        reading.organization_of(resource) or owners.get(reading.patient_of(resource), "")
        for resource, _ in resources
    ]
    places = standings.institutions_of(connection, filter(None, said))
    return [
        reading.result(resource, version, places.get(organization, ""))
        for (resource, version), organization in zip(resources, said, strict=True)
    ]


def _lately(owners: Iterable[str], now: datetime) -> list[tuple[str, str]]:
    """What of these Patients a search finds: as far back as is looked, and nothing from after ``now``."""
    since = now - timedelta(days=reference.measures().look_back_days)
    return [
        ("patient", ",".join(f"Patient/{one}" for one in owners)),
        ("date", f"ge{_instant(since)}"),
        ("date", f"le{_instant(now)}"),
    ]


def _instant(moment: datetime) -> str:
    return moment.astimezone(LOCAL_ZONE).isoformat(timespec="seconds")


def _events(door: Door, owners: dict[str, str], now: datetime) -> list[datetime]:
    """When the person was admitted or came in an emergency; nothing where the reader may not see visits."""
    classes = ("class", ",".join(sorted(reference.measures().events)))
    try:
        visits = list(door.every("Encounter", [*_lately(owners, now), classes]))
    except Fault as fault:
        if fault.kind is not Kind.FORBIDDEN:
            raise
        return []
    moments = (reading.moment_of(one.resource) for one in visits)
    return [moment for moment in moments if moment is not None and moment <= now]


_DECISION = (
    "d.id, d.shard, d.patient, d.ordering, d.item, d.item_name, d.catalogue, d.verdict, d.reason, d.words,"
    " d.reference, d.result_time, d.source, d.own, d.institution, d.doctor_name, d.fen, d.replaces, d.moment,"
    " coalesce(s.state, '')"
)
DECISIONS = "FROM recognition_decision d LEFT JOIN recognition_dispute s ON s.id = d.id AND s.shard = d.shard"
"""All decisions ``d``, each with its dispute ``s``, if there is one."""
_DISPUTES = (
    "SELECT s.id, s.shard, s.state, s.objector, s.decliner, s.opened, s.closed, d.item_name, d.reason"
    " FROM recognition_dispute s JOIN recognition_decision d ON d.id = s.id AND d.shard = s.shard"
)
LAST = "NOT EXISTS (SELECT FROM recognition_decision r WHERE r.replaces = d.id AND r.shard = d.shard)"
"""That a decision was not replaced by a later one."""


def as_decision(row: Sequence[Any]) -> Decision:
    given = list(row)
    given[7] = Verdict(given[7])
    return Decision(*given)


def select_decisions(where: str) -> str:
    """The statement of decisions under a condition on ``d``, for ``as_decision``."""
    return f"SELECT {_DECISION} {DECISIONS} WHERE {where}"


def decision(connection: Connection, id_: int, shard: int) -> Decision:
    """A decision; raises ``not_found``."""
    row = connection.execute(select_decisions("d.id = %s AND d.shard = %s"), [id_, shard]).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no such decision."))
    return as_decision(row)


def of_order(connection: Connection, *, patient: str, institution: str, ordering: str) -> dict[str, Decision]:
    """The decisions that hold for an order, by item."""
    rows = connection.execute(
        select_decisions(f"d.patient = %s AND d.institution = %s AND d.ordering = %s AND {LAST}"),
        [patient, institution, ordering],
    )
    return {one.item: one for one in map(as_decision, rows)}


def disputes(
    connection: Connection, *, institution: str = "", state: str = "", limit: int = 300
) -> list[Dispute]:
    """Disputes, those that are open first; those that concern an institution if one is given."""
    rows = connection.execute(
        f"{_DISPUTES} WHERE (%(place)s = '' OR %(place)s IN (s.objector, s.decliner))"
        " AND (%(state)s = '' OR s.state = %(state)s)"
        " ORDER BY s.closed IS NOT NULL, s.opened DESC, s.id LIMIT %(limit)s",
        {"place": institution, "state": state, "limit": limit},
    )
    return [_as_dispute(row) for row in rows]


def dispute(connection: Connection, id_: int, shard: int) -> Dispute:
    """A dispute; raises ``not_found``."""
    row = connection.execute(f"{_DISPUTES} WHERE s.id = %s AND s.shard = %s", [id_, shard]).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no such dispute."))
    return _as_dispute(row)


def _as_dispute(row: Sequence[Any]) -> Dispute:
    id_, shard, state, *more = row
    return Dispute(id_, shard, State(state), *more)


def steps(connection: Connection, of: Dispute) -> list[Taken]:
    """What was said in a dispute, the earliest first."""
    rows = connection.execute(
        "SELECT verb, state, words, moment, name, institution FROM recognition_step"
        " WHERE dispute = %s AND shard = %s ORDER BY number",
        [of.id, of.shard],
    )
    return [Taken(verb, State(state), *more) for verb, state, *more in rows]
