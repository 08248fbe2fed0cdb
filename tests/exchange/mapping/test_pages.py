"""The bench as people see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exchange.tables.make import as_csv, result
from xinglin.exchange.mapping import queries
from xinglin.exchange.mapping.rules import State
from xinglin.record import database

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from xinglin.exchange.doors import Sender

    Browser = Callable[..., Client]

MESSAGE = as_csv([result(1)]).decode()


@pytest.fixture
def steward(owner: Sender, browser: Browser) -> Client:
    client = browser("steward")
    client.cookies["django_language"] = "en"
    return client


def copied(client: Client) -> queries.Version:
    client.post("/exchange/mappings/make/", {"mapping": "table-laboratory", "owner": "h01"})
    (version,) = queries.versions(database.connection())
    return version


def test_all_shipped_mappings_are_listed_and_open(steward: Client) -> None:
    from xinglin.exchange.tables import sets

    page = steward.get("/exchange/mappings/").content.decode()

    for name in sets.library():
        assert f"/exchange/mappings/shipped/{name}/" in page
        assert steward.get(f"/exchange/mappings/shipped/{name}/").status_code == 200


def test_a_shipped_mapping_cannot_be_changed_there(steward: Client) -> None:
    page = steward.get("/exchange/mappings/shipped/table-laboratory/").content.decode()

    assert " readonly" in page
    assert "Patient/" in page  # what comes of the example


def test_mistakes_are_told_while_typing(steward: Client) -> None:
    version = copied(steward)
    given = {"door": "table", "kind": version.kind, "owner": "h01", "message": MESSAGE}

    answer = steward.post(
        "/exchange/mappings/try/",
        {**given, "text": version.body.replace("valueQuantity", "valueQuantty", 1)},
        headers={"HX-Request": "true"},
    ).content.decode()

    assert 'data-column="2"' in answer
    assert "is valueQuantity meant?" in answer


def test_a_copy_is_changed_tested_and_put_in_force(steward: Client) -> None:
    version = copied(steward)
    there = f"/exchange/mappings/{version.id}/"
    text = version.body + "\n# ours\n"
    assert steward.post(there, {"text": text.replace("\n", "\r\n"), "edits": "0"}).status_code == 302
    steward.post(f"{there}samples/", {"title": "one", "message": MESSAGE})

    steward.post(f"{there}test/")
    steward.post(f"{there}force/")

    (now,) = queries.versions(database.connection())
    assert (now.state, now.body) == (State.IN_FORCE, text)
    page = steward.get(there).content.decode()
    assert "In force" in page
    assert "+ # ours" in steward.get(f"{there}difference/0/").content.decode()


def test_a_version_of_another_institution_is_not_found(
    owner: Sender, steward: Client, browser: Browser
) -> None:
    version = copied(steward)
    other = browser("steward", "elsewhere")

    assert other.get(f"/exchange/mappings/{version.id}/").status_code == 404
    assert other.post(f"/exchange/mappings/{version.id}/delete/").status_code == 404
    assert len(queries.versions(database.connection())) == 1


@pytest.mark.parametrize(("role", "status"), [("doctor", 403), ("operator", 403), (None, 302)])
def test_who_may_not_read_messages_does_not_see_the_bench(
    browser: Browser, role: str | None, status: int
) -> None:
    assert browser(role).get("/exchange/mappings/").status_code == status
