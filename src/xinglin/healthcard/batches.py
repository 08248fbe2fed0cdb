"""Cards for all residents of an institution: a job with progress and a report.

It may be interrupted at any time and goes on where it is taken up again: who has a living card of the kind is passed
over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.healthcard import actions, queries, rules
from xinglin.healthcard.actions import Issuer
from xinglin.healthcard.rules import Kind, Right
from xinglin.identity import queries as identity
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, forbidden, invalid, not_found
from xinglin.record import database, jobs
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.kernel.actor import Actor
    from xinglin.record.door import Door
    from xinglin.record.jobs import Job

KIND = "health cards"
_PAGE = 200
_MOST_PROBLEMS = 200


@dataclass(slots=True)
class Report:
    """How far a batch is, and what came of it."""

    total: int = 0
    done: int = 0
    issued: int = 0
    had: int = 0
    unlinked: int = 0
    refused: int = 0
    problems: list[dict[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def refuse(self, patient: str, fault: Fault) -> None:
        self.refused += 1
        if len(self.problems) < _MOST_PROBLEMS:
            issue = fault.issues[0]
            self.problems.append({"patient": patient, "text": issue.text})


def offer() -> None:
    """Say that this package does the jobs of its kind."""
    jobs.offer(KIND, work)


def ask(*, institution: str, kind: Kind, handed_over: bool, actor: Actor) -> Job:
    """Begin a batch; raises ``forbidden`` for another institution than the actor's, ``not_found`` for none."""
    actions.require(actor, Right.OVERSEE, "card.batch")
    if not institution:
        raise invalid(gettext_noop("Choose the institution whose residents are to get cards."))
    bound = rules.bound_to(actor)
    if bound is not None and bound != institution:
        raise forbidden(gettext_noop("Batches are issued for one's own institution alone."))
    name = str(open_as(actor).read("Organization", institution).resource.get("name", ""))
    request = {
        "institution": institution,
        "institution_name": name,
        "kind": kind.value,
        "handed_over": handed_over,
    }
    return jobs.ask(KIND, request, actor)


def find(id_: str, actor: Actor) -> Job:
    """A batch of the actor's own, or any for an administrator; raises ``not_found``."""
    actions.require(actor, Right.OVERSEE, "card.batch")
    if not id_.isalnum():
        raise not_found(gettext_noop("There is no batch %(id)s."), id=id_)
    job = jobs.find(id_)
    if job.kind != KIND or not _is_theirs(job, actor):
        raise not_found(gettext_noop("There is no batch %(id)s."), id=id_)
    return job


def latest(actor: Actor) -> list[Job]:
    """The last batches that the actor may see."""
    return [job for job in jobs.latest(KIND, 50) if _is_theirs(job, actor)]


def _is_theirs(job: Job, actor: Actor) -> bool:
    return job.actor.id == actor.id or bool(actor.roles & {"system", "administrator"})


def work(job: Job, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Issue the cards of a batch, and tell how far it is after every page."""
    door = open_as(job.actor)
    about = ("organization", f"Organization/{job.request['institution']}")
    report = Report(total=door.search("Patient", [about, ("_summary", "count")]).total or 0)
    for page in _pages(door, about):
        for patient in page:
            _one(job, patient, report)
            report.done += 1
        tell(report.as_json())
    return report.as_json()


def _pages(door: Door, about: tuple[str, str]) -> Iterator[list[str]]:
    asked = [about, ("_count", str(_PAGE)), ("_elements", "id")]
    page = door.search("Patient", asked)
    while True:
        yield [e.stored.id for e in page.entries if e.mode == "match"]
        if page.next is None:
            return
        page = door.search("Patient", [*asked, ("_page", page.next)])


def _one(job: Job, patient: str, report: Report) -> None:
    connection = database.connection()
    kind = Kind(job.request["kind"])
    person = identity.person_of(connection, patient)
    if person is None:
        report.unlinked += 1
        return
    if any(c.kind is kind and c.is_living for c in queries.of_person(connection, person)):
        report.had += 1
        return
    issuer = Issuer(job.request["institution"], job.request["institution_name"])
    try:
        with connection.transaction():
            actions.issue(
                connection, person=person, kind=kind, actor=job.actor, now=clock.now(), issuer=issuer,
                handed_over=bool(job.request["handed_over"]),
            )  # fmt: skip
    except Fault as fault:
        report.refuse(patient, fault)
    else:
        report.issued += 1
