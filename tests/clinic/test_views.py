"""The pages: who may open which, what a whole day does by them, and that one clinic's are nothing to another."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.clinic import make
from xinglin.accounts.models import Account
from xinglin.clinic import accounting, queries
from xinglin.clinic.actions import stocking, treating
from xinglin.clinic.rules import State, VisitState
from xinglin.clinic.views.framing import today
from xinglin.kernel import clock

ROLES = ("doctor", "nurse", "steward", "administrator", "client", "none")


@pytest.fixture
def sign_in(db, clinic):
    """A function that signs somebody of a role in, at the clinic unless another institution is given."""

    def signing_in(role: str, institution: str = "clinic", name: str = "") -> Client:
        account, _ = Account.objects.get_or_create(
            username=f"{role}-{institution}-{name}",
            defaults={
                "display_name": name or f"{role} 某", "roles": [] if role == "none" else [role],
                "institution_id": institution, "institution_name": "杏春堂中医诊所",
            },
        )  # fmt: skip
        client = Client()
        client.force_login(account)
        return client

    return signing_in


@pytest.fixture
def day(clinic, connection, monkeypatch):
    """A visit with everything, today."""
    monkeypatch.setattr(make, "NOW", clock.now())
    visit = make.seen(fee=clinic.items["挂号费"])
    make.write(visit)
    held = make.draft(visit, clinic.line("茯苓", 10), clinic.line("当归", 10))
    make.sign(held)
    with connection.transaction():
        plan = treating.plan(
            connection, visit=visit.id, item=clinic.items["针刺"], points=["神门"], sessions=1, actor=make.DOCTOR,
            now=make.NOW,
        )  # fmt: skip
    paid = make.pay(visit, sum(one.fen for one in accounting.charges(connection, "clinic", visit.id)))
    (batch, *_) = queries.batches(connection, "clinic")
    return {
        "visit": visit.id,
        "prescription": held.id,
        "plan": plan.id,
        "payment": paid.id,
        "batch": batch.id,
    }


PAGES = {
    # page: what it is of, who may
    "desk": ("", {"doctor", "nurse", "administrator"}),
    "queue": ("", {"doctor"}),
    "wall": ("", {"doctor", "nurse"}),
    "visit": ("visit", {"doctor"}),
    "bill": ("visit", {"nurse", "administrator"}),
    "till": ("", {"nurse", "administrator"}),
    "pharmacy": ("", {"doctor", "nurse"}),
    "dispense": ("prescription", {"doctor", "nurse"}),
    "second": ("prescription", {"doctor"}),
    "prescription-paper": ("prescription", {"doctor", "nurse", "administrator"}),
    "receipt": ("payment", {"nurse", "administrator"}),
    "stock": ("", {"nurse", "administrator"}),
    "batch": ("batch", {"nurse", "administrator"}),
    "prices": ("", {"doctor", "nurse", "administrator"}),
    "treatment": ("", {"doctor", "nurse"}),
    "course": ("plan", {"doctor", "nurse"}),
    "nurse": ("", {"doctor", "nurse"}),
    "measure": ("visit", {"doctor", "nurse"}),
    "records": ("", {"doctor", "nurse", "administrator"}),
    "formulas": ("visit", {"doctor"}),
}


def address(page, day):
    of = PAGES[page][0]
    return reverse(f"clinic:{page}", args=[day[of]] if of else [])


def said(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def test_pages_by_role(sign_in, day):
    clients = {role: sign_in(role) for role in ROLES}
    may = {
        page: {
            role
            for role, client in clients.items()
            if client.get(address(page, day)).status_code in (200, 302)
        }
        for page in PAGES
    }

    assert may == {page: roles for page, (_, roles) in PAGES.items()}


def test_every_page_of_something_is_nothing_to_another_clinic(sign_in, day):
    statuses = {
        page: {sign_in(role, "hospital").get(address(page, day)).status_code for role in roles}
        for page, (of, roles) in PAGES.items()
        if of
    }

    assert statuses == {page: {404} for page, (of, _) in PAGES.items() if of}


def test_nobody_without_an_account_sees_anything(sign_in, day):
    answers = {page: Client().get(address(page, day)) for page in PAGES}

    assert {
        page for page, answer in answers.items() if "/sign-in/" in answer.headers.get("Location", "")
    } == set(PAGES)


def test_every_page_has_its_heading_in_both_languages(sign_in, day):
    clients = {role: sign_in(role) for role in ("doctor", "nurse", "administrator")}
    headings = {}
    for page in sorted(
        PAGES.keys() - {"visit", "second", "bill", "dispense", "course", "batch", "measure", "formulas"}
    ):
        client = clients[max(PAGES[page][1] - {"administrator"}, default="administrator")]
        for language in ("en", "zh-hans"):
            answer = said(client.get(address(page, day), headers={"Accept-Language": language}))
            headings[page, language] = re.findall(r"<title>(.*?) ·", answer)[0]

    assert [page for page, language in headings if headings[page, "en"] == headings[page, "zh-hans"]] == []


def test_a_day_by_the_pages(sign_in, clinic, connection, terms):
    desk, doctor, second = sign_in("nurse"), sign_in("doctor"), sign_in("nurse", name="农丽华")
    new = {"name": "周玉兰", "sex": "female", "birth": "1975-03-02", "fee": str(clinic.items["挂号费"])}
    assert "周玉兰" in said(desk.post(reverse("clinic:register"), new, follow=True))
    (visit,) = queries.visits(connection, "clinic", today())
    doctor.post(reverse("clinic:call"), {"room": "2"})
    doctor.post(reverse("clinic:move", args=[visit.id, "seen"]))
    record = {
        **make.TEXTS,
        "version": "0",
        "act": "sign",
        "disease_typed": "不寐病",
        "syndrome_typed": "心脾两虚证",
    }
    answer = doctor.post(reverse("clinic:record", args=[visit.id]), record, follow=True)
    assert queries.note(connection, "clinic", visit.id).signed is not None, said(answer)[:3000]

    lines = [
        {"item": str(clinic.items[name]), "name": name, "grams": grams}
        for name, grams in (("细辛", "6"), ("茯苓", "10"))
    ]
    sent = {"lines": json.dumps(lines), "doses": "7", "usage": "水煎服", "act": "sign"}
    checked = said(doctor.post(reverse("clinic:check", args=[visit.id]), sent))
    assert "细辛" in checked
    (key,) = re.findall(r'name="reason:([^"]+)"', checked)
    doctor.post(reverse("clinic:prescribe", args=[visit.id]), sent)
    (held,) = queries.prescriptions(connection, "clinic", visit.id)
    assert held.state is State.DRAFT
    doctor.post(
        reverse("clinic:prescribe", args=[visit.id]),
        {**sent, "prescription": str(held.id), f"reason:{key}": "need"},
    )
    assert make.again(held).state is State.SIGNED

    due = sum(one.fen for one in accounting.charges(connection, "clinic", visit.id))
    paid = desk.post(
        reverse("clinic:pay", args=[visit.id]),
        {"expected": str(due), "way": "cash", "given": "100"},
        follow=True,
    )
    assert f"{100 - due / 100:.2f}" in said(paid)
    for client, to in ((desk, "reviewed"), (desk, "mixed"), (second, "checked"), (second, "issued")):
        client.post(reverse("clinic:dispense", args=[held.id]), {"to": to})
    assert make.again(held).state is State.ISSUED
    closed = desk.post(reverse("clinic:close"), {"counted": f"{due / 100:.2f}"}, follow=True)
    assert closed.status_code == 200
    assert "0.00" in said(closed)


def test_what_is_wrong_is_said_and_nothing_done(sign_in, day, connection):
    nurse = sign_in("nurse")
    answer = nurse.post(
        reverse("clinic:refund", args=[day["payment"]]), {"reason": "x", "charge": ["1"]}, follow=True
    )

    assert 'role="alert"' in said(answer)
    assert {one.refund for one in accounting.charges(connection, "clinic", day["visit"])} == {None}


def test_the_wall_shows_no_whole_name(sign_in, connection, clinic, monkeypatch):
    monkeypatch.setattr(make, "NOW", clock.now())
    visit = make.seen()
    with connection.transaction():
        connection.execute("UPDATE clinic_visit SET state = 'called' WHERE id = %s", [visit.id])
    shown = said(sign_in("nurse").get(reverse("clinic:wall")))

    assert "李*月" in shown
    assert "李秋月" not in shown
    assert VisitState.CALLED in {one.state for one in queries.visits(connection, "clinic", today())}


def test_prices_and_stock_are_entered_by_pages(sign_in, connection, clinic):
    head, nurse = sign_in("administrator"), sign_in("nurse")
    head.post(
        reverse("clinic:prices"), {"kind": "herb", "name": "川芎", "fen": "0.80", "per": "10", "unit": "g"}
    )
    item = next(one for one in queries.items(connection, "clinic", today()) if one.name == "川芎")
    assert (item.fen, item.per) == (80, 10)
    assert "cx" in item.initials.split()
    nurse.post(
        reverse("clinic:stock"),
        {"item": str(item.id), "number": "B7", "expires": "2030-01-01", "amount": "250", "cost": "20"},
    )
    batch = next(one for one in queries.batches(connection, "clinic") if one.name == "川芎")
    assert batch.remaining == 250_000
    nurse.post(reverse("clinic:batch", args=[batch.id]), {"act": "loss", "amount": "10.5", "note": "霉变"})
    assert queries.batch(connection, "clinic", batch.id).remaining == 239_500
    assert stocking.count is not None


def test_people_known_elsewhere_become_the_clinic_s_own(sign_in, connection, clinic):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    number = [{"system": "urn:oid:2.16.156.10011.1.3", "value": "11010519491231002X"}]
    known = {
        "resourceType": "Patient", "id": "h1", "name": [{"text": "王桂兰"}], "gender": "female",
        "birthDate": "1949-12-31", "identifier": number,
        "managingOrganization": {"reference": "Organization/hospital"},
    }  # fmt: skip
    open_as(SYSTEM).update(known)
    desk = sign_in("nurse")
    page = said(desk.get(reverse("clinic:desk"), {"q": "11010519491231002X"}))
    assert "王桂兰" in page
    desk.post(reverse("clinic:register"), {"patient": "h1"})
    (visit,) = queries.visits(connection, "clinic", today())
    made = open_as(SYSTEM).read("Patient", visit.patient).resource

    assert made["managingOrganization"]["reference"] == "Organization/clinic"
    assert made["identifier"] == number


def test_what_was_typed_about_a_newcomer_is_kept_when_it_cannot_be_taken(sign_in, clinic, connection):
    typed = {
        "name": "周玉兰", "sex": "male", "number": "12345", "phone": "13900000000", "birth": "1975-03-02",
        "fee": "", "kind": "emergency", "urgent": "on",
    }  # fmt: skip
    answer = sign_in("nurse").post(reverse("clinic:register"), typed)
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "证件号码有误" in said(answer)
    assert [
        typed[name] for name in ("name", "number", "phone", "birth") if f'value="{typed[name]}"' not in page
    ] == []
    assert [one for one in ("male", "emergency", "") if f'value="{one}" selected' not in page] == []
    assert 'name="urgent" checked' in page
    assert queries.visits(connection, "clinic", today()) == []


@pytest.mark.parametrize("role", ["doctor", "nurse", "administrator"])
def test_the_numbers_of_the_day_lead_where_the_reader_may_go(sign_in, role):
    client = sign_in(role)
    told = client.get("/today/figures/", headers={"HX-Request": "true"}).content.decode()
    addresses = set(re.findall(r'href="(/clinic/[^"]*)"', told))

    assert addresses
    assert {client.get(one, follow=True).status_code for one in addresses} == {200}


@pytest.mark.parametrize("page", ["desk", "queue", "nurse"])
def test_numbers_stand_under_their_headings_and_cells_stay_cells(sign_in, day, page):
    rows = []
    for table in re.findall(r"<table.*?</table>", said(sign_in("doctor").get(address(page, day))), re.DOTALL):
        head, first = re.findall(r"<tr.*?</tr>", table, re.DOTALL)[:2]
        rows.append(
            [["xl-number" in cell for cell in re.findall(r"<t[hd]\b[^>]*>", row)] for row in (head, first)]
        )
        assert '<td class="xl-clinic-line' not in table

    assert rows
    assert [head for head, first in rows if head != first] == []


def test_a_delivery_that_cannot_be_taken_keeps_what_was_typed(sign_in, connection, clinic):
    before = queries.batches(connection, "clinic")
    typed = {
        "item": str(clinic.items["当归"]), "number": "B7", "expires": "2020-01-01", "amount": "250", "cost": "20",
        "supplier": "某药材公司",
    }  # fmt: skip
    answer = sign_in("nurse").post(reverse("clinic:stock"), typed)
    page = answer.content.decode()

    assert answer.status_code == 422
    assert f'value="{typed.pop("item")}" selected' in page
    assert [name for name, text in typed.items() if f'name="{name}" value="{text}"' not in page] == []
    assert queries.batches(connection, "clinic") == before


def test_words_of_a_record_are_not_lost_when_somebody_else_wrote_in_between(sign_in, day, connection):
    before = queries.note(connection, "clinic", day["visit"])
    assert before is not None
    typed = {**make.TEXTS, "history": "另写的一段", "version": "0", "act": "keep", "disease_typed": "不寐病"}
    answer = sign_in("doctor").post(reverse("clinic:record", args=[day["visit"]]), typed)
    page = said(answer)

    assert answer.status_code == 422
    assert "另写的一段" in page
    assert 'name="version" value="0"' in page  # saved again it is refused again, not written over the other's
    assert queries.note(connection, "clinic", day["visit"]) == before
