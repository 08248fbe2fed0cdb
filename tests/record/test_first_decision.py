"""Nobody asks for decisions of residents before there is one, and nobody overlooks the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from xinglin.record import database
from xinglin.record.policy import consents

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def before_any(emptied: None) -> Iterator[None]:
    """A region where nobody has ever decided anything, and a process that has not asked yet."""
    database.connection().execute("SELECT setval('record_consent_told', 1, false)")
    before, consents._first = consents._first, consents._First()
    yield
    consents._first = before


@pytest.mark.usefixtures("before_any")
def test_a_process_that_has_just_looked_does_not_look_again() -> None:
    connection = database.connection()
    other = consents._First()

    assert other.is_told(connection) is False

    looked = other.looked
    assert other.is_told(connection) is False
    assert other.looked == looked


@pytest.mark.usefixtures("before_any")
def test_once_the_first_decision_is_told_every_process_asks() -> None:
    connection = database.connection()
    other = consents._First()
    assert other.is_told(connection) is False

    consents._First().tell(connection)

    assert other.is_told(connection) is True


@pytest.mark.usefixtures("before_any")
def test_who_decides_second_waits_too_while_the_first_may_still_be_waiting() -> None:
    connection = database.connection()
    reading, deciding = consents._First(), consents._First()
    assert reading.is_told(connection) is False
    connection.execute("SELECT nextval('record_consent_told')")  # by another process, which waits now

    deciding.tell(connection)

    assert reading.is_told(connection) is True


@pytest.mark.usefixtures("before_any")
def test_it_is_told_before_the_writing_transaction_ends_and_also_if_it_fails() -> None:
    with database.connect() as writing, database.connect() as reading:
        with writing.transaction(force_rollback=True):
            consents._First().tell(writing)
            assert consents._First().is_told(reading) is True

        assert consents._First().is_told(reading) is True
