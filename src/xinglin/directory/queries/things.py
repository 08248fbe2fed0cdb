"""One thing of the directory and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.directory.rules import codes, tables
from xinglin.directory.rules.problems import Wrong
from xinglin.kernel.errors import not_found
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from xinglin.record.database import Connection

MOST_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a thing, and what is wrong with it if it does not pass its check."""

    scheme: str
    value: str
    fault: str

    @property
    def label(self) -> str:
        return codes.schemes()[self.scheme].label


@dataclass(frozen=True, slots=True)
class Thing:
    """A row of the directory."""

    type: str
    id: str
    kind: str
    name: str
    institution: str
    institution_name: str
    parent: str
    category: str
    level: str
    division: int | None
    status: str

    @property
    def level_label(self) -> str:
        return tables.label("institution_levels", self.level)

    @property
    def category_label(self) -> str:
        return category_label(self.kind, self.category)


_TABLES = {
    "institution": "institution_kinds",
    "department": "specialties",
    "service": "service_kinds",
    "place": "place_kinds",
    "bed": "bed_states",
    "equipment": "equipment_kinds",
}
_COLUMNS = (
    "e.type, e.id, e.kind, e.name, coalesce(e.institution, ''), coalesce(i.name, ''), coalesce(e.parent, ''),"
    " coalesce(e.category, ''), coalesce(e.level, ''), e.division, e.status"
)
_FROM = (
    "FROM directory_entry e"
    " LEFT JOIN directory_entry i ON i.type = 'Organization' AND i.id = e.institution AND i.kind = 'institution'"
)


def category_label(kind: str, category: str) -> str:
    """The class, specialty or kind of a thing in words."""
    table = _TABLES.get(kind)
    return tables.label(table, category) if table and category else ""


def thing(connection: Connection, kind: str, id_: str) -> Thing:
    """The thing of that kind; raises ``not_found``."""
    row = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE e.id = %s AND e.kind = %s", [id_, kind]
    ).fetchone()
    if row is None:
        raise not_found(
            gettext_noop(
                "The directory has no such entry (%(id)s). It may have been deleted, or has another kind."
            ),
            id=id_,
        )
    return Thing(*row)


def codes_of(connection: Connection, thing_: Thing) -> list[Code]:
    """The codes of a thing, without those that have an identity number in them."""
    rows = connection.execute(
        "SELECT scheme, value, sound FROM directory_code"
        " WHERE type = %s AND id = %s AND scheme <> ALL(%s) ORDER BY scheme = 'uscc' DESC, scheme",
        [thing_.type, thing_.id, list(codes.HIDDEN_SCHEMES)],
    )
    return [Code(scheme, value, "" if sound else _fault(scheme, value)) for scheme, value, sound in rows]


def _fault(scheme: str, value: str) -> str:
    try:
        return " ".join(problem.text for problem in codes.read(scheme, value)[1])
    except Wrong as wrong:
        return wrong.problem.text


def shared_codes(connection: Connection, thing_: Thing) -> list[tuple[str, str, str]]:
    """Other things with a code of this one: code, their id, their name."""
    rows = connection.execute(
        "SELECT DISTINCT c.value, o.id, e.name FROM directory_code c"
        " JOIN directory_code o ON o.value = c.value AND o.scheme = c.scheme AND o.within = c.within"
        " AND (o.type, o.id) <> (c.type, c.id) AND o.type = c.type"
        " JOIN directory_entry e ON e.type = o.type AND e.id = o.id"
        " WHERE c.type = %s AND c.id = %s AND c.within = '' AND c.scheme NOT IN ('identity', 'staff') LIMIT 5",
        [thing_.type, thing_.id],
    )
    return rows.fetchall()


