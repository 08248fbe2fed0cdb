"""The working tables follow the record, in the transaction of every write of the directory's types.

What several resources say together is settled last: to which institution a thing belongs in the end, where an
institution lies. Refused is only what would make the tree of divisions or of organizations false.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import psycopg
from django.utils.translation import gettext_noop

from xinglin.directory.resources import parts, reading
from xinglin.directory.rules import codes, divisions, rights
from xinglin.directory.rules.problems import Wrong
from xinglin.kernel.errors import conflict, invalid
from xinglin.kernel.ids import moment_of
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.directory.resources.reading import Entry
    from xinglin.record.database import Connection
    from xinglin.record.followers import Written

NAME = "directory"
TYPES = rights.TYPES
_DEEPEST = 40  # of a chain of parents

_INSERT_ENTRIES = """
INSERT INTO directory_entry (type, id, kind, name, institution, owner, parent, category, level, status)
SELECT type, id, kind, name, CASE kind WHEN 'institution' THEN id END, owner, parent, category, level, status
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
     AS w(type, id, kind, name, owner, parent, category, level, status)
"""
_INSERT_CODES = """
INSERT INTO directory_code (type, id, scheme, value, within, sound)
SELECT DISTINCT ON (1, 2, 3, 4, 5) *
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bool[])
"""
_COPY_KEYS = "COPY directory_key (type, id, place, key) FROM STDIN"
# What hangs below those written: their institution may be another now.
_SETTLE_INSTITUTIONS = f"""
WITH RECURSIVE changed AS (
    SELECT type COLLATE "C" AS type, id COLLATE "C" AS id, 0 AS depth
    FROM unnest(%(types)s::text[], %(ids)s::text[]) AS w(type, id)
    UNION
    SELECT e.type, e.id, c.depth + 1 FROM changed c
    JOIN directory_entry e ON e.parent = c.type || '/' || c.id OR e.owner = c.type || '/' || c.id
    WHERE e.kind <> 'institution' AND e.kind <> 'division' AND c.depth < {_DEEPEST}
), up AS (
    SELECT DISTINCT e.type, e.id, coalesce(e.owner, e.parent) AS above, 0 AS depth
    FROM changed JOIN directory_entry e USING (type, id) WHERE e.kind <> 'institution' AND e.kind <> 'division'
    UNION
    SELECT u.type, u.id, coalesce(p.owner, p.parent), u.depth + 1 FROM up u
    JOIN directory_entry p ON p.type = split_part(u.above, '/', 1) AND p.id = split_part(u.above, '/', 2)
    WHERE p.kind <> 'institution' AND u.depth < {_DEEPEST}
), settled AS (
    SELECT u.type, u.id, min(p.id) AS institution FROM up u
    LEFT JOIN directory_entry p ON p.type = split_part(u.above, '/', 1) AND p.id = split_part(u.above, '/', 2)
          AND p.kind = 'institution'
    GROUP BY 1, 2
)
UPDATE directory_entry e SET institution = s.institution FROM settled s
WHERE e.type = s.type AND e.id = s.id AND e.institution IS DISTINCT FROM s.institution
"""
_SETTLE_PLACES = """
WITH sites AS (
    SELECT s.type, s.id, s.institution, (SELECT d.code FROM directory_division d
                                         WHERE s.parent = 'Location/' || d.location LIMIT 1) AS division
    FROM directory_entry s
    WHERE s.kind IN ('site', 'place') AND s.type = 'Location'
      AND (s.id = ANY(%(locations)s) OR s.institution = ANY(%(organizations)s))
), placed AS (
    UPDATE directory_entry e SET division = s.division FROM sites s
    WHERE e.type = s.type AND e.id = s.id AND e.division IS DISTINCT FROM s.division
)
UPDATE directory_entry o SET division = s.division
FROM sites s JOIN directory_entry e ON e.type = s.type AND e.id = s.id AND e.kind = 'site'
WHERE o.type = 'Organization' AND o.id = s.institution AND o.kind = 'institution'
  AND s.division IS NOT NULL AND o.division IS DISTINCT FROM s.division
