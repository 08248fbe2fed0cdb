"""What the pages ask: whose decisions, which readers are meant, what was decided before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xinglin.consent import rules
from xinglin.consent.rules import Reader
from xinglin.identity import identifiers
from xinglin.identity import queries as identity
from xinglin.kernel.errors import Fault, Kind
from xinglin.kernel.ids import self_number
from xinglin.record import database
from xinglin.record.policy import consents, in_force
from xinglin.record.queries import Span

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.consent.rules import Decision
    from xinglin.record.door import Door
    from xinglin.record.queries import Stored

_DECISIONS = "200"
_VERSIONS = 100
_INSTITUTIONS = "200"


@dataclass(frozen=True, slots=True)
class Resident:
    """Whose decisions they are: the Patient asked for, and all Patients of the person."""

    id: str
    patients: tuple[str, ...]
    name: str
    birth: str
    identity: str  # masked


@dataclass(frozen=True, slots=True)
class Version:
    """One change of a decision; ``decision`` is None for a deletion."""

    moment: datetime
    consent: str
    number: int
    decision: Decision | None


def resident(door: Door, patient: str) -> Resident:
    """The resident with that Patient; faults as the door's ``read``."""
    found = door.read("Patient", patient).resource
    connection = database.connection()
    same = identity.together(connection, patient)
    documents = filter(None, map(identifiers.read, found.get("identifier", ())))
    number = next((each.number for each in documents if each.proof == identifiers.Proof.PROVEN), "")
    return Resident(
        patient, tuple(dict.fromkeys((patient, *same))), _name(found), str(found.get("birthDate", "")),
        identifiers.mask_identity(number) if number else "",
    )  # fmt: skip


def _name(resource: dict[str, Any]) -> str:
    """The first name of a Patient or Practitioner, or an Organization's, as it is written."""
    names = resource.get("name")
    if isinstance(names, str):
        return names
    first = names[0] if names else {}
    return str(
        first.get("text") or "".join([str(first.get("family", "")), *map(str, first.get("given", ()))])
    )


def may_decide(door: Door, found: Resident) -> bool:
    """Whether the reader may decide for the resident."""
    return consents.may_decide(database.connection(), door.actor, self_number("Patient", found.id))


def is_own(door: Door, found: Resident) -> bool:
    """Whether the reader is the resident or family, and needs no witness."""
    return consents.is_own(database.connection(), door.actor, self_number("Patient", found.id))


def decisions(door: Door, found: Resident, now: datetime) -> tuple[list[Decision], list[str]]:
    """The decisions of a resident, the latest first; and the ids of Consents that are about something else."""
    about = ",".join(f"Patient/{one}" for one in found.patients)
    page = door.search("Consent", [("patient", about), ("_sort", "-_lastUpdated"), ("_count", _DECISIONS)])
    shown, others = [], []
    for entry in page.entries:
        read = _read(entry.stored.resource, now)
        if read is None:
            others.append(entry.stored.id)
        else:
            shown.append(read)
    return shown, others


def _read(resource: dict[str, Any], now: datetime) -> Decision | None:
    return rules.decision(resource, consents.terms(in_force()), consents.data_kinds(), now)


def decision(door: Door, found: Resident, consent: str, now: datetime) -> Decision | None:
    """One decision of the resident."""
    stored = stored_of(door, found, consent)
    return _read(stored.resource, now) if stored else None


def stored_of(door: Door, found: Resident, consent: str) -> Stored | None:
    """The Consent itself, if it is the resident's."""
    about = ",".join(f"Patient/{one}" for one in found.patients)
    page = door.search("Consent", [("_id", consent), ("patient", about), ("_count", "1")])
    return page.entries[0].stored if page.entries else None


def history(door: Door, shown: list[Decision], now: datetime) -> list[Version]:
    """Every change of these decisions, the latest first."""
    versions = [
        Version(each.moment, each.id, each.version, None if each.body is None else _read(each.resource, now))
        for decision in shown
        for each in door.history("Consent", decision.id, Span(count=_VERSIONS))
    ]
    return sorted(versions, key=lambda version: version.moment, reverse=True)


def institutions(door: Door) -> list[Reader]:
    """Institutions to choose from, by name."""
    page = door.search(
        "Organization", [("partof:missing", "true"), ("_sort", "name"), ("_count", _INSTITUTIONS)]
    )
    return [Reader(f"Organization/{entry.stored.id}", _name(entry.stored.resource)) for entry in page.entries]


def readers_called(door: Door, text: str) -> list[Reader]:
    """The institutions and practitioners whom a name or a reference may mean."""
    type_, _, id_ = text.partition("/")
    if type_ in ("Organization", "Practitioner") and id_:
        try:
            return [Reader(text, _name(door.read(type_, id_).resource) or text)]
        except Fault as fault:
            if fault.kind in (Kind.NOT_FOUND, Kind.GONE):
                return []
            raise
    found = [
        Reader(f"{type_name}/{entry.stored.id}", _name(entry.stored.resource))
        for type_name in ("Organization", "Practitioner")
        for entry in door.search(type_name, [("name", text), ("_count", "20")]).entries
    ]
    exact = [reader for reader in found if reader.name == text]
    return exact or found
