"""What can be done: decide on a result, dispute a decision, change the catalogue, tiers and marks.

All happens in the caller's transaction, with the caller's time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from django.utils.translation import gettext_noop

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel.errors import conflict, forbidden, invalid, not_found
from xinglin.kernel.ids import VersionNumbers, shard_of
from xinglin.recognition import catalogue, queries, rules, standings, versions
from xinglin.recognition.rules import Side, State, Verb, Verdict
from xinglin.recognition.values import EVERYTHING, Kind, Scope, Tier
from xinglin.record import notices
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from datetime import date, datetime

    from xinglin.kernel.actor import Actor
    from xinglin.recognition.queries import Decision, Dispute
    from xinglin.recognition.values import Catalogue, Judged
    from xinglin.record.database import Connection

_numbers = VersionNumbers()
_ORDERING = re.compile(r"[^\x00-\x1f]{1,80}")
_AREA = re.compile(r"[0-9]{0,12}")
_MOST_NAME = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """What a doctor chooses: of which patient's order (``ordering``, as its system calls it), which item and result.

    ``doctor`` and ``doctor_name`` are said by a machine; a doctor at the pages is the account.
    """

    patient: str
    ordering: str
    item: str
    reference: str
    verdict: Verdict
    reason: str = ""
    words: str = ""
    doctor: str = ""
    doctor_name: str = ""


def decide(connection: Connection, *, choice: Choice, actor: Actor, now: datetime) -> Decision:
    """Recognise or decline a valid result, once for an item of an order; deciding otherwise later replaces it.

    Raises ``forbidden`` without the right or an institution, ``invalid`` for a wrong reason, ``not_found`` for a
    result that is none of the person's for that item, ``conflict`` where it is not valid, or where it was decided
    so already or by somebody else at this moment.
    """
    rules.require(actor, "deciding")
    institution = rules.require_institution(actor)
    rules.require_reason(choice.verdict, choice.reason, choice.words)
    _require_named(choice)
    found = queries.candidates(open_as(actor, connection), choice.patient, [choice.item], now, connection)
    if not found.found:
        raise not_found(gettext_noop("The catalogue has no item %(item)s."), item=choice.item)
    (one,) = found.found
    judged = next(
        (each for each in (*one.valid, *one.others) if each.result.reference == choice.reference), None
    )
    if judged is None:
        raise not_found(gettext_noop("This person has no such earlier result of this item."))
    if not judged.valid:
        raise conflict(
            gettext_noop("This result cannot be recognised: %(reasons)s."), reasons=", ".join(judged.reasons)
        )
    before = queries.of_order(
        connection, patient=choice.patient, institution=institution, ordering=choice.ordering
    ).get(one.item.code)
    if before is not None and (before.verdict, before.reference, before.reason) == (
        choice.verdict, choice.reference, choice.reason,
    ):  # fmt: skip
        raise conflict(gettext_noop("This was decided so already."))
    if before is not None and before.dispute:
        raise conflict(gettext_noop("There is a dispute over this decision; it can no longer be replaced."))
    return _keep(connection, choice, found.catalogue, judged, one.item.code, before, actor, now)


def _require_named(choice: Choice) -> None:
    if not _ORDERING.fullmatch(choice.ordering):
        raise invalid(
            gettext_noop("Say which order it is about, in at most 80 characters."), expression="order"
        )
    if max(len(choice.doctor), len(choice.doctor_name)) > _MOST_NAME:
        raise invalid(gettext_noop("The doctor's name or number is too long."), expression="doctor")


def _keep(  # noqa: PLR0913, PLR0917 -- the columns of the row
    connection: Connection, choice: Choice, known: Catalogue, judged: Judged, item: str, before: Decision | None,
    actor: Actor, now: datetime,
) -> Decision:  # fmt: skip
    saved = known.items[item]
    shard = shard_of("Patient", choice.patient)
    row = {
        "id": _numbers.take(1)[0], "shard": shard, "patient": choice.patient, "ordering": choice.ordering,
        "item": item, "item_name": saved.name, "item_kind": saved.kind.value, "catalogue": known.number,
        "verdict": choice.verdict.value, "reason": choice.reason, "words": choice.words.strip(),
        "reference": judged.result.reference, "version": judged.result.version, "result_time": judged.result.moment,
        "source": judged.result.institution, "mark": judged.mark.id if judged.mark else None, "own": judged.own,
        "institution": actor.institution, "doctor": choice.doctor or actor.practitioner or actor.id,
        "doctor_name": choice.doctor_name or actor.name, "actor": actor.id,
        "fen": saved.fen if choice.verdict is Verdict.RECOGNISED else 0, "replaces": before.id if before else 0,
        "moment": now,
    }  # fmt: skip
    places = ", ".join(f"%({name})s" for name in row)
    try:
        with connection.transaction():
            connection.execute(f"INSERT INTO recognition_decision ({', '.join(row)}) VALUES ({places})", row)
    except psycopg.errors.UniqueViolation:
        raise conflict(
            gettext_noop("Somebody else decides on this item of the order at this moment.")
        ) from None
    return queries.decision(connection, int(str(row["id"])), shard)


# -- disputes


def object_to(
    connection: Connection, *, decision: Decision, words: str, actor: Actor, now: datetime
) -> Dispute:
    """Open a dispute over a declined result of the own institution; the other side is told."""
    rules.require(actor, "disputing")
    if actor.institution != decision.source:
        raise forbidden(gettext_noop("Only the institution whose result was declined may object."))
    if decision.verdict is not Verdict.DECLINED or decision.own:
        raise conflict(gettext_noop("Only a declined result of another institution can be disputed."))
    said = _words(words)
    try:
        with connection.transaction():
            connection.execute(
                "INSERT INTO recognition_dispute (id, shard, objector, decliner, state, opened)"
                " VALUES (%s, %s, %s, %s, %s, %s)",
                [decision.id, decision.shard, decision.source, decision.institution, State.OPEN.value, now],
            )
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("There is a dispute over this decision already.")) from None
    found = queries.dispute(connection, decision.id, decision.shard)
    _put_down(connection, found, "object", State.OPEN, said, actor, now)
    _tell(connection, found, [found.decliner], now)
    return found


def _words(words: str) -> str:
    said = words.strip()
    if not said:
        raise invalid(gettext_noop("Say in words why."), expression="words")
    rules.require_short(said)
    return said


def take(
    connection: Connection, *, dispute: Dispute, verb: Verb, words: str, actor: Actor, now: datetime
) -> State:
    """Take a step in a dispute; tells the new state. Raises ``conflict`` where it may not follow or came too late."""
    step = rules.step(dispute.state, verb)
    if step.side not in rules.sides(actor, dispute.decliner, dispute.objector):
        raise forbidden(gettext_noop("This step is not yours to take."))
    said = _words(words)
    closed = now if not rules.NEXT[step.target] else None
    moved = connection.execute(
        "UPDATE recognition_dispute SET state = %s, closed = %s WHERE id = %s AND shard = %s AND state = %s",
        [step.target.value, closed, dispute.id, dispute.shard, dispute.state.value],
    ).rowcount
    if not moved:
        raise conflict(gettext_noop("Somebody else has taken a step in this dispute in the meantime."))
    _put_down(connection, dispute, verb.value, step.target, said, actor, now)
    to = [dispute.objector, dispute.decliner] if step.side is Side.REGION else [
        dispute.objector if step.side is Side.DECLINER else dispute.decliner
    ]  # fmt: skip
    _tell(connection, dispute, to, now)
    return step.target


def _put_down(  # noqa: PLR0913, PLR0917 -- the columns of a step
    connection: Connection, dispute: Dispute, verb: str, state: State, words: str, actor: Actor, now: datetime
) -> None:
    connection.execute(
        "INSERT INTO recognition_step (shard, dispute, verb, state, words, moment, actor, name, institution)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            dispute.shard,
            dispute.id,
            verb,
            state.value,
            words,
            now,
            actor.id,
            actor.name,
            actor.institution or "",
        ],
    )


def _tell(connection: Connection, dispute: Dispute, institutions: list[str], now: datetime) -> None:
    """Tell those who look after disputes at institutions, and the region's stewards."""
    to = [notices.of_role(role, place) for role in ("steward", "doctor") for place in institutions]
    notices.tell(
        connection, to=[*to, notices.of_role("steward")], kind="recognition",
        about=f"/recognition/disputes/{dispute.shard}/{dispute.id}/",
        message=gettext_noop("There is something new in a dispute over a declined result: %(item)s."), now=now,
        item=dispute.item_name,
    )  # fmt: skip


