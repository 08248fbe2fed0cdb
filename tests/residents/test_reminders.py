"""Reminders: the hours a prescription means, what a dose is by the clock, whose it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.entering import client_of, plain, text
from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.kernel.errors import Fault, Kind
from xinglin.residents import reminders, rules
from xinglin.residents.reminders import State, Wish

ACTOR = Actor("account/5", "王桂兰", frozenset({"resident"}))
DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 here
WISH = Wish("氨氯地平片 5mg", "口服，一次5mg，一日1次", ("08:00",))


@pytest.mark.parametrize(
    ("how", "hours"),
    [
        ("口服，一次5mg，一日1次", ("08:00",)),
        ("一次0.5g 每日3次 饭后", ("08:00", "13:00", "19:00")),
        ("5 mg · 2×/1 d", ("08:00", "20:00")),
        ("睡前一次", ("21:00",)),
        ("必要时", ()),
        ("", ()),
    ],
)
def test_a_prescription_means_these_hours(how, hours) -> None:
    assert reminders.hours_of(how) == hours


@pytest.mark.parametrize(
    ("hour", "state"),
    [
        ("09:59", State.MISSED),
        ("10:00", State.DUE),
        ("12:00", State.DUE),
        ("12:30", State.DUE),
        ("12:31", State.LATER),
    ],
)
def test_a_dose_is_later_due_or_missed_by_the_clock(hour, state) -> None:
    assert reminders.state_of(DAY, hour, NOON) is state


def test_a_reminder_makes_doses_until_its_last_day(region) -> None:
    reminders.remind(
        region, patient="a", wish=replace(WISH, times=("20:00", "08:00"), until=DAY), actor=ACTOR, now=NOON
    )

    today = reminders.doses(region, ["b", "a"], DAY, NOON)

    assert [(d.time, d.state, d.reminder.medicine) for d in today] == [
        ("08:00", State.MISSED, "氨氯地平片 5mg"),
        ("20:00", State.LATER, "氨氯地平片 5mg"),
    ]
    assert reminders.doses(region, ["a"], DAY + timedelta(1), NOON) == []
    assert reminders.doses(region, ["a"], DAY - timedelta(1), NOON) == []
    assert reminders.doses(region, ["lin"], DAY, NOON) == []


def test_the_medicine_is_sealed_in_the_table(region) -> None:
    reminders.remind(region, patient="a", wish=WISH, actor=ACTOR, now=NOON)

    ((kept,),) = make.rows("reminder", "medicine")
    assert kept.startswith("s1.")
    assert "氨氯地平" not in kept


def test_a_mark_is_kept_and_can_be_changed(region) -> None:
    number = reminders.remind(region, patient="a", wish=WISH, actor=ACTOR, now=NOON)
    for state in (State.TAKEN, State.SKIPPED, State.TAKEN):
        reminders.mark(
            region, dose=(number, DAY, "08:00"), state=state, patients=["a"], actor=ACTOR, now=NOON
        )

    (dose,) = reminders.doses(region, ["a"], DAY, NOON)
    assert dose.state is State.TAKEN
    held = reminders.active(region, ["a"], DAY)
    later = DAY + timedelta(3)
    assert reminders.taken_lately(region, held, later) == {number: (1, 3)}


@pytest.mark.parametrize(
    ("dose", "patients", "kind"),
    [
        ((0, DAY, "08:00"), ["lin"], Kind.NOT_FOUND),  # somebody else's
        ((0, DAY, "09:00"), ["a"], Kind.NOT_FOUND),
        ((7, DAY, "08:00"), ["a"], Kind.NOT_FOUND),
        ((0, DAY + timedelta(1), "08:00"), ["a"], Kind.INVALID),
    ],
)
def test_no_other_dose_can_be_marked(region, dose, patients, kind) -> None:
    number = reminders.remind(region, patient="a", wish=WISH, actor=ACTOR, now=NOON)

    with pytest.raises(Fault) as caught:
        reminders.mark(
            region, dose=(dose[0] or number, *dose[1:]), state=State.TAKEN, patients=patients, actor=ACTOR,
            now=NOON,
        )  # fmt: skip

    assert caught.value.kind is kind
    assert make.rows("intake") == []


@pytest.mark.parametrize(
    "wish",
    [
        replace(WISH, times=()),
        replace(WISH, times=("24:00",)),
        replace(WISH, times=tuple(f"{h:02}:00" for h in range(7))),
        replace(WISH, medicine=" "),
        replace(WISH, until=DAY - timedelta(1)),
    ],
)
def test_a_wrong_wish_sets_nothing(region, wish) -> None:
    with pytest.raises(Fault) as caught:
        reminders.remind(region, patient="a", wish=wish, actor=ACTOR, now=NOON)

    assert caught.value.kind is Kind.INVALID
    assert make.rows("reminder") == []


def test_somebody_else_does_not_end_a_reminder(region) -> None:
    number = reminders.remind(region, patient="a", wish=WISH, actor=ACTOR, now=NOON)

    with pytest.raises(Fault) as caught:
        reminders.end(region, number=number, patients=["lin"], now=NOON)

    assert caught.value.kind is Kind.NOT_FOUND
    assert [one.id for one in reminders.active(region, ["a"], DAY)] == [number]


def request(id_: str, patient: str) -> dict:
    atc = {"system": "http://www.whocc.no/atc", "code": "C08CA01"}
    return {
        "resourceType": "MedicationRequest", "id": id_, "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {"text": "氨氯地平片 5mg", "coding": [atc]},
        "authoredOn": rules.day_of(clock.now()).isoformat(),
        "dosageInstruction": [{"text": "口服，一次5mg，一日2次"}],
        "dispenseRequest": {"expectedSupplyDuration": {"value": 5, "unit": "d"}},
    }  # fmt: skip


def test_a_resident_is_reminded_on_the_page_and_marks_the_dose(region, outbox) -> None:
    cards.store(request("m1", "a"))
    client = client_of(make.wang())
    page = text(client.get("/my/record/a/medicines/"))
    assert "一日2次" in page
    asked = client.get("/my/reminders/", {"medicine": "氨氯地平片 5mg", "how": "一日2次"})
    assert 'value="20:00"' in text(asked)

    sent = {"medicine": "氨氯地平片 5mg", "how": "一日2次", "time1": "00:00", "time2": "23:59"}
    assert client.post("/my/reminders/", sent).url == "/my/record/a/medicines/"

    page = plain(client.get("/my/record/b/medicines/"))  # the other Patient of the same person
    assert "00:00" in page
    ((number,),) = make.rows("reminder", "id")
    form = {"state": "taken", "day": rules.day_of(clock.now()).isoformat(), "time": "00:00"}
    assert client.post(f"/my/reminders/{number}/dose/", form).url == "/my/record/a/medicines/"
    assert make.rows("intake", "time, state") == [("00:00", "taken")]
    assert client.post(f"/my/reminders/{number}/end/").url == "/my/record/a/medicines/"
    assert "00:00" not in plain(client.get("/my/record/a/medicines/"))


def test_another_resident_neither_marks_nor_ends(region, outbox) -> None:
    number = reminders.remind(region, patient="a", wish=WISH, actor=ACTOR, now=clock.now())
    client = client_of(make.lin())
    form = {"state": "taken", "day": rules.day_of(clock.now()).isoformat(), "time": "08:00"}

    assert client.post(f"/my/reminders/{number}/dose/", form).status_code == 404
    assert client.post(f"/my/reminders/{number}/end/").status_code == 404
    assert make.rows("intake") == []
    assert make.rows("reminder", "ended") == [(None,)]


def test_a_form_without_hours_says_so(region, outbox) -> None:
    answer = client_of(make.wang()).post("/my/reminders/", {"medicine": "药"})

    assert answer.status_code == 422
    assert "xl-note red" in text(answer)
    assert make.rows("reminder") == []