def counts(connection: Connection, institution: str) -> dict[str, int]:
    """How many things of each kind belong to an institution."""
    found = dict(
        connection.execute(
            "SELECT kind, count(*) FROM directory_entry"
            " WHERE institution = %s AND kind NOT IN ('institution', 'site') GROUP BY 1",
            [institution],
        ).fetchall()
    )
    found["practitioner"] = _one(
        connection,
        "SELECT count(DISTINCT practitioner) FROM directory_role WHERE institution = %s",
        institution,
    )
    found["branch"] = _one(
        connection,
        "SELECT count(*) FROM directory_entry WHERE parent = 'Organization/' || %s AND kind = 'institution'",
        institution,
    )
    return found


def _one(connection: Connection, statement: str, *values: object) -> int:
    row = connection.execute(statement, values).fetchone()
    return int(row[0]) if row else 0


def belonging(connection: Connection, institution: str, kind: str) -> list[Thing]:
    """The things of a kind that belong to an institution."""
    if kind == "branch":
        where, value = "e.parent = %s AND e.kind = 'institution'", f"Organization/{institution}"
        rows = connection.execute(f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY e.name, e.id", [value])
    else:
        rows = connection.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE e.institution = %s AND e.kind = %s"
            f" ORDER BY e.name, e.id LIMIT {MOST_ROWS}",
            [institution, kind],
        )
    return [Thing(*row) for row in rows]


def within(connection: Connection, thing_: Thing, kind: str) -> list[Thing]:
    """The things of a kind that are a part of a department or place, or are said to be its own."""
    reference = f"{thing_.type}/{thing_.id}"
    rows = connection.execute(
        f"SELECT {_COLUMNS} {_FROM} WHERE (e.parent = %s OR e.owner = %s) AND e.kind = %s"
        f" ORDER BY e.name, e.id LIMIT {MOST_ROWS}",
        [reference, reference, kind],
    )
    return [Thing(*row) for row in rows]


def in_order(things: Sequence[Thing]) -> list[tuple[int, Thing]]:
    """Things below what they are a part of, with their depth."""
    known = {f"{t.type}/{t.id}" for t in things}
    below: dict[str, list[Thing]] = {}
    for one in things:
        below.setdefault(one.parent if one.parent in known else "", []).append(one)
    found: list[tuple[int, Thing]] = []
    open_ = [(0, one) for one in reversed(below.get("", []))]
    while open_:
        depth, one = open_.pop()
        found.append((depth, one))
        open_ += [(depth + 1, inner) for inner in reversed(below.get(f"{one.type}/{one.id}", []))]
    return found


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody's role at an organization."""

    practitioner: str
    name: str
    sex: str
    organization: str
    organization_name: str
    organization_kind: str
    institution: str
    institution_name: str
    post: str
    title: str
    specialty: str
    start: date | None
    end: date | None
    active: bool
    certificate_until: date | None  # the day from which the certificate no longer holds

    @property
    def post_label(self) -> str:
        return tables.label("posts", self.post) if self.post else ""

    @property
    def title_label(self) -> str:
        return tables.label("titles", self.title) if self.title else ""

    @property
    def specialty_label(self) -> str:
        return tables.label("specialties", self.specialty) if self.specialty else ""


_POSTS = """
SELECT r.practitioner, p.name, coalesce(p.category, ''), r.organization, coalesce(o.name, ''), coalesce(o.kind, ''),
       coalesce(r.institution, ''), coalesce(i.name, ''), r.post, r.title, r.specialty,
       lower(r.period), upper(r.period), r.active AND p.status = 'active',
       (SELECT max(upper(g.period)) FROM directory_registration g
        WHERE g.practitioner = r.practitioner AND g.kind IN ('doctor_practice', 'nurse_practice'))
FROM directory_role r JOIN directory_entry p ON p.type = 'Practitioner' AND p.id = r.practitioner
LEFT JOIN directory_entry o ON o.type = 'Organization' AND o.id = r.organization
LEFT JOIN directory_entry i ON i.type = 'Organization' AND i.id = r.institution
"""


