"""Institutions' own versions: only what passes its samples takes effect, and then at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.tables.make import as_csv, result
from xinglin.exchange import processing
from xinglin.exchange.doors import Door
from xinglin.exchange.mapping import actions, holding, queries, rules
from xinglin.exchange.mapping.actions import Doer
from xinglin.exchange.mapping.rules import State
from xinglin.exchange.receipts import Delivery
from xinglin.exchange.tables import sets
from xinglin.exchange.tables.handler import Handler
from xinglin.exchange.tables.trying import BENCH
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.exchange.mapping.queries import Version

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
BY = Doer(SYSTEM, NOW)
KIND = "WS445.4.2"
TEXT = sets.shipped_text(KIND)
OWN = TEXT.replace('''"code.text" = "检验项目名称"''', '''"code.text" = "'own ' + 检验项目名称"''')
MESSAGE = as_csv([result(1)])


def made(text: str = TEXT) -> Version:
    with database.connection().transaction():
        return actions.make(
            connection=database.connection(), owner="h01", text=text, base="table-laboratory 1", by=BY
        )


def do(verb: Any, **given: Any) -> Any:
    with database.connection().transaction():
        return verb(connection=database.connection(), by=BY, **given)


def sample(version: Version, sender: Sender, text: str | None = None, title: str = "one result") -> None:
    mapping = BENCH.read(text or version.body, KIND)
    expected = rules.as_text(rules.as_value(BENCH.translate(mapping, MESSAGE, "", sender, KIND)))
    do(actions.add_sample, version=version, title=title, message=MESSAGE, expected=expected)


def now(version: Version) -> Version:
    return queries.version(database.connection(), version.id)


def refused(verb: Any, **given: Any) -> Fault:
    with pytest.raises(Fault) as caught:
        do(verb, **given)
    return caught.value


def code_text(sender: Sender) -> str:
    """How the door's handler calls a test of the sender's now."""
    made = Handler().translate(MESSAGE, "text/csv", sender)
    return next(str(one["code"]["text"]) for one in made.resources if one["resourceType"] == "Observation")


def test_a_version_that_passes_its_samples_takes_effect_for_its_owner_alone(owner: Sender) -> None:
    from dataclasses import replace

    version = made(OWN)
    sample(version, owner)
    assert code_text(owner) == "甘油三酯"

    assert do(actions.test, id_=version.id, sender=owner)
    do(actions.put_in_force, id_=version.id, sender=owner)

    assert now(version).state is State.IN_FORCE
    assert code_text(owner) == "own 甘油三酯"
    assert code_text(replace(owner, code="h02")) == "甘油三酯"
    assert processing.deliver(Delivery(owner, Door.TABLE, MESSAGE, "text/csv")).state.value == "stored"

    do(actions.retire, id_=version.id)
    assert code_text(owner) == "甘油三酯"


def test_a_version_that_fails_a_sample_stays_a_draft(owner: Sender) -> None:
    version = made(OWN)
    sample(version, owner, TEXT)

    assert not do(actions.test, id_=version.id, sender=owner)
    fault = refused(actions.put_in_force, id_=version.id, sender=owner)

    assert fault.kind is Kind.CONFLICT
    assert now(version).state is State.DRAFT
    (trial,) = queries.trials(database.connection(), version).values()
    assert not trial.passed
    assert '+        "text": "own 甘油三酯"' in trial.said
    assert holding.text_in_force(Door.TABLE, KIND, owner) is None


def test_without_a_sample_nothing_is_tested(owner: Sender) -> None:
    version = made()

    assert "no sample" in str(refused(actions.test, id_=version.id, sender=owner))
    assert now(version).state is State.DRAFT


def test_a_change_or_a_new_sample_makes_a_draft_again(owner: Sender) -> None:
    version = made(OWN)
    sample(version, owner)
    do(actions.test, id_=version.id, sender=owner)

    sample(version, owner, title="another")
    assert now(version).state is State.DRAFT

    do(actions.test, id_=version.id, sender=owner)
    do(actions.write, id_=version.id, text=OWN + "\n# changed\n", edits=0)
    assert now(version).state is State.DRAFT


def test_two_who_write_at_once_do_not_overwrite_each_other(owner: Sender) -> None:
    version = made()
    do(actions.write, id_=version.id, text=OWN, edits=0)

    fault = refused(actions.write, id_=version.id, text=TEXT + "\n", edits=0)

    assert fault.kind is Kind.CONFLICT
    assert now(version).body == OWN


def test_the_next_version_retires_the_one_before(owner: Sender) -> None:
    first = made(OWN)
    sample(first, owner)
    do(actions.test, id_=first.id, sender=owner)
    do(actions.put_in_force, id_=first.id, sender=owner)
    second = made(OWN + "\n# again\n")

    do(actions.test, id_=second.id, sender=owner)
    do(actions.put_in_force, id_=second.id, sender=owner)

    assert (second.number, now(first).state, now(second).state) == (2, State.RETIRED, State.IN_FORCE)
    assert refused(actions.write, id_=second.id, text=TEXT, edits=0).kind is Kind.CONFLICT


def test_a_text_that_is_wrong_may_be_kept_but_not_tested(owner: Sender) -> None:
    version = made()
    sample(version, owner)
    do(actions.write, id_=version.id, text=TEXT.replace("检验定量结果", "检验结里"), edits=0)

    assert not do(actions.test, id_=version.id, sender=owner)

    (trial,) = queries.trials(database.connection(), version).values()
    assert "There is no column 检验结里" in trial.said


def test_samples_are_sealed(owner: Sender) -> None:
    sample(made(), owner)

    (row,) = database.connection().execute("SELECT message, expected FROM exchange_mapping_sample").fetchall()

    assert all("测试1".encode() not in part for part in row)
