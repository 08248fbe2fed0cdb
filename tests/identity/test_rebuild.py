"""Matching everything anew: proposed first, changed only when asked, and never against people."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command

from tests.identity.persons import STEWARD, folded, state
from tests.identity.residents import HOME, PHONE, number, resident
from xinglin.identity import actions, handlers, queries, rebuild, terms, weights
from xinglin.identity.rebuild import proposing, runs
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault
from xinglin.record import followers, sealing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.record.database import Connection
    from xinglin.record.door import Door


def write(door: Door, resource: dict[str, Any]) -> str:
    outcome = door.create(resource)
    assert outcome.draft is not None
    return outcome.draft.id


def three(door: Door) -> list[str]:
    """Two Patients of one resident, and a stranger."""
    return [
        write(door, resident(identity=number(), phone=PHONE, institution="A")),
        write(door, resident(identity=number(), address=HOME, institution="B")),
        write(door, resident("司徒远", birth="1955-07-30", sex="male", identity=number("19550730", 11))),
    ]


def groups(connection: Connection) -> set[frozenset[str]]:
    found: dict[str, set[str]] = {}
    for patient, person in state(connection).persons.items():
        found.setdefault(person, set()).add(patient)
    return {frozenset(some) for some in found.values()}


def matched(connection: Connection) -> rebuild.Run:
    with connection.transaction():
        run = rebuild.begin(connection, actor=SYSTEM, now=clock.now())
    return rebuild.propose(connection, run, clock=clock.now)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Weights by which nobody is anybody else."""
    known = weights.current()
    harder = replace(
        known, version="strict", zones=replace(known.zones, join=900.0, stay=890.0, review=880.0)
    )
    monkeypatch.setattr(weights, "current", lambda: harder)
    return


@pytest.fixture
def unfollowed() -> Iterator[None]:
    """Patients are written while nobody matches."""
    followers.follow("identity", [], handlers.link_patients)
    yield
    followers.follow("identity", ["Patient"], handlers.link_patients)


def test_patients_that_were_not_linked_are_linked(door: Door, index: Connection, unfollowed: None) -> None:
    one, other, stranger = three(door)
    assert state(index).persons == {}

    done = rebuild.refresh(index, actor=SYSTEM)

    assert (done.linked, done.renewed, done.removed) == (3, 0, 0)
    assert groups(index) == {frozenset({one, other}), frozenset({stranger})}
    assert state(index) == folded(index)
    again = rebuild.refresh(index, actor=SYSTEM)
    assert (again.linked, again.renewed, again.removed) == (0, 0, 0)


def rows(index: Connection) -> list[tuple[int, bytes, list[int]]]:
    found = index.execute("SELECT number, traits, keys FROM identity_patient ORDER BY number")
    return [(number, sealing.open_sealed(packed), keys) for number, packed, keys in found]


def test_rows_of_an_old_form_are_renewed(door: Door, index: Connection) -> None:
    three(door)
    before = rows(index)
    index.execute("UPDATE identity_patient SET traits = '\\x00', keys = keys[1:2]")
    index.execute("DELETE FROM identity_key")
    index.execute(
        "INSERT INTO identity_key SELECT key, number, (key & 1023)::smallint, shard"
        " FROM identity_patient, unnest(keys) key"
    )

    assert rebuild.refresh(index, actor=SYSTEM).renewed == 3

    after = rows(index)
    assert after == before
    assert index.execute("SELECT count(*) FROM identity_key").fetchone() == (
        sum(len(k) for _, _, k in after),
    )


def test_the_same_weights_change_nothing(door: Door, index: Connection) -> None:
    three(door)
    before = state(index)

    run = matched(index)

    assert run.state is runs.State.MATCHED
    assert rebuild.difference(index, run) == rebuild.Difference(3, 0, 0, 0, 2, 2)
    assert rebuild.samples(index, run, 10) == []
    assert state(index) == before


def test_a_split_and_the_way_back(door: Door, index: Connection, request: pytest.FixtureRequest) -> None:
    one, other, stranger = three(door)
    together = {frozenset({one, other}), frozenset({stranger})}
    person = queries.person_of(index, one)
    assert groups(index) == together
    request.getfixturevalue("strict")

    run = matched(index)
    assert rebuild.difference(index, run) == rebuild.Difference(2, 0, 1, 0, 2, 3)
    (sample,) = rebuild.samples(index, run, 10)
    assert (sample["patient"], sample["from"], sample["what"]) == (other, person, "split")
    assert groups(index) == together  # nothing has changed yet

    done = rebuild.apply(index, run, actor=SYSTEM, clock=clock.now)
    assert (done.moved, done.reviews, done.passed) == (1, 0, 0)
    assert groups(index) == {frozenset({one}), frozenset({other}), frozenset({stranger})}
    assert queries.person_of(index, one) == person
    assert state(index) == folded(index)

    request.getfixturevalue("monkeypatch").undo()
    run = matched(index)
    assert rebuild.difference(index, run) == rebuild.Difference(2, 1, 0, 0, 3, 2)
    rebuild.apply(index, run, actor=SYSTEM, clock=clock.now)
    assert groups(index) == together
    assert queries.person_of(index, other) == person
    assert state(index) == folded(index)


