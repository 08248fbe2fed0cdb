"""The pages of data quality: who may open them, what they show, what is noted, what can be taken away."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from tests.quality import make
from tests.quality.make import NOW, hospital, patient, put_in_force, rule, store, visit
from xinglin.accounts.models import Account
from xinglin.kernel.ids import self_number
from xinglin.quality import loop, queries, rulebook, running
from xinglin.record import access

if TYPE_CHECKING:
    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection

PAGES = ["/quality/", "/quality/rules/", "/quality/problems/", "/quality/tasks/", "/quality/months/"]
SEX = rule("CP-SX-1", threshold=0.1, severity="high", standard="WS 365-2011")


def browser(actor: Actor, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.get(pk=int(actor.id.removeprefix("account/"))))
    return client


def text(answer: Any) -> str:
    return answer.content.decode()


def sexless(id_: str, **more: Any) -> dict[str, Any]:
    made = patient(id_, **more)
    del made["gender"]
    return made


@pytest.fixture
def region(quality: Connection) -> Connection:
    """One rule, one institution with a problem, another without."""
    put_in_force(SEX)
    h2 = {"managingOrganization": {"reference": "Organization/h2"}}
    store(
        hospital(), hospital("h2", "第二人民医院"), *(sexless(f"p{n}") for n in range(4)), patient("p9"),
        *(patient(f"q{n}", **h2) for n in range(3)), visit("e1", "p1"),
    )  # fmt: skip
    make.flatten()
    running.run(now=NOW)
    loop.settle(quality, NOW)
    return quality


@pytest.fixture
def steward(region: Connection) -> Client:
    return browser(make.account("陆文清", "steward"))


@pytest.mark.parametrize("page", [*PAGES, "/quality/rules/new/"])
@pytest.mark.parametrize("role", ["client", "auditor", "security"])
def test_quality_is_not_for_every_role(region: Connection, page: str, role: str) -> None:
    answer = browser(make.account("周八", role)).get(page)
    assert answer.status_code == 403
    access.flush()
    assert region.execute(
        "SELECT DISTINCT outcome FROM record_access WHERE action = 'quality'"
    ).fetchall() == [("deny",)]


@pytest.mark.parametrize("page", PAGES)
def test_who_is_not_signed_in_is_asked_to(region: Connection, page: str) -> None:
    assert Client().get(page).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_to_do_where_there_is_nothing_yet(quality: Connection, page: str) -> None:
    answer = browser(make.account("陆文清", "steward"), "zh-hans").get(page)
    assert answer.status_code == 200
    assert "xl-empty" in text(answer) or "规则" in text(answer)


def test_the_board_ranks_and_leads_on(steward: Client) -> None:
    page = text(steward.get("/quality/"))
    assert "第一人民医院" in page
    assert "/quality/institutions/h1/" in page
    assert "/quality/rules/CP-SX-1/" in page
    assert "50.0" in page  # four of eight


def test_from_the_score_to_the_rule_to_the_row_to_the_resource(steward: Client, region: Connection) -> None:
    number = self_number("Patient", "p1")
    assert "CP-SX-1" in text(steward.get("/quality/institutions/h1/"))
    row = f"/quality/rows/person/{number}/0/"
    assert row in text(steward.get("/quality/rules/CP-SX-1/?institution=h1"))
    page = text(steward.get(row))
    assert "王桂兰" not in page
    assert "The sex is stated" in page
    access.flush()
    region.execute("DELETE FROM record_access")

    opened = text(steward.get(f"{row}?open=1"))

    assert "王桂兰" in opened
    access.flush()
    assert region.execute(
        "SELECT purpose, outcome, id FROM record_access WHERE action = 'read'"
    ).fetchall() == [("HOPERAT", "permit", "p1")]


def test_a_row_leads_to_the_message_that_it_came_in(region: Connection) -> None:
    store(sexless("p1", meta={"source": "urn:xinglin:message:R77"}))
    make.flatten()
    page = text(
        browser(make.account("陆文清", "steward")).get(
            f"/quality/rows/person/{self_number('Patient', 'p1')}/0/"
        )
    )
    assert "/exchange/messages/R77/" in page


def test_who_belongs_to_an_institution_sees_its_data_alone(region: Connection) -> None:
    client = browser(make.account("覃美玲", "nurse", "h2"))
    board = text(client.get("/quality/"))
    assert "第二人民医院" in board
    assert "第一人民医院" not in board
    assert client.get("/quality/institutions/h1/").status_code == 403
    assert client.get(f"/quality/rows/person/{self_number('Patient', 'p1')}/0/").status_code == 403
    (problem,) = queries.problems(region, queries.Cases())
    assert client.get(f"/quality/problems/{problem.number}/").status_code == 404
    assert str(self_number("Patient", "p1")) not in text(client.get("/quality/rules/CP-SX-1/"))
    assert client.get("/quality/rules/CP-SX-1/edit/").status_code == 403


@pytest.mark.parametrize(
    "page",
    [
        "/quality/",
        "/quality/institutions/h1/",
        "/quality/rules/",
        "/quality/rules/CP-SX-1/",
        "/quality/problems/",
        "/quality/tasks/",
    ],
)
def test_every_table_can_be_taken_away(steward: Client, page: str) -> None:
    table = steward.get(page, {"as": "csv"})
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert text(table).startswith("\ufeff")
    book = load_workbook(io.BytesIO(steward.get(page, {"as": "xlsx"}).content))
    assert book.active is not None
    assert book.active.max_row >= 1


def test_a_problem_is_issued_and_seen_through_on_its_page(steward: Client, region: Connection) -> None:
    (problem,) = queries.problems(region, queries.Cases())
    address = f"/quality/problems/{problem.number}/"
    assert steward.post(address, {"verb": "dismiss", "words": ""}).status_code == 422
    assert queries.problem(region, problem.number).state == "new"

    assert steward.post(address, {"verb": "issue", "words": "", "due": "2099-01-01"}).status_code == 302

    held = queries.problem(region, problem.number)
    assert (held.state, held.due and held.due.isoformat()) == ("issued", "2099-01-01")
    assert problem.rule in text(steward.get("/quality/tasks/"))
    assert steward.post(address, {"verb": "note", "words": "已联系信息科"}).status_code == 302
    assert "已联系信息科" in text(steward.get(address))
    assert steward.post(address, {"verb": "close", "words": "x"}).status_code == 409


def test_the_notice_can_be_printed(region: Connection) -> None:
    (problem,) = queries.problems(region, queries.Cases())
    page = text(
        browser(make.account("陆文清", "steward"), "zh-hans").get(
            f"/quality/problems/{problem.number}/notice/"
        )
    )
    assert "数据质量整改通知书" in page
    assert "第一人民医院" in page
    assert "性别已填写" in page
    assert "WS 365-2011" in page


def form(**more: str) -> dict[str, str]:
    return {
        "id": "XX-7", "title_zh": "出生日期已填写", "title": "The birth date is stated", "dimension": "completeness",
        "table": "person", "check": "required", "params": 'column = "birth"', "where": "", "severity": "low",
        "weight": "1",
        "threshold": "0.1", "owner": "steward", "standard": "", "effective": "2026-11-01", "source": "own",
        "confidence": "expert", "words": "", "do": "try",
    } | more  # fmt: skip


def test_a_rule_is_tried_before_it_holds(steward: Client, region: Connection) -> None:
    page = text(steward.post("/quality/rules/new/", form(params='column = "death"')))
    assert "What the rule would find" in page
    assert "<b>8</b>" in page
    assert "XX-7" not in rulebook.in_force(region)

    assert steward.post("/quality/rules/new/", form(do="force")).status_code == 302

    assert rulebook.in_force(region)["XX-7"].params == {"column": "birth"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"params": "column = "}, "This is no TOML: Invalid value (at end of document)"),
        ({"params": 'column = "shoe"'}, "column is shoe, but must be one of"),
        ({"id": "CP-SX-1"}, "There is a rule with this number already."),
        ({"weight": "-1"}, "greater than or equal to 0"),
        (
            {"check": "format", "params": 'column = "receipt"\npattern = "[[:nothing:]]"'},
            "The database refuses the rule",
        ),
    ],
)
def test_a_wrong_rule_is_shown_with_what_is_wrong(
    steward: Client, region: Connection, more: dict[str, str], said: str
) -> None:
    answer = steward.post("/quality/rules/new/", form(do="force", **more))
    assert answer.status_code == 422
    assert said in text(answer).replace("&quot;", '"').replace("&#x27;", "'")
    assert list(rulebook.in_force(region)) == ["CP-SX-1"]


def test_a_rule_is_changed_withdrawn_and_taken_back(steward: Client, region: Connection) -> None:
    page = text(steward.get("/quality/rules/CP-SX-1/edit/"))
    assert "column = &quot;sex&quot;" in page
    steward.post("/quality/rules/CP-SX-1/edit/", form(id="CP-SX-1", params='column = "sex"', do="withdraw"))
    assert list(rulebook.in_force(region)) == []
    versions = rulebook.versions(region, "CP-SX-1")

    assert (
        steward.post("/quality/rules/CP-SX-1/undo/", {"version": str(versions[1].number)}).status_code == 302
    )

    assert rulebook.in_force(region)["CP-SX-1"].title == "The sex is stated"


def test_months_are_listed_and_shown(steward: Client, region: Connection) -> None:
    from datetime import date

    region.execute("UPDATE quality_week SET week = %s", [queries.week_number(date(2026, 10, 12))])
    loop.keep_month(region, date(2026, 10, 1), NOW)
    assert "2026-10" in text(steward.get("/quality/months/"))
    assert "第一人民医院" in text(steward.get("/quality/months/2026-10/"))
    assert steward.get("/quality/months/2031-10/").status_code == 404
    assert steward.get("/quality/months/never/").status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        "/quality/institutions/nowhere/", "/quality/rules/NO-1/", "/quality/problems/999999/",
        "/quality/rows/person/1/0/",
        "/quality/rows/shoes/1/0/", "/quality/rows/person/x/0/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_to_be_so(steward: Client, page: str) -> None:
    assert steward.get(page).status_code == 404


def test_odd_questions_are_answered(steward: Client) -> None:
    for query in (
        "weeks=x",
        "weeks=9999",
        "after=1",
        "after=x.y",
        "department=zz",
        "state=zz",
        "severity=zz",
        "dataset=zz",
    ):
        assert steward.get(f"/quality/rules/CP-SX-1/?{query}").status_code == 200, query
        assert steward.get(f"/quality/problems/?{query}").status_code == 200, query
