"""Two people at once, each on a connection of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.tcm.knowledge import actions
from xinglin.tcm.knowledge.models import Change, Fact
from xinglin.tcm.knowledge.rules import Act

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
DOCTOR = Actor("account/doctor", "黄志远", frozenset({"doctor"}))
STEWARD = Actor("account/steward", "陆文清", frozenset({"steward"}))


@pytest.fixture
def fact(_loaded: None, django_db_blocker: Any) -> Iterator[Fact]:
    """A fact that changes are really committed of; afterwards it is as it was."""
    with django_db_blocker.unblock():
        found = Fact.objects.filter(current=True, predicate="dose", version=1).order_by("id").first()
        assert found is not None
        yield found
        Fact.objects.filter(line=found.line, version__gt=1).delete()
        Change.objects.filter(fact=found).delete()
        Fact.objects.filter(id=found.id).update(current=True)


def both(act: Callable[[], object]) -> list[str]:
    """What two who do the same at once are answered."""
    ready = Barrier(2)

    def one() -> str:
        ready.wait()
        try:
            with transaction.atomic():
                act()
        except Fault as fault:
            return fault.kind.value
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return sorted(future.result() for future in [pool.submit(one), pool.submit(one)])


def test_of_two_changes_of_a_fact_one_waits(fact: Fact) -> None:
    def propose() -> None:
        said = actions.statement_of(fact)
        actions.propose(act=Act.CONFIRM, said=said, reason="核对", actor=DOCTOR, now=NOW, fact=fact)

    assert both(propose) == [Kind.CONFLICT.value, "done"]
    assert Change.objects.filter(fact=fact).count() == 1


def test_a_change_is_published_once(fact: Fact) -> None:
    said = actions.statement_of(fact)
    change = actions.propose(act=Act.CONFIRM, said=said, reason="核对", actor=DOCTOR, now=NOW, fact=fact)
    with transaction.atomic():
        actions.review(change=change.pk, agree=True, remark="", actor=STEWARD, now=NOW)

    answers = both(lambda: actions.publish(change=change.pk, actor=STEWARD, now=NOW))

    assert answers == [Kind.CONFLICT.value, "done"]
    versions = Fact.objects.filter(line=fact.line).order_by("version").values_list("version", "current")
    assert list(versions) == [(1, False), (2, True)]
