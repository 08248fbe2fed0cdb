"""Filling the register from the record: what the institutions' Patients say of each person of the index."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from xinglin.identity import golden, queries, store, traits
from xinglin.identity.population import archives, divisions, households, kin, residents, rules
from xinglin.identity.population.residents import Entry
from xinglin.kernel import clock
from xinglin.kernel.ids import make_id
from xinglin.record import changes, database, jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from xinglin.identity.golden import Golden
    from xinglin.kernel.actor import Actor
    from xinglin.record.changes import Change
    from xinglin.record.database import Connection

JOB = "register"
CONSUMER = "identity.register"
_BATCH = 200


def entry(view: Golden) -> Entry:
    """A person's line of the register, from the golden view."""
    name, birth, address = view.value("name"), str(view.value("birthDate") or ""), view.value("address")
    dead = view.value("deceased") or {}
    number = str((view.value("document:NI") or {}).get("value", ""))
    return Entry(
        person=view.person.id,
        name=golden.name_text(name) if name else "",
        sex=str(view.value("gender") or ""),
        birth=_day(birth),
        dead=bool(dead),
        died=_day(str(dead.get("deceasedDateTime", ""))),
        ethnicity=_ethnicity(view),
        home=number[:6] if number[:6].isdecimal() and len(number) in {15, 18} else "",
        address=_address(address) if address else "",
        patients=len(view.person.links),
    )


def _day(text: str) -> date | None:
    """A whole day, of what may be less or wrong."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _address(address: dict[str, Any]) -> str:
    if address.get("text"):
        return str(address["text"])
    parts = [address.get(k) for k in ("state", "city", "district")]
    return "".join(str(p) for p in (*parts, *address.get("line", ())) if p)


def _ethnicity(view: Golden) -> str:
    packed = next((link.traits for link in view.person.links if link.traits), b"")
    return traits.unpack(packed).ethnicity if packed else ""


def refresh(connection: Connection, persons: Sequence[str], tree: rules.Tree, now: datetime) -> int:
    """Bring these persons' lines up to date; who was merged or has no Patients left leaves the register."""
    entries, gone = [], []
    for person in persons:
        view = golden.view(connection, person)
        if view is None or view.person.id != person or not view.sources:
            gone.append(person)
        else:
            entries.append(entry(view))
    if gone:
        residents.remove(connection, gone)
    return residents.enter(connection, entries, tree, now)


def after_links(connection: Connection, persons: Sequence[str], *, actor: Actor, now: datetime) -> None:
    """Bring the register in step with an act on these persons: lines, and archives of who became one or two."""
    known = {person.id for person in queries.persons(connection, persons).values()}
    refresh(connection, sorted({*persons, *known}), divisions.tree(connection), now)
    for person in sorted(known):
        formerly = store.merged_into(connection, person)
        archives.settle(connection, persons=[person, *formerly], actor=actor, now=now)
        if not formerly:
            archives.unsettle(connection, person=person, actor=actor, now=now)


def persons_after(connection: Connection, number: int, limit: int = _BATCH) -> list[tuple[int, str]]:
    """The next persons of the index in the order of their numbers, with these."""
    rows = connection.execute(
        "SELECT DISTINCT ON (person) person, home FROM identity_patient WHERE person > %s ORDER BY person LIMIT %s",
        [number, limit],
    )
    return [(person, make_id(person, home)) for person, home in rows]


def everybody(
    *, actor: Actor, now: datetime, tell: Callable[[dict[str, Any]], None], after: int | None = None
) -> dict[str, int]:
    """Refresh all persons, then propose households; in short transactions, from ``after`` on."""
    connection = database.connection()
    tree = divisions.tree(connection)
    reached, done, changed = (-(1 << 63) if after is None else after), 0, 0
    while batch := persons_after(connection, reached):
        with connection.transaction():
            changed += refresh(connection, [person for _, person in batch], tree, now)
        reached, done = batch[-1][0], done + len(batch)
        tell({"reached": reached, "done": done})
    with connection.transaction():
        settled = settle_archives(connection, actor=actor, now=now)
    housed = 0
    while True:
        with connection.transaction():
            taken = households.propose(
                connection, mothers=lambda persons: kin.mothers(connection, persons), actor=actor, now=now
            )
        housed += taken
        if not taken:
            break
    return {"persons": done, "changed": changed, "housed": housed, "archives": settled}


def settle_archives(connection: Connection, *, actor: Actor, now: datetime) -> int:
    """Where the matcher has merged persons of whom two have open archives, keep the older one."""
    rows = connection.execute(
        "SELECT DISTINCT a.person FROM identity_archive a JOIN identity_merged m ON m.person = a.number"
        " AND m.shard = a.shard WHERE a.state = 'open'"
    ).fetchall()
    settled = 0
    for survivor in sorted(set(store.survivors(connection, [person for (person,) in rows]).values())):
        family = [survivor, *store.merged_into(connection, survivor)]
        settled += len(archives.settle(connection, persons=family, actor=actor, now=now, note="index"))
    return settled


def work(job: jobs.Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    return dict(everybody(actor=job.actor, now=clock.now(), tell=tell, after=job.progress.get("reached")))


def keep(limit: int = 100) -> int:
    """Take over what has changed in the record since the last time; tell how many changes were looked at."""

    def take_over(connection: Connection, seen: Iterable[Change]) -> None:
        patients = [change.stored.id for change in seen if change.stored.type == "Patient"]
        persons = sorted(set(queries.persons_of(connection, patients).values()))
        refresh(connection, persons, divisions.tree(connection), clock.now())

    return changes.consume(CONSUMER, take_over, limit=limit)
