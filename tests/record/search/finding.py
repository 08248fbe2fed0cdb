"""Storing and finding, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.record import actions, database, parameters, search
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.record.search import Page

SECRET = "a secret for tests"
BASE = "http://localhost/fhir"


class Finder:
    """The record, written by PUT and asked by URL."""

    def store(self, *resources: dict[str, Any]) -> None:
        """All of them in one transaction, under their ids."""
        steps = [Step(Verb.UPDATE, r["resourceType"], r["id"], r) for r in resources]
        actions.perform(steps, actor=SYSTEM)

    def delete(self, type_: str, id_: str) -> None:
        actions.perform([Step(Verb.DELETE, type_, id_)], actor=SYSTEM)

    def page(self, url: str, **options: Any) -> Page:
        """``Patient?name=x``, ``Patient/1/Observation?…`` or ``?_tag=…`` for all types."""
        path, _, text = url.partition("?")
        *compartment, type_ = path.split("/") if path else [""]
        query = search.parse(
            None if type_ in ("", "*") else type_,
            parse_qsl(text, keep_blank_values=True),
            compartment=search.Compartment(*compartment) if compartment else None,
            catalogue=options.pop("catalogue", parameters.catalogue()),
            lenient=options.pop("lenient", False),
        )
        now = options.pop("now", clock.milliseconds() // 1000)
        return search.run(database.connection(), query, secret=SECRET, base=BASE, now=now, **options)

    def ids(self, url: str, **options: Any) -> list[str]:
        """The ids of the matches on the page, in order."""
        return [entry.stored.id for entry in self.page(url, **options).entries if entry.mode == "match"]

    def found(self, url: str, **options: Any) -> set[str]:
        return set(self.ids(url, **options))

    def included(self, url: str, **options: Any) -> set[str]:
        """``Type/id`` of what came along."""
        entries: Iterable[search.Entry] = self.page(url, **options).entries
        return {f"{e.stored.type}/{e.stored.id}" for e in entries if e.mode == "include"}

    def clear(self) -> None:
        with database.connect() as connection:
            connection.execute(
                "TRUNCATE record_resource, record_history, record_range, record_string, record_change,"
                " identity_patient, identity_key"
            )
        parameters.look_again()
