"""Every fen is accounted for, nothing is deleted, and stock adds up."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clinic import make
from tests.clinic.conftest import forget_clinics
from tests.clinic.make import HEAD, NOW, NURSE
from xinglin.clinic import accounting, queries
from xinglin.clinic.actions import charging, stocking
from xinglin.clinic.actions.stocking import Delivery
from xinglin.clinic.rules import UNIT, State
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import database


def conflict(work, **more) -> str:
    connection = database.connection()
    with pytest.raises(Fault) as found, connection.transaction():
        work(connection, actor=NURSE, now=NOW, **more)
    assert found.value.kind is Kind.CONFLICT
    return str(found.value)


def charge(visit, item: int, amount: int = UNIT) -> int:
    connection = database.connection()
    with connection.transaction():
        what = queries.item(connection, "clinic", item, make.TODAY)
        return charging.charge(connection, visit=visit, item=what, amount=amount, actor=NURSE, now=NOW)


def refund(payment, charges, reason="开错"):
    connection = database.connection()
    with connection.transaction():
        return charging.refund(
            connection, payment=payment.id, charges=charges, reason=reason, actor=NURSE, now=NOW
        )


def close(counted: int):
    connection = database.connection()
    with connection.transaction():
        return charging.close_day(connection, counted=counted, actor=NURSE, now=NOW)


def test_what_is_paid_is_what_was_charged(connection, clinic):
    visit = make.seen(fee=clinic.items["挂号费"])
    charge(visit, clinic.items["针刺"])
    paid = make.pay(visit, 5000)

    assert paid.fen == 5000
    assert sum(one.fen for one in accounting.of_payment(connection, "clinic", paid.id)) == 5000
    assert accounting.visits_due(connection, "clinic") == {}


def test_another_sum_than_was_shown_is_not_taken(connection, clinic):
    visit = make.seen(fee=clinic.items["挂号费"])

    said = conflict(charging.pay, visit=visit.id, way="cash", expected=400)
    assert "5.00" in said
    assert accounting.payments(connection, "clinic", visit.id) == []


def test_nothing_is_paid_twice_and_nothing_given_back_twice(connection, clinic):
    visit = make.seen(fee=clinic.items["挂号费"])
    paid = make.pay(visit, 500)
    charges = [one.id for one in accounting.charges(connection, "clinic", visit.id)]
    conflict(charging.pay, visit=visit.id, way="cash", expected=0)
    refund(paid, charges)

    conflict(charging.refund, payment=paid.id, charges=charges, reason="again")
    assert [one.signed_fen for one in accounting.payments(connection, "clinic", visit.id)] == [500, -500]


def test_part_of_a_prescription_is_not_given_back_and_the_whole_voids_it(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("茯苓", 10), clinic.line("白术", 10))
    make.sign(held)
    paid = make.pay(visit, 7 * (65 + 70))
    charges = [one.id for one in accounting.charges(connection, "clinic", visit.id)]
    conflict(charging.refund, payment=paid.id, charges=charges[:1], reason="x")

    assert refund(paid, charges).fen == paid.fen
    assert make.again(held).state is State.VOID


def test_what_was_mixed_is_not_given_back(connection, clinic):
    visit = make.seen()
    held = make.draft(visit, clinic.line("茯苓", 10))
    make.sign(held)
    paid = make.pay(visit, 455)
    make.advance(held, State.REVIEWED, NURSE)
    make.advance(held, State.MIXED, NURSE)
    charges = [one.id for one in accounting.charges(connection, "clinic", visit.id)]

    conflict(charging.refund, payment=paid.id, charges=charges, reason="x")
    assert [one.refund for one in accounting.charges(connection, "clinic", visit.id)] == [None]


def test_an_account_never_goes_below_nothing(connection, clinic):
    visit = make.seen(fee=clinic.items["挂号费"])
    with connection.transaction():
        charging.move_account(connection, patient="p1", way="cash", fen=700, actor=NURSE, now=NOW)
    make.pay(visit, 500, way="account")

    assert accounting.account(connection, "clinic", "p1") == 200
    conflict(charging.move_account, patient="p1", way="cash", fen=-201)
    assert accounting.account(connection, "clinic", "p1") == 200


def test_a_close_says_what_the_drawer_lacks_and_a_second_has_nothing(connection, clinic):
    make.pay(make.seen(fee=clinic.items["挂号费"]), 500)
    found = close(450)

    assert (found.number, found.expected, found.counted) == (1, 500, 450)
    conflict(charging.close_day, counted=0)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM clinic_payment", "UPDATE clinic_payment SET fen = 1", "UPDATE clinic_payment SET close = NULL",
        "DELETE FROM clinic_charge", "UPDATE clinic_charge SET fen = 1", "UPDATE clinic_charge SET payment = NULL",
        "DELETE FROM clinic_close", "UPDATE clinic_close SET counted = 1", "DELETE FROM clinic_movement",
        "UPDATE clinic_movement SET amount = 1",
    ],
)  # fmt: skip
def test_the_database_itself_refuses_to_forget(connection, clinic, statement):
    make.pay(make.seen(fee=clinic.items["挂号费"]), 500)
    close(500)

    with pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(statement)


acts = st.lists(
    st.one_of(
        st.tuples(st.just("charge"), st.integers(1, 40_000)),
        st.tuples(st.just("pay"), st.sampled_from(["cash", "card", "account"])),
        st.tuples(st.just("refund"), st.integers(0, 9)),
        st.tuples(st.just("account"), st.integers(-3_000, 6_000)),
        st.tuples(st.just("close"), st.integers(0, 5_000)),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(acts)
def test_whatever_happens_every_fen_is_accounted_for(connection, given_acts):
    forget_clinics()
    clinic = make.open_clinic()
    visit = make.seen(fee=clinic.items["挂号费"])
    for name, value in given_acts:
        try:
            _do(name, value, visit, clinic)
        except Fault as fault:
            if fault.kind not in (Kind.CONFLICT, Kind.INVALID):
                raise
    _audit(connection, visit)
    forget_clinics()


def _do(name, value, visit, clinic):
    connection = database.connection()
    charges = accounting.charges(connection, "clinic", visit.id)
    if name == "charge":
        charge(visit, clinic.items["茯苓"], value)
    elif name == "pay":
        make.pay(visit, sum(one.fen for one in accounting.due(charges)), way=value)
    elif name == "refund" and charges:
        one = charges[value % len(charges)]
        if one.payment is not None:
            refund(accounting.payment(connection, "clinic", one.payment), [one.id])
    elif name == "account":
        with connection.transaction():
            charging.move_account(connection, patient="p1", way="cash", fen=value, actor=NURSE, now=NOW)
    elif name == "close":
        close(value)


def _audit(connection, visit):
    charges = accounting.charges(connection, "clinic", visit.id)
    found = accounting.unclosed(connection, "clinic")
    closes = accounting.closes(connection, "clinic")
    for one in closes:
        of_close = accounting.of_close(connection, "clinic", one.id)
        assert accounting.cash(of_close) == one.expected
        found = [*of_close, *found]
    for one in found:
        settled = accounting.of_payment(connection, "clinic", one.id)
        if one.kind in ("pay", "refund"):
            assert sum(each.fen for each in settled) == one.fen
    kept = sum(one.fen for one in charges if one.payment is not None and one.refund is None)
    assert sum(one.signed_fen for one in found if one.kind in ("pay", "refund")) == kept
    account = sum(one.signed_fen for one in found if one.kind in ("deposit", "withdrawal"))
    account -= sum(one.signed_fen for one in found if one.way == "account")
    assert accounting.account(connection, "clinic", "p1") == account >= 0
    assert sorted(one.number for one in found) == list(range(1, len(found) + 1))


# -- stock


def batch(connection):
    return next(one for one in queries.batches(connection, "clinic") if one.name == "茯苓")


def test_stocktaking_keeps_the_difference_as_a_line(connection, clinic):
    one = batch(connection)
    with connection.transaction():
        assert (
            stocking.count(connection, batch=one.id, found=480_000, note="盘点", actor=NURSE, now=NOW)
            == -20_000
        )

    assert [(line.kind, line.amount) for line in queries.movements(connection, "clinic", one.id)] == [
        ("count", -20_000), ("purchase", 500_000),
    ]  # fmt: skip
    assert batch(connection).remaining == 480_000


def test_more_than_is_left_cannot_be_lost(connection, clinic):
    one = batch(connection)

    conflict(stocking.lose, batch=one.id, amount=500_001, note="霉变")
    assert batch(connection).remaining == 500_000


def test_expired_is_not_bought_and_a_batch_not_twice(connection, clinic):
    from datetime import date

    item = clinic.items["茯苓"]
    with pytest.raises(Fault) as found, connection.transaction():
        stocking.purchase(
            connection, delivery=Delivery(item, "B", date(2026, 11, 19), 1000), actor=NURSE, now=NOW
        )
    assert found.value.kind is Kind.INVALID
    conflict(stocking.purchase, delivery=Delivery(item, "A1", date(2027, 1, 1), 1000))


def test_a_new_price_leaves_earlier_charges_alone(connection, clinic):
    visit = make.seen()
    charge(visit, clinic.items["针刺"])
    with connection.transaction():
        stocking.set_price(connection, item=clinic.items["针刺"], fen=6000, since=make.TODAY, actor=HEAD)
    charge(visit, clinic.items["针刺"])

    assert [one.fen for one in accounting.charges(connection, "clinic", visit.id)] == [4500, 6000]


def test_only_who_may_sets_prices_and_takes_money(connection, clinic):
    for work, more in (
        (stocking.set_price, {"item": 1, "fen": 1, "since": make.TODAY, "actor": NURSE}),
        (charging.pay, {"visit": 1, "way": "cash", "expected": 1, "actor": make.DOCTOR, "now": NOW}),
        (charging.close_day, {"counted": 1, "actor": make.DOCTOR, "now": NOW}),
    ):
        with pytest.raises(Fault) as found, connection.transaction():
            work(connection, **more)
        assert found.value.kind is Kind.FORBIDDEN