"""
_SETTLE_ROLES = """
UPDATE directory_role r SET institution = o.institution FROM directory_entry o
WHERE o.type = 'Organization' AND o.id = r.organization
  AND (r.id = ANY(%(roles)s) OR r.organization = ANY(%(organizations)s))
  AND r.institution IS DISTINCT FROM o.institution
"""
_CIRCLE = f"""
WITH RECURSIVE up AS (
    SELECT e.id AS start, e.name, e.parent, 0 AS depth FROM directory_entry e
    WHERE e.type = %(type)s AND e.id = ANY(%(ids)s) AND e.parent IS NOT NULL
    UNION ALL
    SELECT u.start, u.name, p.parent, u.depth + 1 FROM up u
    JOIN directory_entry p ON p.type = split_part(u.parent, '/', 1) AND p.id = split_part(u.parent, '/', 2)
    WHERE u.parent <> %(type)s || '/' || u.start AND u.depth < {_DEEPEST}
)
SELECT start, name FROM up WHERE parent = %(type)s || '/' || start OR depth >= {_DEEPEST} ORDER BY start LIMIT 1
"""


def follow(connection: Connection, versions: Sequence[Written]) -> None:
    """What the record calls: remember who wrote, and bring the working tables to what ``versions`` say."""
    _sign(connection, versions)
    bring(connection, versions)


def bring(connection: Connection, versions: Sequence[Written]) -> None:
    """Bring the working tables to what ``versions`` say. Raises Fault where the tree would be false."""
    living = [(v, v.resource) for v in versions if v.resource is not None]
    entries = [made for _, resource in living if (made := reading.entry(resource)) is not None]
    _forget(connection, versions)
    if entries:
        _insert(connection, entries)
    _divide(connection, [(v.id, r) for v, r in living if v.type_name == "Location"])
    _belong(connection, versions)
    _register(connection, living)
    _settle(connection, versions, entries)


def _forget(connection: Connection, versions: Sequence[Written]) -> None:
    names = [[v.type_name for v in versions], [v.id for v in versions]]
    for table in ("entry", "code", "key"):
        connection.execute(
            f"DELETE FROM directory_{table} t USING unnest(%s::text[], %s::text[]) AS w(type, id)"
            " WHERE t.type = w.type AND t.id = w.id",
            names,
        )
    for table, column, type_name in (
        ("division", "location", "Location"),
        ("succession", "location", "Location"),
        ("registration", "practitioner", "Practitioner"),
        ("role", "id", "PractitionerRole"),
        ("affiliation", "id", "OrganizationAffiliation"),
    ):
        ids = [v.id for v in versions if v.type_name == type_name]
        if ids:
            connection.execute(f"DELETE FROM directory_{table} WHERE {column} = ANY(%s)", [ids])


def _sign(connection: Connection, versions: Sequence[Written]) -> None:
    """Remember who wrote each version."""
    rows = [(v.type_name, v.id, v.version, v.actor.id, v.actor.name) for v in versions]
    connection.execute(
        "INSERT INTO directory_author (type, id, version, actor, name)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING",
        [list(column) for column in zip(*rows, strict=True)],
    )


def _hidden(scheme: str, value: str, within: str, sound: bool) -> tuple[str, str, str, bool]:
    """A code as it stands in the table: identity numbers, and what has one in it, as keyed hashes."""
    return scheme, sealing.hidden("codes", value) if scheme in codes.HIDDEN_SCHEMES else value, within, sound


def _insert(connection: Connection, entries: Sequence[Entry]) -> None:
    columns = ("type", "id", "kind", "name", "owner", "parent", "category", "level", "status")
    connection.execute(_INSERT_ENTRIES, [[getattr(e, name) for e in entries] for name in columns])
    filed = [(e.type, e.id, *_hidden(*code)) for e in entries for code in e.codes]
    if filed:
        connection.execute(_INSERT_CODES, [list(column) for column in zip(*filed, strict=True)])
    if any(e.keys for e in entries):
        with connection.cursor() as cursor, cursor.copy(_COPY_KEYS) as copy:
            for e in entries:
                for place, key in e.keys:
                    copy.write_row((e.type, e.id, place, key))


# -- the tree of divisions


def _divide(connection: Connection, locations: Sequence[tuple[str, parts.Resource]]) -> None:
    trees = [(id_, tree) for id_, resource in locations if (tree := reading.tree(resource)) is not None]
    if not trees:
        return
    known = {id_: tree.code for id_, tree in trees}
    asked = [tree.parent for _, tree in trees if tree.parent is not None and tree.parent not in known]
    if asked:
        rows = connection.execute(
            "SELECT location, code FROM directory_division WHERE location = ANY(%s)", [asked]
        )
        known.update({location: f"{code:012d}" for location, code in rows})
    for id_, tree in trees:
        _require_free(connection, tree, id_)
        parent = known.get(tree.parent) if tree.parent else None
        if parent is not None:
            _require_above(tree.code, parent)
        try:
            _insert_phases(connection, id_, tree, parent)
        except psycopg.errors.ExclusionViolation as error:
            raise conflict(
                gettext_noop("Somebody else has just given %(division)s a meaning on some of these days. Try again."),
                expression="Location.identifier", division=divisions.head(tree.code),
            ) from error  # fmt: skip
        for s in tree.successions:
            connection.execute(
                "INSERT INTO directory_succession (former, latter, day, kind, location)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [int(s.former), int(s.latter), s.day, s.kind, id_],
            )


def _require_above(code: str, parent: str) -> None:
    try:
        divisions.require_parent(code, parent)
    except Wrong as wrong:
        raise invalid(wrong.problem.message, expression="Location.partOf", **wrong.problem.params) from wrong


def _require_free(connection: Connection, tree: reading.Tree, id_: str) -> None:
    """No other Location may say what the code means on one of these days; the table keeps the same promise."""
    for phase in tree.phases:
        taken = connection.execute(
            "SELECT name, location FROM directory_division"
            " WHERE code = %s AND period && daterange(%s, %s) AND location <> %s LIMIT 1",
            [int(tree.code), phase.start, phase.end, id_],
        ).fetchone()
        if taken is not None:
            raise conflict(
                gettext_noop(
                    "%(division)s means %(name)s on some of these days: Location/%(location)s says so. "
                    "End that first, or choose other days."
                ),
                expression="Location.identifier",
                division=divisions.head(tree.code), name=taken[0], location=taken[1],
            )  # fmt: skip


def _insert_phases(connection: Connection, id_: str, tree: reading.Tree, parent: str | None) -> None:
    for phase in tree.phases:
        above = phase.parent or parent
        connection.execute(
            "INSERT INTO directory_division (code, level, name, parent, class, period, location)"
            " VALUES (%s, %s, %s, %s, %s, daterange(%s, %s), %s)",
            [
                int(tree.code), divisions.level(tree.code), phase.name, int(above) if above else None,
                phase.urban_rural, phase.start, phase.end, id_,
            ],
        )  # fmt: skip


# -- what was part of what


def _belong(connection: Connection, versions: Sequence[Written]) -> None:
    rows = [
        (v.number, v.type_name, v.id, parts.reference((v.resource or {}).get("partOf")), _moment(v))
        for v in versions
        if v.type_name in {"Organization", "Location"}
    ]
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    unnested = "unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])"
    ended = "b.self = w.self AND upper_inf(b.period) AND b.parent IS DISTINCT FROM w.parent"
    given = f"FROM {unnested} AS w(self, type, id, parent, moment)"
    connection.execute(
        "DELETE FROM directory_belonging b USING"
        f" (SELECT * {given}) w WHERE {ended} AND lower(b.period) >= w.moment",
        columns,
    )
    connection.execute(
        "UPDATE directory_belonging b SET period = tstzrange(lower(b.period), w.moment)"
        f" FROM (SELECT * {given}) w WHERE {ended}",
        columns,
    )
    connection.execute(
        "INSERT INTO directory_belonging (self, type, id, parent, period)"
        f" SELECT self, type, id, parent, tstzrange(moment, NULL) {given} WHERE parent IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM directory_belonging b WHERE b.self = w.self AND upper_inf(b.period))",
        columns,
    )


def _moment(version: Written) -> datetime:
    return datetime.fromtimestamp(moment_of(version.vid) / 1000, UTC)


# -- people


def _register(connection: Connection, living: Iterable[tuple[Written, parts.Resource]]) -> None:
    for version, resource in living:
        if version.type_name == "Practitioner":
            for place, one in enumerate(reading.registrations(resource)):
                start, end = _ordered(one.start, one.end)
                connection.execute(
                    "INSERT INTO directory_registration (practitioner, place, kind, label, number, issuer, period)"
                    " VALUES (%s, %s, %s, %s, %s, %s, daterange(%s, %s))",
                    [
                        version.id,
                        place,
                        one.kind,
                        one.label,
                        sealing.seal_text(one.number),
                        one.issuer,
                        start,
                        end,
                    ],
                )
        elif version.type_name == "PractitionerRole":
            _assign(connection, version.id, resource)
        elif version.type_name == "OrganizationAffiliation":
            _affiliate(connection, version.id, resource)


def _assign(connection: Connection, id_: str, resource: parts.Resource) -> None:
    role = reading.role(resource)
    if role is not None:
        start, end = _ordered(role.start, role.end)
        connection.execute(
            "INSERT INTO directory_role"
            " (id, practitioner, organization, post, title, specialty, period, active)"
            " VALUES (%s, %s, %s, %s, %s, %s, daterange(%s, %s), %s)",
            [
                id_, role.practitioner, role.organization, role.post, role.title, role.specialty,
                start, end, role.active,
            ],
        )  # fmt: skip


def _affiliate(connection: Connection, id_: str, resource: parts.Resource) -> None:
    organization = parts.id_in(resource.get("organization"), "Organization")
    participating = parts.id_in(resource.get("participatingOrganization"), "Organization")
    if organization is None or participating is None:
        return
    period = resource.get("period") or {}
    said: Sequence[parts.Resource] = resource.get("code") or ({},)
    words = said[0].get("text") or next((c.get("display") for c in said[0].get("coding") or ()), "")
    start, end = _ordered(*reading.span(period))
    connection.execute(
        "INSERT INTO directory_affiliation (id, organization, participating, code, period, active)"
        " VALUES (%s, %s, %s, %s, daterange(%s, %s), %s)",
        [id_, organization, participating, str(words or ""), start, end, resource.get("active") is not False],
    )


def _ordered(start: date | None, end: date | None) -> tuple[date | None, date | None]:
    """A span that ends before it begins says nothing of its days."""
    return (None, None) if start and end and end <= start else (start, end)


# -- what several resources say together


def _settle(connection: Connection, versions: Sequence[Written], entries: Sequence[Entry]) -> None:
    holders = [v for v in versions if v.type_name in {"Organization", "Location"}]
    organizations = [v.id for v in holders if v.type_name == "Organization"]
    locations = [v.id for v in holders if v.type_name == "Location"]
    for type_name, ids in (("Organization", organizations), ("Location", locations)):
        nested = [e.id for e in entries if e.type == type_name and e.parent is not None]
        if nested and ids:
            _require_no_circle(connection, type_name, nested)
    moved = [e for e in entries if e.kind not in {"division", "practitioner"}]
    gone = [v for v in versions if v.resource is None]
    if moved or gone:
        connection.execute(
            _SETTLE_INSTITUTIONS,
            {
                "types": [e.type for e in moved] + [v.type_name for v in gone],
                "ids": [e.id for e in moved] + [v.id for v in gone],
            },
        )
    if organizations or locations:
        connection.execute(_SETTLE_PLACES, {"locations": locations, "organizations": organizations})
    roles = [v.id for v in versions if v.type_name == "PractitionerRole"]
    if roles or organizations:
        connection.execute(_SETTLE_ROLES, {"roles": roles, "organizations": organizations})


def _require_no_circle(connection: Connection, type_name: str, ids: Sequence[str]) -> None:
    found = connection.execute(_CIRCLE, {"type": type_name, "ids": list(ids)}).fetchone()
    if found is not None:
        raise conflict(
            gettext_noop("%(name)s would be a part of itself: what it is said to be part of is a part of it."),
            expression=f"{type_name}.partOf", name=found[1] or found[0],
        )  # fmt: skip
