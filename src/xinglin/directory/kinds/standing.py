"""What stands in the record when rows are planned: resources, versions, phases of divisions.

Kept for one batch. What a row would write is put beside it, so that the next row of the same thing goes on from there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.directory.kinds.kind import bare, id_from
from xinglin.directory.rules import divisions
from xinglin.directory.rules.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from xinglin.directory.kinds.kind import Kind, Resource, Resources, Values
    from xinglin.directory.rules.divisions import Phase
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_AT_ONCE = 500


class Standing:
    """The resources of the things in one batch."""

    def __init__(self, kind: Kind, connection: Connection, door: Door) -> None:
        self.kind = kind
        self._connection = connection
        self._door = door
        self._resources: dict[tuple[str, str], Resource] = {}
        self._versions: dict[tuple[str, str], int] = {}
        self._seconds: dict[tuple[str, str], str] = {}  # main id, organization or "" → id of the second
        self._institutions: dict[str, str] = {}
        self._meanings: dict[str, list[tuple[Phase, str]]] = {}  # code → phases and the Location that says so

    def load(self, things: Sequence[tuple[Values, str]]) -> None:
        """Read what stands of these things: values of a row, id of its main resource."""
        ids = list(dict.fromkeys(id_ for _, id_ in things))
        if not ids:
            return
        self._read(self.kind.main, ids)
        if self.kind.second:
            self._find_seconds(ids)
            self._read(self.kind.second, list(dict.fromkeys(self._seconds.values())))
        rows = self._connection.execute(
            "SELECT id, institution FROM directory_entry WHERE type = %s AND id = ANY(%s)",
            [self.kind.main, ids],
        )
        self._institutions = {id_: f"Organization/{place}" for id_, place in rows if place}
        if self.kind.key == "divisions":
            self._read_meanings([values for values, _ in things])

    def _read(self, type_name: str, ids: Sequence[str]) -> None:
        for first in range(0, len(ids), _AT_ONCE):
            some = ids[first : first + _AT_ONCE]
            page = self._door.search(type_name, [("_id", ",".join(some)), ("_count", str(_AT_ONCE))])
            for entry in page.entries:
                stored = entry.stored
                self._resources[type_name, stored.id] = dict(stored.resource)
                self._versions[type_name, stored.id] = stored.version

    def _find_seconds(self, ids: Sequence[str]) -> None:
        if self.kind.second == "Location":
            rows = self._connection.execute(
                "SELECT institution, '', id FROM directory_entry"
                " WHERE institution = ANY(%s) AND kind = 'site' AND type = 'Location' ORDER BY id DESC",
                [list(ids)],
            )
        else:
            rows = self._connection.execute(
                "SELECT practitioner, organization, id FROM directory_role"
                " WHERE practitioner = ANY(%s) ORDER BY active, id DESC",
                [list(ids)],
            )
        self._seconds = {(main, "Organization/" + org if org else ""): id_ for main, org, id_ in rows}

    def _read_meanings(self, rows: Sequence[Values]) -> None:
        codes: set[str] = set()
        for values in rows:
            codes |= {values["code"], *filter(None, values.get("successors", "").split(";"))}
            codes |= {values["parent"]} if values.get("parent") else set(divisions.above(values["code"]))
        own = [int(values["code"]) for values in rows]
        parents = self._connection.execute(
            "SELECT DISTINCT parent FROM directory_division WHERE code = ANY(%s) AND parent IS NOT NULL",
            [own],
        )
        codes |= {f"{code:012d}" for (code,) in parents}
        found = self._connection.execute(
            "SELECT code, name, parent, lower(period), upper(period), class, location FROM directory_division"
            " WHERE code = ANY(%s) ORDER BY code, period",
            [[int(code) for code in codes]],
        )
        for code, name, parent, start, end, urban_rural, location in found:
            above = f"{parent:012d}" if parent else None
            phase = divisions.Phase(f"{code:012d}", name, above, start, end, urban_rural)
            self._meanings.setdefault(phase.code, []).append((phase, location))

    def of(self, values: Values, id_: str) -> tuple[Resources, dict[str, str], str]:
        """Of one thing: its resources by type, the ids to write to, its institution."""
        kind = self.kind
        ids = {kind.main: id_}
        if kind.second:
            ids[kind.second] = self._second_id(values, id_)
        former = {
            type_: self._resources[type_, one]
            for type_, one in ids.items()
            if (type_, one) in self._resources
        }
        return former, ids, values.get("institution") or self._institutions.get(id_, "")

    def _second_id(self, values: Values, id_: str) -> str:
        if self.kind.second == "Location":
            return self._seconds.get((id_, ""), id_)
        organization = values.get("department") or values.get("institution", "")
        known = self._seconds.get((id_, organization))
        return known or id_from("role", id_, bare(organization))

    def put(self, resources: Iterable[Resource]) -> None:
        """What the next row of the same thing goes on from."""
        for resource in resources:
            self._resources[resource["resourceType"], resource["id"]] = resource

    def version(self, type_name: str, id_: str) -> int | None:
        """The version that was read, which the write must still find."""
        return self._versions.get((type_name, id_))

    def wrote(self, type_name: str, id_: str, version: int) -> None:
        """A row alone has written this version, from which the next row of the same thing goes on."""
        self._versions[type_name, id_] = version

    # -- divisions

    def dated(
        self,
        values: Values,
        former: Mapping[str, Any],
        ids: dict[str, str],
        earlier: Sequence[tuple[str, str, str, int]],
        line: int,
    ) -> Iterator[Problem]:
        """What is wrong with a division's days beside those that stand; finds its parent's Location on the way."""
        code, start = values["code"], divisions.day_of(values.get("from"))
        phase = divisions.Phase(
            code, values["name"], values.get("parent") or None, start, divisions.day_of(values.get("to"))
        )
        own = former.get("Location")
        replaced = divisions.day_of(ids["replaces"]) if "replaces" in ids else start
        others = [p for p in self.kind.phases(own) if p.start != replaced] if own else []  # type: ignore[attr-defined]  # of Divisions alone
        for other in others:
            if divisions.overlap(phase, other):
                yield _overlap(other.name, other.start, other.end)
                break
        for _, first, after, at in earlier:
            other = divisions.Phase(code, "", None, divisions.day_of(first), divisions.day_of(after))
            if at < line and other.start != start and divisions.overlap(phase, other) and not others:
                message = gettext_noop("Line %(line)s gives the code a meaning on some of these days.")
                yield Problem(message, {"line": at}, "from")
        yield from self._parented(values, ids, phase)

    def _parented(self, values: Values, ids: dict[str, str], phase: Phase) -> Iterator[Problem]:
        standing = self._meanings.get(values["code"], [])
        ids["former parent"] = next((p.parent for p, _ in reversed(standing) if p.parent), "") or ""
        if not values.get("parent"):
            near = [code for code in divisions.above(values["code"]) if code in self._meanings]
            values["parent"] = ids["former parent"] or (near[0] if near else "")
            if not values["parent"] and divisions.level(values["code"]) > 1:
                message = gettext_noop(
                    "Nothing above it is in the directory: it will stand at the top of the tree."
                )
                yield Problem(message, column="parent", doubt=True)
        meanings = self._meanings.get(values["parent"], [])
        ids["parent"] = meanings[-1][1] if meanings else self._new_location(values["parent"])
        day = phase.start or phase.end
        if meanings and day is not None and not any(p.holds(day) for p, _ in meanings):
            message = gettext_noop("Its parent %(parent)s is not in force on %(day)s.")
            params = {"parent": divisions.head(values["parent"]), "day": day.isoformat()}
            yield Problem(message, params, "parent", doubt=True)

    def _new_location(self, code: str) -> str:
        """The id of a parent that an earlier line makes."""
        return f"division-{divisions.head(code)}" if code else ""


def _overlap(name: str, start: date | None, end: date | None) -> Problem:
    message = gettext_noop(
        "From %(start)s to before %(end)s the code means %(name)s. End that first: a line with its first day and the "
        "day from which it no longer holds."
    )
    params = {"start": start or "…", "end": end or "…", "name": name}
    return Problem(message, params, "from")
