from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.exchange.make import STEWARD, Lines, delivery, line
from xinglin.exchange import custody, messages, naming, processing, senders
from xinglin.exchange.doors import Door
from xinglin.exchange.receipts import State
from xinglin.exchange.senders import Details
from xinglin.kernel import clock
from xinglin.kernel.ids import self_number
from xinglin.record import access, database, sealing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.receipts import Receipt


def _send(sender: Sender, name: str = "张三", control: str = "v1") -> Receipt:
    return processing.deliver(delivery(sender, line("visit", control, "p1", name), door=Door.TABLE))


@pytest.mark.parametrize("path", ["", "messages/", "quarantine/", "senders/"])
@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("administrator", 200),
        ("steward", 200),
        ("operator", 200),
        ("doctor", 403),
        ("resident", 403),
        (None, 302),
    ],
)
def test_who_may_open_the_pages(
    browser: Callable[..., Client], path: str, role: str | None, status: int
) -> None:
    assert browser(role).get(f"/exchange/{path}").status_code == status


@pytest.mark.parametrize(
    ("role", "status"), [("administrator", 200), ("steward", 200), ("operator", 403), ("doctor", 403)]
)
def test_who_may_read_a_message_and_that_it_is_noted(
    browser: Callable[..., Client], sender: Sender, lines: Lines, role: str, status: int
) -> None:
    receipt = _send(sender)

    answer = browser(role).get(f"/exchange/messages/{receipt.number}/")
    access.flush()
    noted = (
        database.connection()
        .execute(
            "SELECT patient, query, outcome FROM record_access WHERE action IN ('exchange-message', 'exchange-read')"
        )
        .fetchall()
    )

    assert answer.status_code == status
    assert ("visit|v1|p1|张三" in answer.content.decode()) is (status == 200)
    number = self_number("Patient", naming.id_of("h01", "Patient", "p1"))
    told = [
        (patient, sealing.open_text(query) if query else None, outcome) for patient, query, outcome in noted
    ]
    assert told == ([(number, receipt.number, "permit")] if status == 200 else [(None, None, "deny")])


def test_an_institution_sees_what_its_own_systems_send(
    browser: Callable[..., Client], sender: Sender, lines: Lines
) -> None:
    details = Details("中医院", organization="org2", doors=[Door.TABLE])
    senders.register(database.connection(), code="h02", details=details, actor=STEWARD, now=clock.now())
    theirs = _send(sender)
    own = _send(senders.by_code(database.connection(), "h02").sender)
    client = browser("steward", "org2")

    listed = client.get("/exchange/messages/").content.decode()

    assert (own.number in listed, theirs.number in listed) == (True, False)
    assert client.get(f"/exchange/messages/{theirs.number}/").status_code == 404
    assert client.get(f"/exchange/messages/{own.number}/").status_code == 200
    assert client.get("/exchange/senders/h01/").status_code == 404


def test_a_message_is_edited_and_replayed_on_its_page(
    browser: Callable[..., Client], sender: Sender, lines: Lines
) -> None:
    receipt, client = _send(sender, name=""), browser("steward")
    page = client.get(f"/exchange/messages/{receipt.number}/edit/")
    wrong = client.post(
        f"/exchange/messages/{receipt.number}/edit/", {"text": "visit|v1|p1|张三", "note": "", "version": 0}
    )

    done = client.post(
        f"/exchange/messages/{receipt.number}/edit/",
        {"text": "visit|v1|p1|张三", "note": "asked the ward", "version": 0, "replay": "1"},
        follow=True,
    )

    message = messages.find(database.connection(), receipt.number)
    assert (page.status_code, wrong.status_code, done.status_code) == (200, 422, 200)
    assert (message.stands, message.edits) == (State.STORED, 1)
    assert custody.body(database.connection(), message.digest) == "visit|v1|p1|张三".encode()
    assert "asked the ward" in done.content.decode()


def test_the_raw_message_is_fetched_as_it_was_sent(
    browser: Callable[..., Client], sender: Sender, lines: Lines
) -> None:
    receipt = _send(sender)

    answer = browser("steward").get(f"/exchange/messages/{receipt.number}/raw/")

    assert answer.content == line("visit", "v1", "p1", "张三")
    assert answer["Content-Disposition"] == f'attachment; filename="{receipt.number}.csv"'


