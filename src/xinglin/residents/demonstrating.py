"""Accounts for a demonstration: a mother who acts for her child, and another grown-up. For made-up regions alone."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from xinglin.accounts.queries import names_of_accounts
from xinglin.healthcard import holders
from xinglin.identity import queries as identity
from xinglin.identity.population import kin
from xinglin.identity.population import queries as register
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as
from xinglin.residents import actions, authorities, finding, queries, rules
from xinglin.residents.actions import Proof
from xinglin.residents.rules import Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from xinglin.record.database import Connection
    from xinglin.residents.finding import Match
    from xinglin.residents.queries import Registration

_EVIDENCE = "demonstration"
_LOOKED_AT = 3000  # residents of the register among whom a family is looked for
_GROWN = 25
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(16) + b"IEND\xaeB`\x82"


def open_accounts(connection: Connection, *, now: datetime) -> None:
    """Bind the accounts, unless they are there already; without a fitting family in the region, none."""
    if queries.by_evidence(connection, _EVIDENCE):
        return
    persons = [one.person for one in islice(register.all_of(connection, register.Wanted()), _LOOKED_AT)]
    family = next(_families(connection, persons, now), None)
    if family is None:
        return
    (mother, phone), child, document = family
    registration = _bound(connection, mother, phone, now)
    wish = authorities.Wish(child.name, document, "parent", "household-register", _PICTURE)
    number = authorities.ask(connection, registration=registration, wish=wish, now=now)
    seen = authorities.Seen(_EVIDENCE, consent=True)
    authorities.approve(connection, number=number, seen=seen, actor=SYSTEM, now=now)
    for person in persons:
        other = _grown_up(connection, person, now) if person != mother.person else None
        if other is not None and other[1] != phone:
            _bound(connection, *other, now)
            return


def _families(
    connection: Connection, persons: list[str], now: datetime
) -> Iterator[tuple[tuple[Match, str], Match, str]]:
    """Mothers who can have an account, each with a child that is known by a number."""
    today = rules.day_of(now)
    for child, mother in sorted(kin.mothers(connection, persons).items()):
        told = _told(connection, child)
        if told is None:
            continue
        match, document, _ = told
        if match.birth is None or match.died or rules.years(match.birth, today) >= rules.family().of_age:
            continue
        grown = _grown_up(connection, mother, now)
        if grown is not None:
            yield grown, match, document


def _told(connection: Connection, person: str) -> tuple[Match, str, str] | None:
    """Who is found by the name and number that the institutions tell of a person; the number, and a phone."""
    holder = holders.holder(open_as(SYSTEM, connection), identity.patients_of(connection, person))
    if holder is None or not holder.document:
        return None
    match = finding.find(connection, holder.name, holder.document)
    if match is None or match.person != person:
        return None
    return match, holder.document, next(iter(sorted(match.phones)), "")


def _grown_up(connection: Connection, person: str, now: datetime) -> tuple[Match, str] | None:
    told = _told(connection, person)
    if told is None or told[0].birth is None or told[0].died or not told[2]:
        return None
    return (told[0], told[2]) if rules.years(told[0].birth, rules.day_of(now)) >= _GROWN else None


def _bound(connection: Connection, match: Match, phone: str, now: datetime) -> Registration:
    proof = Proof(Level.DESK, _EVIDENCE, SYSTEM)
    return actions.bind(connection, match=match, phone=phone, proof=proof, now=now)


def accounts(connection: Connection) -> list[tuple[str, str, bool]]:
    """Name and phone of each account of the demonstration, and whether it acts for somebody else."""
    found = queries.by_evidence(connection, _EVIDENCE)
    names = names_of_accounts([one.actor for one in found])
    return [
        (names.get(one.actor, ""), queries.phone_of(one), bool(queries.of_delegate(connection, one.account)))
        for one in found
    ]
