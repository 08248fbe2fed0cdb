"""One real PostgreSQL for the whole test run, a database of its own for every worker."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.record.door import Door

_HOME = Path(os.environ.get("XINGLIN_TEST_HOME") or tempfile.gettempdir()) / "xinglin-tests"


def _begin() -> None:
    os.environ["XINGLIN_HOME"] = str(_HOME)
    os.environ.setdefault("XINGLIN_KEYS", str(_HOME / "keys"))  # also for the servers that tests start
    os.environ.setdefault(
        "XINGLIN_LIVE", "false"
    )  # no process more for every server; tests of it start their own
    os.environ["XINGLIN_LIMITS"] = str(Path(__file__).parent / "unlimited.toml")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
    if "DATABASE_URL" not in os.environ:
        from xinglin.config import embedded

        os.environ["DATABASE_URL"] = embedded.ensure_running(_HOME)
    django.setup()  # pytest-django does it only where the settings were known before this file


# how long something takes is measured by the benchmarks, not asserted by tests
hypothesis.settings.register_profile(
    "xinglin", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("xinglin")
_begin()  # before pytest-django reads the settings


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The sample data beside the repository; tests that need them are skipped where they are absent."""
    path = Path(__file__).parents[2] / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the sample data are not beside the repository")
    return path


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """The worker's test database; pytest-django's own makes none for tests that only use the record's connections."""
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """A database name of this process's own, so that two runs at once do not meet."""
    from django.conf import settings

    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = f"test_xinglin_{os.getpid()}"


@pytest.fixture(scope="session")
def _record_database(django_db_setup: None) -> Iterator[None]:
    """The worker's database; at the end the connections that any thread still holds to it are ended."""
    import psycopg

    from xinglin.record import access, database

    database.close()  # what a test without a database has opened leads elsewhere
    yield
    access.flush()
    database.close()
    with psycopg.connect(database.target(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def emptied(_record_database: None) -> Iterator[None]:
    """An empty record, really committed to; emptied again afterwards, and the directory that follows it."""
    yield
    empty_the_record()


def empty_the_record() -> None:
    """Drop what tests have committed."""
    from xinglin.record import access, database, parameters

    access.flush()
    with database.connect() as connection:
        tables = connection.execute(
            "SELECT string_agg(relname, ', ') FROM pg_class WHERE relkind = 'r'"
            " AND relname ~ '^(record|identity|directory)_'"
            " AND relname NOT IN ('record_epoch', 'record_text', 'record_seal')"
        ).fetchone()
        assert tables is not None
        connection.execute("SET lock_timeout = '60s'")  # a test that holds a lock fails, and does not hang
        connection.execute(f"TRUNCATE {tables[0]}")
        committed = connection.execute("SELECT EXISTS (SELECT FROM accounts_event)").fetchone()
        if committed == (True,):  # those of a test's own transaction go with it
            connection.execute("TRUNCATE accounts_event")
        forget_terms(connection)
    parameters.look_again()


def forget_terms(connection: Any) -> None:
    """Drop the code systems, value sets and maps that were written to the record."""
    from xinglin.terminology import actions

    origins = connection.execute(
        "SELECT origin FROM terminology_digest WHERE starts_with(origin, 'record:')"
    ).fetchall()
    for (origin,) in origins:
        actions.drop(connection=connection, origin=origin)


@pytest.fixture
def door(emptied: None) -> Door:
    """The door to an empty record, opened as a client system."""
    from xinglin.kernel.actor import Actor
    from xinglin.record.door import open_as

    return open_as(Actor(id="test/client", name="Test client", roles=frozenset({"client"})))


@pytest.fixture
def hashes_by() -> Iterator[Callable[[bytes | None], None]]:
    """Let the index hash with this key, or without one, whatever tests with a database have left; and forget it."""
    from xinglin.fhir import index
    from xinglin.record import parameters, sealing

    yield index.hash_with
    index.hash_with(None)
    sealing.forget()
    parameters.forget()
