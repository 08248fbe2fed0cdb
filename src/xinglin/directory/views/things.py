"""The page of a thing: what it is, what belongs to it, what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET

from xinglin.directory.kinds import KINDS
from xinglin.directory.kinds.plan import display
from xinglin.directory.queries import divisions, things
from xinglin.directory.rules import days, tables
from xinglin.directory.rules import divisions as division_rules
from xinglin.directory.views import frame
from xinglin.kernel.errors import Fault, Kind, not_found
from xinglin.record.queries import Span
from xinglin.ui import entry

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from django.http import HttpRequest, HttpResponse

    from xinglin.directory.kinds.columns import Column
    from xinglin.directory.kinds.kind import Kind as ThingKind
    from xinglin.directory.kinds.kind import Resources
    from xinglin.directory.queries.things import Thing
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_MOST_VERSIONS = 60
_PARTS = {
    "institution": ("overview", "departments", "people", "services", "places", "beds", "equipment", "branches",
                    "history"),
    "department": ("overview", "people", "services", "beds", "history"),
    "place": ("overview", "places", "beds", "equipment", "history"),
}  # fmt: skip
_FEW_PARTS = ("overview", "history")
_PART_WORDS = {
    "overview": gettext_lazy("Overview"),
    "departments": gettext_lazy("Departments"),
    "people": gettext_lazy("People"),
    "services": gettext_lazy("Services"),
    "places": gettext_lazy("Places"),
    "beds": gettext_lazy("Beds"),
    "equipment": gettext_lazy("Equipment"),
    "branches": gettext_lazy("Contained institutions"),
    "history": gettext_lazy("History"),
}
_KINDS_OF_PARTS = {
    "departments": "department",
    "people": "practitioner",
    "services": "service",
    "places": "place",
    "beds": "bed",
    "equipment": "equipment",
    "branches": "branch",
}
_OF_POSTS = {
    "department", "staff", "nhsa", "post", "title", "specialty", "from", "to", "active", "practice_from", "practice_to",
    "doctor_practice", "nurse_practice", "doctor_qualification",
}  # fmt: skip
_HIDDEN = {"identity", "institution", "name"}  # of the values that an overview lists


@require_GET
@entry.page
def thing(request: HttpRequest, door: Door, kind: str, id_: str, part: str = "overview") -> HttpResponse:
    """One part of a thing's page."""
    if kind == "divisions":
        return _to_division(door, id_)
    known = KINDS[kind]
    connection = frame.tables(door, "directory", f"{known.main}/{id_}")
    one = things.thing(connection, known.entry, id_)
    offered = _PARTS.get(one.kind, _FEW_PARTS)
    if part not in offered:
        raise not_found(gettext_noop("This page has no part %(part)s."), part=part)
    context: dict[str, Any] = {
        "thing": one,
        "kind": known,
        "word": frame.WORDS[one.kind],
        "status": frame.STATUS.get(one.status, ""),
        "part": part,
        "tabs": _tabs(connection, known, one, offered),
        "lineage": _lineage(connection, one),
        "above": _above(connection, one),
    }
    context |= _MAKERS.get(part, _listed)(connection, frame.reading(door), known, one, part)
    return frame.shown(request, door, "thing", context)


def _to_division(door: Door, id_: str) -> HttpResponse:
    """Divisions have their page under their code."""
    row = frame.tables(door, "directory", f"Location/{id_}").execute(
        "SELECT code FROM directory_division WHERE location = %s LIMIT 1", [id_]
    ).fetchone()  # fmt: skip
    if row is None:
        raise not_found(gettext_noop("The directory has no such entry (%(id)s). It may have been deleted, or has "
                                     "another kind."), id=id_)  # fmt: skip
    return HttpResponseRedirect(reverse("directory:division", args=[f"{row[0]:012d}"]))


def _tabs(
    connection: Connection, known: ThingKind, one: Thing, offered: Iterable[str]
) -> list[dict[str, Any]]:
    counts = things.counts(connection, one.id) if one.kind == "institution" else {}
    made = []
    for part in offered:
        count = counts.get(_KINDS_OF_PARTS.get(part, ""), 0) if one.kind == "institution" else None
        if part in {"overview", "history"}:
            count = None
        if part == "overview":
            url = reverse("directory:thing", args=[known.key, one.id])
        else:
            url = reverse("directory:part", args=[known.key, one.id, part])
        made.append({"part": part, "word": _PART_WORDS[part], "count": count, "url": url})
    return made


