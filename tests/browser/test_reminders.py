"""A critical reminder interrupts, is answered, and is found again on the board; the bench lets a rule go live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations
from tests.reminders.conftest import LOINC, ago, encounter, medicine, person, potassium, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Window


@pytest.fixture
def reminded(demo: str, django_db_blocker: Any) -> Iterator[str]:
    """Somebody with a critical potassium and metformin that the kidneys no longer bear, a diagnosis that is to be
    reported, and digoxin ordered lately.
    """
    from xinglin.record import database

    measles = {
        "resourceType": "Condition", "id": "remind-c", "subject": {"reference": "Patient/remind"},
        "recordedDate": ago(1)[:10],
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B05.9"}], "text": "麻疹"},
    }  # fmt: skip
    filtration: dict[str, Any] = {"code": {"coding": [{"system": LOINC, "code": "62238-1"}], "text": "eGFR"}}
    filtration["valueQuantity"] = {"value": 29, "unit": "mL/min/1.73m2"}
    stored(
        person("remind-one"), potassium(6.9, 2, "remind-one-k", "remind-one"),
        person("remind"), potassium(29, 5, "remind-egfr", "remind", **filtration),
        medicine("A10BA02", "remind-met", "remind", status="active", authoredOn=ago(3)[:10]),
        potassium(6.9, 2, "remind-k", "remind"), potassium(3.0, 12, "remind-k0", "remind"),
        encounter("remind-e", 10, patient="remind"), measles,
        medicine(
            "C01AA05", "remind-m", "remind", status="completed", authoredOn=ago(10)[:10],
            encounter={"reference": "Encounter/remind-e"},
        ),
    )  # fmt: skip
    yield demo
    database.connection().execute("TRUNCATE reminders_firing, reminders_replay, reminders_decision")


def looked_at(window: Window, axe: str, name: str) -> None:
    """Accessible, not wider than the window, and kept as a picture."""
    window.picture(f"reminders-{name}")
    assert violations(window, axe) == []
    assert window.overflow() <= 0


def test_a_reminder_from_the_interruption_to_the_board(reminded: str, open_window: Any, axe: str) -> None:
    window = open_window()
    window.sign_in("doctor")
    page = window.page

    window.go("/reminders/patients/remind/")
    page.wait_for_selector("dialog.xl-interrupt[open]")
    asks = page.locator("dialog.xl-interrupt[open]")
    assert asks.locator("article").count() == 2
    assert page.evaluate("document.activeElement.id") == "xl-interrupt"
    assert asks.locator("button:visible").all_inner_texts() == ["已阅，继续"]
    looked_at(window, axe, "interrupt-zh-light-desktop")
    page.get_by_role("button", name="已阅，继续").click()
    assert asks.count() == 0
    page.locator("xl-interrupt > article").nth(1).wait_for()
    assert page.locator("xl-interrupt > article").count() == 2
    looked_at(window, axe, "cards-zh-light-desktop")
    window.go("/reminders/patients/remind/")
    assert page.locator("dialog.xl-interrupt[open]").count() == 0

    window.go("/reminders/patients/remind-one/")
    page.wait_for_selector("dialog.xl-interrupt[open]")
    assert page.evaluate("document.activeElement.id") == "xl-interrupt"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "已阅，继续"
    looked_at(window, axe, "interrupt-one-zh-light-desktop")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.xl-interrupt", state="detached")
    assert page.get_by_role("button", name="申请：血钾").is_visible()
    window.go("/reminders/patients/remind/")

    measles = page.locator("article.xl-reminder", has_text="麻疹")
    measles.locator("summary").click()
    measles.locator("input[value=not-confirmed]").check()
    measles.locator("details button").click()
    page.wait_for_selector("#reminders .xl-note")
    assert page.locator("article.xl-reminder", has_text="麻疹").count() == 0
    critical = page.locator("article.xl-reminder.red")
    critical.get_by_role("button", name="申请：血钾").click()
    page.wait_for_selector("#reminders .xl-note")

    window.go("/residents/remind/medicines/")
    assert page.locator("#medicines a.xl-tag.red").inner_text().startswith("eGFR 29")
    looked_at(window, axe, "medicines-zh-light-desktop")
    page.set_viewport_size({"width": 390, "height": 844})
    looked_at(window, axe, "medicines-zh-light-phone")
    page.set_viewport_size({"width": 320, "height": 844})
    cells = page.locator("#medicines :is(td, tbody th)")  # none is lower than what it says
    assert cells.evaluate_all("all => all.filter(one => one.scrollHeight > one.clientHeight + 4).length") == 0
    page.set_viewport_size({"width": 1440, "height": 900})

    window.go("/reminders/")
    assert "诊断未确认 × 1" in page.inner_text("main")
    looked_at(window, axe, "board-zh-light-desktop")


def test_a_rule_goes_live_from_the_bench_on_a_phone_in_the_dark(
    reminded: str, open_window: Any, axe: str
) -> None:
    window = open_window(width=390, theme="dark", language="en")
    window.sign_in("steward")
    page = window.page

    window.go("/reminders/rules/")
    looked_at(window, axe, "rules-en-dark-phone")
    window.go("/reminders/rules/digoxin-potassium/")
    assert page.get_by_role("button", name="Let it go live").is_disabled()
    page.get_by_role("button", name="Try on the last month").click()
    window.settle()
    page.fill("#id_words", "One in a month, and right")
    page.get_by_role("button", name="Let it go live").click()
    window.settle()

    assert "One in a month, and right" in page.inner_text("#decisions")
    looked_at(window, axe, "rule-en-dark-phone")
    window.go("/reminders/")
    looked_at(window, axe, "board-en-dark-phone")
