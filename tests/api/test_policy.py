"""The FHIR face under the policy of a region: no byte of another institution's residents in any answer."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.api.caller import Caller
from tests.record.policy.conftest import everything
from xinglin.kernel.actor import SYSTEM
from xinglin.record.door import open_as
from xinglin.record.steps import Step, Verb

if TYPE_CHECKING:
    from tests.api.caller import Reply

OTHERS = re.compile(rb"\b(pat|cold|mind|virus|doc|obs|enc|group|both|med|rel)-b\b")
"""The ids of the other institution; a token of a page may have ``-b`` in it by chance."""
ASKED = [
    "/Condition",
    "/Condition?_total=accurate&_count=1",
    "/Condition?code=F20.0&_total=estimate",
    "/Condition?_summary=count",
    "/Condition?_elements=code",
    "/Condition?subject:Patient.name:contains=Resident",
    "/Encounter?_include=*&_revinclude=*&_revinclude:iterate=*",
    "/Patient?_has:Condition:patient:code=F20.0",
    "/Patient",
    "/Group",
    "/?_type=Patient,Condition,Observation",
    "/Patient/pat-a/$everything",
    "/Patient/pat-a/Condition",
    "/Observation/$lastn?max=5&patient=pat-a",
    "/Condition/_history",
    "/_history?_count=500",
    "/Condition/$meta",
]
HIDDEN = [
    "/Patient/pat-@",
    "/Condition/mind-@",
    "/Condition/mind-@/_history/1",
    "/Condition/mind-@/_history",
    "/Condition/mind-@/$meta",
    "/Patient/pat-@/$everything",
    "/Patient/pat-@/$person",
    "/Patient/pat-@/_history",
]


@pytest.fixture
def sender(record: None, settings) -> Caller:
    """The system of one of two institutions."""
    from xinglin.accounts.actions import issue_token
    from xinglin.accounts.models import Account

    settings.SETTINGS = replace(settings.SETTINGS, policy="region")
    steps = [
        Step(Verb.UPDATE, r["resourceType"], r["id"], r)
        for r in everything()
        if not r["id"].startswith("both")
    ]
    open_as(SYSTEM).transaction(steps)
    account = Account.objects.filter(username="sender-a").first() or Account.objects.create_user(
        "sender-a", display_name="A", roles=["client"], institution_id="hosp-a"
    )
    return Caller(f"Bearer {issue_token(account=account, label='test')}")


def bodies(caller: Caller, url: str) -> list[bytes]:
    """The answer, and those that its links lead to."""
    found: list[bytes] = []
    reply = caller("GET", url)
    while True:
        assert reply.status == 200, reply.body
        found.append(reply.body)
        following = reply.link("next")
        if following is None:
            return found
        reply = caller("GET", following.partition("/fhir")[2])


@pytest.mark.parametrize("url", ASKED)
def test_no_byte_of_others_is_in_an_answer(sender: Caller, url: str) -> None:
    said = b"\n".join(bodies(sender, url)).replace(b"hosp-b", b"")  # the directory is open

    assert OTHERS.search(said) is None
    assert b"Resident b" not in said


@pytest.mark.parametrize("url", HIDDEN)
def test_what_is_hidden_answers_like_what_is_not_there(sender: Caller, url: str) -> None:
    hidden, absent = sender("GET", url.replace("@", "b")), sender("GET", url.replace("@", "z"))

    assert (hidden.status, absent.status) == (404, 404)
    assert plain(hidden, "b") == plain(absent, "z")


def plain(reply: Reply, letter: str) -> bytes:
    return reply.body.replace(f"-{letter}".encode(), b"-@")


def test_a_count_is_of_what_may_be_seen(sender: Caller) -> None:
    assert sender("GET", "/Condition?_summary=count").json["total"] == 3
    assert sender("GET", "/Condition?_total=estimate&_count=1").json["total"] == 3


def test_reading_in_a_batch_is_reading(sender: Caller) -> None:
    entries = [
        {"request": {"method": "GET", "url": url}} for url in ("Condition/mind-b", "Condition?_id=mind-b")
    ]

    reply = sender("POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": entries})

    read, found = reply.json["entry"]
    assert read["response"]["status"].startswith("404")
    assert found["resource"]["total"] == 0