def _lineage(connection: Connection, one: Thing) -> list[dict[str, str]]:
    """Where it lies: its division, or its institution's, from the top down."""
    division = one.division
    if division is None and one.institution and one.kind != "institution":
        row = connection.execute(
            "SELECT division FROM directory_entry WHERE type = 'Organization' AND id = %s", [one.institution]
        ).fetchone()
        division = row[0] if row else None
    if division is None:
        return []
    found = divisions.lineage(connection, f"{division:012d}", frame.today())
    return [{"code": code, "name": name} for code, name in found]


def _above(connection: Connection, one: Thing) -> list[dict[str, str]]:
    """What it is a part of among organizations and places, the nearest last."""
    found: list[dict[str, str]] = []
    reference = one.parent
    while "/" in reference and len(found) < 10:
        type_name, _, id_ = reference.partition("/")
        row = connection.execute(
            "SELECT kind, name, coalesce(parent, '') FROM directory_entry WHERE type = %s AND id = %s",
            [type_name, id_],
        ).fetchone()
        if row is None or row[0] in {"division", "site"}:
            break
        found.insert(0, {"url": frame.address(row[0], id_), "name": row[1]})
        reference = row[2]
    if one.institution and one.kind != "institution" and not any(one.institution in a["url"] for a in found):
        found.insert(0, {"url": frame.address("institution", one.institution), "name": one.institution_name})
    return found


# -- overview


def _overview(connection: Connection, door: Door, known: ThingKind, one: Thing, _part: str) -> dict[str, Any]:
    resources = resources_of(connection, door, known, one)
    values = known.show(resources, f"Organization/{one.institution}" if one.institution else "")
    named = things.names(connection, [values.get(key, "") for key in known.references])
    coded = {code.scheme for code in things.codes_of(connection, one)}
    skipped = _HIDDEN | coded | ({"code"} if coded else set())
    if one.kind == "practitioner":  # what he is where stands in the table of his posts
        skipped |= _OF_POSTS
    facts = [
        {"label": column.label, "value": shown_value(column, values[column.key], named)}
        for column in known.columns
        if column.key not in skipped and values.get(column.key)
    ]
    identity = values.get("identity", "")
    context: dict[str, Any] = {
        "facts": facts,
        "codes": things.codes_of(connection, one),
        "shared": [(c, frame.address(one.kind, i), n) for c, i, n in things.shared_codes(connection, one)],
        "identity": display("identity", identity) if identity else "",
        "affiliations": things.affiliations(connection, one.id) if one.kind == "institution" else [],
        "formerly": [f for f in things.formerly(connection, one) if f[3] is not None],
        "version": resources[known.main]["meta"]["versionId"],
    }
    if one.kind == "practitioner":
        day = frame.today()
        certificates = things.certificates(connection, one.id)
        context |= {
            "certificates": [(c, c.state(day), _last(c.end)) for c in certificates],
            "posts": [(p, _last(p.end)) for p in things.posts(connection, "practitioner", one.id)],
            "sex": values.get("sex", "") and tables.label("sexes", values["sex"]),
        }
    return context


def _last(end: date | None) -> str:
    """The last day of a span that ends before ``end``."""
    return days.last(end) or ""


def resources_of(connection: Connection, door: Door, known: ThingKind, one: Thing) -> Resources:
    """The resources of a thing: its main one, and what goes with it."""
    found = {known.main: door.read(known.main, one.id).resource}
    second = ""
    if known.second == "Location":
        second = _first(
            connection,
            "SELECT id FROM directory_entry WHERE kind = 'site' AND institution = %s ORDER BY id LIMIT 1",
            one.id,
        )
    elif known.second:
        second = _first(
            connection,
            "SELECT id FROM directory_role WHERE practitioner = %s ORDER BY active DESC, id LIMIT 1",
            one.id,
        )
    if second:
        found[known.second] = door.read(known.second, second).resource
    return found


