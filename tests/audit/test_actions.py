"""Alerts are decided by who may, with a reason; complaints are cases; writes are lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests import make as resources
from tests.audit import make
from tests.audit.make import NOW, account, find, line, reads, write
from xinglin.audit import actions, queries, writing
from xinglin.audit.rules import Scope, State
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from xinglin.record.database import Connection


@pytest.fixture
def number(audit: Connection) -> int:
    """An alert about somebody of the hospital."""
    write(*reads(account("one"), 10, outcome="deny"))
    find()
    return make.alerts()[0].number


def decide(connection: Connection, number: int, actor: Actor, state: State, reason: str = "值班") -> None:
    actions.decide(
        connection, number=number, state=state, reason=reason, actor=actor, scopes=make.scopes(), now=NOW
    )


def test_an_auditor_explains_an_alert(audit: Connection, number: int) -> None:
    auditor = account("auditor", "auditor", name="韦建平", institution="")
    decide(audit, number, auditor, State.EXPLAINED)

    (step,) = queries.steps(audit, number)
    assert make.alerts()[0].state is State.EXPLAINED
    assert (step.actor, step.name, step.state, step.reason) == (auditor.id, "韦建平", State.EXPLAINED, "值班")
    assert audit.execute("SELECT kind FROM ledger_queue ORDER BY place").fetchall()[-1] == ("audit.decide",)


@pytest.mark.parametrize(
    ("role", "institution", "reason", "kind"),
    [
        ("doctor", "hospital", "值班", Kind.NOT_FOUND),
        ("steward", "hospital", "值班", Kind.NOT_FOUND),
        ("auditor", "centre", "值班", Kind.NOT_FOUND),  # another institution's
        ("auditor", "hospital", " ", Kind.INVALID),
    ],
)
def test_who_may_not_decides_nothing(
    audit: Connection, number: int, role: str, institution: str, reason: str, kind: Kind
) -> None:
    with pytest.raises(Fault) as refused:
        decide(audit, number, account("two", role, institution=institution), State.CONFIRMED, reason)

    assert refused.value.kind is kind
    assert make.alerts()[0].state is State.OPEN
    assert queries.steps(audit, number) == []


def test_nobody_decides_about_themselves(audit: Connection) -> None:
    auditor = account("auditor", "auditor", institution="")
    write(*reads(auditor, 10, outcome="deny"))
    find()

    with pytest.raises(Fault, match="about yourself"):
        decide(audit, make.alerts()[0].number, auditor, State.EXPLAINED)
    assert make.alerts()[0].state is State.OPEN


def test_what_is_decided_is_not_decided_the_same_way_again(audit: Connection, number: int) -> None:
    auditor = account("auditor", "auditor", institution="")
    decide(audit, number, auditor, State.EXPLAINED)

    with pytest.raises(Fault, match="in the meantime"):
        decide(audit, number, auditor, State.EXPLAINED)
    decide(audit, number, auditor, State.CONFIRMED)
    assert len(queries.steps(audit, number)) == 2


def test_an_explained_alert_opens_again_when_it_has_doubled(audit: Connection) -> None:
    one, auditor = account("one"), account("auditor", "auditor", institution="")
    write(*reads(one, 10, outcome="deny"))
    find()
    number = make.alerts()[0].number
    decide(audit, number, auditor, State.EXPLAINED)
    write(*reads(one, 9, outcome="deny"))
    find()
    assert make.alerts()[0].state is State.EXPLAINED
    write(*reads(one, 1, outcome="deny"))
    find()

    assert make.alerts()[0].state is State.OPEN
    assert queries.steps(audit, number)[-1].reason == "10 → 20"


def test_a_complaint_is_a_case_about_the_line(audit: Connection) -> None:
    one, nurse = account("one"), account("nurse", "nurse")
    write(line(one, patient=7), line(one, patient=8))
    place, other = [row.place for row in access.after(audit, 0, limit=9)]

    number = actions.complain(
        audit, patients=[7], place=place, words="我没有去过这家医院", actor=nurse, now=NOW
    )

    alert = queries.alert(audit, number)
    assert (alert.rule, alert.actor, alert.patient, alert.words) == (
        "complaint",
        one.id,
        7,
        "我没有去过这家医院",
    )
    assert queries.basis(audit, number) == (place,)
    with pytest.raises(Fault, match="not about this resident"):
        actions.complain(audit, patients=[7], place=other, words="…", actor=nurse, now=NOW)
    with pytest.raises(Fault, match="Write down"):
        actions.complain(audit, patients=[7], place=None, words=" ", actor=nurse, now=NOW)
    assert len(make.alerts()) == 1


def test_a_scope_reaches_no_further(audit: Connection) -> None:
    one, other = account("one"), account("two", institution="centre")
    write(line(one, patient=7), line(other, patient=7))
    place, theirs = [row.place for row in access.after(audit, 0, limit=9)]
    mine = queries.Wanted(scope=Scope(actor=one.id))

    assert [row.line.actor for row in queries.lines(audit, mine)] == [one.id]
    assert [row.line.actor for row in queries.lines(audit, replace(mine, actors=(other.id,)))] == []
    assert queries.line(audit, theirs, Scope(institution="centre")).line.actor == other.id
    for scope in (Scope(actor=one.id), Scope(institution="hospital")):
        with pytest.raises(Fault, match="no line"):
            queries.line(audit, theirs, scope)
    assert queries.line(audit, place, Scope(institution="hospital")).place == place


def test_writes_are_entered_with_who_and_whose(audit: Connection) -> None:
    door = open_as(Actor("account/7", "黄志远", frozenset({"client"}), purpose="TREAT"))
    door.update(resources.patient(id="p1"))
    door.update(resources.patient(id="p1", active=True))
    door.create(resources.observation("Patient/p1"))
    access.flush()

    entered = writing.turn(audit)

    rows = [row.line for row in access.after(audit, 0, limit=9)]
    assert entered == writing.Entered(3, full=False)
    assert [(r.actor, r.purpose, r.action, r.outcome, r.patient) for r in rows] == [
        ("account/7", "TREAT", action, "permit", make.number("p1"))
        for action in ("create", "update", "create")
    ]
    assert [r.id for r in rows][:2] == ["p1", "p1"]
    assert writing.turn(audit) == writing.Entered(0, full=False)


def test_a_transaction_is_a_line_for_each_resident(audit: Connection) -> None:
    from xinglin.record import steps

    door = open_as(Actor("account/7", "黄志远", frozenset({"client"})))
    door.update(resources.patient(id="p1"))
    writing.turn(audit)
    bundle = resources.transaction(
        *[resources.entry(resources.observation("Patient/p1"), "POST", "Observation") for _ in range(3)],
        resources.entry({"resourceType": "Organization", "name": "杏川医院"}, "POST", "Organization"),
    )
    door.transaction(steps.read_bundle(bundle, lambda _: None))
    access.flush()
    writing.turn(audit)

    rows = [row.line for row in access.after(audit, 0, limit=9)][1:]
    assert sorted((r.patient or 0, r.query or "") for r in rows) == sorted(
        [(0, ""), (make.number("p1"), "resources=3")]
    )
