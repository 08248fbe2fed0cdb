"""What is told, by whom and when: with the commit, as digests, and not by looks at the log itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.record import access, database, notices, telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Heard = Callable[[], list[str]]

DOCTOR = Actor("account/900", "doctor", frozenset({"doctor"}))
LAST = "the last of a test"


@pytest.fixture
def payloads(emptied: None) -> Iterator[Heard]:
    """A function that gives what was told since it was asked last, as it came."""
    with psycopg.connect(database.target(), autocommit=True) as connection:
        connection.execute(f"LISTEN {telling.CHANNEL}")
        every = connection.notifies(timeout=120)  # one for all: what it has fetched goes with it

        def heard() -> list[str]:
            telling.tell(database.connection(), [LAST])
            found: list[str] = []
            while (told := next(every).payload) != telling.digest(LAST):
                found.append(told)
            return found

        yield heard
        every.close()


def digests(*topics: str) -> set[str]:
    return {telling.digest(topic) for topic in topics}


def test_a_batch_of_accesses_tells_once_of_whom_it_was_about(payloads: Heard) -> None:
    for patient in (4711, 4712, 4711):
        access.note(DOCTOR, "read", patient=patient)
    access.note(DOCTOR, "search")
    access.note(DOCTOR, access.QUIET, patient=4713)
    access.flush()

    told = payloads()
    assert [set(text.split()) for text in told] == [digests("readers/4711", "readers/4712")]
    assert "4711" not in told[0]

    access.note(DOCTOR, access.QUIET, patient=4711)
    access.flush()
    assert payloads() == []


def test_many_topics_are_told_in_messages_that_the_channel_can_hold(payloads: Heard) -> None:
    topics = {f"readers/{number}" for number in range(1001)}

    telling.tell(database.connection(), topics)

    told = payloads()
    assert [len(text.split()) for text in told] == [400, 400, 201]
    assert {digest for text in told for digest in text.split()} == digests(*topics)


def test_notices_and_having_read_them_are_told_to_whom_they_concern(payloads: Heard) -> None:
    connection = database.connection()
    to = ["account/7", "patient/a", "account/7"]
    notices.tell(connection, to=to, kind="k", about="", message="m", now=clock.now())
    (told,) = payloads()
    assert set(told.split()) == digests("notices/account/7", "notices/patient/a")

    notices.read(connection, "account/7", ["account/7"], upto=10**12, now=clock.now())
    assert payloads() == [telling.digest("notices/account/7")]


def test_what_comes_often_is_told_together_after_a_moment(
    payloads: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "PAUSE", 0.2)
    telling.soon(["messages/0"])
    told: list[str] = []
    while not told:
        told = payloads()
    assert told == [telling.digest("messages/0")]

    for number in range(500):
        telling.soon([f"messages/{number % 5}"])
    gathered: set[str] = set()
    while gathered != digests(*(f"messages/{number}" for number in range(5))):
        gathered |= {digest for text in payloads() for digest in text.split()}


def test_digests_depend_on_the_platforms_secret(settings: Any) -> None:
    before = telling.digest("readers/1")
    assert (before, len(before)) == (telling.digest("readers/1"), 16)

    settings.SECRET_KEY = "another"

    assert telling.digest("readers/1") != before
