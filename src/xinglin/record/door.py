"""The one door to health data. Whoever opens it says who they are; every use is checked and noted."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Kind, forbidden, invalid, not_found
from xinglin.kernel.ids import self_number
from xinglin.record import (
    access,
    actions,
    database,
    everything,
    labels,
    notices,
    parameters,
    policy,
    queries,
    reindex,
    rules,
    search,
)
from xinglin.record.policy import scopes
from xinglin.record.steps import Outcome, Step, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.queries import Span, Stored
    from xinglin.record.search import Access, Compartment, Page

_AT_ONCE = "500"


class Door:
    """The record as ``actor`` may see and change it.

    With ``connection`` (a psycopg connection inside a transaction) everything happens in that transaction, so
    that a service's own tables and the record change together; otherwise each call is its own.
    """

    def __init__(self, actor: Actor, connection: Connection | None = None) -> None:
        self.actor = actor
        self._connection = connection

    @property
    def _access(self) -> Access | None:
        """What the policy and residents let the actor see, at this moment."""
        return policy.access_of(self.actor, self._connection)

    def _secret(self, access: Access | None) -> str:
        """What signs page tokens: under a policy those of one actor are nothing to another."""
        key = str(settings.SECRET_KEY)
        if access is None:
            return key
        return f"{key}\0{self.actor.id}\0{self.actor.purpose}\0{self.actor.app}\0{self.actor.patient}"

    # -- reading

    def read(self, type_name: str, id_: str, *, version: str | None = None) -> Stored:
        """The current or a former version; faults: ``not_found``, ``gone``, ``forbidden``.

        A Binary that says whose security it shares is seen by whoever may see that resource:
        https://hl7.org/fhir/R4/binary.html#security
        """
        action = "read" if version is None else "vread"
        self._require(rules.READ, action, type_name, id_)
        with (
            database.using(self._connection) as connection,
            self._refusing(connection, action, type_name, id_),
        ):
            if version is None:
                stored = self._current(connection, _known(type_name), id_)
            else:
                stored = queries.read_version(connection, _known(type_name), id_, version, self._access)
        access.note(
            self.actor, action, type=definitions.type_number(type_name), id=id_, patient=stored.patient
        )
        return stored

    def _current(self, connection: Connection, type_name: str, id_: str) -> Stored:
        """The current version, if the actor may see it, or may see what it is guarded like."""
        seen = self._access
        try:
            return queries.read(connection, type_name, id_, seen)
        except Fault as fault:
            if type_name != "Binary" or seen is None or fault.kind is not Kind.NOT_FOUND:
                raise
            stored = queries.read(connection, type_name, id_, None)
            guards = rules.guards(stored.resource)
            if not guards:
                raise
            context = queries.read(connection, *guards[0], seen)
            for kind, guard in rules.compositions(context.resource):
                if queries.patient_of(connection, kind, guard) is not None:
                    queries.read(
                        connection, kind, guard, seen
                    )  # what it says may be closed where its header is not
            return replace(stored, patient=context.patient)

    def search(
        self,
        type_name: str | None,
        pairs: Sequence[tuple[str, str]],
        *,
        lenient: bool = False,
        compartment: tuple[str, str] | None = None,
    ) -> Page:
        """Search with decoded name=value pairs, as in a URL's query; None searches all types."""
        self._require(rules.READ, "search", type_name, None)
        query = search.parse(
            _known(type_name) if type_name else None,
            pairs,
            compartment=_compartment(compartment),
            catalogue=parameters.catalogue(),
            lenient=lenient,
        )
        with database.using(self._connection) as connection:
            now, seen = clock.milliseconds() // 1000, self._access
            page = search.run(connection, query, secret=self._secret(seen), now=now, access=seen)
            about = search.patient_of(pairs, compartment)
            outcome = self._outcome(connection, seen, about, type_name)
        self._note_search(outcome, about, type_name, pairs, compartment)
        return reindex.warned(page)

    def every(self, type_name: str, pairs: Sequence[tuple[str, str]]) -> Iterator[Stored]:
        """All resources that a search matches, page after page; faults as ``search``."""
        asked = [*pairs, ("_count", _AT_ONCE)]
        page = self.search(type_name, asked)
        while True:
            yield from (entry.stored for entry in page.entries if entry.mode == "match")
            if page.next is None:
                return
            page = self.search(type_name, [*asked, ("_page", page.next)])

    def history(self, type_name: str | None, id_: str | None, span: Span) -> list[Stored]:
        """Versions, the latest first; deletions among them, without a body."""
        self._require(rules.READ, "history", type_name, id_)
        with (
            database.using(self._connection) as connection,
            self._refusing(connection, "history", type_name, id_),
        ):
            found = queries.history(
                connection, _known(type_name) if type_name else None, id_, span, self._access
            )
        number = definitions.type_number(type_name) if type_name else None
        access.note(
            self.actor, "history", type=number, id=id_, patient=found[0].patient if id_ and found else None
        )
        return found

    def labels(self, type_name: str | None) -> dict[str, list[Any]]:
        """The profiles, security labels and tags in use, of one type or of all."""
        self._require(rules.READ, "labels", type_name, None)
        with database.using(self._connection) as connection:
            found = labels.in_use(connection, _known(type_name) if type_name else None, self._access)
        access.note(self.actor, "labels", type=definitions.type_number(type_name) if type_name else None)
        return found

    def count_versions(self, type_name: str, id_: str) -> int:
        """How many versions a resource has, deletions included."""
        self._require(rules.READ, "history", type_name, id_)
        with database.using(self._connection) as connection:
            return queries.count_versions(connection, _known(type_name), id_, self._access)

    def explain(
        self, type_name: str | None, pairs: Sequence[tuple[str, str]], *, compartment: tuple[str, str] | None = None,
        analyze: bool = False,
    ) -> Any:  # fmt: skip
        """The SQL of a search and what PostgreSQL thinks of it; for operators who may see everything.

        Plans and estimates count rows that a policy hides.
        """
        self._require(rules.EXPLAIN, "explain", type_name, None)
        if self._access is not None:
            access.note(self.actor, "explain", "deny")
            raise forbidden(
                "%(name)s may not explain searches: plans count what the policy hides. Ask on the command line.",
                name=self.actor.name,
            )
        query = search.parse(
            type_name, pairs, compartment=_compartment(compartment), catalogue=parameters.catalogue()
        )
        with database.using(self._connection) as connection:
            return search.explain(connection, query, analyze=analyze)

    def everything(self, type_name: str, id_: str, pairs: Sequence[tuple[str, str]]) -> Page:
        """A patient's whole record: ``start``, ``end``, ``_since``, ``_type``, ``_count`` limit it."""
        self._require(rules.READ, "everything", type_name, id_)
        with (
            database.using(self._connection) as connection,
            self._refusing(connection, "everything", type_name, id_),
        ):
            seen = self._access
            patient = queries.read(connection, _known(type_name), id_, seen)
            page = everything.everything(
                connection,
                id_,
                pairs,
                secret=self._secret(seen),
                now=clock.milliseconds() // 1000,
                access=seen,
            )
            outcome = self._outcome(connection, seen, patient.patient)
        number = definitions.type_number(type_name)
        access.note(self.actor, "everything", outcome, type=number, id=id_, patient=patient.patient)
        return page

    # -- the policy

    def is_open(self, patient: str) -> bool:
        """Whether the actor may see the record of ``Patient/<patient>``, beyond who the patient is."""
        with database.using(self._connection) as connection:
            return policy.is_open(connection, self.actor, patient)

    def break_glass(self, patient: str, reason: str) -> policy.Opened:
        """Open the record of a patient in an emergency, for the time the policy gives; noted with the reason.

        Faults: ``not_found`` for no patient that may be found, ``forbidden``, ``invalid`` without a reason.
        """
        self._require(rules.READ, "break-glass", "Patient", patient)
        number = self_number("Patient", patient)
        asking = replace(self.actor, purpose="ETREAT")
        try:
            with database.using(self._connection) as connection, connection.transaction():
                queries.read(connection, "Patient", patient, policy.access_of(asking, connection))
                now = clock.now()
                opened = policy.break_glass(
                    connection, actor=self.actor, patient=patient, reason=reason, now=now
                )
                self._tell_of_emergency(connection, opened, reason.strip(), now)
        except Fault:
            access.note(asking, "break-glass", "deny", patient=number, query=reason)
            raise
        access.note(asking, "break-glass", patient=number, query=reason)
        return opened

    def _tell_of_emergency(
        self, connection: Connection, opened: policy.Opened, reason: str, now: datetime
    ) -> None:
        """Tell the resident, and the supervisors at the reader's institution and in the region."""
        roles = sorted(policy.in_force().supervisors)
        where = dict.fromkeys((self.actor.institution, None))
        notices.tell(
            connection,
            to=[
                notices.of_patient(opened.patient),
                *(notices.of_role(role, place) for role in roles for place in where),
            ],
            kind="break-glass",
            about=f"Patient/{opened.patient}",
            message="%(name)s opened a closed record in an emergency. The reason given: %(reason)s",
            now=now,
            name=self.actor.name,
            reason=reason,
            actor=self.actor.id,
            until=opened.until.isoformat(),
        )

    def preview(self, actor: Actor, patient: str) -> list[policy.Sight]:
        """What another actor would see of a patient's record, by type; for administrators."""
        self._require(rules.EXPLAIN, "preview", "Patient", patient)
        with (
            database.using(self._connection) as connection,
            self._refusing(connection, "preview", "Patient", patient),
        ):
            queries.read(connection, "Patient", patient, self._access)
            found = policy.preview(connection, actor, patient)
        access.note(self.actor, "preview", patient=self_number("Patient", patient), query=actor.id)
        return found

    @contextmanager
    def _refusing(
        self, connection: Connection, action: str, type_name: str | None, id_: str | None
    ) -> Iterator[None]:
        """Note a denial where what is not found is there, but hidden."""
        try:
            yield
        except Fault:
            if self._access is not None and type_name and id_ and definitions.is_resource_type(type_name):
                patient = queries.patient_of(connection, type_name, id_)
                if patient is not None:
                    number = definitions.type_number(type_name)
                    access.note(self.actor, action, "deny", type=number, id=id_, patient=patient)
            raise

    def _outcome(
        self,
        connection: Connection,
        seen: Access | None,
        patient: int | None,
        type_name: str | None = None,
    ) -> str:
        """``deny`` for looking at a patient whose record is closed to the actor."""
        if not patient or seen is None:
            return "permit"
        return "permit" if policy.is_open_to(connection, self.actor, patient, type_name) else "deny"

    # -- writing

    def create(self, resource: dict[str, Any], *, if_none_exist: str | None = None) -> Outcome:
        """Store a new resource under an id of ours, or find the one that the condition fits."""
        type_name = _known(str(resource.get("resourceType")))
        return self._one(Step(Verb.CREATE, type_name, resource=resource, criteria=if_none_exist))

    def update(
        self, resource: dict[str, Any], *, if_match: int | None = None, criteria: str | None = None
    ) -> Outcome:
        """Store a new version of ``resource["id"]``, or of what the condition fits; creates what is not there."""
        type_name = _known(str(resource.get("resourceType")))
        id_ = None if criteria else resource.get("id")
        if criteria is None and not isinstance(id_, str):
            raise invalid("An update needs the resource's id.", code="required", expression=f"{type_name}.id")
        return self._one(Step(Verb.UPDATE, type_name, id_, resource, if_match=if_match, criteria=criteria))

    def patch(
        self,
        type_name: str,
        id_: str | None,
        change: Callable[[dict[str, Any]], dict[str, Any]],
        *,
        if_match: int | None = None,
        criteria: str | None = None,
    ) -> Outcome:
        """Store what ``change`` makes of the current version."""
        step = Step(Verb.PATCH, _known(type_name), id_, change=change, if_match=if_match, criteria=criteria)
        return self._one(step)

    def delete(
        self,
        type_name: str,
        id_: str | None = None,
        *,
        if_match: int | None = None,
        criteria: str | None = None,
    ) -> Outcome:
        """Delete a resource, or the one that the condition fits. Its history stays."""
        return self._one(Step(Verb.DELETE, _known(type_name), id_, if_match=if_match, criteria=criteria))

    def transaction(self, steps: Sequence[Step], *, integrity: bool = True) -> list[Outcome]:
        """All the steps or none. READ steps are left to the caller, after this."""
        self._require(rules.WRITE, "transaction", None, None)
        for step in steps:
            self._require_step(step)
        writing = [step for step in steps if step.verb is not Verb.READ]
        made = iter(
            actions.perform(writing, actor=self.actor, connection=self._connection, integrity=integrity)
        )
        return [Outcome(200) if step.verb is Verb.READ else next(made) for step in steps]

    def batch(self, steps: Sequence[Step]) -> list[Outcome]:
        """Each step by itself; a fault is its own step's outcome."""
        self._require(rules.WRITE, "batch", None, None)
        return [Outcome(200) if step.verb is Verb.READ else self._each(step) for step in steps]

    def _each(self, step: Step) -> Outcome:
        try:
            self._require_step(step)
        except Fault as fault:
            return Outcome(0, fault=fault)
        return actions.perform_each([step], actor=self.actor)[0]

    def _one(self, step: Step) -> Outcome:
        self._require(rules.WRITE, step.verb.value, step.type, step.id)
        self._require_step(step)
        return actions.perform([step], actor=self.actor, connection=self._connection)[0]

    def _require_step(self, step: Step) -> None:
        """What an app must have been granted for the step; a condition is a search."""
        if self.actor.scopes is not None and step.verb is not Verb.READ:
            self._require(rules.WRITE, step.verb.value, step.type, step.id)
            if step.criteria:
                self._require(rules.READ, "search", step.type, None)

    # -- what all have in common

    def _require(self, right: str, action: str, type_name: str | None, id_: str | None) -> None:
        try:
            rules.require(self.actor, right)
            scopes.require(self.actor, action, type_name, id_)
        except Fault:
            known = type_name if type_name and definitions.is_resource_type(type_name) else None
            access.note(
                self.actor, action, "deny", type=definitions.type_number(known) if known else None, id=id_
            )
            raise

    def _note_search(
        self, outcome: str, about: int | None, type_name: str | None, pairs: Sequence[tuple[str, str]],
        compartment: tuple[str, str] | None,
    ) -> None:  # fmt: skip
        text = "&".join(f"{name}={value}" for name, value in pairs)
        access.note(
            self.actor, "search", outcome, type=definitions.type_number(type_name) if type_name else None,
            patient=about, query=f"{'/'.join(compartment)}/?{text}" if compartment else text,
        )  # fmt: skip


def open_as(actor: Actor, connection: Connection | None = None) -> Door:
    """The door to the record, for ``actor``; ``connection`` to take part in a transaction that is open."""
    return Door(actor, connection)


def _known(type_name: str) -> str:
    if not definitions.is_resource_type(type_name):
        raise not_found("%(type)s is no resource type of FHIR R4.", code="not-supported", type=type_name)
    return type_name


def _compartment(given: tuple[str, str] | None) -> Compartment | None:
    return search.Compartment(*given) if given else None