# -- the catalogue, tiers and marks


def put_in_force(connection: Connection, *, text: str, words: str, actor: Actor, now: datetime) -> Catalogue:
    """A new version of the catalogue, in force from its effective day; raises ``invalid`` with what is wrong."""
    rules.require(actor, "cataloguing")
    found = catalogue.read(text)
    said = words.strip()[: rules.MOST_WORDS]
    try:
        with connection.transaction():
            row = connection.execute(
                "INSERT INTO recognition_catalogue (number, version, effective, body, moment, actor, name, words)"
                " SELECT 1 + coalesce(max(number), 0), %s, %s, %s, %s, %s, %s, %s FROM recognition_catalogue"
                " RETURNING number",
                [found.version, found.effective, text, now, actor.id, actor.name, said],
            ).fetchone()
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("Somebody else changes the catalogue at this moment.")) from None
    assert row is not None
    return catalogue.numbered(found, row[0])


def put_back(connection: Connection, *, number: int, actor: Actor, now: datetime) -> Catalogue:
    """An older version again, as a new one."""
    rules.require(actor, "cataloguing")
    text = catalogue.write(versions.one(connection, number))
    return put_in_force(connection, text=text, words=f"↶ {number}", actor=actor, now=now)


def set_tier(
    connection: Connection, *, institution: str, tier: str, words: str, actor: Actor, now: datetime
) -> None:
    """Say of which tier an institution is; empty as the directory says again."""
    rules.require(actor, "marking")
    if tier and tier not in set(Tier):
        raise invalid(gettext_noop("Choose one of the tiers: %(known)s."), known=", ".join(Tier))
    _require_institution(connection, institution)
    connection.execute(
        "INSERT INTO recognition_tier (institution, tier, moment, actor, name, words) VALUES (%s, %s, %s, %s, %s, %s)",
        [institution, tier, now, actor.id, actor.name, words.strip()[: rules.MOST_WORDS]],
    )


