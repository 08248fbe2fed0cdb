"""The bill of a stay: lines, each only once; days; deposits; settlement out of the patient's account."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.clinic import accounting
from xinglin.clinic import queries as clinic
from xinglin.clinic import rules as clinic_rules
from xinglin.clinic.actions import charging
from xinglin.clinic.actions.numbering import insert, next_id
from xinglin.clinic.rules import UNIT
from xinglin.clinic.ward import queries, rules
from xinglin.clinic.ward.rules import Settlement
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, conflict, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from xinglin.clinic.values import Payment
    from xinglin.clinic.ward.values import Line, Stay
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

_log = logging.getLogger(__name__)


def add(  # noqa: PLR0913 -- whose, why, what, how much, of which day, by whom, when
    connection: Connection, *, stay: Stay, source: str, item: int, amount: int, day: date, actor: Actor, now: datetime,
    kind: str = "",
) -> bool:  # fmt: skip
    """Put a line on the bill at the price of its day; False where the same source has one for that day.

    Raises ``conflict`` where there is no price.
    """
    what = clinic.item(connection, stay.institution, item, day)
    if what.fen is None:
        raise conflict(gettext_noop("%(name)s has no price today: enter one first."), name=what.name)
    made: dict[str, Any] = {
        "institution": stay.institution, "id": next_id(), "stay": stay.id, "day": day, "source": source,
        "kind": kind or what.kind, "item": item, "name": what.name, "amount": amount,
        "fen": clinic_rules.cost(amount, what.fen, what.per), "made": now, "actor": actor.id,
    }  # fmt: skip
    places = ", ".join(f"%({name})s" for name in made)
    cursor = connection.execute(
        f"INSERT INTO clinic_line ({', '.join(made)}) VALUES ({places})"
        " ON CONFLICT (institution, stay, day, source) DO NOTHING",
        made,
    )
    return cursor.rowcount == 1


def withdraw(  # noqa: PLR0913 -- whose, what, why, by whom, when, of which day
    connection: Connection, *, stay: Stay, source: str, reason: str, actor: Actor, now: datetime,
    day: date | None = None,
) -> int:  # fmt: skip
    """Take lines of a source back that nobody has paid; of one day where it is given. So many were."""
    cursor = connection.execute(
        "UPDATE clinic_line SET withdrawn = %(now)s, reason = %(reason)s, withdrawer = %(name)s"
        " WHERE institution = %(institution)s AND stay = %(stay)s AND source = %(source)s"
        " AND (%(day)s::date IS NULL OR day = %(day)s) AND payment IS NULL AND withdrawn IS NULL",
        {
            "now": now, "reason": reason.strip()[:200], "name": actor.name, "institution": stay.institution,
            "stay": stay.id, "source": source, "day": day,
        },
    )  # fmt: skip
    return cursor.rowcount


def spare(  # noqa: PLR0913 -- whom, what, of which day, why, by whom, when
    connection: Connection, *, stay: int, source: str, day: date, reason: str, actor: Actor, now: datetime
) -> None:  # fmt: skip
    """Charge no bed or no nursing for a day, as for somebody on leave; the day is not charged again.

    Raises ``invalid`` without reason or for anything else, ``conflict`` where the day has no such line, or it is paid.
    """
    institution = clinic_rules.require(actor, "charging")
    held = queries.stay(connection, institution, stay, lock=True)
    if source not in ("bed", "nursing") or not reason.strip():
        raise invalid(gettext_noop("Say why it is taken back."))
    if not withdraw(connection, stay=held, source=source, day=day, reason=reason, actor=actor, now=now):
        raise conflict(gettext_noop("There is nothing of this day that could be taken back."))


def charge_days(connection: Connection, *, actor: Actor, now: datetime) -> int:
    """Charge beds and nursing of all who are in the ward for the days that are over; so many lines are new.

    It can be run again at any time: nothing is charged twice.
    """
    institution = clinic_rules.require(actor, "nursing")
    found = queries.stays(connection, institution)
    return sum(charge_stay(connection, stay=one, actor=actor, now=now) for one in found)


def daily(connection: Connection, now: datetime) -> int:
    """Charge the days that are over at every institution; so many lines are new.

    A stay that cannot be charged, as its bed has no price, holds up no other; it is said in the log.
    """
    new = 0
    found = connection.execute(
        "SELECT institution, id FROM clinic_stay WHERE settled IS NULL ORDER BY institution, id"
    )
    for institution, number in found.fetchall():
        try:
            with connection.transaction():
                stay = queries.stay(connection, institution, number)
                new += charge_stay(connection, stay=stay, actor=SYSTEM, now=now)
        except Fault as fault:
            _log.warning("Stay %s at %s was not charged: %s", number, institution, fault)
    return new


def charge_stay(connection: Connection, *, stay: Stay, actor: Actor, now: datetime) -> int:
    """Charge a stay's bed and nursing for its days; so many lines are new. Raises ``conflict`` without a price."""
    today = now.astimezone(LOCAL_ZONE).date()
    beds = [(_day(one.since), one.item) for one in queries.lyings(connection, stay.institution, stay.id)]
    levels = [(_day(one.since), one.level) for one in queries.cares(connection, stay.institution, stay.id)]
    priced = queries.levels(connection, stay.institution)
    there = {
        (day, source)
        for day, source in connection.execute(
            "SELECT day, source FROM clinic_line WHERE institution = %s AND stay = %s AND source IN ('bed', 'nursing')",
            [stay.institution, stay.id],
        )
    }
    new = 0
    for day in rules.charged_days(stay.day, stay.last_day, today):
        level = rules.at_end(levels, day)
        for source, item in (("bed", rules.at_end(beds, day)), ("nursing", priced.get(level or ""))):
            if item is not None and (day, source) not in there:
                new += add(
                    connection, stay=stay, source=source, item=item, amount=UNIT, day=day, kind=source,
                    actor=actor, now=now,
                )  # fmt: skip
    return new


