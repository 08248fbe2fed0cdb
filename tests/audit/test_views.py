"""The audit's pages: who may open them, what they show, what is noted of the look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests import make as resources
from tests.audit import make
from tests.audit.make import NOW, find, line, reads, write
from tests.ledger.make import Log
from xinglin.accounts.models import Account
from xinglin.audit import queries
from xinglin.kernel import clock
from xinglin.record import access, database

if TYPE_CHECKING:
    from pathlib import Path

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

PAGES = ["/audit/", "/audit/board/", "/audit/alerts/", "/audit/rules/", "/audit/export/"]


def browser(actor: Actor, *, purpose: str = "TREAT", language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.get(pk=int(actor.id.removeprefix("account/"))))
    session = client.session
    session["purpose"] = purpose
    session.save()
    return client


@pytest.fixture
def auditor(audit: Connection) -> Client:
    return browser(make.account("auditor", "auditor", name="韦建平", institution=""))


@pytest.fixture
def doctor(audit: Connection) -> Actor:
    make.store(resources.patient("王", "桂兰", id="p1"), resources.patient("李", "大山", id="p2"))
    access.flush()
    audit.execute("DELETE FROM record_access")
    return make.account("doctor", name="黄志远")


def text(answer: Any) -> str:
    return b"".join(answer).decode() if answer.streaming else answer.content.decode()


def noted(connection: Connection, action: str) -> list[tuple[Any, ...]]:
    access.flush()
    return connection.execute(
        "SELECT outcome, id, query FROM record_access WHERE action = %s ORDER BY place", [action]
    ).fetchall()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", ["doctor", "nurse", "steward", "client"])
def test_others_lines_are_not_for_every_role(audit: Connection, page: str, role: str) -> None:
    one = make.account("one", name="覃美玲")
    write(line(one, patient=7))

    answer = browser(make.account("two", role, name="周八")).get(page)

    assert answer.status_code == 403
    assert "覃美玲" not in text(answer)
    access.flush()
    assert audit.execute(
        "SELECT DISTINCT outcome FROM record_access WHERE actor <> %s", [one.id]
    ).fetchall() == [("deny",)]


@pytest.mark.parametrize("page", [*PAGES, "/audit/lines/1/", "/audit/patient/p1/"])
def test_who_is_not_signed_in_is_asked_to(audit: Connection, page: str) -> None:
    assert Client().get(page).status_code == 302


def test_a_doctor_sees_the_own_line_and_no_others(audit: Connection, doctor: Actor) -> None:
    other = make.account("other", name="覃美玲")
    write(line(doctor, patient=make.number("p1")), line(other, patient=make.number("p1")))
    mine, theirs = [row.place for row in access.after(audit, 0, limit=9)]
    client = browser(doctor)

    assert client.get(f"/audit/lines/{mine}/").status_code == 200
    refused = client.get(f"/audit/lines/{theirs}/")
    assert (refused.status_code, "覃美玲" in text(refused)) == (404, False)
    assert noted(audit, "audit") == [("permit", None, f"line {mine}"), ("deny", None, f"line {theirs}")]


def test_an_institutions_auditor_sees_its_people_alone(audit: Connection, doctor: Actor) -> None:
    other = make.account("other", name="覃美玲", institution="centre")
    write(*reads(doctor, 10, outcome="deny"), *reads(other, 10, outcome="deny"))
    find()
    theirs, mine = (one.number for one in sorted(make.alerts(), key=lambda one: one.actor != doctor.id))
    client = browser(make.account("auditor", "auditor", name="韦建平", institution="centre"))

    for page in PAGES:
        shown = text(client.get(page))
        assert "黄志远" not in shown, page
    assert "覃美玲" in text(client.get("/audit/"))
    assert client.get(f"/audit/alerts/{mine}/").status_code == 200
    assert client.get(f"/audit/alerts/{theirs}/").status_code == 404
    assert client.post(f"/audit/alerts/{theirs}/", {"state": "explained", "reason": "…"}).status_code == 404


def test_lines_are_searched(auditor: Client, doctor: Actor, audit: Connection) -> None:
    other = make.account("other", name="覃美玲", institution="centre")
    write(
        line(doctor, NOW - timedelta(days=3), patient=make.number("p1"), type=None),
        line(doctor, action="search", query="name=marker-a"),
        line(other, patient=make.number("p2"), purpose="ETREAT", address="10.9.9.9"),
        line(other, outcome="deny", id="marker-b", type=1),
    )

    def shown(query: str) -> int:
        answer = auditor.get(f"/audit/?{query}")
        assert answer.status_code == 200
        return len(answer.context["rows"])

    assert [
        shown(query)
        for query in (
            "until=2026-11-20", "who=黄志远", f"who={other.id}", "who=nobody", "whose=p1", "whose=Patient/p2",
            "action=search&until=2026-11-20", "purpose=ETREAT", "outcome=4", "outcome=0&until=2026-11-20",
            "since=2026-11-17&until=2026-11-17", "address=10.9.9.9", "institution=centre", "who=黄志远&whose=p2",
        )
    ] == [4, 2, 2, 0, 1, 1, 1, 1, 1, 3, 1, 1, 2, 0]  # fmt: skip
    page = text(auditor.get("/audit/?whose=p1"))
    assert ("王＊＊" in page, "王桂兰" in page) == (True, False)


def test_what_is_typed_wrongly_is_said(auditor: Client) -> None:
    answer = auditor.get("/audit/?since=2026-11-20&until=2026-11-01")

    assert answer.status_code == 422
    assert "The last day lies before the first." in text(answer)
    assert auditor.get("/audit/export/?since=yesterday").status_code == 422


def test_pages_go_on(auditor: Client, doctor: Actor) -> None:
    write(*reads(doctor, 120))
    seen: list[int] = []
    query = f"who={doctor.id}"
    while query:
        answer = auditor.get(f"/audit/?{query}")
        seen += [row.place for row in answer.context["rows"]]
        more = answer.context["more"]
        query = f"who={doctor.id}&before={more}" if more else ""

    assert len(seen) == 120
    assert seen == sorted(seen, reverse=True)


def test_days_are_counted(auditor: Client, doctor: Actor, audit: Connection) -> None:
    write(*reads(doctor, 4), *reads(doctor, 2, outcome="deny"), *reads(doctor, 3, NOW - timedelta(days=1)))
    find()
    for query in ("since=2026-11-18&until=2026-11-20", f"who={doctor.id}&purpose=TREAT&until=2026-11-20"):
        days = auditor.get(f"/audit/?{query}").context["histogram"]["days"]
        assert [day["total"] for day in days][-3:] == [0, 3, 6], query


def test_an_export_is_a_table_and_a_line(auditor: Client, doctor: Actor, audit: Connection) -> None:
    write(line(doctor, action="search", query="=cmd()", patient=make.number("p1")))

    table = text(auditor.get(f"/audit/export/?who={doctor.id}"))

    rows = table.removeprefix("\ufeff").strip().split("\r\n")
    assert len(rows) == 2
    assert rows[1].split(",")[1:4] == ["2026-11-20 10:30:00", "黄志远", doctor.id]
    assert rows[1].endswith(",'=cmd()")
    assert noted(audit, "audit-export") == [
        ("permit", None, f"who=account%2F{doctor.id.removeprefix('account/')}")
    ]


def test_a_line_leads_to_its_proof(auditor: Client, doctor: Actor, audit: Connection, tmp_path: Path) -> None:
    write(line(doctor, patient=make.number("p1")))
    (place,) = [row.place for row in access.after(audit, 0, limit=9)]
    assert "not in the ledger yet" in text(auditor.get(f"/audit/lines/{place}/"))
    log = Log(audit, tmp_path)
    log.drain()

    answer = auditor.get(f"/audit/lines/{place}/")

    assert f"/ledger/entries/{answer.context['entry']}/" in text(answer)


def test_the_board_counts_today_and_links_to_the_rows(
    auditor: Client, doctor: Actor, audit: Connection
) -> None:
    now = clock.now()
    past = [one for day in range(1, 4) for one in reads(doctor, 2, now - timedelta(days=day))]
    write(*past, *reads(doctor, 12, now - timedelta(seconds=1), outcome="deny"), line(doctor, now, patient=5))
    find(now)

    answer = auditor.get("/audit/board/")

    figures = {one["figure"].name: one["figure"] for one in answer.context["figures"]}
    today = f"{answer.context['day']:%Y-%m-%d}"
    page = text(answer)
    assert figures["refused"].today >= 1
    assert answer.context["levels"][1][1] == 1
    assert f"/audit/?since={today}&amp;until={today}&amp;outcome=4" in page
    assert "/audit/alerts/?state=open&amp;rule=refusals" in page
    assert "Refused again and again" in page
    assert "<html" not in text(auditor.get("/audit/board/", headers={"HX-Request": "true"}))


def test_an_alert_is_traced_and_decided(auditor: Client, doctor: Actor, audit: Connection) -> None:
    write(*reads(doctor, 10, outcome="deny"))
    find()
    number = make.alerts()[0].number
    answer = auditor.get(f"/audit/alerts/{number}/")
    assert (len(answer.context["marks"]), len(answer.context["rows"])) == (10, 10)

    wrong = auditor.post(f"/audit/alerts/{number}/", {"state": "explained", "reason": ""})
    assert (wrong.status_code, make.alerts()[0].state.value) == (422, "open")
    done = auditor.post(
        f"/audit/alerts/{number}/", {"state": "confirmed", "reason": "越权查询 <script>"}, follow=True
    )

    assert make.alerts()[0].state.value == "confirmed"
    assert "越权查询 &lt;script&gt;" in text(done)
    assert [one.alert.number for one in auditor.get("/audit/alerts/?state=open").context["alerts"]] == []
    assert [one.alert.number for one in auditor.get("/audit/alerts/?rule=refusals").context["alerts"]] == [
        number
    ]


def test_a_resident_is_shown_who_looked(audit: Connection, doctor: Actor) -> None:
    nurse = make.account("nurse", "nurse", name="覃美玲")
    write(
        line(doctor, NOW, patient=make.number("p1"), address="10.1.1.1", device="Chrome / Windows"),
        line(doctor, NOW + timedelta(hours=1), patient=make.number("p1")),
        line(make.account("elsewhere", name="周八"), patient=make.number("p2")),
    )

    answer = browser(nurse, purpose="PATRQT").get("/audit/patient/p1/")

    ((institution, people),) = answer.context["institutions"]
    assert (institution, [(reader.name, looker.count) for reader, looker in people]) == (
        "第一人民医院", [("黄志远", 2)],
    )  # fmt: skip
    page = text(answer)
    assert ("周八" in page, "10.1.1.1" in page) == (False, True)
    assert noted(audit, "audit-patient") == [("permit", "p1", None)]


@pytest.mark.parametrize(("role", "purpose"), [("doctor", "TREAT"), ("client", "PATRQT"), ("", "PATRQT")])
def test_who_looked_is_shown_at_the_residents_request_alone(
    audit: Connection, doctor: Actor, role: str, purpose: str
) -> None:
    write(line(doctor, patient=make.number("p1")))

    answer = browser(make.account("two", role, name="周八"), purpose=purpose).get("/audit/patient/p1/")

    assert (answer.status_code, "黄志远" in text(answer)) == (403, False)
    assert noted(audit, "audit-patient") == [("deny", "p1", None)]


def test_a_complaint_becomes_a_case(auditor: Client, audit: Connection, doctor: Actor) -> None:
    write(line(doctor, patient=make.number("p1")), line(doctor, patient=make.number("p2")))
    place, other = [row.place for row in access.after(audit, 0, limit=9)]
    counter = browser(make.account("nurse", "nurse", name="覃美玲"), purpose="PATRQT")
    page = "/audit/patient/p1/"
    assert f'value="{place}"' in text(counter.get(f"{page}?about={place}"))

    assert counter.post(page, {"place": place, "words": " "}).status_code == 422
    assert counter.post(page, {"place": other, "words": "…"}).status_code == 400
    assert make.alerts() == []
    done = counter.post(page, {"place": place, "words": "我没有去过"}, follow=True)

    (case,) = make.alerts()
    assert (case.rule, case.actor, case.words) == ("complaint", doctor.id, "我没有去过")
    assert "我没有去过" in text(done)
    assert "我没有去过" in text(auditor.get(f"/audit/alerts/{case.number}/"))
    assert queries.basis(database.connection(), case.number) == (place,)


def test_a_resident_who_is_not_there_is_not_found(auditor: Client) -> None:
    assert auditor.get("/audit/patient/nobody/").status_code == 404


@pytest.mark.parametrize("page", [*PAGES[:-1], "/audit/patient/p1/"])
def test_pages_are_chinese(audit: Connection, doctor: Actor, page: str) -> None:
    client = browser(make.account("auditor", "auditor", institution=""), language="zh-CN")

    answer = text(client.get(page))

    assert 'lang="zh-Hans"' in answer
    assert any(word in answer for word in ("安全审计", "谁看过"))


def test_rules_that_cannot_be_used_are_said(auditor: Client, settings: Any, tmp_path: Path) -> None:
    settings.SETTINGS = replace(settings.SETTINGS, home=tmp_path)
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "abnormal.toml").write_text("version = ")

    answer = auditor.get("/audit/rules/")

    assert (answer.status_code, "abnormal.toml: Invalid value" in text(answer)) == (409, True)
