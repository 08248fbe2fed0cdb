"""The versions of the catalogue: what is shipped, and what was put in force here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import not_found
from xinglin.recognition import catalogue, reference

if TYPE_CHECKING:
    from datetime import date, datetime

    from xinglin.recognition.values import Catalogue
    from xinglin.record.database import Connection


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it stands in the list. Number 0 is what is shipped."""

    number: int
    version: str
    effective: date
    moment: datetime | None
    name: str
    words: str
    in_force: bool = False


def in_force(connection: Connection, today: date) -> Catalogue:
    """The catalogue of a day: the last version that was put down and is effective by then."""
    row = connection.execute(
        "SELECT number, body FROM recognition_catalogue WHERE effective <= %s ORDER BY number DESC LIMIT 1",
        [today],
        prepare=True,
    ).fetchone()
    return catalogue.read(row[1], row[0]) if row else reference.shipped()


def one(connection: Connection, number: int) -> Catalogue:
    """A version; raises ``not_found``."""
    if number == 0:
        return reference.shipped()
    row = connection.execute("SELECT body FROM recognition_catalogue WHERE number = %s", [number]).fetchone()
    if row is None:
        raise not_found(gettext_noop("There is no version %(version)s of the catalogue."), version=number)
    return catalogue.read(row[0], number)


def every(connection: Connection, today: date) -> list[Version]:
    """All versions, the latest first."""
    rows = connection.execute(
        "SELECT number, version, effective, moment, name, words FROM recognition_catalogue ORDER BY number DESC"
    ).fetchall()
    now = in_force(connection, today).number
    shipped = reference.shipped()
    found = [replace(Version(*row), in_force=row[0] == now) for row in rows]
    return [*found, Version(0, shipped.version, shipped.effective, None, "Xinglin", "", in_force=now == 0)]