def test_what_people_decided_is_kept(door: Door, index: Connection, request: pytest.FixtureRequest) -> None:
    one, other, stranger = three(door)
    fourth = write(door, resident("司徒远", birth="1955-07-30", sex="male", identity=number("19550730", 11)))
    with index.transaction():
        actions.merge(
            index, survivor=str(queries.person_of(index, one)), other=str(queries.person_of(index, stranger)),
            actor=STEWARD, reason="resident",
        )  # fmt: skip
    before = state(index)
    request.getfixturevalue("strict")

    run = matched(index)
    rebuild.apply(index, run, actor=SYSTEM, clock=clock.now)

    assert groups(index) == {frozenset({one, other, stranger, fourth})}
    assert state(index) == before


def test_what_people_parted_stays_apart(door: Door, index: Connection) -> None:
    one, other, _ = three(door)
    person = str(queries.person_of(index, one))
    with index.transaction():
        actions.split(index, person=person, patients=[other], actor=STEWARD, reason="twins")
    before = state(index)

    run = matched(index)
    assert rebuild.difference(index, run).kept == 3
    rebuild.apply(index, run, actor=SYSTEM, clock=clock.now)

    assert state(index) == before


def test_what_happened_since_the_run_is_passed_over(
    door: Door, index: Connection, request: pytest.FixtureRequest
) -> None:
    one, _, stranger = three(door)
    request.getfixturevalue("strict")
    run = matched(index)
    with index.transaction():
        actions.merge(
            index, survivor=str(queries.person_of(index, stranger)), other=str(queries.person_of(index, one)),
            actor=STEWARD, reason="resident",
        )  # fmt: skip
    before = state(index)

    done = rebuild.apply(index, run, actor=SYSTEM, clock=clock.now)

    assert (done.moved, done.passed) == (0, 1)
    assert state(index) == before


def test_a_run_that_was_stopped_goes_on(
    door: Door, index: Connection, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    three(door)
    monkeypatch.setattr(proposing, "_AT_ONCE", 1)

    class Stop(Exception):  # noqa: N818 -- not an error
        pass

    def stop(_: rebuild.Run) -> None:
        raise Stop

    with index.transaction():
        run = rebuild.begin(index, actor=SYSTEM, now=clock.now())
    with pytest.raises(Stop):
        rebuild.propose(index, run, clock=clock.now, tell=stop)
    assert rebuild.find(index, run.id).done == 1

    again = matched(index)

    assert (again.id, again.done, again.state) == (run.id, 3, runs.State.MATCHED)
    assert rebuild.difference(index, again) == rebuild.Difference(3, 0, 0, 0, 2, 2)


def test_only_a_run_that_is_matched_can_be_applied(door: Door, index: Connection) -> None:
    three(door)
    with index.transaction():
        run = rebuild.begin(index, actor=SYSTEM, now=clock.now())

    with pytest.raises(Fault, match="Only a run that is matched"):
        rebuild.apply(index, run, actor=SYSTEM, clock=clock.now)
    with pytest.raises(Fault, match="no run"):
        rebuild.find(index, "none")


def test_a_run_with_other_weights_takes_the_place_of_the_last(
    door: Door, index: Connection, request: pytest.FixtureRequest
) -> None:
    three(door)
    first = matched(index)
    request.getfixturevalue("strict")

    second = matched(index)

    assert rebuild.find(index, first.id).state is runs.State.DROPPED
    assert index.execute("SELECT DISTINCT run FROM identity_proposal").fetchall() == [(second.id,)]


def test_doubtful_cases_are_asked_about(
    door: Door, index: Connection, request: pytest.FixtureRequest
) -> None:
    one = write(door, resident("欧阳海棠", phone=PHONE, address=HOME))
    twin = write(door, resident("欧阳海兰", phone=PHONE, address=HOME))
    index.execute("DELETE FROM identity_review")

    run = matched(index)
    assert rebuild.difference(index, run).review == 1
    done = rebuild.apply(index, run, actor=SYSTEM, clock=clock.now)

    assert done.reviews == 1
    (asked,) = queries.reviews(index, queries.Wanted(), now=clock.now())
    assert asked.persons == (queries.person_of(index, twin), queries.person_of(index, one))


def said(*words: str) -> str:
    out = io.StringIO()
    call_command("identity", *words, stdout=out)
    return out.getvalue()


def test_the_commands_say_what_they_did(door: Door, index: Connection, tmp_path: Path) -> None:
    three(door)
    path = tmp_path / "report.json"

    told = said("rebuild", "--json", str(path))
    report = json.loads(path.read_text())
    assert "Nothing has changed yet" in told
    assert (report["kept"], report["joined"], report["samples"]) == (3, 0, [])
    assert "would stay" in said("rebuild", "--report", report["run"])
    assert "0 Patients moved" in said("rebuild", "--apply", report["run"])
    status = said("status")
    assert "3  Patients" in status
    assert "2  persons" in status
    assert f"rebuild {report['run']}: applied" in status
    assert "0 told, 0 failed" in said("deliver")


def test_frequencies_are_counted(door: Door, index: Connection) -> None:
    for n in range(4):
        write(door, resident(f"欧阳海{'棠兰梅竹'[n]}", birth=f"19{60 + n}-0{n + 1}-1{n}", phone=PHONE))

    assert "4 Patients counted" in said("frequencies")

    known = terms.current(index)
    assert (known.total, known.count("surname", "欧阳"), known.count("phone", PHONE)) == (4, 4, 4)
    assert known.count("given", "海棠") == 0  # rare ones are not kept
    terms.look_again()
