"""Rules about who the resident is to the reader: the same name, the same person, household, address, employer.

Who a reader is as a resident is only known where it has been stated (``actions.know``); names are always known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from xinglin.audit import queries, rules
from xinglin.audit.looks import WRITES, Hit, Look, hit
from xinglin.identity import queries as identity
from xinglin.identity.population import households
from xinglin.kernel.ids import self_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from xinglin.audit.queries import Reader
    from xinglin.audit.rules import Rule
    from xinglin.identity.queries import Known

_DAY = timedelta(days=1)
_WHERE = "patient = %(patient)s AND outcome = 'permit' AND action <> ALL(%(writes)s)"


@dataclass(frozen=True, slots=True)
class Pair:
    """Somebody opened somebody's record on a day."""

    reader: Reader
    patient: int
    known: Known
    day: datetime


class Kin:
    """What is known of the readers and residents of new lines."""

    def __init__(self, look: Look) -> None:
        self.look = look

    @cached_property
    def pairs(self) -> list[Pair]:
        found = {
            (row.line.actor, row.line.patient or 0, rules.day_of(row.line.moment))
            for row in self.look.opened()
        }
        known = identity.of_numbers(self.look.connection, sorted({patient for _, patient, _ in found}))
        return [
            Pair(self.look.readers[actor], patient, known[patient], day)
            for actor, patient, day in sorted(found)
            if patient in known and not self.look.readers[actor].resident  # who reads what is theirs
        ]

    @cached_property
    def own(self) -> dict[str, Known]:
        """What the index knows of the accounts' own persons."""
        rows = self.look.connection.execute("SELECT actor, patient FROM audit_own").fetchall()
        numbers = {actor: self_number("Patient", patient) for actor, patient in rows}
        known = identity.of_numbers(self.look.connection, sorted(set(numbers.values())))
        return {actor: known[number] for actor, number in numbers.items() if number in known}

    @cached_property
    def workers(self) -> dict[str, list[Reader]]:
        """Person to the accounts that they have."""
        found: dict[str, list[Reader]] = {}
        for actor, reader in queries.readers(list(self.own)).items():
            found.setdefault(self.own[actor].person, []).append(reader)
        return found

    def _other(self, pair: Pair) -> Known | None:
        """The reader's own person, where it is known and is not the resident."""
        mine = self.own.get(pair.reader.actor)
        return None if mine is None or mine.person == pair.known.person else mine

    def _household(self, person: str) -> str | None:
        member = households.of_person(self.look.connection, [person])
        return member.household if member else None

    def is_namesake(self, pair: Pair) -> bool:
        return bool(pair.known.name) and pair.known.name == pair.reader.name and not self.is_own(pair)

    def is_own(self, pair: Pair) -> bool:
        mine = self.own.get(pair.reader.actor)
        return mine is not None and mine.person == pair.known.person

    def is_of_household(self, pair: Pair) -> bool:
        mine = self._other(pair)
        if mine is None:
            return False
        household = self._household(mine.person)
        return household is not None and household == self._household(pair.known.person)

    def is_neighbour(self, pair: Pair) -> bool:
        mine = self._other(pair)
        return (
            mine is not None
            and bool(mine.dwellings & pair.known.dwellings)
            and not self.is_of_household(pair)
        )

    def is_colleague(self, pair: Pair) -> bool:
        return bool(pair.reader.institution) and any(
            worker.institution == pair.reader.institution and worker.actor != pair.reader.actor
            for worker in self.workers.get(pair.known.person, ())
        )


TESTS = {
    "namesake": Kin.is_namesake,
    "own": Kin.is_own,
    "household": Kin.is_of_household,
    "neighbour": Kin.is_neighbour,
    "colleague": Kin.is_colleague,
}


def find(kin: Kin, rule: Rule) -> Iterator[Hit]:
    """The pairs that the rule is about."""
    test = TESTS[rule.name]
    for pair in kin.pairs:
        if test(kin, pair):
            bucket = rules.bucket_of(pair.day, rule)
            places = kin.look.places(
                pair.reader.actor, bucket, pair.day + _DAY, _WHERE, patient=pair.patient, writes=list(WRITES)
            )
            yield hit(rule, bucket, places, actor=pair.reader.actor, patient=pair.patient)
