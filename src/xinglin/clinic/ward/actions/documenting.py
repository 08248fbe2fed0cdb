"""The documents of a stay, and what is measured at the bed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import psycopg
from django.utils.translation import gettext_noop

from xinglin.clinic import asking
from xinglin.clinic import documents as shared_documents
from xinglin.clinic import reference as clinic_reference
from xinglin.clinic import rules as clinic_rules
from xinglin.clinic.actions.numbering import insert, next_id
from xinglin.clinic.values import sealed
from xinglin.clinic.ward import queries, reference, resources, rules
from xinglin.clinic.ward.actions import ordering
from xinglin.kernel.errors import conflict, invalid, not_found
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.clinic.actions.recording import Written
    from xinglin.clinic.ward.rules import Owed
    from xinglin.clinic.ward.values import Document, Measured, Stay
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def kind_of(key: str) -> reference.Document:
    """A kind of document; raises ``not_found``."""
    found = reference.documents().get(key)
    if found is None:
        raise not_found(gettext_noop("There is no such document in the ward."))
    return found


def write(  # noqa: PLR0913 -- of which stay, what, which one, what was read, by whom, when
    connection: Connection, *, stay: int, kind: str, number: int, written: Written, version: int, actor: Actor,
    now: datetime,
) -> Document:  # fmt: skip
    """Keep a document as it is so far. ``version`` is the one that was read, 0 for none.

    Raises ``conflict`` where somebody has written since, ``invalid`` for too long texts or a second one of its kind.
    """
    form = kind_of(kind)
    institution = clinic_rules.require(actor, form.right)
    held = queries.stay(connection, institution, stay, lock=True)
    if number < 1 or (number > 1 and not form.repeats):
        raise invalid(gettext_noop("A stay has one document of this kind."))
    if not rules.may_be(form, held.admitted, held.discharged):
        raise conflict(gettext_noop("This document is not written for this stay, or not yet."))
    texts = {part.key: written.texts.get(part.key, "").strip() for part in form.parts}
    long = [part.zh for part in form.parts if len(texts[part.key]) > part.most]
    if long:
        raise invalid(gettext_noop("Too long: %(parts)s."), parts=", ".join(long))
    known = clinic_reference.diagnoses() if form.diagnoses else {}
    body = {
        "texts": texts,
        "diagnoses": {key: asdict(code) for key, code in written.diagnoses.items() if key in known},
    }
    before = queries.document(connection, institution, stay, kind, number)
    if (before.version if before else 0) != version:
        raise conflict(gettext_noop("Somebody else has written in this record. Load it again."))
    if before is None:
        made: dict[str, Any] = {
            "institution": institution, "id": next_id(), "stay": stay, "kind": kind, "number": number,
            "body": sealed(body), "version": 1, "made": now, "author": actor.id, "author_name": actor.name,
            "signer": "", "signer_name": "",
        }  # fmt: skip
        insert(connection, "document", made)
    else:  # what was signed is amended: it must be signed anew, and the record keeps both versions
        connection.execute(
            "UPDATE clinic_document SET body = %s, version = %s, signed = NULL WHERE institution = %s AND id = %s",
            [sealed(body), version + 1, institution, before.id],
        )
    kept = queries.document(connection, institution, stay, kind, number)
    assert kept is not None
    return kept


def lacks(kind: str, held: Document | None) -> list[str]:
    """What is missing before a document can be signed, by its key."""
    body = held.body if held else {"texts": {}, "diagnoses": {}}
    return rules.lacks(kind_of(kind), body["texts"], body["diagnoses"])


def sign(
    connection: Connection, *, stay: int, kind: str, number: int, actor: Actor, now: datetime
) -> Document:
    """Sign a document: from now on it stands in the resident's record. Raises ``conflict`` with what is missing."""
    form = kind_of(kind)
    institution = clinic_rules.require(actor, form.right)
    held = queries.stay(connection, institution, stay, lock=True)
    held = ordering.take_over(connection, stay=held, actor=actor)
    found = queries.document(connection, institution, stay, kind, number)
    missing = lacks(kind, found)
    if missing or found is None:
        words = {part.key: part.zh for part in form.parts}
        words |= {key: one.zh for key, one in clinic_reference.diagnoses().items()}
        raise conflict(
            gettext_noop("The record is not complete: %(parts)s."),
            parts="、".join(words[one] for one in missing),
        )
    if found.signed is not None:
        raise conflict(gettext_noop("This record is signed already."))
    connection.execute(
        "UPDATE clinic_document SET signed = %s, signer = %s, signer_name = %s,"
        " first_signed = coalesce(first_signed, %s) WHERE institution = %s AND id = %s",
        [now, actor.id, actor.name, now, institution, found.id],
    )
    texts: Mapping[str, str] = found.body["texts"]
    examined = {part.key: texts.get(part.key, "") for part in form.parts if part.examination}
    door = open_as(actor, connection)
    door.transaction(resources.documented(held, form, found, asking.read(examined), actor=actor, now=now))
    for code in form.shared:
        door.transaction(shared_documents.kept(door, held, code, key=str(stay), now=now))
    made = queries.document(connection, institution, stay, kind, number)
    assert made is not None
    return made


