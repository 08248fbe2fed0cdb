"""What can be done: keep a result, enrol somebody, note what was done. In the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, invalid
from xinglin.kernel.ids import VersionNumbers, shard_of
from xinglin.record.door import open_as
from xinglin.tcm.constitution import instruments, programmes, queries, resources, rules, scoring

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.tcm.constitution.queries import Person
    from xinglin.tcm.constitution.resources import Kept

_numbers = VersionNumbers()
ELDERLY = "elderly-33"


def keep(
    connection: Connection, *, person: Person, instrument: str, answers: Mapping[str, int], actor: Actor,
    now: datetime,
) -> Kept:  # fmt: skip
    """Write answers and their result to the record.

    Raises ``invalid`` for answers that are none, for a question left out, and where the sex is not known.
    """
    rules.require(actor, "serving")
    of = instruments.instrument(instrument)
    if person.sex not in (instruments.FEMALE, instruments.MALE):
        raise invalid(gettext_noop("The questions differ for women and men; the record does not say which."))
    instruments.require_answers(of, answers, person.sex)
    left = [item for item in of.asked(person.sex) if item.id not in answers]
    if left:
        raise invalid(gettext_noop("%(count)d questions are not answered."), count=len(left))
    result = scoring.score(of, answers, person.sex)
    door = open_as(actor, connection)
    answered = door.create(resources.response(of, answers, person.id, person.sex, now)).draft
    assert answered is not None
    made = resources.observation(
        of, result, patient=person.id, now=now, performer=actor.name, response_id=answered.id
    )
    found = door.create(made).draft
    assert found is not None
    if instrument == ELDERLY:
        _note_examined(connection, person, found.id, actor, now)
    return resources.Kept(found.id, made["effectiveDateTime"], actor.name, result)


def _note_examined(
    connection: Connection, person: Person, observation: str, actor: Actor, now: datetime
) -> None:
    """Count the yearly examination for who is in the programme of older people, once a year."""
    enrolled = [one for one in queries.enrolments(connection, person.patients) if one.programme == "elderly"]
    done = queries.services(connection, person.patients, "elderly")
    if enrolled and not any(day.year == now.year for _, day in done):
        _insert_service(
            connection,
            enrolled[0].patient,
            "elderly",
            "yearly",
            now.date(),
            f"Observation/{observation}",
            actor,
        )


def enrol(connection: Connection, *, person: Person, programme: str, since: date, actor: Actor) -> int:
    """Take somebody into a programme; raises ``conflict`` for who is in it, ``invalid`` for who is not of its age."""
    rules.require(actor, "serving")
    of = programmes.programme(programme)
    by_age = of.by == "age" or of.from_months > 0
    if by_age and (person.born is None or not of.fits(person.born, since)):
        raise invalid(gettext_noop("This person is not of the age for this programme."))
    if any(one.programme == programme for one in queries.enrolments(connection, person.patients)):
        raise conflict(gettext_noop("This person is in this programme already."))
    number = _numbers.take(1)[0]
    connection.execute(
        "INSERT INTO tcm_constitution_enrolment (id, shard, patient, programme, since, start, institution, actor)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            number,
            shard_of("Patient", person.id),
            person.id,
            programme,
            since,
            person.born if of.by == "age" else since,
            actor.institution or "",
            actor.id,
        ],
    )
    return number


def serve(
    connection: Connection, *, person: Person, programme: str, step: str, actor: Actor, now: datetime
) -> str:
    """Note that a step was done today, and write it to the record; the id of the Procedure.

    Raises ``conflict`` for who is not in the programme, and for what was done already.
    """
    rules.require(actor, "serving")
    of = programmes.programme(programme)
    wanted = next((one for one in of.steps if one.id == step), None)
    if wanted is None:
        raise invalid(gettext_noop("The programme has no step %(id)s."), id=step)
    enrolled = [one for one in queries.enrolments(connection, person.patients) if one.programme == programme]
    if not enrolled:
        raise conflict(gettext_noop("This person is not in this programme."))
    done = queries.services(connection, person.patients, programme)
    if any(one == step and (of.by != "year" or day.year == now.year) for one, day in done):
        raise conflict(gettext_noop("This was done already."))
    made = resources.procedure(
        patient=person.id,
        programme=programme,
        step=step,
        text=f"{of.zh}：{wanted.zh}",
        now=now,
        performer=actor.name,
    )
    draft = open_as(actor, connection).create(made).draft
    assert draft is not None
    _insert_service(
        connection, enrolled[0].patient, programme, step, now.date(), f"Procedure/{draft.id}", actor
    )
    return draft.id


def _insert_service(  # noqa: PLR0913, PLR0917 -- the columns of the row
    connection: Connection, patient: str, programme: str, step: str, day: date, resource: str, actor: Actor
) -> None:
    try:
        connection.execute(
            "INSERT INTO tcm_constitution_service"
            " (id, shard, patient, programme, step, day, year, resource, institution, actor, actor_name)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                _numbers.take(1)[0], shard_of("Patient", patient), patient, programme, step, day, day.year, resource,
                actor.institution or "", actor.id, actor.name,
            ],
        )  # fmt: skip
    except psycopg.errors.UniqueViolation:
        raise conflict(gettext_noop("This was done already.")) from None
