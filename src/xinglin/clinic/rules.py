"""What is allowed: states of visits and prescriptions, money, which batch is taken, what a record needs. Pure.

Money is whole fen. Amounts are thousandths of an item's unit: a gram is 1000.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.clinic import reference
from xinglin.kernel.errors import conflict, forbidden, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from xinglin.kernel.actor import Actor

OUTPATIENT, EMERGENCY = "outpatient", "emergency"
"""How somebody comes."""

HERB, PATENT = "herb", "patent"
"""The kinds of prescriptions, and of the items that they are made of."""

UNIT = 1000
"""So many thousandths are one unit of an item."""


class VisitState(StrEnum):
    """Where a visit is."""

    WAITING = "waiting"
    CALLED = "called"
    SEEN = "seen"  # with the doctor
    DONE = "done"
    LEFT = "left"  # went without having been seen; the number is not given again


VISIT: dict[VisitState, frozenset[VisitState]] = {
    VisitState.WAITING: frozenset({VisitState.CALLED, VisitState.SEEN, VisitState.LEFT}),
    VisitState.CALLED: frozenset({VisitState.WAITING, VisitState.SEEN, VisitState.LEFT}),
    VisitState.SEEN: frozenset({VisitState.DONE}),
    VisitState.DONE: frozenset({VisitState.SEEN}),  # something is added on the same day
    VisitState.LEFT: frozenset({VisitState.WAITING}),
}
OPEN = (VisitState.WAITING, VisitState.CALLED, VisitState.SEEN)


class State(StrEnum):
    """How far a prescription has come."""

    DRAFT = "draft"
    HELD = "held"  # signed by its author, waits for somebody who stands behind what is stopped
    SIGNED = "signed"
    PAID = "paid"
    REVIEWED = "reviewed"
    MIXED = "mixed"
    CHECKED = "checked"
    BOILED = "boiled"  # the pharmacy has decocted it
    ISSUED = "issued"
    VOID = "void"


PRESCRIPTION: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.HELD, State.SIGNED, State.VOID}),
    State.HELD: frozenset({State.DRAFT, State.SIGNED, State.VOID}),
    State.SIGNED: frozenset({State.PAID, State.VOID}),
    State.PAID: frozenset({State.REVIEWED, State.VOID}),
    State.REVIEWED: frozenset({State.MIXED, State.VOID}),
    State.MIXED: frozenset({State.CHECKED}),
    State.CHECKED: frozenset({State.BOILED, State.ISSUED}),
    State.BOILED: frozenset({State.ISSUED}),
    State.ISSUED: frozenset(),
    State.VOID: frozenset(),
}
_IN_THE_PHARMACY = {
    State.PAID: State.REVIEWED, State.REVIEWED: State.MIXED, State.MIXED: State.CHECKED, State.BOILED: State.ISSUED,
}  # fmt: skip
BEFORE_MIXING = (State.PAID, State.REVIEWED)
"""The states in which what was paid may be given back: nothing has left its drawer."""


def require_next(before: State, after: State) -> None:
    """Raise ``conflict`` where a prescription cannot go from one state to the other."""
    if after not in PRESCRIPTION[before]:
        raise conflict(
            gettext_noop("A prescription that is %(before)s cannot become %(after)s."),
            before=before.value,
            after=after.value,
        )


def next_in_pharmacy(state: State, *, boiled: bool) -> State | None:
    """The step that comes next in the pharmacy; None where none does. ``boiled``: the pharmacy is to decoct it."""
    if state is State.CHECKED:
        return State.BOILED if boiled else State.ISSUED
    return _IN_THE_PHARMACY.get(state)


def require_visit(before: VisitState, after: VisitState) -> None:
    """Raise ``conflict`` where a visit cannot go from one state to the other."""
    if after not in VISIT[before]:
        raise conflict(
            gettext_noop("A visit that is %(before)s cannot become %(after)s."),
            before=before.value,
            after=after.value,
        )


# -- who may


def may(actor: Actor, right: str) -> bool:
    """Whether a role gives the right, and the actor works at an institution."""
    return bool(actor.institution) and bool(reference.rights().get(right, frozenset()) & actor.roles)


def require(actor: Actor, right: str) -> str:
    """The institution at which the actor may; raises ``forbidden``."""
    if not may(actor, right) or actor.institution is None:
        raise forbidden(
            gettext_noop(
                "%(name)s may not do this at a clinic (%(right)s). Ask an administrator for the role."
            ),
            name=actor.name,
            right=right,
        )
    return actor.institution


def require_apart(step: str, actor: str, done: Iterable[tuple[str, str]]) -> None:
    """Raise ``forbidden`` where somebody else must do the step; ``done`` are earlier steps and who did them."""
    for earlier, who in done:
        if who == actor and frozenset({earlier, step}) in reference.apart():
            raise forbidden(
                gettext_noop("Who did “%(earlier)s” may not also do “%(step)s”: somebody else looks at it."),
                earlier=earlier,
                step=step,
            )


# -- forms


def sheet(kind: str, birth: str, day: date) -> str:
    """The sheet of a prescription: ``emergency``, ``child``, or empty for the common one; ``birth`` as FHIR has it."""
    if kind == EMERGENCY:
        return EMERGENCY
    if len(birth) != len("2012-01-31"):
        return ""  # of whom only the year is known, nobody knows whether the day has passed
    years = day.year - int(birth[:4]) - (day.isoformat()[5:] < birth[5:])
    return "child" if years < reference.words("child_years") else ""


# -- money


def cost(amount: int, fen: int, per: int) -> int:
    """What ``amount`` thousandths cost at ``fen`` for ``per`` units, in fen, halves rounded up."""
    whole = UNIT * per
    return (2 * amount * fen + whole) // (2 * whole)


def change(paid: int, due: int) -> int:
    """What is given back of ``paid``; raises ``invalid`` where it does not suffice."""
    if paid < due:
        raise invalid(
            gettext_noop("%(due)s is due; only %(paid)s was given."), due=yuan(due), paid=yuan(paid)
        )
    return paid - due


def yuan(fen: int) -> str:
    """``1234.05``."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def fen_of(text: str) -> int:
    """Fen of an amount in yuan as it is typed; raises ``invalid``."""
    whole, _, cents = text.strip().replace(",", "").partition(".") if text.isascii() else ("", "", "")
    if (
        not (whole or cents)
        or not (whole or "0").isdecimal()
        or not (cents or "0").isdecimal()
        or len(cents) > 2
    ):
        raise invalid(gettext_noop("“%(text)s” is no amount of money."), text=text[:20])
    if len(whole) > 9:
        raise invalid(gettext_noop("“%(text)s” is no amount of money."), text=text[:20])
    return int(whole or "0") * 100 + int(cents.ljust(2, "0") or "0")


