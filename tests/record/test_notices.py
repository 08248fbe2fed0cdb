"""Notices: who is reached, who has read what, and that an emergency is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.record.policy.conftest import actor, filled, region  # noqa: F401 -- a fixture
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database, notices
from xinglin.record.door import open_as

HEAD = actor("administrator", "hosp-a")
OTHER = replace(HEAD, id="test/another")
AUDITOR = actor("auditor")


def told(who, *, unread: bool = False) -> list[tuple[str, bool]]:
    found = notices.found(database.connection(), who.id, notices.addressed(who), unread=unread)
    return [(notice.kind, notice.read) for notice in found]


def tell(*to: str, kind: str = "word", days: int = 0) -> None:
    notices.tell(
        database.connection(), to=to, kind=kind, about="Patient/x", message="Hello %(name)s", name="you",
        now=clock.now() - timedelta(days=days),
    )  # fmt: skip


def test_a_notice_reaches_an_account_and_everybody_of_a_role_where_they_work(emptied) -> None:
    tell(HEAD.id, kind="own")
    tell(notices.of_role("administrator", "hosp-a"), notices.of_role("auditor"), kind="all")
    tell(notices.of_role("administrator", "hosp-b"), notices.of_patient("x"), kind="other")

    assert told(HEAD) == [("all", False), ("own", False)]
    assert told(OTHER) == [("all", False)]
    assert told(AUDITOR) == [("all", False)]


def test_each_reader_reads_for_themselves(emptied) -> None:
    tell(notices.of_role("administrator", "hosp-a"), kind="first")
    tell(notices.of_role("administrator", "hosp-a"), kind="second")
    connection, to = database.connection(), notices.addressed(HEAD)
    latest = notices.found(connection, HEAD.id, to)[0].number
    assert notices.count_unread(connection, HEAD.id, to) == 2

    notices.read(connection, HEAD.id, to, upto=latest, only=latest, now=clock.now())

    assert told(HEAD) == [("second", True), ("first", False)]
    assert told(HEAD, unread=True) == [("first", False)]
    assert told(OTHER) == [("second", False), ("first", False)]
    notices.read(connection, HEAD.id, to, upto=latest, now=clock.now())
    assert notices.count_unread(connection, HEAD.id, to) == 0


def test_nobody_marks_what_is_not_addressed_to_them(emptied) -> None:
    tell(OTHER.id)
    connection = database.connection()

    notices.read(connection, AUDITOR.id, notices.addressed(AUDITOR), upto=1 << 60, now=clock.now())

    assert connection.execute("SELECT count(*) FROM record_notice_read").fetchone() == (0,)
    assert told(OTHER) == [("word", False)]


def test_old_notices_go(emptied) -> None:
    tell(HEAD.id, kind="old", days=800)
    tell(HEAD.id, kind="new")

    assert notices.expire(database.connection(), clock.now() - timedelta(days=730)) == 1

    assert told(HEAD) == [("new", False)]


@pytest.mark.usefixtures("region")
def test_an_emergency_is_told_to_the_resident_and_the_supervisors(emptied) -> None:
    filled()

    open_as(actor("doctor", "hosp-a")).break_glass("pat-b", "Unconscious, in the ambulance")

    assert (told(HEAD), told(AUDITOR)) == ([("break-glass", False)], [("break-glass", False)])
    assert told(actor("administrator", "hosp-b")) == []
    (notice,) = notices.found(database.connection(), "me", [notices.of_patient("pat-b")])
    assert notice.message % notice.params == (
        "Test doctor opened a closed record in an emergency. The reason given: Unconscious, in the ambulance"
    )


@pytest.mark.usefixtures("region")
def test_an_emergency_that_is_refused_tells_nobody(emptied) -> None:
    filled()

    with pytest.raises(Fault):
        open_as(actor("doctor", "hosp-a")).break_glass("pat-b", "short")

    assert database.connection().execute("SELECT count(*) FROM record_notice").fetchone() == (0,)