@dataclass(frozen=True, slots=True)
class Marking:
    """A mark to be given; ``items`` as in ``values.Mark``."""

    institution: str
    items: str
    scope: str
    since: date
    until: date | None = None
    area: str = ""
    evidence: str = ""


def give_mark(connection: Connection, *, marking: Marking, actor: Actor, now: datetime) -> int:
    """Put down a quality mark; tells its number. Raises ``invalid`` with what would be right."""
    rules.require(actor, "marking")
    _require_institution(connection, marking.institution)
    _require_items(connection, marking.items, now)
    if marking.scope not in set(Scope):
        raise invalid(gettext_noop("Choose one of the scopes: %(known)s."), known=", ".join(Scope))
    if not _AREA.fullmatch(marking.area):
        raise invalid(
            gettext_noop("The area is the first digits of a division's code, such as 4201, or empty.")
        )
    if marking.until is not None and marking.until <= marking.since:
        raise invalid(gettext_noop("The mark would end before it begins."))
    row = connection.execute(
        "INSERT INTO recognition_mark (institution, items, scope, area, since, until, evidence, moment, actor, name)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number",
        [
            marking.institution, marking.items, marking.scope, marking.area, marking.since, marking.until,
            marking.evidence.strip()[: rules.MOST_WORDS], now, actor.id, actor.name,
        ],
    ).fetchone()  # fmt: skip
    assert row is not None
    return int(row[0])


def end_mark(connection: Connection, *, number: int, words: str, actor: Actor, now: datetime) -> None:
    """Let a mark hold no longer from today on; it stays in the list, with who ended it and why."""
    rules.require(actor, "marking")
    said = _words(words)
    found = standings.mark(connection, number)
    if found is None:
        raise not_found(gettext_noop("There is no such mark."))
    today = max(now.astimezone(LOCAL_ZONE).date(), found.since)
    ended = connection.execute(
        "UPDATE recognition_mark SET until = %s, ended = %s, ended_by = %s, ended_words = %s"
        " WHERE number = %s AND ended IS NULL",
        [today, now, actor.name, said, number],
    ).rowcount
    if not ended:
        raise conflict(gettext_noop("This mark has been ended already."))


def _require_institution(connection: Connection, id_: str) -> None:
    row = connection.execute(
        "SELECT 1 FROM directory_entry WHERE type = 'Organization' AND id = %s AND kind = 'institution'",
        [id_],
    ).fetchone()
    if row is None:
        raise not_found(gettext_noop("The directory has no institution %(id)s."), id=id_)


def _require_items(connection: Connection, items: str, now: datetime) -> None:
    known = versions.in_force(connection, now.astimezone(LOCAL_ZONE).date())
    groups = {f"group:{item.group}" for item in known.items.values()}
    if items not in (EVERYTHING, *Kind) and items not in groups and items not in known.items:
        raise invalid(
            gettext_noop(
                "A mark is for an item of the catalogue, for laboratory or imaging, for group:… or for *."
            )
        )
