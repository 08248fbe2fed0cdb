"""The pages of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from tests.exchange.dicom import make
from tests.exchange.dicom.test_taking import send, stands
from xinglin.accounts.models import Account
from xinglin.exchange.dicom import actions, settling
from xinglin.exchange.naming import id_of
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.exchange.doors import Sender
    from xinglin.record.database import Connection

STUDY = f"/exchange/studies/{id_of('h01', 'ImagingStudy', make.STUDY)}/"


@pytest.fixture
def browser(transactional_db: None, sender: Sender) -> Iterator[Client]:
    yield from _client("steward", ["steward", "administrator"])


@pytest.fixture
def doctor(transactional_db: None, sender: Sender) -> Iterator[Client]:
    yield from _client("doctor", ["doctor"])


def _client(name: str, roles: list[str]) -> Iterator[Client]:
    account = Account.objects.create_user(
        f"images-{name}", "a long password", display_name=name, institution_id="", roles=roles
    )
    client = Client(headers={"Accept-Language": "zh-Hans"})
    client.force_login(account)
    yield client
    account.delete()


def test_an_empty_page_says_what_to_do(doctor: Client) -> None:
    page = doctor.get("/exchange/studies/").content.decode()

    assert "AE" in page
    assert "xl-empty" in page


def test_studies_are_listed_and_found(doctor: Client, desk: Connection, sender: Sender) -> None:
    send(sender, make.file(number=1), make.file(make.ecg()))
    settling.settle(desk, clock.now())

    for query, there in (
        ("", True), ("?patient=00100020", True), ("?patient=张", True), ("?patient=李", False),
        ("?modality=ECG", True), ("?modality=MR", False), ("?since=2026-11-03&until=2026-11-03", True),
        ("?since=2026-11-04", False),
    ):  # fmt: skip
        page = doctor.get(f"/exchange/studies/{query}").content.decode()
        assert ("胸部CT平扫" in page) is there, query


def test_a_study_shows_its_series_and_pictures(doctor: Client, desk: Connection, sender: Sender) -> None:
    send(sender, make.file(number=1), make.file(make.document()))
    settling.settle(desk, clock.now())

    page = doctor.get(STUDY).content.decode()
    small = doctor.get(f"{STUDY}thumbnail/")
    picture = doctor.get(f"{STUDY}{make.SERIES}/{make.ROOT}.1.1.1/")
    document = doctor.get(f"{STUDY}{make.ROOT}.1.3/{make.ROOT}.1.1.8/")

    assert "肺窗" in page
    assert "张 三" in page
    assert small.content.startswith(b"\xff\xd8")
    assert picture.content.startswith(b"\xff\xd8")
    assert (document["Content-Type"], document.content) == ("application/pdf", b"%PDF-1.4 made up\n")
    assert doctor.get("/exchange/studies/nothing/").status_code == 404


def test_what_is_held_is_put_right_on_a_page(browser: Client, desk: Connection, sender: Sender) -> None:
    send(sender, make.file(PatientID=None))
    (held,) = actions.held(desk)
    place = f"/exchange/studies/held/{held.number}/"

    assert "(0010,0020)" in browser.get("/exchange/studies/held/").content.decode()
    assert browser.get(place).status_code == 200
    again = browser.post(place, {"tag_0020000D": "not a uid"})
    assert stands(desk)["instance"] == 0
    assert again.status_code == 200
    done = browser.post(place, {"tag_00100020": "00100020"})

    assert done.status_code == 302
    assert stands(desk)["instance"] == 1
    assert actions.held(desk) == []


def test_what_is_held_can_be_discarded(browser: Client, desk: Connection, sender: Sender) -> None:
    send(sender, b"no image")
    (held,) = actions.held(desk)

    assert browser.post(f"/exchange/studies/held/{held.number}/discard/").status_code == 302
    assert [one.state for one in actions.held(desk, state="discarded")] == ["discarded"]


def test_a_doctor_does_not_put_messages_right(doctor: Client, desk: Connection, sender: Sender) -> None:
    send(sender, make.file(PatientID=None))
    (held,) = actions.held(desk)

    assert doctor.get("/exchange/studies/held/").status_code == 403
    assert doctor.post(f"/exchange/studies/held/{held.number}/", {"tag_00100020": "1"}).status_code == 403
    assert doctor.get("/exchange/studies/arrivals/").status_code == 403
    assert stands(desk)["instance"] == 0
    assert len(actions.held(desk)) == 1


def test_arrivals_are_listed(browser: Client, desk: Connection, sender: Sender) -> None:
    send(sender, make.file())

    assert "医院 h01" in browser.get("/exchange/studies/arrivals/").content.decode()
    assert SYSTEM.name
