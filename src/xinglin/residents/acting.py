"""For whom somebody acts: oneself, or another by an authority that holds at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.accounts.queries import actor_of
from xinglin.identity import queries as identity
from xinglin.residents import queries
from xinglin.residents.rules import Kind

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.accounts.models import Account
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.residents.queries import Authority, Registration

OWN, FAMILY = "PATRQT", "FAMRQT"


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody at work in a record: the own one without ``authority``."""

    patient: str
    authority: Authority | None = None

    @property
    def kind(self) -> Kind:
        return self.authority.kind or Kind.OWN if self.authority else Kind.OWN

    @property
    def purpose(self) -> str:
        return FAMILY if self.authority else OWN

    def actor(self, account: Account) -> Actor:
        return actor_of(account, purpose=self.purpose)


def choices(connection: Connection, registration: Registration, now: datetime) -> list[Acting]:
    """Everybody for whom an account acts now, oneself first."""
    given = [
        Acting(one.patient, one)
        for one in queries.of_delegate(connection, registration.account)
        if one.holds(now)
    ]
    return [Acting(registration.patient), *given[::-1]]


def chosen(
    connection: Connection, registration: Registration, wanted: object, now: datetime
) -> Acting | None:
    """The one whose authority has the number ``wanted``; oneself for none, None where it does not hold (any more)."""
    if wanted is None:
        return Acting(registration.patient)
    return next(
        (
            one
            for one in choices(connection, registration, now)
            if one.authority is not None and one.authority.id == wanted
        ),
        None,
    )


def is_same(connection: Connection, acting: Acting, patient: str) -> bool:
    """Whether a Patient is the person acted for."""
    return patient in identity.together(connection, acting.patient)
