"""The ward's pages: who may open which, a whole stay by them, and that one clinic's are nothing to another."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.clinic import make, ward
from tests.clinic.test_views import ROLES, said, sign_in  # noqa: F401 -- a fixture
from xinglin.clinic import accounting
from xinglin.clinic.views.framing import today
from xinglin.clinic.ward import queries
from xinglin.clinic.ward.actions import billing, documenting
from xinglin.clinic.ward.rules import BedState, OrderState
from xinglin.kernel import clock


@pytest.fixture
def stay(clinic, connection, monkeypatch):
    """A stay with everything, since yesterday; and the ward in which it is."""
    monkeypatch.setattr(make, "NOW", clock.now() - timedelta(days=1))
    monkeypatch.setattr(make, "TODAY", today())
    rooms = ward.open_ward(clinic.items)
    made = ward.stay(rooms)
    ward.deposit(made, 100_000)
    ward.order(made, rooms.items["针刺"], "肾俞", "qd")
    ward.write(made, "first")
    ward.sign(made, "first", make.NOW)
    with connection.transaction():
        documenting.measure(
            connection, stay=made.id, moment=ward.after(hours=1), typed={"temperature": "37.1", "pulse": "80"},
            actor=make.NURSE, now=clock.now(),
        )  # fmt: skip
        billing.charge_days(connection, actor=make.NURSE, now=clock.now())
    return made, rooms


PAGES = {
    # page: its other arguments after the stay (None: it is of no stay), who may
    "ward": (None, {"doctor", "nurse", "administrator"}),
    "ward-admit": (None, {"doctor", "nurse"}),
    "ward-work": (None, {"doctor", "nurse"}),
    "ward-beds": (None, {"administrator"}),
    "stay": ((), {"doctor", "nurse"}),
    "stay-signs": ((), {"doctor", "nurse"}),
    "stay-document": (("first", 1), {"doctor", "nurse"}),
    "stay-document-paper": (("first", 1), {"doctor", "nurse"}),
    "orders-paper": ((), {"doctor", "nurse"}),
    "stay-bill": ((), {"nurse", "administrator"}),
    "stay-day": (("2026-11-20",), {"nurse", "administrator"}),
}


def address(page: str, number: int) -> str:
    more = PAGES[page][0]
    return reverse(f"clinic:{page}", args=[] if more is None else [number, *more])


def test_pages_by_role(sign_in, stay):  # noqa: F811 -- the fixture
    clients = {role: sign_in(role) for role in ROLES}
    may = {
        page: {
            role
            for role, client in clients.items()
            if client.get(address(page, stay[0].id)).status_code == 200
        }
        for page in PAGES
    }

    assert may == {page: roles for page, (_, roles) in PAGES.items()}


def test_every_page_of_a_stay_is_nothing_to_another_clinic(sign_in, stay):  # noqa: F811
    of_stays = [page for page, (more, _) in PAGES.items() if more is not None]
    statuses = {
        page: {
            sign_in(role, "hospital").get(address(page, stay[0].id)).status_code for role in PAGES[page][1]
        }
        for page in of_stays
    }

    assert statuses == {page: {404} for page in of_stays}
    assert "李秋月" not in said(sign_in("nurse", "hospital").get(reverse("clinic:ward")))


def test_nobody_without_an_account_sees_the_ward(db, stay):
    answers = {page: Client().get(address(page, stay[0].id)) for page in PAGES}

    assert {
        page for page, answer in answers.items() if "/sign-in/" in answer.headers.get("Location", "")
    } == set(PAGES)


def test_every_page_is_said_in_both_languages(sign_in, stay):  # noqa: F811
    clients = {role: sign_in(role) for role in ("doctor", "nurse", "administrator")}
    headings = {}
    for page, (_, roles) in PAGES.items():
        client = clients[max(roles - {"administrator"}, default="administrator")]
        for language in ("en", "zh-hans"):
            answer = client.get(address(page, stay[0].id), headers={"Accept-Language": language})
            headings[page, language] = re.findall(r"<h2>(.*?)</h2>|<h1>(.*?)<|<title>(.*?) ·", said(answer))[
                0
            ]

    same = {page for page in PAGES if headings[page, "en"] == headings[page, "zh-hans"]}
    assert same <= {
        "stay",
        "stay-document-paper",
        "orders-paper",
    }  # these begin with a name, or are papers in Chinese


def test_the_board_says_what_waits(sign_in, stay):  # noqa: F811
    board = said(sign_in("nurse").get(reverse("clinic:ward"), headers={"Accept-Language": "en"}))

    assert "李秋月" in board
    assert "1 order to check" in board
    assert "1 document overdue" in board  # the admission record is; the first course note is there
    assert "腰痛伴下肢麻木1周" in board
    assert "腰痛伴下肢麻木1周" not in said(sign_in("administrator").get(reverse("clinic:ward")))


def test_the_list_of_what_is_to_do_grows_shorter(sign_in, stay, connection):  # noqa: F811
    made, _ = stay
    nurse, here = sign_in("nurse"), reverse("clinic:ward-work")
    (order,) = queries.orders(connection, "clinic", made.id)
    acts = []
    for _ in range(3):
        page = said(nurse.get(here))
        acts.append(re.findall(r'name="act" value="(\w+)"', page))
        if acts[-1]:
            sent = {"act": acts[-1][0], "from": "work", "note": "得气"}
            assert nurse.post(reverse("clinic:ward-order", args=[order.id]), sent).headers["Location"] == here

    assert acts == [["check"], ["carry"], []]
    assert [one.note for one in queries.executions(connection, "clinic", made.id)] == ["得气"]


def test_the_chart_has_a_table_of_all_its_figures(sign_in, stay):  # noqa: F811
    page = said(sign_in("nurse").get(reverse("clinic:stay-signs", args=[stay[0].id])))

    assert page.count('<circle class="pulse"') == 1
    assert page.count('<path class="temperature"') == 1
    assert re.search(r"<td[^>]*>37.1</td>\s*<td[^>]*>80</td>", page)
    assert "style=" not in page


def test_a_stay_by_the_pages(sign_in, clinic, connection, terms):  # noqa: F811
    nurse, doctor, head = sign_in("nurse"), sign_in("doctor"), sign_in("administrator")
    head.post(
        reverse("clinic:prices"), {"kind": "ward", "name": "床位费", "fen": "35", "per": "1", "unit": "日"}
    )
    (fee,) = [one for one in queries_items(connection) if one.kind == "ward"]
    head.post(
        reverse("clinic:ward-beds"), {"room": "201", "number": "1", "kind": "双人间", "item": str(fee.id)}
    )
    head.post(reverse("clinic:ward-beds"), {"level": "second", "item": str(fee.id)})
    (bed,) = queries.beds(connection, "clinic")
    patient = make.patient()
    found = said(nurse.get(reverse("clinic:ward-admit"), {"q": "李秋月", "bed": str(bed.id)}))
    assert patient.patient in found
    admission = {
        "patient": patient.patient, "bed": str(bed.id), "entrance": "2", "level": "second", "severity": "stable",
        "reason": "腰痛1周", "deposit": "500", "way": "mobile",
    }  # fmt: skip
    page = nurse.post(reverse("clinic:ward-admit"), admission, follow=True)
    assert "腰痛1周" in said(page)
    (stay,) = queries.stays(connection, "clinic")

    here = reverse("clinic:stay", args=[stay.id])
    order = {
        "act": "order",
        "item": str(clinic.items["针刺"]),
        "words": "肾俞",
        "amount": "1",
        "frequency": "qd",
    }
    doctor.post(here, order)
    (made,) = queries.orders(connection, "clinic", stay.id)
    for act in ("check", "carry"):
        nurse.post(reverse("clinic:ward-order", args=[made.id]), {"act": act})
    document = reverse("clinic:stay-document", args=[stay.id, "admission", 1])
    texts = {
        **ward.TEXTS,
        "version": "0",
        "act": "sign",
        "disease_typed": "不寐病",
        "syndrome_typed": "心脾两虚证",
    }
    answer = doctor.post(document, texts, follow=True)
    kept = queries.document(connection, "clinic", stay.id, "admission", 1)
    assert kept.signed is not None, re.findall(r"role=.alert.>.*?<span>(.*?)</span>", said(answer))
    late = doctor.post(document, {**texts, "act": "keep", "disease_typed": "另写的病名"})
    assert (late.status_code, "另写的病名" in said(late)) == (422, True)  # the version is an old one
    assert 'name="version" value="0"' in said(late)
    assert queries.document(connection, "clinic", stay.id, "admission", 1) == kept
    typed = {"moment": local(stay), "temperature": "368"}
    refused = nurse.post(reverse("clinic:stay-signs", args=[stay.id]), typed)
    assert refused.status_code == 422
    assert [one for one in typed.values() if f'value="{one}"' not in said(refused)] == []
    assert queries.signs(connection, "clinic", stay.id) == []
    nurse.post(reverse("clinic:stay-signs", args=[stay.id]), {"moment": local(stay), "temperature": "36.8"})
    (sign,) = queries.signs(connection, "clinic", stay.id)
    nurse.post(reverse("clinic:sign-mistake", args=[stay.id, sign.id]))
    assert [one.mistaken is not None for one in queries.signs(connection, "clinic", stay.id)] == [True]
    assert "/clinic/visits/" in doctor.post(here, {"act": "herbs"}).headers["Location"]

    doctor.post(here, {"act": "discharge", "way": "1"})
    over = queries.stay(connection, "clinic", stay.id)
    assert not over.open
    due = billing.standing(connection, over).due
    assert due == 2 * 3500 + 4500
    bill = said(nurse.get(reverse("clinic:stay-bill", args=[stay.id])))
    assert "385.00" in bill
    settled = {"way": "mobile", "out": "on", "expected": str(due)}
    paper = said(nurse.post(reverse("clinic:stay-settle", args=[stay.id]), settled, follow=True))
    assert "115.00" in paper
    assert "385.00" in paper
    assert accounting.account(connection, "clinic", patient.patient) == 0
    nurse.post(reverse("clinic:ward-bed", args=[bed.id]), {"to": "ready"})
    assert queries.bed(connection, "clinic", bed.id).state is BedState.READY


def test_what_is_not_allowed_is_said_and_nothing_done(sign_in, stay, connection):  # noqa: F811
    made, _ = stay
    nurse = sign_in("nurse")
    answer = nurse.post(
        reverse("clinic:stay", args=[made.id]), {"act": "order", "words": "卧床", "amount": "1"}, follow=True
    )
    assert 'role="alert"' in said(answer)
    (order,) = queries.orders(connection, "clinic", made.id)
    sign_in("doctor").post(reverse("clinic:ward-order", args=[order.id]), {"act": "check"})

    assert queries.order(connection, "clinic", order.id).state is OrderState.SIGNED


def queries_items(connection):
    from xinglin.clinic import queries as clinic_queries

    return clinic_queries.items(connection, "clinic", today())


def local(stay) -> str:
    """The moment of admission, as the page's field says it."""
    from xinglin.fhir.dates import LOCAL_ZONE

    return f"{stay.admitted.astimezone(LOCAL_ZONE):%Y-%m-%dT%H:%M}"
