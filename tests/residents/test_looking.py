"""Who looked, told to a resident: people by name and day, programs apart and folded, every look still there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.residents import make
from tests.residents.entering import client_of, plain, text
from xinglin.accounts.models import Account
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.ids import self_number
from xinglin.record import access, database
from xinglin.record.access import Line
from xinglin.residents import looking
from xinglin.residents.looking import Side

DOCTOR = Actor("account/77", "黄志远", frozenset({"doctor"}), institution="hospital")
SENDER = Actor("sender/xc-h01", "第一医院", frozenset({"client"}), "HOPERAT", "hospital")


def look(actor: Actor, *, minutes: float = 0, outcome: str = "permit", patient: str = "a") -> None:
    """A line of the log, so many minutes ago."""
    line = Line(
        clock.now() - timedelta(minutes=minutes), actor.id, actor.purpose, "read", outcome, None, None,
        self_number("Patient", patient), None, actor.institution,
    )  # fmt: skip
    connection = database.connection()
    with connection.transaction(), connection.cursor() as cursor:
        access.append(cursor, [line])


@pytest.fixture
def doctor(region):
    account = Account.objects.create_user(
        "d-huang", display_name="黄志远", title="主任医师", roles=["doctor"], institution_id="hospital",
        institution_name="第一人民医院",
    )  # fmt: skip
    return Actor(f"account/{account.pk}", "黄志远", frozenset({"doctor"}), institution="hospital")


def seen(own: str = "account/0") -> looking.Lookers:
    return looking.lookers(database.connection(), (self_number("Patient", "a"),), own)


@pytest.mark.parametrize(
    ("actor", "side"),
    [
        ("account/77", Side.PEOPLE),
        ("account/1", Side.OWN),
        ("share/4", Side.PEOPLE),
        ("sender/xc-h01", Side.MACHINES),
        ("node/nn", Side.MACHINES),
        ("Subscription/9", Side.MACHINES),
        ("system", Side.MACHINES),
        ("demo/3", Side.MACHINES),
    ],
)
def test_every_reader_stands_on_one_side(actor, side):
    assert looking.side_of(actor, None, "account/1") is side


def test_people_and_programs_are_counted_apart_and_refused_looks_not(doctor):
    look(doctor, minutes=3)
    look(doctor, minutes=2, outcome="deny")
    look(SENDER)
    look(SYSTEM)
    look(SYSTEM)

    found = seen()

    assert (found.people, found.count(Side.PEOPLE), found.institutions) == (1, 1, 1)
    assert found.count(Side.MACHINES) == 3
    assert [(m.reader.actor, m.count) for m in found.machines] == [("system", 2), ("sender/xc-h01", 1)]


def test_a_machine_account_is_a_program_and_no_person(region):
    account = Account.objects.create_user("lis", display_name="检验系统", roles=["client"])
    look(Actor(f"account/{account.pk}", "检验系统", frozenset({"client"})))

    found = seen()

    assert found.people == 0
    assert [m.reader.name for m in found.machines] == ["检验系统"]


def test_looks_of_one_person_on_one_day_are_one_row_that_unfolds_to_each(doctor, outbox):
    for minutes in (0, 1, 2):
        look(doctor, minutes=minutes)
    client = client_of(make.wang())

    page = plain(client.get("/my/readers/"))
    day = clock.now().astimezone(LOCAL_ZONE).date().isoformat()
    each = client.get("/my/readers/looks/", {"of": doctor.id, "day": day}, headers={"HX-Request": "true"})

    assert (
        page.partition("人员")[2].count("黄志远") == 1
    )  # below the latest look, which whoever hears the page is told
    assert "第一人民医院 主任医师" in page
    assert "3 次" in page
    assert "·" not in page.partition("跳到主要内容")[2]  # after the title
    assert text(each).count("<li>") == 3
    assert "<html" not in text(each)


def test_programs_are_named_in_words_and_each_of_their_looks_is_reachable(region, outbox):
    look(SENDER)
    client = client_of(make.wang())

    page = text(client.get("/my/readers/"))
    each = plain(client.get("/my/readers/looks/", {"of": SENDER.id}))

    assert "xc-h01上传、核对数据" in page
    assert "系统自动处理" in page
    assert "of=sender%2Fxc-h01" in page
    assert "查看档案" in each


def test_the_first_page_counts_people_alone_and_the_last_thirty_days_alone(doctor, outbox):
    client = client_of(make.wang())
    look(doctor, minutes=40 * 24 * 60)
    assert "30天内没有他人查看" in plain(client.get("/my/"))

    look(doctor)
    look(SENDER)
    page = plain(client.get("/my/"))

    assert "近30天有1人看过、1 次、来自1家机构" in page.replace(" 、", "、").replace("、 ", "、")
    assert "只统计人的查看，系统自动处理另列。" in page


def test_looks_at_another_record_are_not_shown(doctor, outbox):
    look(doctor, patient="lin")
    client = client_of(make.wang())

    answer = client.get("/my/readers/looks/", {"of": doctor.id})

    assert answer.status_code == 404
    assert "黄志远" not in plain(client.get("/my/readers/"))


def test_older_days_of_readers_are_on_further_pages_and_none_twice(doctor):
    from xinglin.audit import patients

    for day in range(5):
        look(doctor, minutes=day * 24 * 60)
    numbers, connection = (self_number("Patient", "a"),), database.connection()

    first = patients.sittings(connection, numbers, [doctor.id], limit=3)
    before = (first[-1].latest, first[-1].place)
    rest = patients.sittings(connection, numbers, [doctor.id], before=before, limit=3)

    assert [one.count for one in (*first, *rest)] == [1] * 5
    assert sorted({one.day for one in (*first, *rest)}, reverse=True) == [one.day for one in (*first, *rest)]
