"""The record of a visit: written, and signed when nothing required is missing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.clinic import asking, documents, queries, reference, resources, rules
from xinglin.clinic.actions.numbering import insert
from xinglin.clinic.rules import VisitState
from xinglin.clinic.values import RECORD_DOCUMENT, sealed
from xinglin.kernel.errors import conflict, invalid
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.clinic.rules import Lack
    from xinglin.clinic.values import Note
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Code:
    """A diagnosis that was chosen."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: texts by part (``reference.parts``), diagnoses by key."""

    texts: Mapping[str, str]
    diagnoses: Mapping[str, Code] = field(default_factory=dict)


def write(connection: Connection, *, visit: int, written: Written, version: int, actor: Actor) -> Note:
    """Keep a record as it is so far. ``version`` is the one that was read, 0 for none.

    Raises ``conflict`` where somebody has written since, or the visit is not going on; ``invalid`` for too long texts.
    """
    institution = rules.require(actor, "treating")
    held = queries.visit(connection, institution, visit, lock=True)
    if held.state is not VisitState.SEEN:
        raise conflict(gettext_noop("See the patient first: a record is written while a visit is going on."))
    texts = {key: written.texts.get(key, "").strip() for key in reference.parts()}
    long = [key for key, text in texts.items() if len(text) > reference.parts()[key].most]
    if long:
        raise invalid(
            gettext_noop("Too long: %(parts)s."), parts=", ".join(reference.parts()[key].zh for key in long)
        )
    body: dict[str, Any] = {
        "texts": texts,
        "diagnoses": {
            key: asdict(code) for key, code in written.diagnoses.items() if key in reference.diagnoses()
        },
    }
    before = queries.note(connection, institution, visit)
    if (before.version if before else 0) != version:
        raise conflict(gettext_noop("Somebody else has written in this record. Load it again."))
    row = {
        "institution": institution, "visit": visit, "body": sealed(body),
        "version": version + 1,
    }  # fmt: skip
    if before is None:
        insert(connection, "note", {**row, "signer": "", "signer_name": ""})
    else:  # what was signed is amended: it must be signed anew, and the record keeps both versions
        connection.execute(
            "UPDATE clinic_note SET body = %(body)s, version = %(version)s, signed = NULL"
            " WHERE institution = %(institution)s AND visit = %(visit)s",
            row,
        )
    made = queries.note(connection, institution, visit)
    assert made is not None
    return made


def lacks(note: Note | None) -> list[Lack]:
    """What is missing before the record can be signed."""
    body = note.body if note else {"texts": {}, "diagnoses": {}}
    return rules.lacks(body["texts"], body["diagnoses"])


def sign(connection: Connection, *, visit: int, actor: Actor, now: datetime) -> Note:
    """Sign the record of a visit: from this moment it stands in the resident's record, at every institution.

    Raises ``conflict`` with what is missing.
    """
    institution = rules.require(actor, "treating")
    held = queries.visit(connection, institution, visit, lock=True)
    note = queries.note(connection, institution, visit)
    missing = lacks(note)
    if missing or note is None:
        words = {one.key: one.zh for one in reference.parts().values()}
        words |= {one.key: one.zh for one in reference.diagnoses().values()}
        raise conflict(
            gettext_noop("The record is not complete: %(parts)s."),
            parts="、".join(words[one.key] for one in missing),
        )
    if note.signed is not None:
        raise conflict(gettext_noop("This record is signed already."))
    connection.execute(
        "UPDATE clinic_note SET signed = %s, signer = %s, signer_name = %s WHERE institution = %s AND visit = %s",
        [now, actor.id, actor.name, institution, visit],
    )
    door = open_as(actor, connection)
    door.transaction(resources.seen(held, note, asking.read(note.body["texts"]), actor=actor, now=now))
    door.transaction(documents.kept(door, held, RECORD_DOCUMENT, key=str(visit), now=now))
    made = queries.note(connection, institution, visit)
    assert made is not None
    return made