def _first(connection: Connection, statement: str, value: str) -> str:
    row = connection.execute(statement, [value]).fetchone()
    return str(row[0]) if row else ""


def shown_value(column: Column, value: str, named: dict[str, str]) -> str:
    """A value in the reader's words."""
    if column.check == "table":
        return tables.label(column.argument, value)
    if column.check in {"yes", "no"}:
        return gettext("yes") if value == "yes" else gettext("no")
    if column.check in {"wide", "scoped"} and "/" in value:
        return named.get(value, value)
    if column.check == "wide" and value:
        return division_rules.head(value)
    return display(column.key, value)


# -- lists


def _listed(connection: Connection, _door: Door, known: ThingKind, one: Thing, part: str) -> dict[str, Any]:
    kind = _KINDS_OF_PARTS[part]
    whole = one.kind == "institution"
    found = things.belonging(connection, one.id, kind) if whole else things.within(connection, one, kind)
    ordered = things.in_order(found) if kind in {"department", "place"} else [(0, t) for t in found]
    rows: list[dict[str, Any]] = [
        {
            "thing": t,
            "depth": depth,
            "url": frame.address(t.kind, t.id),
            "status": frame.STATUS.get(t.status, ""),
        }
        for depth, t in ordered
    ]
    names = things.names(connection, [t.parent for t in found])
    for row in rows:
        row["parent"] = names.get(row["thing"].parent, "")
    exported = {"branch": ""}.get(kind, frame.KIND_OF.get(kind, ""))
    return {"rows": rows, "list": part, "exported": exported, "list_word": _PART_WORDS[part], "known": known}


def _people(connection: Connection, _door: Door, _known: ThingKind, one: Thing, _part: str) -> dict[str, Any]:
    column = "institution" if one.kind == "institution" else "organization"
    day = frame.today()
    rows = [
        {
            "post": p,
            "expired": p.certificate_until is not None and p.certificate_until <= day,
            "until": _last(p.end),
        }
        for p in things.posts(connection, column, one.id)
    ]
    return {"people": rows, "exported": "practitioners"}


# -- history


def _history(connection: Connection, door: Door, known: ThingKind, one: Thing, _part: str) -> dict[str, Any]:
    """The versions of its resources, with what each changed, the latest first."""
    try:
        now = resources_of(connection, door, known, one)
    except Fault as fault:
        if fault.kind not in {Kind.NOT_FOUND, Kind.GONE}:
            raise
        now = {}
    versions: list[dict[str, Any]] = []
    for type_name, resource in now.items():
        versions += _versions(connection, door, known, one, (type_name, resource["id"], now))
    versions.sort(key=lambda v: v["moment"], reverse=True)
    return {"versions": versions, "formerly": things.formerly(connection, one)}


def _versions(
    connection: Connection, door: Door, known: ThingKind, one: Thing, of: tuple[str, str, Resources]
) -> list[dict[str, Any]]:
    type_name, id_, now = of
    stored = door.history(type_name, id_, Span(count=_MOST_VERSIONS))
    signed = things.authors(connection, type_name, id_)
    institution = f"Organization/{one.institution}" if one.institution else ""
    values = [
        known.show({**now, type_name: s.resource}, institution) if s.body is not None else None
        for s in stored
    ]
    references = [v.get(key, "") for v in values if v for key in known.references]
    named = things.names(connection, references)
    made = []
    for n, s in enumerate(stored):
        new, old = values[n], values[n + 1] if n + 1 < len(values) else None
        changes = [
            {
                "label": column.label,
                "old": shown_value(column, old.get(column.key, ""), named) if old else "",
                "new": shown_value(column, new.get(column.key, ""), named),
            }
            for column in known.columns
            if new and (old or {}).get(column.key, "") != new.get(column.key, "")
        ]
        made.append(
            {
                "type": type_name,
                "id": id_,
                "site": type_name == known.second,
                "version": s.version,
                "moment": s.moment,
                "author": signed.get(s.version, ""),
                "deleted": new is None,
                "first": s.version == 1,
                "changes": changes if old else [],
                "latest": n == 0,
            }
        )
    return made


_MAKERS = {"overview": _overview, "people": _people, "history": _history}
