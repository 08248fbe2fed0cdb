"""What is allowed in the ward: states of orders, days that are charged, documents that are due. Pure.

Days are those of the clinic's place; money is whole fen; amounts are thousandths of an item's unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from django.utils.translation import gettext_noop

from xinglin.clinic.ward import reference
from xinglin.kernel.errors import conflict, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from xinglin.clinic.ward.reference import Document

_T = TypeVar("_T")


class BedState(StrEnum):
    """Whether somebody may lie in a bed; that somebody does is known by their stay."""

    READY = "ready"
    CLEANING = "cleaning"
    CLOSED = "closed"


class OrderState(StrEnum):
    """How far a doctor's order has come."""

    SIGNED = "signed"
    CHECKED = "checked"  # by the nurse
    DONE = "done"  # an order for once
    STOPPED = "stopped"


ORDER: dict[OrderState, frozenset[OrderState]] = {
    OrderState.SIGNED: frozenset({OrderState.CHECKED, OrderState.STOPPED}),
    OrderState.CHECKED: frozenset({OrderState.DONE, OrderState.STOPPED}),
    OrderState.DONE: frozenset({OrderState.CHECKED}),  # it was not done after all
    OrderState.STOPPED: frozenset(),
}
GOING = (OrderState.SIGNED, OrderState.CHECKED)
ONCE = "once"


def require_next(before: OrderState, after: OrderState) -> None:
    """Raise ``conflict`` where an order cannot go from one state to the other."""
    if after not in ORDER[before]:
        raise conflict(
            gettext_noop("An order that is %(before)s cannot become %(after)s."),
            before=before.value,
            after=after.value,
        )


def slot(day: date, turn: int) -> str:
    """Which time of which day a standing order was carried out."""
    return f"{day.isoformat()}/{turn}"


def next_slot(frequency: str, day: date, done: Iterable[str]) -> str | None:
    """The next time of a day at which a standing order is carried out; None where all of the day are done."""
    taken = set(done)
    times = reference.frequencies()[frequency].times
    return next((one for turn in range(1, times + 1) if (one := slot(day, turn)) not in taken), None)


# -- days


def charged_days(admitted: date, discharged: date | None, today: date) -> list[date]:
    """The days of a stay whose bed and nursing are charged: each that is over, the day of discharge not, but one at
    least.
    """
    if discharged is not None and discharged == admitted:
        return [admitted]
    end = today if discharged is None else min(discharged, today)
    return [admitted + timedelta(days) for days in range((end - admitted).days)]


def at_end(periods: Sequence[tuple[date, _T]], day: date) -> _T | None:
    """What held at the end of a day; ``periods`` are from which day on what held, in their order."""
    found = None
    for since, what in periods:
        if since <= day:
            found = what
    return found


# -- documents


class Standing(StrEnum):
    """How it stands with a document."""

    DUE = "due"  # there is time left
    OVERDUE = "overdue"  # it is not there, and should be
    LATE = "late"  # it came after its deadline
    IN_TIME = "in time"


@dataclass(frozen=True, slots=True)
class Written:
    """A document that was signed: its kind, the moment of its first signature."""

    kind: str
    moment: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """A document with a deadline and how it stands with it."""

    kind: str
    due: datetime
    standing: Standing


def owed(
    *, admitted: datetime, discharged: datetime | None, written: Iterable[Written],
    severity: str, now: datetime,
) -> list[Owed]:  # fmt: skip
    """The documents of a stay that have deadlines, the earliest first.

    Of those that come again, the next one: its time runs from the last one, or from the admission, and no longer
    once the stay is over.
    """
    found: list[Owed] = []
    signed: dict[str, list[datetime]] = {}
    for one in written:
        signed.setdefault(one.kind, []).append(one.moment)
    replaced = {key for one in signed for key in reference.documents()[one].replaces}
    for key, document in reference.documents().items():
        if key in replaced and key not in signed:
            continue
        if document.again:
            hours = document.again[severity]
            due = max([admitted, *signed.get(key, [])]) + timedelta(hours=hours)
            if discharged is None or due < discharged:
                at = now if discharged is None else discharged
                found.append(Owed(key, due, Standing.OVERDUE if at > due else Standing.DUE))
            continue
        start = admitted if document.since == "admission" else discharged
        if document.hours is None or start is None:
            continue
        due = start + timedelta(hours=document.hours)
        first = min(signed.get(key, []), default=None)
        if first is not None:
            found.append(Owed(key, due, Standing.LATE if first > due else Standing.IN_TIME))
        elif not (
            discharged is not None and document.since == "admission" and due > discharged and _replaced(key)
        ):
            found.append(Owed(key, due, Standing.OVERDUE if now > due else Standing.DUE))
    return sorted(found, key=lambda one: one.due)


def _replaced(key: str) -> bool:
    """A round that was not yet due when the patient left is not asked for any more; the record of admission is."""
    return key == "round"


def may_be(document: Document, admitted: datetime, discharged: datetime | None) -> bool:
    """Whether a document of its kind may be written in a stay so far: some wait for its end, or for a short one."""
    if document.since == "admission":
        return True
    if discharged is None:
        return False
    return document.within is None or discharged - admitted < timedelta(hours=document.within)


def lacks(document: Document, texts: Mapping[str, str], diagnoses: Iterable[str]) -> list[str]:
    """The keys of what is missing before a document can be signed; of diagnoses one of Chinese or Western medicine."""
    missing = [
        part.key
        for part in document.parts
        if len(texts.get(part.key, "").strip())
        < (part.least if part.required or texts.get(part.key, "").strip() else 0)
    ]
    if document.diagnoses and not set(diagnoses) & {"disease", "western"}:
        missing.append("disease")
    return missing


# -- what is measured


def measured(typed: Mapping[str, str]) -> dict[str, float]:
    """What was measured, by sign, from what was typed; raises ``invalid`` for what is no number or cannot be."""
    found: dict[str, float] = {}
    for key, sign in reference.signs().items():
        text = typed.get(key, "").strip()
        if not text:
            continue
        value = (
            float(text) if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 8 else -1.0
        )
        if not sign.least <= value <= sign.most:
            raise invalid(
                gettext_noop("%(name)s is %(least)s to %(most)s %(unit)s."),
                name=sign.zh,
                least=f"{sign.least:g}",
                most=f"{sign.most:g}",
                unit=sign.unit,
            )
        found[key] = round(value, sign.places)
    if not found:
        raise invalid(gettext_noop("Enter at least one measurement."))
    if ("systolic" in found) != ("diastolic" in found) or found.get("systolic", 999) <= found.get(
        "diastolic", 0
    ):
        raise invalid(gettext_noop("Blood pressure has two figures, the upper above the lower."))
    return found


# -- money


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a stay is settled: what is due, taken of the account, asked for besides, and left in the account; fen."""

    due: int
    account: int

    @property
    def lacking(self) -> int:
        """What has to be put into the account first."""
        return max(0, self.due - self.account)

    @property
    def rest(self) -> int:
        """What can be paid out afterwards."""
        return max(0, self.account - self.due)
