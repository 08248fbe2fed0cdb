"""Every role at two institutions on every page of a record: what the page shows where nothing is closed, less what is
hidden.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from tests.portal.test_views import text
from tests.record.policy import test_matrix as matrix
from tests.record.policy.conftest import actor, filled
from xinglin.accounts.models import Account

if TYPE_CHECKING:
    from django.test import Client

SECTIONS = (
    "", "timeline/", "encounters/", "problems/", "medicines/", "results/", "trends/", "documents/", "immunisations/",
    "allergies/", "sources/", "changes/?days=7", "conflicts/", "tcm/", "images/", "summary/",
)  # fmt: skip
SAID = {  # the words by which a page betrays a resource
    "Patient/pat": "Resident {}", "Condition/cold": "J00", "Condition/mind": "F20.0", "Condition/virus": "B24.x00",
    "Observation/obs": "Glucose",
}  # fmt: skip
ALL = {f"{name}-{letter}" for name in SAID for letter in "ab"}
WHO = [(role, f"hosp-{letter}") for role in matrix.ROLES for letter in "ab"]


def in_force(monkeypatch: pytest.MonkeyPatch, policy: str) -> None:
    monkeypatch.setattr(settings, "SETTINGS", replace(settings.SETTINGS, policy=policy))


def shown(client: Client, role: str, institution: str) -> set[str]:
    """What is said on all pages of both residents' records."""
    account, _ = Account.objects.get_or_create(
        username=f"{role}-{institution}",
        defaults={"display_name": "黄志远", "roles": [role], "institution_id": institution},
    )
    client.force_login(account)
    found = set()
    for letter in "ab":
        said = "".join(text(client.get(f"/residents/pat-{letter}/{section}")) for section in SECTIONS)
        found |= {f"{name}-{letter}" for name, words in SAID.items() if words.format(letter) in said}
    return found


def test_every_page_of_a_record_shows_what_the_policy_says(
    emptied: None, db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force(monkeypatch, "region")
    filled()

    in_force(monkeypatch, "open")
    whole = shown(client, "doctor", "hosp-a")
    in_force(monkeypatch, "region")
    found = {who: shown(client, *who) for who in WHO}

    assert whole == ALL
    assert found == {who: ALL & matrix.visible(actor(*who)) for who in WHO}
