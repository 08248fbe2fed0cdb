"""Two at once: a request decided, a kiosk taken, codes asked for, an account opened."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from tests.residents import make
from tests.residents.conftest import forget_residents
from xinglin.accounts.models import Account, Role
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database
from xinglin.residents import authorities, codes, kiosks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.record.database import Connection


def at_once(count: int, work: Callable[[int, Any], Any]) -> list[str]:
    """What becomes of the same work on so many connections: done, or the kind of the fault."""

    def one(n: int) -> str:
        with database.connect() as connection:
            try:
                return "done" if work(n, connection) is not None else "nothing"
            except Fault as fault:
                return fault.kind.value
            finally:
                database.close()
                connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(one, range(count)))


@pytest.fixture
def town(emptied: None, django_db_blocker: Any) -> Iterator[Connection]:
    """As ``region``, with accounts that are really stored, so that other threads wait for none."""
    with django_db_blocker.unblock():
        make.region()
        yield database.connection()
        forget_residents()
        Account.objects.filter(roles__contains=[Role.RESIDENT.value]).delete()


def test_only_one_of_two_clerks_approves(town):
    lin = make.lin()
    number = authorities.ask(town, registration=lin, wish=make.wish(), now=clock.now())

    outcome = at_once(
        2,
        lambda _, connection: authorities.approve(
            connection, number=number, seen=authorities.Seen("户口簿", consent=False), actor=make.CLERK,
            now=clock.now(),
        ),
    )  # fmt: skip

    assert outcome == ["conflict", "done"]
    opened = town.execute("SELECT count(*) FROM record_relation WHERE kind = 'guardian'").fetchone()
    assert opened == (1,)


def test_only_one_of_many_codes_asked_for_at_once_is_sent(region, outbox):
    outcome = at_once(
        6,
        lambda _, connection: codes.ask(
            connection, target="t", phone="15400000001", address="10.0.0.1", now=clock.now()
        ),
    )

    assert outcome == [*["busy"] * 5, "done"]
    assert len(outbox.texts()) == 1


def test_a_code_cannot_be_tried_more_often_by_trying_at_once(region, outbox):
    number = codes.ask(region, target="t", phone="15400000001", address="", now=clock.now())

    at_once(
        12,
        lambda n, connection: codes.check(
            connection, number=number, target="t", given=f"wrong {n}", now=clock.now()
        ),
    )

    assert make.rows("code", "attempts") == [(5,)]
    assert not codes.check(region, number=number, target="t", given=outbox.code(), now=clock.now())


def test_a_kiosk_is_taken_once(region):
    kiosk, _ = kiosks.wait(region, now=clock.now())
    region.execute("UPDATE residents_kiosk SET account = 7")

    outcome = at_once(4, lambda _, connection: kiosks.taken(connection, kiosk=kiosk, now=clock.now()))

    assert outcome == ["done", "nothing", "nothing", "nothing"]
