"""What the tests of the clinic share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.clinic.make import Clinic
    from xinglin.record.database import Connection


def forget_clinics() -> None:
    """Leave no clinic; what forbids deleting is put aside for it."""
    from xinglin.record import database

    with database.connect() as connection:
        found = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND (starts_with(relname, 'clinic_') OR starts_with(relname, 'tcm_safety_'))"
        ).fetchall()
        connection.execute("SET session_replication_role = replica")
        connection.execute("; ".join(f"DELETE FROM {name}" for (name,) in found))


@pytest.fixture
def connection(emptied: None) -> Iterator[Connection]:
    """This thread's connection to a region without clinics."""
    from xinglin.record import database

    yield database.connection()
    forget_clinics()


def few_terms(connection: Connection) -> None:
    """The terms that the tests choose, in the value sets that the record of a visit asks for; nothing else is left."""
    from tests.clinic import make
    from tests.terminology import make as tables
    from xinglin.terminology.values import About, ValueSet

    tables.empty(connection)
    concepts = [tables.concept(one.code, one.display) for one in make.DIAGNOSES.values()]
    sets = [
        ValueSet(
            About(f"urn:xinglin:valuesets:tcm-{key}", version="1", title=key, name=key),
            {"include": [{"system": make.GB15657, "concept": [{"code": make.DIAGNOSES[key].code}]}]},
        )
        for key in ("disease", "syndrome")
    ]
    tables.keep(connection, tables.system(make.GB15657, concepts), *sets)


@pytest.fixture
def terms(connection: Connection) -> Iterator[None]:
    """Those terms, while a test lasts."""
    from tests.terminology import make as tables

    few_terms(connection)
    yield
    tables.empty(connection)


@pytest.fixture
def clinic(connection: Connection) -> Clinic:
    """A clinic with prices and stock."""
    from tests.clinic import make

    return make.open_clinic()
