"""Whom an actor may find: a person is seen where the policy shows one of its Patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.fhir import definitions
from xinglin.identity import store
from xinglin.kernel.errors import not_found
from xinglin.kernel.ids import make_id
from xinglin.record import policy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection


def visible(connection: Connection, actor: Actor, persons: Iterable[str]) -> set[str]:
    """Those of the persons (ids that are in use) whom the actor may find."""
    asked = set(persons)
    access = policy.access_of(actor, connection)
    shown = access("r", ("Patient",)) if access else None
    if shown is None or not asked:
        return asked
    rows = connection.execute(
        "SELECT i.person, i.home, bool_or(r.self IS NOT NULL) FROM identity_patient i LEFT JOIN record_resource r"
        f" ON r.self = i.number AND r.shard = i.shard AND r.type = %s AND {shown.sql}"
        " WHERE i.person = ANY(%s) GROUP BY 1, 2",
        [definitions.type_number("Patient"), *shown.values, [store.place_of(one)[0] for one in asked]],
    )
    return asked - {make_id(person, home) for person, home, seen in rows if not seen}


def require(connection: Connection, actor: Actor, person: str) -> None:
    """Raise ``not_found``, as for nobody, unless the actor may find the person."""
    if not visible(connection, actor, [person]):
        raise not_found(gettext_noop("There is no person %(id)s in the index."), id=person[:40])
