"""What can be asked: results of a person, enrolments, services, and rates with the rows behind them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.identity import queries as identity
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database
from xinglin.tcm.constitution import resources
from xinglin.tcm.constitution.instruments import DATA

if TYPE_CHECKING:
    from xinglin.record.database import Connection
    from xinglin.record.door import Door
    from xinglin.tcm.constitution.resources import Kept

_MOST = "200"
_MOST_WAITING = 5000


@dataclass(frozen=True, slots=True)
class Person:
    """Whose results they are: the Patient asked for and all that are the same person."""

    id: str
    patients: tuple[str, ...]
    name: str
    sex: str
    born: date | None

    def age(self, today: date) -> int | None:
        """Whole years; None where the day of birth is not known."""
        if self.born is None:
            return None
        return today.year - self.born.year - ((today.month, today.day) < (self.born.month, self.born.day))


@dataclass(frozen=True, slots=True)
class Enrolment:
    id: int
    patient: str
    programme: str
    since: date
    start: date
    until: date | None
    institution: str


@dataclass(frozen=True, slots=True)
class Row:
    """One of those whom a rate is about, and the services that count."""

    patient: str
    since: date
    services: int
    last: date | None


@dataclass(frozen=True, slots=True)
class Rate:
    """Of how many people in a programme in a year how many were served; the rows are the proof."""

    programme: str
    year: int
    rows: tuple[Row, ...]

    @property
    def of(self) -> int:
        return len(self.rows)

    @property
    def served(self) -> int:
        return sum(row.services > 0 for row in self.rows)

    @property
    def percent(self) -> float | None:
        """None where nobody is in it."""
        return 100 * self.served / self.of if self.rows else None


def person(door: Door, patient: str) -> Person:
    """The person whom Patient ``patient`` is; faults as the door's ``read``."""
    found = door.read("Patient", patient).resource
    same = identity.together(database.connection(), patient)
    return Person(
        patient, tuple(dict.fromkeys((patient, *same))), _name(found), str(found.get("gender", "")),
        _born(str(found.get("birthDate", ""))),
    )  # fmt: skip


def _name(found: dict[str, Any]) -> str:
    first: dict[str, Any] = next(iter(found.get("name", ())), {})
    return str(
        first.get("text") or "".join([str(first.get("family", "")), *map(str, first.get("given", ()))])
    )


def _born(text: str) -> date | None:
    parts = text.split("-")
    try:
        return date(*(int(part) for part in (*parts, "1", "1")[:3]))
    except (TypeError, ValueError):
        return None


def results(door: Door, of: Person) -> list[Kept]:
    """All results of a person, the latest first."""
    about = ",".join(f"Patient/{one}" for one in of.patients)
    code = f"{resources.SYSTEM}|{resources.CODE}"
    page = door.search(
        "Observation", [("patient", about), ("code", code), ("_sort", "-date"), ("_count", _MOST)]
    )
    return [kept for entry in page.entries if (kept := resources.read(entry.stored.resource))]


@cache
def _leanings() -> list[dict[str, Any]]:
    with (DATA / "leanings.toml").open("rb") as source:
        return list(tomllib.load(source)["leaning"])


def leanings(door: Door, of: Person) -> list[dict[str, Any]]:
    """The leanings of the person's active illnesses in the record, as far as the reader may see them."""
    about = ",".join(f"Patient/{one}" for one in of.patients)
    try:
        page = door.search("Condition", [("patient", about), ("_count", _MOST)])
    except Fault as fault:
        if fault.kind is not Kind.FORBIDDEN:
            raise
        return []
    codes = [
        str(coding.get("code", ""))
        for entry in page.entries
        if not entry.stored.resource.get("abatementDateTime")
        for coding in (entry.stored.resource.get("code") or {}).get("coding", ())
    ]
    return [each for each in _leanings() if any(code.startswith(tuple(each["codes"])) for code in codes)]


def enrolments(connection: Connection, patients: tuple[str, ...]) -> list[Enrolment]:
    """The programmes that a person is in now."""
    return [
        Enrolment(*row)
        for row in connection.execute(
            "SELECT id, patient, programme, since, start, until, institution FROM tcm_constitution_enrolment"
            " WHERE patient = ANY(%s) AND until IS NULL ORDER BY since, id",
            [list(patients)],
        )
    ]


def services(connection: Connection, patients: tuple[str, ...], programme: str) -> list[tuple[str, date]]:
    """What was done for a person in a programme: steps and days."""
    return [
        (step, day)
        for step, day in connection.execute(
            "SELECT step, day FROM tcm_constitution_service WHERE patient = ANY(%s) AND programme = %s ORDER BY day",
            [list(patients), programme],
        )
    ]


def waiting(
    connection: Connection, institution: str, programme: str
) -> list[tuple[Enrolment, list[tuple[str, date]]]]:
    """Those in a programme at an institution, or (empty) anywhere, with what was done for each; the latest first."""
    rows = connection.execute(
        "SELECT e.id, e.patient, e.programme, e.since, e.start, e.until, e.institution,"
        " array_remove(array_agg(s.step ORDER BY s.id), NULL), array_remove(array_agg(s.day ORDER BY s.id), NULL)"
        " FROM tcm_constitution_enrolment e LEFT JOIN tcm_constitution_service s"
        " ON s.patient = e.patient AND s.programme = e.programme AND s.shard = e.shard"
        " WHERE e.programme = %(programme)s AND e.until IS NULL AND (%(place)s = '' OR e.institution = %(place)s)"
        " GROUP BY e.id, e.shard ORDER BY e.id DESC LIMIT %(most)s",
        {"programme": programme, "place": institution, "most": _MOST_WAITING},
    )
    return [(Enrolment(*row[:7]), list(zip(row[7], row[8], strict=True))) for row in rows]


def rate(connection: Connection, programme: str, year: int, institution: str = "") -> Rate:
    """Those who were in a programme in a year, at an institution or (empty) anywhere, with what was done for them."""
    rows = connection.execute(
        "SELECT e.patient, min(e.since), count(DISTINCT s.id), max(s.day) FROM tcm_constitution_enrolment e"
        " LEFT JOIN tcm_constitution_service s ON s.patient = e.patient AND s.programme = e.programme"
        " AND s.shard = e.shard AND s.year = %(year)s"
        " WHERE e.programme = %(programme)s AND e.since <= %(last)s AND (e.until IS NULL OR e.until > %(first)s)"
        " AND (%(place)s = '' OR e.institution = %(place)s) GROUP BY e.patient ORDER BY 3, 2, 1",
        {
            "year": year, "programme": programme, "first": date(year, 1, 1), "last": date(year, 12, 31),
            "place": institution,
        },
    )  # fmt: skip
    return Rate(programme, year, tuple(Row(*row) for row in rows))
