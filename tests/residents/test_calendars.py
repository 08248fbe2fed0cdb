"""Reminders in the calendar of a phone: at the right hours, in the form that calendars read, for their owner alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.residents import make
from tests.residents.entering import client_of, plain
from xinglin.kernel import clock
from xinglin.kernel.actor import Actor
from xinglin.residents import calendars, reminders
from xinglin.residents.reminders import Reminder, Wish

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PILL = Reminder(7, "a", "氨氯地平片, 5mg; 早", "口服\n一日1次", ("08:00", "20:30"), date(2026, 11, 20), None)


def unfolded(calendar: bytes) -> list[str]:
    """The lines as they mean: RFC 5545, 3.1."""
    return calendar.decode().replace("\r\n ", "").split("\r\n")


def test_each_hour_of_a_reminder_is_a_daily_event_with_an_alarm() -> None:
    lines = unfolded(calendars.calendar([PILL], now=NOW))

    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert [one for one in lines if one.startswith("DTSTART")] == [
        "DTSTART:20261120T000000Z",
        "DTSTART:20261120T123000Z",
    ]
    assert lines.count("RRULE:FREQ=DAILY") == 2
    assert lines.count("BEGIN:VALARM") == lines.count("END:VALARM") == 2
    assert len({one for one in lines if one.startswith("UID:")}) == 2


def test_reminder_with_a_last_day_ends_with_its_last_dose() -> None:
    ending = Reminder(8, "a", "阿莫西林", "", ("22:00",), date(2026, 11, 20), date(2026, 11, 26))

    lines = unfolded(calendars.calendar([ending], now=NOW))

    assert "RRULE:FREQ=DAILY;UNTIL=20261126T140000Z" in lines
    assert not [one for one in lines if one.startswith("DESCRIPTION:") and "阿莫西林" not in one]


def test_text_is_written_so_that_it_means_itself() -> None:
    lines = unfolded(calendars.calendar([PILL], now=NOW))

    assert "SUMMARY:氨氯地平片\\, 5mg\\; 早" in lines
    assert "DESCRIPTION:口服\\n一日1次" in lines


def test_what_is_typed_can_add_no_line() -> None:
    sly = Reminder(9, "a", "药\r\nATTENDEE:mailto:x\rX", "\x00\x1b", ("08:00",), date(2026, 11, 20), None)

    lines = unfolded(calendars.calendar([sly], now=NOW))

    assert [one for one in lines if one.startswith(("ATTENDEE", "X"))] == []
    assert "SUMMARY:药\\nATTENDEE:mailto:xX" in lines


def test_no_line_is_longer_than_a_calendar_reads_and_no_character_is_torn() -> None:
    long = Reminder(1, "a", "药" * 80, "服" * 200, ("08:00",), date(2026, 11, 20), None)

    written = calendars.calendar([long], now=NOW)

    assert max(len(line) for line in written.split(b"\r\n")) <= 75
    assert f"SUMMARY:{'药' * 80}" in unfolded(written)


def test_calendar_holds_the_readers_own_reminders_alone(region) -> None:
    wang = make.wang()
    actor = Actor("account/5", "王桂兰", frozenset({"resident"}))
    now = clock.now()
    reminders.remind(region, patient="a", wish=Wish("氨氯地平片", "", ("08:00",)), actor=actor, now=now)
    reminders.remind(region, patient="lin", wish=Wish("别人的药", "", ("09:00",)), actor=actor, now=now)

    answer = client_of(wang).get("/my/reminders/calendar/")

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    lines = unfolded(answer.content)
    assert [one for one in lines if one.startswith("SUMMARY")] == ["SUMMARY:氨氯地平片"]


def test_medicines_lead_to_the_calendar_where_there_are_reminders(region) -> None:
    browser = client_of(make.wang())
    assert "加入手机日历" not in plain(browser.get("/my/record/a/medicines/"))

    actor = Actor("account/5", "王桂兰", frozenset({"resident"}))
    reminders.remind(
        region, patient="a", wish=Wish("氨氯地平片", "", ("08:00",)), actor=actor, now=clock.now()
    )

    assert "加入手机日历" in plain(browser.get("/my/record/a/medicines/"))


def test_international_summary_is_taken_along_as_paper_and_as_a_document(region) -> None:
    browser = client_of(make.wang())
    page = browser.get("/my/").content.decode()
    assert "/my/record/a/summary/paper/" in page

    paper, document = (browser.get(f"/my/record/a/summary/{form}/") for form in ("paper", "document"))

    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert document["Content-Type"] == "application/fhir+json"
    assert document.json()["type"] == "document"


def test_record_of_somebody_else_is_not_taken_along(region) -> None:
    browser = client_of(make.wang())

    for form in ("paper", "document"):
        assert browser.get(f"/my/record/lin/summary/{form}/").status_code in {403, 404}