def posts(connection: Connection, column: str, id_: str) -> list[Post]:
    """The roles at an ``institution``, at an ``organization``, or of a ``practitioner``."""
    assert column in {"institution", "organization", "practitioner"}
    rows = connection.execute(
        f"{_POSTS} WHERE r.{column} = %s ORDER BY r.active DESC, o.name, r.title, p.name, r.id LIMIT {MOST_ROWS}",
        [id_],
    )
    return [Post(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of a practitioner; ``end`` is the day from which it no longer holds."""

    kind: str
    label: str
    number: str
    issuer: str
    start: date | None
    end: date | None
    fault: str

    def state(self, today: date) -> str:
        """``valid``, ``ending`` within ninety days, ``expired``, ``coming`` or ``open`` without days."""
        if self.start and today < self.start:
            return "coming"
        if self.end is None:
            return "open" if self.start is None else "valid"
        if today >= self.end:
            return "expired"
        return "ending" if (self.end - today).days <= 90 else "valid"


def certificates(connection: Connection, practitioner: str) -> list[Certificate]:
    """The certificates of a practitioner, as the record has them in order."""
    rows = connection.execute(
        "SELECT kind, label, number, issuer, lower(period), upper(period) FROM directory_registration"
        " WHERE practitioner = %s ORDER BY place",
        [practitioner],
    )
    found = []
    for kind, label, sealed, issuer, start, end in rows:
        number = sealing.open_text(sealed)
        fault = _fault(kind, number) if kind in codes.schemes() and number else ""
        words = codes.schemes()[kind].label if kind in codes.schemes() else label
        found.append(Certificate(kind, words, number, issuer, start, end, fault))
    return found


def affiliations(connection: Connection, institution: str) -> list[dict[str, Any]]:
    """Alliances and the like of which an institution is a part, or which it leads."""
    rows = connection.execute(
        "SELECT a.organization = %(id)s, e.id, e.name, a.code, lower(a.period), upper(a.period), a.active"
        " FROM directory_affiliation a JOIN directory_entry e ON e.type = 'Organization'"
        " AND e.id = CASE WHEN a.organization = %(id)s THEN a.participating ELSE a.organization END"
        " WHERE a.organization = %(id)s OR a.participating = %(id)s ORDER BY a.active DESC, e.name",
        {"id": institution},
    )
    names = ("leads", "id", "name", "code", "start", "end", "active")
    return [dict(zip(names, row, strict=True)) for row in rows]


def formerly(connection: Connection, thing_: Thing) -> list[tuple[str, str, Any, Any]]:
    """What a thing was a part of, and from when to when: reference, name, from, until."""
    rows = connection.execute(
        "SELECT b.parent, coalesce(e.name, b.parent), lower(b.period), upper(b.period) FROM directory_belonging b"
        " LEFT JOIN directory_entry e ON e.type = split_part(b.parent, '/', 1) AND e.id = split_part(b.parent, '/', 2)"
        " WHERE b.type = %s AND b.id = %s ORDER BY b.period DESC",
        [thing_.type, thing_.id],
    )
    return rows.fetchall()


def names(connection: Connection, references: Iterable[str]) -> dict[str, str]:
    """The names of ``Type/id``."""
    wanted = sorted({reference for reference in references if "/" in reference})
    rows = connection.execute(
        "SELECT e.type || '/' || e.id, e.name FROM unnest(%s::text[]) AS w(name)"
        " JOIN directory_entry e ON e.type = split_part(w.name, '/', 1) AND e.id = split_part(w.name, '/', 2)",
        [wanted],
    )
    return dict(rows.fetchall())


def authors(connection: Connection, type_name: str, id_: str) -> dict[int, str]:
    """Who wrote each version: version → name."""
    rows = connection.execute(
        "SELECT version, name FROM directory_author WHERE type = %s AND id = %s", [type_name, id_]
    )
    return dict(rows.fetchall())


def totals(connection: Connection) -> dict[str, int]:
    """How many things of each kind there are."""
    return dict(connection.execute("SELECT kind, count(*) FROM directory_entry GROUP BY 1").fetchall())
