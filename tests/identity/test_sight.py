"""The pages of persons show whom the policy lets an account find, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as given

from tests import make
from xinglin.accounts.models import Account
from xinglin.identity import queries, sight
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.record import database
from xinglin.record.door import open_as
from xinglin.record.policy import compiling

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client


@pytest.fixture
def narrow(emptied: None, db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A region where doctors find the residents of their own institution alone; persons by Patient."""
    text = (compiling.DATA / "region.toml").read_text(encoding="utf-8")
    at = text.index('name = "Finding residents"')
    text = text[:at] + text[at:].replace('scope = "region"', 'scope = "institution"', 1)
    (tmp_path / "narrow.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(given, "SETTINGS", replace(given.SETTINGS, policy=str(tmp_path / "narrow.toml")))
    door = open_as(SYSTEM)
    for letter, names in (("a", ("王", "桂兰")), ("b", ("李", "大山"))):
        door.update({"resourceType": "Organization", "id": f"hosp-{letter}", "name": letter})
        door.update(
            make.patient(
                *names, id=f"pat-{letter}", managingOrganization={"reference": f"Organization/hosp-{letter}"}
            )
        )
    return {letter: str(queries.person_of(database.connection(), f"pat-{letter}")) for letter in "ab"}


def test_an_actor_sees_persons_by_their_patients(narrow: dict[str, str]) -> None:
    doctor = Actor("test/doctor", "Doctor", frozenset({"doctor"}), institution="hosp-a")
    connection = database.connection()

    assert sight.visible(connection, doctor, narrow.values()) == {narrow["a"]}
    assert sight.visible(connection, SYSTEM, narrow.values()) == set(narrow.values())
    assert sight.visible(connection, replace(doctor, roles=frozenset({"steward"})), narrow.values()) == set(
        narrow.values()
    )


def test_the_page_of_a_person_who_may_not_be_found_is_not_found(
    narrow: dict[str, str], client: Client
) -> None:
    client.force_login(
        Account.objects.create_user("one", display_name="黄志远", roles=["doctor"], institution_id="hosp-a")
    )

    own, other = (client.get(f"/persons/{narrow[letter]}/") for letter in "ab")

    assert (own.status_code, other.status_code) == (200, 404)
    assert "桂兰" in own.content.decode()
    assert "大山" not in other.content.decode()


def test_a_card_page_of_a_person_who_may_not_be_found_is_not_found(
    narrow: dict[str, str], client: Client
) -> None:
    client.force_login(
        Account.objects.create_user("one", display_name="黄志远", roles=["doctor"], institution_id="hosp-a")
    )

    own, other = (client.get(f"/cards/person/{narrow[letter]}/") for letter in "ab")

    assert (own.status_code, other.status_code) == (200, 404)
