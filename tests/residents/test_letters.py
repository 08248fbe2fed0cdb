"""Messages: whose they are, what is read, who may read them."""

from __future__ import annotations

import pytest

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.entering import client_of, plain, text
from xinglin.kernel import clock
from xinglin.record import notices
from xinglin.residents import shares


def communication(id_: str, patient: str, status: str = "completed") -> dict:
    return {
        "resourceType": "Communication", "id": id_, "status": status, "sent": "2026-11-01T09:00:00+08:00",
        "subject": {"reference": f"Patient/{patient}"}, "sender": {"display": "东门社区卫生服务中心"},
        "payload": [{"contentString": f"体检通知 {id_} <b>"}],
    }  # fmt: skip


@pytest.fixture
def told(region, outbox):
    cards.store(
        communication("c-a", "a"), communication("c-lin", "lin"), communication("c-off", "a", "stopped")
    )
    for patient in ("b", "lin"):
        notices.tell(
            region, to=[notices.of_patient(patient)], kind="share", about="/my/shares/", message=shares.OPENED,
            now=clock.now(), moment=f"now-{patient}",
        )  # fmt: skip
    return region


def test_messages_of_the_platform_and_of_institutions_are_there(told) -> None:
    client = client_of(make.wang())

    page = text(client.get("/my/messages/"))

    assert "体检通知 c-a &lt;b&gt;" in page
    assert "东门社区卫生服务中心" in page
    assert "now-b" in page  # to another Patient of the same person
    assert "c-lin" not in page
    assert "now-lin" not in page
    assert "c-off" not in page


def test_what_was_read_is_no_longer_new(told) -> None:
    client = client_of(make.wang())
    assert "2 条新消息" in plain(client.get("/my/messages/"))
    assert "1 条新消息" in plain(
        client.get("/my/")
    )  # the bell counts notices, and they alone are quick to count

    assert client.post("/my/messages/").url == "/my/messages/"

    assert "条新消息" not in plain(client.get("/my/messages/"))
    assert "条新消息" not in plain(client.get("/my/"))
    assert make.rows("letter", "communication") == [("c-a",)]
    client.post("/my/messages/")
    assert len(make.rows("letter")) == 1


def test_who_holds_a_mandate_reads_no_messages(told) -> None:
    lin = make.lin()
    make.wang()
    held = make.given(lin, name="王桂兰", document=make.WANG, relation="child")
    client = client_of(lin)
    client.post("/my/family/switch/", {"authority": held.id})

    assert client.get("/my/messages/").status_code == 403
    assert client.post("/my/messages/").status_code == 403
    assert make.rows("letter") == []
