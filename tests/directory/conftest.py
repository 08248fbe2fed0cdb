"""An empty directory, and the demonstration region's in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from xinglin.record.door import Door


@pytest.fixture
def directory(door: Door) -> Door:
    """The door to an empty record, beside which the directory is empty too."""
    return door


@pytest.fixture
def region(directory: Door) -> Door:
    """The directory of the demonstration region."""
    from xinglin.record.steps import Step, Verb
    from xinglin.synth import directory as made

    batch = [
        Step(Verb.UPDATE, r["resourceType"], r["id"], r, place=f"Bundle.entry[{n}]")
        for n, r in enumerate(made.resources(1000))
    ]
    directory.transaction(batch)
    return directory


@pytest.fixture
def town(directory: Door) -> Door:
    """A corner of the demonstration region: all divisions, the first hospital, a centre."""
    from xinglin.record.steps import Step, Verb
    from xinglin.synth import directory as made
    from xinglin.synth import institutions

    some = [r for r in made.resources(1000) if r["id"].startswith("xc-45")]
    for institution in (institutions.general(0), institutions.centre(0)):
        some += made.of_institution(institution)
    directory.transaction([Step(Verb.UPDATE, r["resourceType"], r["id"], r) for r in some])
    return directory


@pytest.fixture
def reader(directory: Door, db: None, client: Client) -> Client:
    return _signed_in(client, "doctor")


@pytest.fixture
def editor(directory: Door, db: None, client: Client) -> Client:
    return _signed_in(client, "steward")


def _signed_in(client: Client, role: str) -> Client:
    from xinglin.accounts.models import Account

    account = Account.objects.create_user(role, display_name="陆文清", roles=[role])
    client.force_login(account)
    return client


def rows(statement: str, *values: object) -> list[tuple[object, ...]]:
    """What a statement finds in the committed directory."""
    from xinglin.record import database

    return database.connection().execute(statement, values).fetchall()
