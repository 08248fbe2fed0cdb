"""What is allowed: codes and their limits, who may sign up, for whom somebody may act and until when. Pure."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.healthcard import rules as cards
from xinglin.kernel.errors import Fault, forbidden, invalid

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor

_DATA = Path(__file__).parent / "data"
_VERSION = 1
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_MAGIC = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
}
_TRAILERS = {"application/pdf": b"%%EOF", "image/jpeg": b"\xff\xd9", "image/png": b"IEND\xaeB`\x82"}
INVITED = "invitation"
"""The evidence of an authority that the person gave on their own page."""
DESK = cards.Right.ISSUE
"""Who may issue health cards may also bind accounts and approve authorities: both see the person's documents."""


class Level(StrEnum):
    """How somebody's name was verified."""

    PHONE = "phone"  # a phone that an institution keeps for the person, name and identity number
    CARD = "card"  # the health card, scanned by a clerk
    DESK = "desk"  # a clerk has seen the document


class Kind(StrEnum):
    """By what somebody sees a record: kinds of care relations with the account."""

    OWN = "own"
    GUARDIAN = "guardian"
    MANDATE = "mandate"


class State(StrEnum):
    """What an authority is."""

    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Scope(StrEnum):
    """How much an authority allows; sensitive data are never seen by a mandate."""

    SEE = "see"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class CodeRule:
    """One-time codes: their form, how long they hold, how many may be asked for."""

    digits: int
    minutes: int
    attempts: int
    pause_seconds: int
    number: tuple[tuple[int, int], ...]
    address: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class SignUp:
    least_age: int
    known_phone: bool
    minutes: int
    ask_again_days: int


@dataclass(frozen=True, slots=True)
class Family:
    of_age: int
    open_requests: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Inviting:
    """Limits of invitations to see the own record or to act for oneself."""

    minutes: int
    pin_digits: int
    wrong_pins: int
    most_open: int
    usual_days: int
    kept_days: int


@dataclass(frozen=True, slots=True)
class KindRule:
    """The relations that lead to a kind of authority, and for how many days at most; 0 for no limit."""

    code: Kind
    relations: tuple[str, ...]
    most_days: int


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((_DATA / f"residents-{_VERSION}.toml").read_text())


@cache
def code() -> CodeRule:
    given = dict(_table()["code"])
    for name in ("number", "address"):
        given[name] = tuple((minutes, most) for minutes, most in given[name])
    return CodeRule(**given)


@cache
def sign_up() -> SignUp:
    return SignUp(**_table()["sign_up"])


@cache
def family() -> Family:
    return Family(**_table()["family"])


@cache
def inviting() -> Inviting:
    return Inviting(**_table()["inviting"])


@cache
def session_limits() -> tuple[int, int]:
    """Seconds without a request, and in all, that a resident's session holds."""
    given = _table()["session"]
    return given["idle_minutes"] * 60, given["hours"] * 3600


def kiosk_wait() -> timedelta:
    return timedelta(minutes=_table()["kiosk"]["wait_minutes"])


@cache
def kinds() -> tuple[KindRule, ...]:
    return tuple(
        KindRule(Kind(one["code"]), tuple(one["relations"]), one["most_days"]) for one in _table()["kind"]
    )


def kind_of(relation: str) -> KindRule:
    """The kind of authority of a relation; raises ``invalid`` for one that gives none."""
    for kind in kinds():
        if relation in kind.relations:
            return kind
    raise invalid(gettext_noop("This relation gives no authority to act."))


def relations() -> tuple[str, ...]:
    """The relations that can be asked for."""
    return tuple(relation for kind in kinds() for relation in kind.relations)


def mandated() -> tuple[str, ...]:
    """The relations of who may be let act by a grown-up."""
    return tuple(relation for kind in kinds() if kind.code is Kind.MANDATE for relation in kind.relations)


def phone_of(text: str) -> str | None:
    """A mobile number of this country in its eleven digits; None for anything else."""
    plain = re.sub(r"[\s\-()（）]", "", text)
    plain = plain.removeprefix("+86").removeprefix("0086")
    return plain if _PHONE.fullmatch(plain) else None


def name_of(text: str) -> str:
    """A name as it is compared: without blanks, with one kind of middle dot."""
    return re.sub(r"\s+", "", text).replace("•", "·").replace("・", "·").replace(".", "·").casefold()


def file_type(content: bytes) -> tuple[str, str] | None:
    """Media type and ending by the content, whatever its name says; None for what is not taken or is cut off."""
    for magic, found in _MAGIC.items():
        if content.startswith(magic) and _TRAILERS[found[0]] in content[-2048:]:
            return found
    return None


def birthday(born: date, age: int) -> date:
    """The day on which somebody is that old; who was born on a leap day, on 1 March."""
    if (born.month, born.day) == (2, 29):
        return date(born.year + age, 3, 1)
    return born.replace(year=born.year + age)


def years(born: date, today: date) -> int:
    """Full years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def ends(relation: str, *, born: date, wanted: date | None, today: date) -> date | None:
    """The last day of an authority: the one wanted, cut off by the kind's longest time and by the age of a child."""
    kind, of_age = kind_of(relation), family().of_age
    possible = [wanted] if wanted else []
    if kind.most_days:
        possible.append(today + timedelta(days=kind.most_days))
    if years(born, today) < of_age:
        possible.append(birthday(born, of_age) - timedelta(days=1))
    return min(possible, default=None)


def midnight_after(day: date | None) -> datetime | None:
    """The moment at which a last day is over, here."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time.min, LOCAL_ZONE)


def day_of(moment: datetime) -> date:
    return moment.astimezone(LOCAL_ZONE).date()


def may_desk(actor: Actor) -> bool:
    """Whether somebody works at a desk that binds accounts and approves authorities."""
    return cards.may(actor, DESK)


def not_at_desk(actor: Actor) -> Fault:
    return forbidden(
        gettext_noop("%(name)s may not do the work of this desk: it needs a role that issues health cards."),
        name=actor.name,
    )