def thousandths(text: str) -> int:
    """Thousandths of an amount above 0 as it is typed, with at most three places; raises ``invalid``."""
    whole, _, rest = text.strip().partition(".") if text.isascii() else ("", "", "")
    fits = (whole or "0").isdecimal() and (rest or "0").isdecimal() and len(rest) <= 3 and len(whole) <= 7
    amount = int(whole or "0") * UNIT + int(rest.ljust(3, "0") or "0") if fits and (whole or rest) else 0
    if not amount:
        raise invalid(gettext_noop("“%(text)s” is no amount above 0."), text=text[:20])
    return amount


def plain(amount: int) -> str:
    """An amount of thousandths without needless zeros: ``6``, ``1.5``."""
    return f"{amount / UNIT:.3f}".rstrip("0").rstrip(".")


# -- what is measured


def measured(key: str, text: str) -> float:
    """A value as it is typed, in the unit of its measure; raises ``invalid`` for what cannot be."""
    one = reference.measures()[key]
    value = thousandths(text) / UNIT
    if not one.least <= value <= one.most:
        raise invalid(
            gettext_noop("%(what)s of %(text)s %(unit)s cannot be: %(least)s to %(most)s."),
            what=one.zh, text=text.strip(), unit=one.unit, least=f"{one.least:g}", most=f"{one.most:g}",
        )  # fmt: skip
    return value


def unusual(key: str, value: float) -> str:
    """``low``, ``high``, or empty where it is usual or nothing is known of what is."""
    one = reference.measures()[key]
    if one.low is not None and value < one.low:
        return "low"
    return "high" if one.high is not None and value > one.high else ""


# -- stock


@dataclass(frozen=True, slots=True)
class Lot:
    """What there is of a batch."""

    batch: int
    left: int
    expires: date


@dataclass(frozen=True, slots=True)
class Taken:
    """How much is taken of a batch."""

    batch: int
    amount: int


def take(lots: Sequence[Lot], amount: int, today: date) -> tuple[list[Taken], int]:
    """Which batches an amount is taken from, those first that expire first, and what is missing.

    A batch may be used on the day on which it expires, and not after it.
    """
    taken, missing = [], amount
    for lot in sorted(
        (one for one in lots if one.left > 0 and one.expires >= today), key=lambda o: (o.expires, o.batch)
    ):
        if not missing:
            break
        used = min(lot.left, missing)
        taken.append(Taken(lot.batch, used))
        missing -= used
    return taken, missing


# -- the record of a visit


@dataclass(frozen=True, slots=True)
class Lack:
    """What a record lacks: the part, and at least how many characters it needs."""

    key: str
    least: int


def lacks(texts: Mapping[str, str], diagnoses: Iterable[str]) -> list[Lack]:
    """What is missing before the record can be signed; ``diagnoses`` are the keys of those that are given."""
    given = set(diagnoses)
    short = [
        Lack(part.key, part.least)
        for part in reference.parts().values()
        if len(texts.get(part.key, "").strip())
        < (part.least if part.required or texts.get(part.key, "").strip() else 0)
    ]
    return [
        *short,
        *(
            Lack(one.key, 1)
            for one in reference.diagnoses().values()
            if one.required and one.key not in given
        ),
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of the record of a visit when it is checked."""

    written: bool
    complete: bool
    signed: datetime | None
    over: datetime | None
    drafted: bool  # a prescription is not signed


def faults(told: Told, now: datetime) -> list[str]:
    """What the record of a visit lacks: ``unwritten``, ``incomplete``, ``unsigned``, ``late``, ``drafted``."""
    found = []
    if not told.written:
        found.append("unwritten")
    elif not told.complete:
        found.append("incomplete")
    elif told.signed is None:
        found.append("unsigned")
    hours = timedelta(hours=reference.sign_hours())
    if told.over is not None and (told.signed or now) - told.over > hours:
        found.append("late")
    if told.drafted:
        found.append("drafted")
    return found