def test_who_may_not_mend_changes_nothing(
    browser: Callable[..., Client], sender: Sender, lines: Lines
) -> None:
    receipt, client = _send(sender, name=""), browser("operator")
    at = f"/exchange/messages/{receipt.number}"

    answers = [
        client.post(f"{at}/replay/"), client.post(f"{at}/discard/", {"note": "x"}), client.post(f"{at}/edit/", {}),
        client.post("/exchange/quarantine/replay/", {"all": "1"}), client.post("/exchange/senders/new/", {}),
        client.post("/exchange/senders/h01/key/"), client.post("/exchange/senders/h01/active/"),
    ]  # fmt: skip

    assert [answer.status_code for answer in answers] == [403] * 7
    assert messages.find(database.connection(), receipt.number).stands is State.QUARANTINED
    assert [e.what for e in senders.events(database.connection(), sender.id)] == ["registered"]


def test_messages_are_discarded_and_brought_back(
    browser: Callable[..., Client], sender: Sender, lines: Lines
) -> None:
    one, two, client = _send(sender, name=""), _send(sender, name="", control="v2"), browser("administrator")

    client.post(f"/exchange/messages/{one.number}/discard/", {"note": ""})
    assert messages.find(database.connection(), one.number).stands is State.QUARANTINED
    client.post(f"/exchange/messages/{one.number}/discard/", {"note": "a test"})
    client.post("/exchange/quarantine/discard/", {"receipt": [two.number], "note": "a test"})

    assert [messages.find(database.connection(), r.number).stands for r in (one, two)] == [
        State.DISCARDED
    ] * 2
    client.post(f"/exchange/messages/{one.number}/return/")
    assert messages.find(database.connection(), one.number).stands is State.QUARANTINED


def test_picked_messages_are_replayed_and_the_filter_is_kept(
    browser: Callable[..., Client], sender: Sender, lines: Lines
) -> None:
    receipt, client = _send(sender, name=""), browser("steward")
    lines.translate = lambda body, media, who: Lines().translate(body + "张三".encode(), media, who)  # type: ignore[method-assign]

    answer = client.post(
        "/exchange/quarantine/replay/", {"receipt": [receipt.number], "query": "code=required&page=<x>"}
    )

    assert answer["Location"] == "/exchange/quarantine/?code=required&page=%3Cx%3E"
    assert messages.find(database.connection(), receipt.number).stands is State.STORED


def test_all_that_is_shown_is_replayed_in_the_background(
    browser: Callable[..., Client], sender: Sender, lines: Lines
) -> None:
    import threading

    receipt, client = _send(sender, name=""), browser("steward")
    lines.translate = lambda body, media, who: Lines().translate(body + "张三".encode(), media, who)  # type: ignore[method-assign]

    answer = client.post("/exchange/quarantine/replay/", {"all": "1", "query": f"sender={sender.id}"})
    for thread in threading.enumerate():
        if thread.name.startswith("job-exchange-replay"):
            thread.join()
    page = client.get(answer["Location"])
    part = client.get(answer["Location"], headers={"HX-Request": "true"})

    assert messages.find(database.connection(), receipt.number).stands is State.STORED
    assert 'value="100"' in page.content.decode()
    assert "hx-get" not in part.content.decode()


def test_a_sender_is_registered_and_its_key_shown_once(browser: Callable[..., Client]) -> None:
    client = browser("administrator")

    wrong = client.post("/exchange/senders/new/", {"code": "h01", "name": "重名"})
    shown = client.post(
        "/exchange/senders/new/",
        {"code": "h02", "name": "中医院", "doors": ["fhir"], "networks": "10.0.0.1\n10.2.0.0/16"},
    )
    key = re.search(r"xls_[\w-]+", shown.content.decode())
    later = client.get("/exchange/senders/h02/").content.decode()

    assert key is not None
    assert (wrong.status_code, shown.status_code, "xls_" in later) == (422, 200, False)
    assert senders.of_key(key[0], "10.2.3.4", Door.FHIR) is not None
    assert senders.by_code(database.connection(), "h02").networks == ("10.0.0.1/32", "10.2.0.0/16")


def test_the_monitor_gives_the_part_that_moves(
    browser: Callable[..., Client], sender: Sender, lines: Lines
) -> None:
    _send(sender)
    client = browser("steward")

    page = client.get("/exchange/").content.decode()
    part = client.get("/exchange/", headers={"HX-Request": "true"}).content.decode()

    assert "<html" in page
    assert "<html" not in part
    assert "人民医院" in part


def test_a_sender_names_its_institution(browser: Callable[..., Client], sender: Sender) -> None:
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record import door

    made = door.open_as(SYSTEM).update(
        {"resourceType": "Organization", "id": "org9", "name": "青河市中医院", "active": True}
    )
    details = Details("中医院 LIS", organization="org9", doors=[Door.TABLE])
    senders.register(database.connection(), code="h09", details=details, actor=STEWARD, now=clock.now())
    client = browser("administrator")

    pages = [client.get(f"/exchange/senders/{path}").content.decode() for path in ("", "h09/", "new/")]

    assert made.status == 201
    assert ["青河市中医院" in page for page in pages] == [True, True, True]
