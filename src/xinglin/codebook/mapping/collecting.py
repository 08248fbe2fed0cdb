"""An institution's codes from the record itself: which were sent, how often, with which standard ones beside.

A code is local where its system is none of the terminology's and none of HL7's. It becomes a line of the book of its
system. The work is a job: it reads the record a page at a time and tells how far it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from xinglin.codebook.mapping import actions, queries, targets
from xinglin.codebook.mapping.actions import Plan
from xinglin.codebook.mapping.reading import Local
from xinglin.codebook.mapping.rules import MOST_LINES
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import database, jobs
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xinglin.codebook.mapping.queries import Book
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.jobs import Job

COLLECT, RANK = "mapping-collect", "mapping-rank"
AT_ONCE = 300  # lines that are ranked while the reader waits
_PAGE = 500
_STANDARD = (
    "http://hl7.org/",
    "http://terminology.hl7.org/",
    "http://unitsofmeasure.org",
    "urn:ietf:",
    "urn:iso:",
)


class Source(NamedTuple):
    """Where codes of a kind stand: the type of the resource and its member; ``target`` is what they are mapped to."""

    type_name: str
    member: str
    target: str


SOURCES = {
    "test": Source("Observation", "code", "http://loinc.org"),
    "diagnosis": Source("Condition", "code", "urn:oid:2.16.156.10011.2.3.3.11"),
    "drug": Source("MedicationRequest", "medicationCodeableConcept", "http://www.whocc.no/atc"),
    "procedure": Source("Procedure", "code", "urn:oid:2.16.156.10011.2.3.3.12"),
}
"""By the kind of book."""


@dataclass(slots=True)
class _Seen:
    names: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    beside: Counter[str] = field(default_factory=Counter)
    count: int = 0


Found = dict[str, dict[str, _Seen]]
"""By system, then by code."""


def begin() -> None:
    """Offer the two kinds of job."""
    jobs.offer(COLLECT, _collect)
    jobs.offer(RANK, _rank)


def ask(kinds: Iterable[str], actor: Actor) -> Job:
    """Begin to collect codes of these kinds; while a job goes on, that job."""
    for job in jobs.latest(COLLECT, 1):
        if job.unfinished:
            jobs.pursue(job)
            return job
    job = jobs.ask(COLLECT, {"kinds": sorted(kinds)}, actor)
    jobs.pursue(job)
    return job


def rank_soon(connection: Connection, book: Book, actor: Actor) -> None:
    """Rank a book's lines: here and now if they are few, else in the background."""
    if queries.coverage(connection, book.id).codes <= AT_ONCE:
        rank_now(connection, book)
        return
    jobs.pursue(jobs.ask(RANK, {"book": book.id}, actor))


def rank_now(connection: Connection, book: Book) -> int:
    today = clock.now().astimezone(LOCAL_ZONE).date()
    with connection.transaction():
        return actions.rank(
            connection=connection, book=book, target=targets.target(connection, book.target, today)
        )


def _rank(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    connection = database.connection()
    tell({"book": job.request["book"]})
    return {"lines": rank_now(connection, queries.book(connection, job.request["book"]))}


def _collect(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    connection = database.connection()
    known = _known_systems(connection)
    institutions = _institutions()
    made, codes, read = [], 0, 0
    for kind in job.request["kinds"]:
        source, found = SOURCES[kind], Found()
        for resources in _pages(source.type_name):
            for resource in resources:
                note(found, resource, source.member, known)
            read += len(resources)
            tell({"kind": kind, "read": read})
        for system, seen in sorted(found.items()):
            with connection.transaction():
                lines = lines_of(seen)
                book = actions.make_book(
                    connection=connection,
                    plan=_plan(kind, system, institutions),
                    lines=lines,
                    actor=job.actor,
                    now=clock.now(),
                )
            rank_now(connection, book)
            codes += len(lines)
            made.append(book.id)
    return {"books": made, "codes": codes, "read": read}


def note(found: Found, resource: dict[str, Any], member: str, known: Callable[[str], bool]) -> None:
    """Count the local codes of one resource."""
    concept = resource.get(member) or {}
    codings = [one for one in concept.get("coding", ()) if one.get("system") and one.get("code")]
    standard = [f"{one['system']}|{one['code']}" for one in codings if known(one["system"])]
    quantity = resource.get("valueQuantity") or {}
    unit = str(quantity.get("unit") or quantity.get("code") or "")
    for coding in codings:
        if known(coding["system"]):
            continue
        seen = found.setdefault(coding["system"], {}).setdefault(coding["code"], _Seen())
        seen.count += 1
        seen.names[str(coding.get("display") or concept.get("text") or coding["code"])] += 1
        seen.beside.update(standard)
        if unit:
            seen.units[unit] += 1


def lines_of(seen: dict[str, _Seen]) -> list[Local]:
    """The lines of a system's codes, at most as many as a book takes, the most often sent first."""
    most = sorted(seen.items(), key=lambda pair: (-pair[1].count, pair[0]))[:MOST_LINES]
    return [
        Local(code, _usual(one.names), _usual(one.units), one.count, dict(one.beside.most_common(5)))
        for code, one in most
    ]


def _usual(counted: Counter[str]) -> str:
    return counted.most_common(1)[0][0] if counted else ""


def _known_systems(connection: Connection) -> Callable[[str], bool]:
    rows = connection.execute("SELECT url, oids FROM terminology_system").fetchall()
    known = {url for url, _ in rows} | {f"urn:oid:{oid}" for _, oids in rows for oid in oids}
    return lambda system: system in known or system.startswith(_STANDARD)


def _institutions() -> dict[str, str]:
    """Names of the record's institutions by id."""
    return {
        str(resource["id"]): str(resource.get("name", ""))
        for page in _pages("Organization")
        for resource in page
    }


def _plan(kind: str, system: str, institutions: dict[str, str]) -> Plan:
    """A book for a system: whose it is, if a part of its address is the id of an institution."""
    parts = system.replace("/", ":").split(":")
    name = next((institutions[part] for part in reversed(parts) if part in institutions), "")
    title = f"{name or system} · {kind}"
    return Plan(title, name, kind, system, SOURCES[kind].target)


def _pages(type_name: str) -> Iterator[list[dict[str, Any]]]:
    door, token = open_as(SYSTEM), None
    while True:
        pairs = [("_count", str(_PAGE)), *([("_page", token)] if token else [])]
        page = door.search(type_name, pairs)
        yield [entry.stored.resource for entry in page.entries if entry.mode == "match"]
        token = page.next
        if token is None:
            return