def _day(moment: datetime) -> date:
    return moment.astimezone(LOCAL_ZONE).date()


def totals(found: Iterable[Line]) -> dict[str, int]:
    """Fen by kind, in the order in which they first occur."""
    added: dict[str, int] = {}
    for one in found:
        added[one.kind] = added.get(one.kind, 0) + one.fen
    return added


def standing(connection: Connection, stay: Stay) -> Settlement:
    """What is due of a stay, and what the patient's account holds."""
    lines = queries.lines(connection, stay.institution, stay.id)
    due = sum(one.fen for one in lines if one.payment is None)
    return Settlement(due, accounting.account(connection, stay.institution, stay.patient))


def deposit(connection: Connection, *, stay: int, way: str, fen: int, actor: Actor, now: datetime) -> Payment:
    """Put a deposit into the patient's account. Raises ``invalid`` for no amount, ``conflict`` once settled."""
    institution = clinic_rules.require(actor, "charging")
    held = queries.stay(connection, institution, stay, lock=True)
    if held.settled is not None:
        raise conflict(gettext_noop("This stay is settled."))
    if fen <= 0:
        raise invalid(gettext_noop("Choose how the money is given, and how much."))
    made = charging.move_account(connection, patient=held.patient, way=way, fen=fen, actor=actor, now=now)
    _belongs(connection, held, made)
    return made


def _belongs(connection: Connection, stay: Stay, payment: Payment) -> None:
    insert(
        connection,
        "stay_payment",
        {"institution": stay.institution, "payment": payment.id, "stay": stay.id},
    )


def settle(  # noqa: PLR0913 -- which, how the difference is moved, whether the rest is paid out, what was shown
    connection: Connection, *, stay: int, way: str, out: bool, expected: int, actor: Actor, now: datetime
) -> list[Payment]:  # fmt: skip
    """Settle a stay that is over out of the account: what lacks is put in first by ``way``, the rest paid out by it.

    ``expected`` is what was shown as due; raises ``conflict`` where it is another sum by now, the stay is not over,
    or is settled.
    """
    institution = clinic_rules.require(actor, "charging")
    held = queries.stay(connection, institution, stay, lock=True)
    if held.open or held.settled is not None:
        raise conflict(gettext_noop("Only a stay that is over and not settled yet is settled."))
    charge_stay(connection, stay=held, actor=actor, now=now)
    sums = standing(connection, held)
    if sums.due != expected:
        raise conflict(
            gettext_noop("By now %(due)s is due. Look at the charges again."), due=clinic_rules.yuan(sums.due)
        )
    made = []
    if sums.lacking:
        made.append(
            charging.move_account(
                connection, patient=held.patient, way=way, fen=sums.lacking, actor=actor, now=now
            )
        )
    made += _pay(connection, held, actor, now)
    if out and sums.rest:
        made.append(
            charging.move_account(
                connection, patient=held.patient, way=way, fen=-sums.rest, actor=actor, now=now
            )
        )
    for payment in made:
        _belongs(connection, held, payment)
    connection.execute(
        "UPDATE clinic_stay SET settled = %s WHERE institution = %s AND id = %s", [now, institution, stay]
    )
    return made


def _pay(connection: Connection, stay: Stay, actor: Actor, now: datetime) -> list[Payment]:
    """Pay out of the account what is due at the stay's visits and on its own lines."""
    made = []
    for visit in queries.visits(connection, stay.institution, stay.id):
        due = accounting.due(accounting.charges(connection, stay.institution, visit))
        if due:
            fen = sum(one.fen for one in due)
            made.append(
                charging.pay(connection, visit=visit, way="account", expected=fen, actor=actor, now=now)
            )
    row = connection.execute(
        "SELECT coalesce(sum(fen), 0)::bigint FROM clinic_line WHERE institution = %s AND stay = %s"
        " AND payment IS NULL AND withdrawn IS NULL",
        [stay.institution, stay.id],
    ).fetchone()
    assert row is not None
    if row[0]:
        paid = charging.enter(connection, "pay", "account", row[0], stay.patient, actor, now)
        connection.execute(
            "UPDATE clinic_line SET payment = %s WHERE institution = %s AND stay = %s AND payment IS NULL"
            " AND withdrawn IS NULL",
            [paid.id, stay.institution, stay.id],
        )
        made.append(paid)
    return made
