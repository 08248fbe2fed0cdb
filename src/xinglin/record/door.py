"""The one door to health data. Whoever opens it says who they are; every use is checked and noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.fhir import definitions
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, invalid, not_found
from xinglin.record import (
    access,
    actions,
    database,
    everything,
    labels,
    parameters,
    queries,
    reindex,
    rules,
    search,
)
from xinglin.record.steps import Outcome, Step, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.queries import Span, Stored
    from xinglin.record.search import Compartment, Page


class Door:
    """The record as ``actor`` may see and change it.

    With ``connection`` (a psycopg connection inside a transaction) everything happens in that transaction, so
    that a service's own tables and the record change together; otherwise each call is its own.
    """

    def __init__(self, actor: Actor, connection: Connection | None = None) -> None:
        self.actor = actor
        self._connection = connection

    # -- reading

    def read(self, type_name: str, id_: str, *, version: str | None = None) -> Stored:
        """The current or a former version; faults: ``not_found``, ``gone``, ``forbidden``."""
        action = "read" if version is None else "vread"
        self._require(rules.READ, action, type_name, id_)
        with database.using(self._connection) as connection:
            if version is None:
                stored = queries.read(connection, _known(type_name), id_)
            else:
                stored = queries.read_version(connection, _known(type_name), id_, version)
        access.note(
            self.actor, action, type=definitions.type_number(type_name), id=id_, patient=stored.patient
        )
        return stored

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
            now = clock.milliseconds() // 1000
            page = search.run(connection, query, secret=settings.SECRET_KEY, now=now)
        self._note_search(type_name, pairs, compartment)
        return reindex.warned(page)

    def history(self, type_name: str | None, id_: str | None, span: Span) -> list[Stored]:
        """Versions, the latest first; deletions among them, without a body."""
        self._require(rules.READ, "history", type_name, id_)
        with database.using(self._connection) as connection:
            found = queries.history(connection, _known(type_name) if type_name else None, id_, span)
        number = definitions.type_number(type_name) if type_name else None
        access.note(
            self.actor, "history", type=number, id=id_, patient=found[0].patient if id_ and found else None
        )
        return found

    def labels(self, type_name: str | None) -> dict[str, list[Any]]:
        """The profiles, security labels and tags in use, of one type or of all."""
        self._require(rules.READ, "labels", type_name, None)
        with database.using(self._connection) as connection:
            found = labels.in_use(connection, _known(type_name) if type_name else None)
        access.note(self.actor, "labels", type=definitions.type_number(type_name) if type_name else None)
        return found

    def count_versions(self, type_name: str, id_: str) -> int:
        """How many versions a resource has, deletions included."""
        self._require(rules.READ, "history", type_name, id_)
        with database.using(self._connection) as connection:
            return queries.count_versions(connection, _known(type_name), id_)

    def explain(
        self, type_name: str | None, pairs: Sequence[tuple[str, str]], *, compartment: tuple[str, str] | None = None,
        analyze: bool = False,
    ) -> Any:  # fmt: skip
        """The SQL of a search and what PostgreSQL thinks of it; for operators."""
        self._require(rules.EXPLAIN, "explain", type_name, None)
        query = search.parse(
            type_name, pairs, compartment=_compartment(compartment), catalogue=parameters.catalogue()
        )
        with database.using(self._connection) as connection:
            return search.explain(connection, query, analyze=analyze)

    def everything(self, type_name: str, id_: str, pairs: Sequence[tuple[str, str]]) -> Page:
        """A patient's whole record: ``start``, ``end``, ``_since``, ``_type``, ``_count`` limit it."""
        self._require(rules.READ, "everything", type_name, id_)
        with database.using(self._connection) as connection:
            patient = queries.read(connection, _known(type_name), id_)
            page = everything.everything(
                connection, id_, pairs, secret=settings.SECRET_KEY, now=clock.milliseconds() // 1000
            )
        number = definitions.type_number(type_name)
        access.note(self.actor, "everything", type=number, id=id_, patient=patient.patient)
        return page

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
        writing = [step for step in steps if step.verb is not Verb.READ]
        made = iter(
            actions.perform(writing, actor=self.actor, connection=self._connection, integrity=integrity)
        )
        return [Outcome(200) if step.verb is Verb.READ else next(made) for step in steps]

    def batch(self, steps: Sequence[Step]) -> list[Outcome]:
        """Each step by itself; a fault is its own step's outcome."""
        self._require(rules.WRITE, "batch", None, None)
        return [
            Outcome(200) if step.verb is Verb.READ else actions.perform_each([step], actor=self.actor)[0]
            for step in steps
        ]

    def _one(self, step: Step) -> Outcome:
        self._require(rules.WRITE, step.verb.value, step.type, step.id)
        return actions.perform([step], actor=self.actor, connection=self._connection)[0]

    # -- what all have in common

    def _require(self, right: str, action: str, type_name: str | None, id_: str | None) -> None:
        try:
            rules.require(self.actor, right)
        except Fault:
            known = type_name if type_name and definitions.is_resource_type(type_name) else None
            access.note(
                self.actor, action, "deny", type=definitions.type_number(known) if known else None, id=id_
            )
            raise

    def _note_search(
        self, type_name: str | None, pairs: Sequence[tuple[str, str]], compartment: tuple[str, str] | None
    ) -> None:
        about = search.patient_of(pairs, compartment)
        text = "&".join(f"{name}={value}" for name, value in pairs)
        access.note(
            self.actor, "search", type=definitions.type_number(type_name) if type_name else None,
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
