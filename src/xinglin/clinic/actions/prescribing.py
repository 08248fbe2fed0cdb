"""Prescriptions of herbs or patent medicines: drafted, checked while they are typed, signed, signed beside, voided."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.clinic import asking, queries, reference, resources, rules
from xinglin.clinic.actions import charging
from xinglin.clinic.actions.numbering import insert, next_id
from xinglin.clinic.rules import HERB, PATENT, State, VisitState
from xinglin.clinic.values import sealed
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, forbidden, invalid
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from xinglin.clinic.asking import Finding
    from xinglin.clinic.values import Line, Prescription
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Written:
    """What a doctor writes: herbs in order, how many doses, how they are taken; or patent medicines, of one dose."""

    lines: tuple[Line, ...]
    doses: int
    usage: str
    formula: str = ""
    pregnancy: str = ""  # pregnant, possible, planning, no; empty where it was not asked
    boiled: bool = False
    kind: str = HERB


def draft(
    connection: Connection, *, visit: int, written: Written, prescription: int | None = None, actor: Actor,
    now: datetime,
) -> Prescription:  # fmt: skip
    """Keep a prescription as it is so far; a draft is written over, what is signed never.

    Raises ``invalid`` for no herbs, no amount or too many doses; ``conflict`` for what is not a draft.
    """
    institution = rules.require(actor, "treating")
    held = queries.visit(connection, institution, visit, lock=True)
    if held.state is not VisitState.SEEN:
        raise conflict(
            gettext_noop("See the patient first: prescriptions belong to a visit that is going on.")
        )
    _require(connection, institution, written, now)
    content = {
        "lines": [asdict(line) for line in written.lines], "usage": written.usage, "formula": written.formula,
        "pregnancy": written.pregnancy,
    }  # fmt: skip
    told = json.dumps([content, written.doses], ensure_ascii=False, sort_keys=True)
    content["digest"] = hashlib.sha256(told.encode()).hexdigest()[:16]
    row = {
        "state": State.DRAFT.value, "doses": written.doses, "boiled": written.boiled, "kind": written.kind,
        "body": sealed(content), "author": actor.id,
        "author_name": actor.name,
    }  # fmt: skip
    if prescription is None:
        prescription = next_id()
        insert(
            connection, "prescription",
            {"institution": institution, "id": prescription, "visit": visit, "made": now, **row},
        )  # fmt: skip
        return queries.prescription(connection, institution, prescription)
    before = queries.prescription(connection, institution, prescription, lock=True)
    if before.state not in (State.DRAFT, State.HELD) or (before.visit, before.kind) != (visit, written.kind):
        raise conflict(gettext_noop("This prescription is signed: void it and write a new one."))
    assigned = ", ".join(f"{name} = %({name})s" for name in row)
    connection.execute(
        f"UPDATE clinic_prescription SET {assigned} WHERE institution = %(institution)s AND id = %(id)s",
        {**row, "institution": institution, "id": prescription},
    )
    return queries.prescription(connection, institution, prescription)


def _require(connection: Connection, institution: str, written: Written, now: datetime) -> None:
    most, lines = reference.words("most_doses"), reference.words("most_lines")
    if not 1 <= written.doses <= most:
        raise invalid(gettext_noop("Prescribe 1 to %(most)d doses."), most=most)
    if not written.lines or len(written.lines) > lines or any(line.amount <= 0 for line in written.lines):
        raise invalid(gettext_noop("Prescribe 1 to %(most)d medicines, each with its amount."), most=lines)
    if written.kind not in (HERB, PATENT) or (
        written.kind == PATENT and (written.doses != 1 or written.boiled)
    ):
        raise invalid(gettext_noop("Patent medicines are prescribed by their packages, not in doses."))
    said = [line.usage for line in written.lines] if written.kind == PATENT else [written.usage]
    if not all(one.strip() for one in said):
        raise invalid(gettext_noop("Say how it is taken."))
    known = {
        one.id: one.name
        for one in queries.items(
            connection, institution, now.astimezone(LOCAL_ZONE).date(), kinds=[written.kind]
        )
    }
    wrong = [line.name for line in written.lines if known.get(line.item) != line.name]
    if wrong:
        raise invalid(gettext_noop("Not on the price list: %(names)s."), names="、".join(wrong))


def sign(
    connection: Connection, *, prescription: int, reasons: Sequence[tuple[str, str, str]] = (), actor: Actor,
    now: datetime,
) -> list[Finding]:  # fmt: skip
    """Sign one's own draft; gives what still hinders it. ``reasons`` are finding, code of the reason, own words.

    With nothing in the way it is signed and charged and stands in the record. What is stopped waits for somebody else
    (``second``): the prescription is held. What lacks the author's own reason stays a draft.
    """
    institution = rules.require(actor, "treating")
    held = queries.prescription(connection, institution, prescription, lock=True)
    if held.author != actor.id:
        raise forbidden(gettext_noop("Only who wrote a prescription signs it."))
    if held.state not in (State.DRAFT, State.HELD):
        raise conflict(gettext_noop("This prescription is signed already."))
    found = asking.reviewed(connection, held, actor=actor, now=now)
    for key, code, text in reasons:
        asking.overrule(connection, found, key=key, reason=(code, text), part="author", actor=actor, now=now)
    left = asking.settle(connection, found, stage="signing", actor=actor, now=now)
    if not left:
        _signed(connection, held, actor, now)
    elif held.state is State.DRAFT and asking.wait_for_second(connection, found, left):
        charging.step(connection, institution, prescription, State.HELD, actor, now)
    return left


def second(
    connection: Connection,
    *,
    prescription: int,
    key: str,
    reason: tuple[str, str],
    actor: Actor,
    now: datetime,
) -> list[Finding]:
    """Stand behind something that was stopped, as somebody else than its author; gives what still hinders it."""
    institution = rules.require(actor, "treating")
    held = queries.prescription(connection, institution, prescription, lock=True)
    if held.state is not State.HELD:
        raise conflict(gettext_noop("This prescription does not wait for a second signature."))
    found = asking.reviewed(connection, held, actor=actor, now=now)
    asking.overrule(connection, found, key=key, reason=reason, part="second", actor=actor, now=now)
    left = asking.settle(connection, found, stage="signing", actor=actor, now=now)
    if not left:
        _signed(connection, held, actor, now)
    return left


def _signed(connection: Connection, held: Prescription, actor: Actor, now: datetime) -> None:
    """Sign, charge each line, and tell the record."""
    charging.step(connection, held.institution, held.id, State.SIGNED, actor, now)
    visit = queries.visit(connection, held.institution, held.visit, lock=True)
    day = now.astimezone(LOCAL_ZONE).date()
    priced = {one.id: one for one in queries.items(connection, held.institution, day, kinds=[held.kind])}
    for line in held.lines:
        charging.charge(
            connection, visit=visit, item=priced[line.item], amount=line.amount * held.doses, prescription=held.id,
            actor=actor, now=now,
        )  # fmt: skip
    door = open_as(actor, connection)
    door.transaction(resources.prescribed(visit, held, actor=actor, now=now))


def void(connection: Connection, *, prescription: int, actor: Actor, now: datetime) -> None:
    """Take back a prescription that nobody has paid, with its charges. What is paid is given back at the till."""
    institution = rules.require(actor, "treating")
    held = queries.prescription(connection, institution, prescription, lock=True)
    if held.author != actor.id:
        raise forbidden(gettext_noop("Only who wrote a prescription takes it back."))
    if held.state not in (State.DRAFT, State.HELD, State.SIGNED):
        raise conflict(gettext_noop("This prescription is paid: let the till give it back first."))
    charging.withdraw_unpaid(connection, institution=institution, prescription=prescription, now=now)
    charging.step(connection, institution, prescription, State.VOID, actor, now)
    if held.state is State.SIGNED:
        visit = queries.visit(connection, institution, held.visit)
        open_as(actor, connection).transaction(resources.voided(visit, held, actor=actor, now=now))
