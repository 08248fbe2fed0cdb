"""The first page of each role: the numbers that matter to it, and what it works for."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from tests.portal import make, region
from tests.portal.test_views import text
from xinglin.record import access

HTMX = {"HX-Request": "true"}
NUMBERS = "/today/figures/"


def entered(client: Client, role: str, institution: str = "") -> Client:
    from xinglin.accounts.models import Account

    account = Account.objects.create_user(
        role, display_name="黄志远", roles=[role], institution_id=institution, institution_name=institution
    )
    client.force_login(account)
    return client


def numbers(client: Client) -> dict[str, str]:
    """The numbers of the first page by their names."""
    body = client.get(NUMBERS, headers=HTMX).content.decode()
    found = re.findall(r'class="xl-numbers-name">(.*?)</span><b>(.*?)</b>', body)
    return {html.unescape(name): html.unescape(value) for name, value in found}


@pytest.mark.parametrize(
    ("role", "institution", "named"),
    [
        ("doctor", "hospital", ["今日调阅档案", "近 7 天调阅档案", "本月互认结果", "本月提醒"]),
        ("nurse", "hospital", ["今日调阅档案", "近 7 天调阅档案", "本月提醒"]),
        ("steward", "", ["最近一小时消息数", "其中进入隔离区", "本月互认结果", "本月因此节省"]),
        ("administrator", "", ["24 小时调阅", "最近一小时消息数", "本月互认结果"]),
        ("auditor", "", ["24 小时调阅", "24 小时拒绝", "近 7 天紧急开放", "账号"]),
        ("security", "", ["账号", "当前在线", "锁定账号"]),
        ("operator", "", ["账号", "当前在线"]),
    ],
)
def test_each_role_sees_the_numbers_that_matter_to_it(stored, client, role, institution, named):
    found = numbers(entered(client, role, institution))

    assert [name for name in named if name not in found] == []
    assert len(found) <= 8


def test_who_has_no_role_sees_no_numbers(resident_without_rights):
    assert numbers(resident_without_rights) == {}
    assert NUMBERS not in resident_without_rights.get("/").content.decode()


def test_records_opened_are_counted_for_the_reader_alone(stored, client):
    doctor = entered(client, "doctor", "hospital")
    before = numbers(doctor)["今日调阅档案"]
    doctor.get("/residents/d/")
    access.flush()

    assert (before, numbers(doctor)["今日调阅档案"]) == ("0", "1")
    assert numbers(entered(Client(), "nurse", "hospital"))["今日调阅档案"] == "0"


def test_who_works_for_the_public_s_health_sees_the_residents_of_their_institution(stored, client):
    worker = entered(client, "doctor", "hospital")
    assert "本机构建档居民" not in numbers(worker)

    answer = worker.post("/today/purpose/", {"purpose": "PUBHLTH"})

    assert (answer.status_code, answer["Location"]) == (302, "/")
    found = numbers(worker)
    assert (found["本机构建档居民"], found["其中高血压患者"], found["其中糖尿病患者"]) == ("1", "1", "0")


def test_purpose_that_is_none_changes_nothing(stored, client):
    worker = entered(client, "doctor", "hospital")

    worker.post("/today/purpose/", {"purpose": "FUN"})

    assert "本机构建档居民" not in numbers(worker)
    assert worker.session.get("purpose") is None


def test_first_page_offers_purposes_to_who_treats_alone(stored, client):
    said = text(entered(client, "doctor", "hospital").get("/"))
    assert "本次工作目的" in said

    assert "本次工作目的" not in text(entered(Client(), "steward").get("/"))


def test_resident_is_found_by_the_end_of_the_phone_by_every_role_that_may(stored, client):
    for role in ("doctor", "nurse", "steward", "administrator"):
        answer = entered(Client(), role, region.HOSPITAL if role in {"doctor", "nurse"} else "").get(
            "/residents/", {"q": "5678"}, headers={"HX-Request": "true"}
        )
        assert [c["person"].name for c in answer.context["candidates"]] == ["王桂兰"], role
        assert make.WANG not in answer.content.decode()
