"""Tables of terms with two versions of a system, a value set and a map, and browsers signed in."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.terminology import make
from tests.terminology.conftest import terms  # noqa: F401 -- a fixture
from xinglin.terminology.values import About, ConceptMap, Equivalence, Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client

    from xinglin.terminology.values import Connection

LATER = date(2020, 1, 1)


@pytest.fixture
def shelved(terms: Connection, db: None) -> Connection:  # noqa: F811 -- the fixture
    """Diseases in two versions, a value set of hypertensions, and a map to another system."""
    return fill(terms)


def fill(connection: Connection) -> Connection:
    later = [one for one in make.diseases() if one.code != "E11"]
    later[2].display = "高血压心脏病"
    later[2].inactive = True
    later.append(make.concept("I12", "高血压肾脏病", "I10-I15"))
    about = About("urn:test:map", "1", "file:map", "ToOther", "疾病对照")
    make.keep(
        connection,
        make.system(english="Diseases", effective=date(2010, 1, 1), origin="file:icd|1"),
        make.system(concepts=later, version="2", effective=LATER, origin="file:icd|2"),
        make.value_set(
            "urn:test:hypertension",
            {"system": make.ICD, "filter": [{"property": "concept", "op": "is-a", "value": "I10-I15"}]},
            title="高血压类疾病",
            version="1",
            origin="file:set",
        ),
        ConceptMap(
            about,
            make.ICD,
            "urn:test:local",
            [Line(make.ICD, "I10", "urn:test:local", "BNG", Equivalence.EQUIVALENT, "眩晕相关", "高血压")],
        ),
    )
    return connection


@pytest.fixture
def doctor(shelved: Connection, client: Client) -> Client:
    return _signed_in(client, "doctor")


@pytest.fixture
def steward(shelved: Connection, client: Client) -> Client:
    return _signed_in(client, "steward")


def _signed_in(client: Client, role: str) -> Client:
    from xinglin.accounts.models import Account

    client.force_login(Account.objects.create_user(role, display_name="陆文清", roles=[role]))
    return client


@pytest.fixture
def workbench(terms: Connection) -> Iterator[Connection]:  # noqa: F811 -- the fixture
    """A small standard and no books, really committed to."""
    from tests.codebook import mapping_make

    mapping_make.standard(terms)
    yield terms
    mapping_make.empty(terms)