def owed(connection: Connection, stay: Stay, now: datetime) -> list[Owed]:
    """How it stands with the documents of a stay that have deadlines, the earliest first."""
    written = queries.written(connection, stay.institution, stay.id)
    return rules.owed(
        admitted=stay.admitted, discharged=stay.discharged, written=written, severity=stay.severity, now=now
    )


# -- what is measured


def measure(
    connection: Connection, *, stay: int, moment: datetime, typed: Mapping[str, str], actor: Actor, now: datetime
) -> Measured:  # fmt: skip
    """Keep what was measured at a moment of the stay.

    Raises ``invalid`` for what cannot be or lies outside the stay, ``conflict`` for a second time at the same moment.
    """
    institution = clinic_rules.require(actor, "nursing")
    held = queries.stay(connection, institution, stay, lock=True)
    if not held.admitted.replace(second=0, microsecond=0) <= moment <= (held.discharged or now):
        raise invalid(gettext_noop("Measurements lie within the stay, and not in the future."))
    body = rules.measured(typed)
    made: dict[str, Any] = {
        "institution": institution, "id": next_id(), "stay": stay, "moment": moment,
        "body": sealed(body), "actor": actor.id, "actor_name": actor.name,
    }  # fmt: skip
    try:
        with connection.transaction():
            insert(connection, "sign", made)
    except psycopg.errors.UniqueViolation:
        raise conflict(
            gettext_noop("Something was measured at this moment already: mark it as a mistake first.")
        ) from None
    return _told(connection, held, made["id"], actor)


def mistake(connection: Connection, *, stay: int, sign: int, actor: Actor, now: datetime) -> Measured:
    """Mark a measurement as a mistake; it stays to be seen. Raises ``not_found``, ``conflict`` the second time."""
    institution = clinic_rules.require(actor, "nursing")
    held = queries.stay(connection, institution, stay, lock=True)
    found = {one.id: one for one in queries.signs(connection, institution, stay)}
    if sign not in found:
        raise not_found(gettext_noop("There is no such measurement in this stay."))
    if found[sign].mistaken is not None:
        raise conflict(gettext_noop("This is marked as a mistake already."))
    connection.execute(
        "UPDATE clinic_sign SET mistaken = %s WHERE institution = %s AND id = %s", [now, institution, sign]
    )
    return _told(connection, held, sign, actor)


def _told(connection: Connection, stay: Stay, sign: int, actor: Actor) -> Measured:
    """Tell the record of a measurement as it is now."""
    one = next(each for each in queries.signs(connection, stay.institution, stay.id) if each.id == sign)
    open_as(actor, connection).transaction(resources.measured(stay, one, actor=actor))
    return one
