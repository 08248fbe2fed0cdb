"""Patients that are written are linked in the same transaction."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.persons import STEWARD, folded, state
from tests.identity.residents import HOME, PHONE, number, resident
from tests.make import entry, transaction
from xinglin.identity import actions, arrivals, blocking, queries, store
from xinglin.identity.events import Kind
from xinglin.identity.reviewing import Wanted
from xinglin.identity.stewardship import Kind as Asked
from xinglin.identity.stewardship import State
from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault
from xinglin.record import database, steps
from xinglin.record import door as doors

if TYPE_CHECKING:
    from xinglin.record.database import Connection
    from xinglin.record.door import Door


def write(door: Door, resource: dict[str, Any]) -> str:
    """Store a Patient, and give its id."""
    outcome = door.create(resource)
    assert outcome.draft is not None
    return outcome.draft.id


def change(door: Door, id_: str, resource: dict[str, Any]) -> None:
    door.update({**resource, "id": id_})


def waiting(index: Connection) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    found = queries.reviews(index, Wanted(), now=clock.now())
    return [(one.kind.value, one.persons, one.findings) for one in found]


def test_a_new_patient_becomes_a_person(door: Door, index: Connection) -> None:
    one = write(door, resident())

    person = queries.person_of(index, one)
    assert person is not None
    assert queries.patients_of(index, person) == (one,)
    assert [event.kind for event in queries.history(index, person)] == [Kind.MADE]
    assert state(index) == folded(index)


def test_patients_of_one_resident_are_one_person(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number(), phone=PHONE, institution="A"))
    two = write(door, resident(identity=number(), address=HOME, institution="B"))

    person = queries.person(index, str(queries.person_of(index, two)))
    assert person is not None
    assert person.patients == (one, two)
    assert person.institutions == 2
    assert queries.together(index, two) == (two, one)
    _, joined = queries.history(index, person.id)
    assert (joined.kind, joined.patient, joined.actor) == (Kind.JOINED, two, "test/client")
    assert joined.bits is not None
    assert joined.weights is not None


def test_strangers_stay_two_persons(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    two = write(door, resident("司徒远", birth="1955-07-30", sex="male", identity=number("19550730", 11)))

    assert queries.person_of(index, one) != queries.person_of(index, two)
    assert waiting(index) == []


def _sought(index: Connection, resource: dict[str, Any], *, telling: bool | None = None) -> int:
    """How many Patients would be compared with this one."""
    asked = arrivals.read((0, 0), "", "", resource, None)
    looks = asked.looks if telling is None else dict.fromkeys(asked.looks, telling)
    return len(store.candidates(index, [looks]))


@pytest.mark.parametrize(("count", "compared"), [(blocking.FEW, blocking.FEW), (blocking.FEW + 1, 0)])
def test_one_vague_key_is_enough_only_where_few_have_it(
    door: Door, index: Connection, count: int, compared: int
) -> None:
    for day in range(count):  # one name that sounds alike and one year, and nothing else in common
        write(door, resident("王伟", birth=f"1980-02-{day + 10}", sex="male"))

    asked = resident("王伟", birth="1980-11-30", sex="male")

    assert _sought(index, asked) == compared
    assert _sought(index, asked, telling=True) == count  # as where people ask who is meant


def test_a_second_key_or_a_telling_one_is_enough_among_many(door: Door, index: Connection) -> None:
    for day in range(blocking.FEW + 1):
        write(door, resident("王伟", birth=f"1980-02-{day + 10}", sex="male"))
    write(door, resident("王伟", birth="1980-02-28", sex="male", phone=PHONE))

    assert _sought(index, resident("王伟", birth="1980-02-12", sex="male")) == 1
    assert _sought(index, resident("王伟", birth="1980-11-30", sex="male", phone=PHONE)) == 1


def test_two_proven_numbers_are_two_persons(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number(order=10), phone=PHONE, address=HOME))
    two = write(door, resident(identity=number(order=598), phone=PHONE, address=HOME))

    assert queries.person_of(index, one) != queries.person_of(index, two)


def test_patients_of_one_bundle_find_each_other(door: Door, index: Connection) -> None:
    bundle = transaction(
        *(entry(resident(identity=number(), institution=name), "POST", "Patient") for name in "ABC"),
        entry(resident("司徒远", birth="1955-07-30", sex="male"), "POST", "Patient"),
    )

    outcomes = door.transaction(steps.read_bundle(bundle, lambda *_: None))

    ids = [outcome.draft.id for outcome in outcomes if outcome.draft is not None]
    persons = [queries.person_of(index, one) for one in ids]
    assert persons[0] == persons[1] == persons[2] != persons[3]
    assert state(index) == folded(index)


def test_a_refused_transaction_leaves_no_link(door: Door, index: Connection) -> None:
    bundle = transaction(
        entry(resident(), "POST", "Patient"),
        entry({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
               "subject": {"reference": "Patient/nobody"}}, "POST", "Observation"),
    )  # fmt: skip

    with pytest.raises(Fault):
        door.transaction(steps.read_bundle(bundle, lambda *_: None))

    assert state(index).persons == {}
    assert index.execute("SELECT count(*) FROM identity_key").fetchone() == (0,)


def test_a_fault_of_the_matcher_refuses_the_write(door: Door, index: Connection) -> None:
    index.execute("ALTER TABLE identity_event RENAME TO identity_event_away")
    try:
        with pytest.raises(Exception, match="identity_event"):
            door.create(resident())
    finally:
        index.execute("ALTER TABLE identity_event_away RENAME TO identity_event")

    assert index.execute("SELECT count(*) FROM record_resource").fetchone() == (0,)
    assert state(index).persons == {}


def test_who_might_be_known_goes_to_people(door: Door, index: Connection) -> None:
    one = write(door, resident("欧阳海棠", phone=PHONE, address=HOME))
    two = write(door, resident("欧阳海兰", phone=PHONE, address=HOME))  # a twin, as far as one can see

    ours, theirs = queries.person_of(index, two), queries.person_of(index, one)
    assert ours != theirs
    assert [(kind, persons) for kind, persons, _ in waiting(index)] == [("match", (ours, theirs))]
    (asked,) = queries.reviews(index, Wanted(), now=clock.now())
    assert (asked.patient, asked.state, asked.kind) == (two, State.OPEN, Asked.MATCH)


def test_an_unchanged_resend_writes_nothing(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    before = index.execute("SELECT count(*) FROM identity_event").fetchone()

    change(door, one, resident(identity=number(), maritalStatus={"text": "已婚"}))

    assert index.execute("SELECT count(*) FROM identity_event").fetchone() == before


def test_an_update_that_shows_who_it_is_moves_the_patient(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number(), phone=PHONE))
    two = write(door, resident("不详", birth="1980-01-01", sex=None))
    was = str(queries.person_of(index, two))

    change(door, two, resident(identity=number(), phone=PHONE))

    assert queries.person_of(index, one) == queries.person_of(index, two)
    found = queries.person(index, was)
    assert found is not None
    assert (found.id, found.formerly) == (queries.person_of(index, one), (was,))
    assert state(index) == folded(index)


def test_an_update_that_does_not_fit_leaves_the_person(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    two = write(door, resident(identity=number()))
    assert queries.person_of(index, one) == queries.person_of(index, two)

    change(door, two, resident("司徒远", birth="1955-07-30", sex="male", identity=number("19550730", 11)))

    assert queries.person_of(index, one) != queries.person_of(index, two)
    assert state(index) == folded(index)


def test_keys_follow_an_update(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    change(door, one, resident("司徒远", birth="1955-07-30", sex="male", identity=number("19550730", 11)))

    kept = index.execute("SELECT keys FROM identity_patient").fetchone()
    keys = index.execute("SELECT key FROM identity_key ORDER BY key").fetchall()

    assert kept is not None
    assert [key for (key,) in keys] == sorted(kept[0])


def test_what_people_linked_is_not_torn_apart(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    two = write(door, resident("司徒远", birth="1955-07-30", sex="male"))
    with index.transaction():
        actions.merge(
            index, survivor=str(queries.person_of(index, one)), other=str(queries.person_of(index, two)),
            actor=STEWARD, reason="resident",
        )  # fmt: skip

    change(door, two, resident("司徒远", birth="1955-07-30", sex="male", identity=number("19550730", 11)))

    person = queries.person_of(index, one)
    assert queries.person_of(index, two) == person
    assert {(kind, persons) for kind, persons, _ in waiting(index)} == {
        ("drift", (person,)),
        ("cluster", (person,)),
    }


def test_what_people_parted_is_not_joined_again(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    two = write(door, resident("司徒远", birth="1955-07-30", sex="male"))
    with index.transaction():
        actions.must_not_link(index, patient=one, other=two, actor=STEWARD, reason="data-error")

    change(door, two, resident(identity=number()))

    assert queries.person_of(index, one) != queries.person_of(index, two)


def test_a_deleted_patient_leaves_its_person(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    two = write(door, resident(identity=number()))
    person = str(queries.person_of(index, one))

    door.delete("Patient", one)

    assert queries.patients_of(index, person) == (two,)
    keys = index.execute("SELECT DISTINCT patient FROM identity_key").fetchall()
    assert keys == [(store.patient_place(two)[0],)]
    assert queries.history(index, person)[-1].kind is Kind.LEFT
    assert state(index) == folded(index)


def test_a_patient_that_comes_back_is_matched_anew(door: Door, index: Connection) -> None:
    two = write(door, resident(identity=number()))
    door.update({**resident(identity=number()), "id": "mine"})
    door.delete("Patient", "mine")
    door.update({**resident(identity=number()), "id": "mine"})

    assert queries.person_of(index, "mine") == queries.person_of(index, two)
    assert state(index) == folded(index)


def test_an_inactive_patient_attracts_nobody(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number(), active=False))
    two = write(door, resident(identity=number()))
    assert queries.person_of(index, one) != queries.person_of(index, two)

    change(door, one, resident(identity=number()))

    assert queries.person_of(index, one) == queries.person_of(index, two)


def test_a_declared_link_is_believed(door: Door, index: Connection) -> None:
    one = write(door, resident())
    two = write(door, resident("司徒远", birth="1955-07-30", sex="male"))

    change(
        door, two,
        resident("司徒远", birth="1955-07-30", sex="male", active=False,
                 link=[{"other": {"reference": f"Patient/{one}"}, "type": "replaced-by"}]),
    )  # fmt: skip

    assert queries.person_of(index, one) == queries.person_of(index, two)
    (moved,) = [e for e in queries.history(index, str(queries.person_of(index, one))) if e.kind is Kind.MOVED]
    assert (moved.reason, moved.weights, moved.patient) == ("declared", None, two)
    assert state(index) == folded(index)


def test_a_newborn_is_tied_to_its_mother_and_is_not_her(door: Door, index: Connection) -> None:
    mother = write(door, resident("欧阳海棠", birth="1995-02-14", phone=PHONE, address=HOME))
    child = write(door, resident("欧阳海棠之女", birth="2026-03-01", phone=PHONE, address=HOME))

    person = str(queries.person_of(index, child))
    assert person != queries.person_of(index, mother)
    assert [(one.patient, one.kind, one.other) for one in queries.relations(index, person)] == [
        (child, "mother", mother)
    ]
    assert queries.relations(index, str(queries.person_of(index, mother))) == queries.relations(index, person)


def test_a_newborn_becomes_the_child_when_named(door: Door, index: Connection) -> None:
    write(door, resident("欧阳海棠", birth="1995-02-14", phone=PHONE, address=HOME))
    child = write(
        door,
        resident("欧阳海棠之女", birth="2026-03-01", phone=PHONE, address=HOME, institution="A", record="77"),
    )
    person = queries.person_of(index, child)

    change(
        door,
        child,
        resident("林小满", birth="2026-03-01", phone=PHONE, address=HOME, institution="A", record="77"),
    )
    named = write(
        door,
        resident("林小满", birth="2026-03-01", phone=PHONE, address=HOME, institution="B",
                 identity=number("20260301", 22)),
    )  # fmt: skip

    assert queries.person_of(index, child) == person == queries.person_of(index, named)


def test_two_sexes_open_work(door: Door, index: Connection) -> None:
    one = write(door, resident(identity=number()))
    write(door, resident(identity=number(), sex="male"))

    assert waiting(index) == [("cluster", (queries.person_of(index, one),), ("two-sexes",))]


def test_the_same_contradiction_opens_work_once(door: Door, index: Connection) -> None:
    for sex in ("female", "male", "male", "female"):
        write(door, resident(identity=number(), sex=sex))

    assert len(waiting(index)) == 1


def test_two_processes_that_meet_one_new_person_make_one(door: Door, index: Connection) -> None:
    """The first is stopped before its commit; the second has to wait, and then sees it."""
    inside, go = threading.Event(), threading.Event()
    made: dict[str, str] = {}
    actor = Actor("test/client", "Test client", frozenset({"client"}))

    def first() -> None:
        with database.connect() as connection, connection.transaction():
            made["first"] = write(doors.open_as(actor, connection), resident(identity=number()))
            inside.set()
            go.wait(10)
        database.close()

    def second() -> None:
        inside.wait(10)
        with database.connect() as connection, connection.transaction():
            made["second"] = write(doors.open_as(actor, connection), resident(identity=number()))
        database.close()

    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    while not index.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone():
        assert threads[1].is_alive()
    go.set()
    for thread in threads:
        thread.join(10)

    assert queries.person_of(index, made["first"]) == queries.person_of(index, made["second"]) is not None
    assert state(index) == folded(index)


def test_many_threads_at_once_make_one_person(door: Door, index: Connection) -> None:
    actor = Actor("test/client", "Test client", frozenset({"client"}))
    ready = threading.Barrier(6)
    made: list[str] = []

    def work(name: str) -> None:
        ready.wait(10)
        made.extend(
            write(doors.open_as(actor), resident(identity=number(), institution=name)) for _ in range(3)
        )
        database.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in "ABCDEF"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(made) == 18
    assert len({queries.person_of(index, one) for one in made}) == 1


def test_a_mass_update_keeps_the_index_in_step(door: Door, index: Connection) -> None:
    given = ["海棠", "江梅", "河兰", "湖竹"]
    ids = [
        write(door, resident(f"欧阳{name}", birth=f"19{70 + n}-03-0{n + 1}")) for n, name in enumerate(given)
    ]
    for _ in range(2):
        bundle = transaction(
            *(entry({**resident(identity=number()), "id": one}, "PUT", f"Patient/{one}") for one in ids)
        )
        door.transaction(steps.read_bundle(bundle, lambda *_: None))

    assert len({queries.person_of(index, one) for one in ids}) == 1
    assert state(index) == folded(index)
    assert (
        index.execute("SELECT count(*) FROM identity_key").fetchone()
        == index.execute("SELECT sum(cardinality(keys)) FROM identity_patient").fetchone()
    )


def test_a_mother_is_found_by_name_and_address_alone(door: Door, index: Connection) -> None:
    mother = write(door, resident("欧阳海棠", birth="1995-02-14", address=HOME))
    child = write(door, resident("欧阳海棠之女", birth="2026-03-01", address=HOME))

    found = queries.relations(index, str(queries.person_of(index, child)))

    assert [(one.patient, one.other) for one in found] == [(child, mother)]
