from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests import make
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access, database
from xinglin.record.door import open_as
from xinglin.record.queries import Span

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.record.door import Door


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def test_who_has_no_role_is_refused_and_the_refusal_is_noted(door: Door) -> None:
    door.update(make.patient(id="p1"))
    nobody = open_as(Actor(id="x", name="Nobody"))

    with pytest.raises(Fault) as read:
        nobody.read("Patient", "p1")
    with pytest.raises(Fault) as write:
        nobody.update(make.patient(id="p1", active=True))

    access.flush()
    lines = database.connection().execute(
        "SELECT action, outcome, id FROM record_access WHERE actor = 'x' ORDER BY action"
    )
    assert (read.value.kind, write.value.kind) == (Kind.FORBIDDEN, Kind.FORBIDDEN)
    assert lines.fetchall() == [("read", "deny", "p1"), ("update", "deny", "p1")]
    assert door.read("Patient", "p1").version == 1


def test_every_look_at_a_record_is_noted_with_its_patient(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.observation("Patient/p1", id="o1"))

    door.read("Observation", "o1")
    door.search("Observation", [("patient", "p1")])
    door.history("Patient", "p1", Span())

    access.flush()
    lines = database.connection().execute(
        "SELECT action, purpose, patient = (SELECT self FROM record_resource WHERE id = 'p1') FROM record_access"
        " WHERE outcome = 'permit' ORDER BY action"
    )
    assert lines.fetchall() == [
        ("history", "TREAT", True),
        ("read", "TREAT", True),
        ("search", "TREAT", True),
    ]


def test_every_match_of_a_search_is_found_however_many_pages_that_takes(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinglin.record.door._AT_ONCE", "2")
    for number in range(5):
        door.update(make.patient(id=f"p{number}"))
    door.update(make.observation(id="o1"))

    found = [one.id for one in door.every("Patient", [])]

    assert sorted(found) == ["p0", "p1", "p2", "p3", "p4"]


def test_the_history_of_one_of_a_type_and_of_all(door: Door) -> None:
    door.update(make.patient(id="p1"))
    door.update(make.patient(id="p1", active=True))
    door.update(make.observation(id="o1"))
    door.delete("Patient", "p1")

    def seen(type_name: str | None, id_: str | None) -> list[tuple[str, int, bool]]:
        return [(s.id, s.version, s.body is None) for s in door.history(type_name, id_, Span())]

    patient = [("p1", 3, True), ("p1", 2, False), ("p1", 1, False)]
    assert seen("Patient", "p1") == patient
    assert seen("Patient", None) == patient
    assert seen(None, None) == [patient[0], ("o1", 1, False), *patient[1:]]
    assert door.count_versions("Patient", "p1") == 3


def test_history_is_read_page_by_page(door: Door) -> None:
    for active in (True, False, True):
        door.update(make.patient(id="p1", active=active))

    first = door.history("Patient", None, Span(count=2))
    second = door.history("Patient", None, Span(count=2, before=first[-1].vid))

    assert [s.version for s in first + second] == [3, 2, 1]


def test_history_since_and_at(door: Door) -> None:
    for active in (True, False, True):
        door.update(make.patient(id="p1", active=active))
    moments = [milliseconds(s.moment) for s in reversed(door.history("Patient", "p1", Span()))]

    def versions(span: Span) -> list[int]:
        return [s.version for s in door.history("Patient", "p1", span)]

    assert versions(Span(since=moments[1])) == [
        v for v, m in ((3, moments[2]), (2, moments[1]), (1, moments[0])) if m >= moments[1]
    ]
    assert versions(Span(since=moments[2] + 1)) == []
    assert versions(Span(at=(moments[2] + 5, moments[2] + 6))) == [3]
    assert versions(Span(at=(moments[0] - 10, moments[0]))) == []


def test_the_history_of_what_never_was_is_not_found(door: Door) -> None:
    with pytest.raises(Fault) as caught:
        door.history("Patient", "nobody", Span())

    assert caught.value.kind is Kind.NOT_FOUND


def test_an_unknown_version_is_not_found(door: Door) -> None:
    door.update(make.patient(id="p1"))

    for version in ("2", "x", "99999999999999"):
        with pytest.raises(Fault) as caught:
            door.read("Patient", "p1", version=version)
        assert caught.value.kind is Kind.NOT_FOUND


def test_an_id_is_not_mistaken_for_another_types(door: Door) -> None:
    outcome = door.create(make.patient())
    assert outcome.draft is not None

    with pytest.raises(Fault) as caught:
        door.read("Observation", outcome.draft.id)

    assert caught.value.kind is Kind.NOT_FOUND


def test_a_service_writes_its_rows_and_the_record_together(door: Door) -> None:
    connection = database.connection()

    with connection.transaction() as both:
        open_as(door.actor, connection).update(make.patient(id="p1"))
        raise psycopg.Rollback(both)

    with pytest.raises(Fault):
        door.read("Patient", "p1")


def test_updated_is_the_moment_of_the_write(door: Door) -> None:
    from xinglin.kernel import clock

    before = clock.now()
    outcome = door.create(make.patient())

    assert outcome.draft is not None
    moment = door.read("Patient", outcome.draft.id).moment
    assert before - timedelta(milliseconds=1) <= moment <= clock.now()


def test_restored_transaction_numbers_are_lifted_above_what_is_stored(door: Door) -> None:
    door.update(make.patient(id="p1"))
    connection = database.connection()
    connection.execute("UPDATE record_change SET tx = tx + 1000000")

    database.adopt()

    ahead = connection.execute("SELECT (SELECT max(tx) FROM record_change) < record_tx()").fetchone()
    connection.execute("UPDATE record_epoch SET shift = 0")
    assert ahead == (True,)
