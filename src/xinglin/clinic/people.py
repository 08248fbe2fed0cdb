"""Who comes to the desk: found by card, number, phone or name; known to this clinic from the first visit on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.clinic import rules
from xinglin.clinic.values import Guest
from xinglin.healthcard import holders, verifying
from xinglin.healthcard.verifying import Scan
from xinglin.identity import queries as identity
from xinglin.kernel.errors import conflict, invalid
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.healthcard.holders import Holder
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.door import Door

_MOST = "40"
_DIGITS = re.compile(r"[0-9]{7,}")
_OFFICIAL = holders.IDENTITY_SYSTEMS[0]


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who was found: the Patient to begin with, and who that is."""

    patient: str
    holder: Holder


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whom nobody knows yet."""

    name: str
    sex: str
    birth: str
    number: str = ""
    phone: str = ""


def find(connection: Connection, door: Door, text: str, now: datetime) -> list[Found]:
    """The people whom a card's code, an identity number, a phone number or a name means, each once."""
    rules.require(door.actor, "registering")
    number = holders.normal_identity(text)
    if number:
        pairs = [("identifier", ",".join(holders.identity_forms(number)))]
    elif len(text) > 30 and text.isascii():
        return _by_card(connection, door, text, now)
    elif _DIGITS.fullmatch(text):
        pairs = [("telecom", text)]
    else:
        pairs = [("name", text)]
    page = door.search("Patient", [*pairs, ("_count", _MOST)])
    patients = [entry.stored.id for entry in page.entries if entry.mode == "match"]
    persons = identity.persons_of(connection, patients)
    groups: dict[str, list[str]] = {}
    for patient in patients:
        groups.setdefault(persons.get(patient, patient), []).append(patient)
    return _as_found(
        door, [identity.patients_of(connection, key) or tuple(got) for key, got in groups.items()]
    )


def _by_card(connection: Connection, door: Door, text: str, now: datetime) -> list[Found]:
    with connection.transaction():
        verdict = verifying.verify(connection, Scan(text, "", "registration"), actor=door.actor, now=now)
    if verdict.card is None or verdict.why:
        raise conflict(gettext_noop("This card cannot be used; find the person by name or number."))
    return _as_found(door, [identity.patients_of(connection, verdict.card.person)])


def _as_found(door: Door, groups: Sequence[Sequence[str]]) -> list[Found]:
    found = []
    for patients in groups:
        holder = holders.holder(door, patients)
        if holder is not None and not holder.died:
            own = holder.at(door.actor.institution)
            found.append(Found(own[0] if own else holder.patients[0].patient, holder))
    return found


def guest(connection: Connection, *, patient: str, actor: Actor) -> Guest:
    """Somebody who was found, as this clinic's own Patient; made from what others know at the first visit.

    Raises ``not_found``, ``forbidden`` as the record's door.
    """
    institution = rules.require(actor, "registering")
    door = open_as(actor, connection)
    known = door.read("Patient", patient).resource
    if known.get("managingOrganization", {}).get("reference") != f"Organization/{institution}":
        same = holders.holder(door, identity.together(connection, patient) or (patient,))
        own = same.at(institution) if same else ()
        if own:
            known = door.read("Patient", own[0]).resource
        else:
            copied: dict[str, Any] = {
                name: known[name]
                for name in ("identifier", "name", "telecom", "gender", "birthDate", "address")
                if name in known
            }
            known = _create(door, institution, copied)
    return as_guest(known)


def newcomer(connection: Connection, *, said: Newcomer, actor: Actor) -> Guest:
    """Somebody new. Raises ``invalid`` for a number or a date that cannot be."""
    institution = rules.require(actor, "registering")
    if not said.name.strip() or said.sex not in ("female", "male", "other", "unknown"):
        raise invalid(gettext_noop("A new person needs a name, a sex and a date of birth."))
    birth, number = said.birth, ""
    if said.number.strip():
        number = holders.normal_identity(said.number) or ""
        if not number:
            raise invalid(gettext_noop("This identity number is not right: a digit was mistaken."))
        birth = birth or f"{number[6:10]}-{number[10:12]}-{number[12:14]}"
    if holders.birth_day(birth) is None:
        raise invalid(gettext_noop("A new person needs a name, a sex and a date of birth."))
    made: dict[str, Any] = {
        "name": [{"use": "official", "text": said.name.strip()[:60]}],
        "gender": said.sex,
        "birthDate": birth,
    }
    if number:
        made["identifier"] = [{"system": _OFFICIAL, "value": number}]
    if said.phone.strip():
        made["telecom"] = [{"system": "phone", "value": said.phone.strip()[:20]}]
    return as_guest(_create(open_as(actor, connection), institution, made))


def _create(door: Door, institution: str, content: dict[str, Any]) -> dict[str, Any]:
    resource = {
        "resourceType": "Patient", **content,
        "managingOrganization": {"reference": f"Organization/{institution}"},
    }  # fmt: skip
    made = door.create(resource).draft
    assert made is not None
    return {**resource, "id": made.id}


def as_guest(patient: dict[str, Any]) -> Guest:
    """What the desk shows of a Patient of the clinic's own."""
    names = [str(name.get("text") or "") for name in patient.get("name", ())]
    named = next(filter(None, names), "")
    if not named and patient.get("name"):
        first = patient["name"][0]
        named = str(first.get("family", "")) + "".join(first.get("given", ()))
    return Guest(
        str(patient["id"]), named, str(patient.get("gender", "unknown")), str(patient.get("birthDate", ""))
    )
