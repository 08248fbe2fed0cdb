"""The pages of the knowledge: who may open them, what they show, and a change from its proposal to its publication."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from tests.tcm.conftest import signed_in
from xinglin.tcm.knowledge import queries
from xinglin.tcm.knowledge.models import Change, Fact

pytestmark = pytest.mark.usefixtures("knowledge")

PAGES = [
    "/tcm/",
    "/tcm/kind/herb/",
    "/tcm/term/LU1/",
    "/tcm/sources/",
    "/tcm/changes/",
    "/tcm/peoples/zhuang/",
]


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return response.content.decode()


@pytest.mark.parametrize("path", [*PAGES, "/tcm/herbs.json"])
def test_nobody_sees_them_without_signing_in(client: Client, path: str) -> None:
    assert client.get(path).status_code in (302, 401)


@pytest.mark.parametrize("role", ["doctor", "nurse", "steward"])
def test_everybody_who_works_here_reads_them(client: Client, role: str) -> None:
    browser = signed_in(client, role)

    assert [browser.get(path).status_code for path in PAGES] == [200] * len(PAGES)


@pytest.mark.parametrize("role", ["client", "auditor", "operator"])
def test_who_may_not_propose_gets_no_form(client: Client, role: str) -> None:
    browser = signed_in(client, role)

    paths = ["/tcm/term/LU1/propose/", "/tcm/sources/new/", "/tcm/peoples/yao/new/"]

    assert [browser.get(path).status_code for path in paths] == [403] * 3
    assert browser.post(paths[0], {"act": "add"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/tcm/term/H9999/", "/tcm/fact/999999999/", "/tcm/peoples/miao/", "/tcm/peoples/yao/none/"],
)
def test_what_is_not_there_is_said_so(client: Client, path: str) -> None:
    assert signed_in(client, "doctor").get(path).status_code == 404


def test_a_search_shows_what_it_found_and_by_which_name(client: Client) -> None:
    shown = text(signed_in(client, "doctor"), "/tcm/?q=丹皮")

    assert "牡丹皮" in shown
    assert "又称 丹皮" in shown


def test_a_search_by_signs_marks_what_fits(client: Client) -> None:
    shown = text(signed_in(client, "doctor"), "/tcm/?by=signs&kind=formula&q=恶寒发热 脉浮紧")

    assert "麻黄汤" in shown


def test_a_name_of_several_herbs_is_shown_as_such(client: Client) -> None:
    shown = text(signed_in(client, "doctor"), "/tcm/?q=一口血")

    assert shown.count("此名亦指他物") == 2


def test_a_term_shows_source_basis_confidence_and_review_of_every_fact(client: Client) -> None:
    herb = queries.meanings("附子")[0]

    shown = text(signed_in(client, "doctor"), f"/tcm/term/{herb.id}/")

    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", shown, re.DOTALL)
    assert len(rows) == Fact.objects.filter(term=herb, current=True).count()
    assert all(row.count("xl-tag") >= 2 and "未复核" in row for row in rows)
    assert "中华人民共和国药典 2020年版 一部" in shown
    assert "tcm-web" in shown


def test_what_is_typed_is_shown_as_text(client: Client) -> None:
    shown = text(signed_in(client, "doctor"), "/tcm/?q=<script>alert(1)</script>")

    assert "<script>alert" not in shown


def test_the_pages_speak_english(client: Client) -> None:
    browser = signed_in(client, "doctor")
    browser.cookies["django_language"] = "en"

    shown = text(browser, f"/tcm/term/{queries.meanings('附子')[0].id}/")

    assert "Pharmacopoeia of the People&#x27;s Republic of China" in shown
    assert "Not reviewed" in shown


def test_a_change_goes_from_its_proposal_to_its_publication(client: Client) -> None:
    doctor, other, steward = signed_in(client, "doctor"), Client(), Client()
    signed_in(other, "doctor", "another")
    signed_in(steward, "steward")
    fact = Fact.objects.filter(current=True, predicate="dose", basis="chp").order_by("id")[0]
    said = {
        "act": "correct", "predicate": "dose", "value": "2–4g", "low": "2", "high": "4", "source": "chp-2020",
        "basis": "chp", "confidence": "certain", "reason": "核对原文", "locator": "12 页",
    }  # fmt: skip

    proposed = doctor.post(f"/tcm/term/{fact.term_id}/propose/?fact={fact.id}", said)
    change = Change.objects.get()
    own = doctor.post(f"/tcm/changes/{change.id}/", {"choice": "agree"})
    agreed = other.post(f"/tcm/changes/{change.id}/", {"choice": "agree"})
    early = other.post(f"/tcm/changes/{change.id}/", {"choice": "publish"})
    published = steward.post(f"/tcm/changes/{change.id}/", {"choice": "publish"})

    answers = [one.status_code for one in (proposed, own, agreed, early, published)]
    assert answers == [302, 403, 302, 403, 302]
    latest = Fact.objects.get(line=fact.line, current=True)
    assert (latest.value, latest.state, latest.version) == ("2–4g", "reviewed", 2)
    assert "已复核" in text(steward, f"/tcm/fact/{latest.id}/")
    assert "核对原文" in text(doctor, f"/tcm/term/{fact.term_id}/")


def test_facts_of_a_source_are_confirmed_together_on_the_pages(client: Client) -> None:
    doctor, other = signed_in(client, "doctor"), Client()
    signed_in(other, "doctor", "another")
    herb = queries.meanings("麻黄")[0]

    proposed = doctor.post(f"/tcm/term/{herb.id}/confirm/", {"source": "tcm-mkg", "reason": "对照原书"})
    first = Change.objects.order_by("id")[0]
    shown = text(other, "/tcm/changes/")
    other.post(f"/tcm/changes/{first.id}/", {"choice": "agree"})

    assert proposed.status_code == 302
    assert shown.count('class="xl-card tcm-change"') == 1
    assert set(Change.objects.values_list("progress", flat=True)) == {"agreed"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"predicate": "enters", "other": "没有这条经"}, "没有术语"),
        ({"predicate": "opposes", "other": "一口血"}, "可能指"),
        ({"predicate": "dose", "value": "9–3g", "low": "9", "high": "3"}, "下限"),
    ],
)
def test_a_proposal_that_is_wrong_says_why_and_keeps_nothing(
    client: Client, given: dict[str, str], words: str
) -> None:
    browser = signed_in(client, "doctor")
    herb = queries.meanings("黄芪")[0]
    said = {"act": "add", "source": "chp-2020", "basis": "chp", "confidence": "likely", "reason": "试"}

    response = browser.post(f"/tcm/term/{herb.id}/propose/", said | given)

    assert response.status_code == 400
    assert words in response.content.decode()
    assert Change.objects.count() == 0


def test_an_entry_of_zhuang_medicine_is_checked_on_its_page(client: Client) -> None:
    browser = signed_in(client, "doctor")
    path = "/tcm/peoples/zhuang/zh-x-thread/"

    answered = browser.post(path, {"source": "中国壮医学 2001: 200", "basis": "textbook"})

    assert answered.status_code == 302
    shown = text(browser, path)
    assert "中国壮医学 2001: 200" in shown
    assert "我已核对" not in shown


def test_the_list_of_herbs_may_be_kept_under_its_version_and_not_under_another(client: Client) -> None:
    browser = signed_in(client, "doctor")
    address = re.search(r'data-src="([^"]+)"', text(browser, "/tcm/"))
    assert address is not None

    kept = browser.get(address[1])
    other = browser.get("/tcm/herbs.json?v=old")

    assert "immutable" in kept["Cache-Control"]
    assert other["Cache-Control"] == "no-store"
    assert len(json.loads(kept.content)["herbs"]) > 700


@pytest.mark.parametrize("name", ["附子", "甘草", "麻黄汤"])
def test_a_term_costs_the_same_questions_however_much_is_said_of_it(
    client: Client, django_assert_max_num_queries: Any, name: str
) -> None:
    browser = signed_in(client, "doctor")
    address = f"/tcm/term/{queries.meanings(name)[0].id}/"

    with django_assert_max_num_queries(20):
        text(browser, address)


def test_the_first_page_leads_to_the_desks(knowledge: None, client: Client) -> None:
    page = signed_in(client, "doctor", "desks").get("/tcm/").content.decode()
    for address in ("/tcm/differentiation/", "/tcm/safety/", "/tcm/constitution/"):
        assert f'href="{address}"' in page
    other = signed_in(client, "steward", "no-desks").get("/tcm/").content.decode()
    assert 'href="/tcm/safety/"' not in other
