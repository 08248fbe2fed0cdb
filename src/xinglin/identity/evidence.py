"""On what the links of a person rest, in a form for those who read the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xinglin.identity import queries
from xinglin.identity.events import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from xinglin.identity.queries import Event, Person
    from xinglin.record.database import Connection

_LINKING = frozenset({Kind.MADE, Kind.JOINED, Kind.MOVED})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a Patient belongs to its person. ``bits``: of the matcher; ``held``: people have said so."""

    patient: str
    kind: str
    bits: float | None
    weights: str | None
    actor: str
    moment: datetime
    held: bool

    @property
    def probability(self) -> float | None:
        """How likely the link is right, as the matcher weighs it; 1 where people have said so."""
        if self.held:
            return 1.0
        return None if self.bits is None else probability(self.bits)


def probability(bits: float) -> float:
    """The probability of which ``bits`` are the logarithm of the odds, to base two."""
    return 1 / (1 + float(2.0 ** -max(min(bits, 60.0), -60.0)))


def of_person(person: Person, happened: Iterable[Event]) -> dict[str, Evidence]:
    """The latest event that linked each of the person's Patients, by Patient."""
    held = {link.id: link.held > 0 for link in person.links}
    found: dict[str, Evidence] = {}
    for event in happened:
        if event.kind in _LINKING and event.patient in held:
            found[event.patient] = Evidence(
                event.patient, event.kind.value, event.bits, event.weights, event.actor, event.moment,
                held[event.patient],
            )  # fmt: skip
    return found


def read(connection: Connection, person: Person) -> dict[str, Evidence]:
    return of_person(person, queries.history(connection, person.id))


def confidence(evidence: Iterable[Evidence]) -> float | None:
    """How likely all links are right: as the weakest of them. None where nothing was joined."""
    joined = [e for e in evidence if e.kind != Kind.MADE and e.probability is not None]
    return min((e.probability for e in joined if e.probability is not None), default=None)
