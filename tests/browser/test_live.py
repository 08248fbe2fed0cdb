"""What is new comes to an open page by itself: who looked, the bell, messages of the exchange."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from tests.browser.test_pages import violations
from tests.browser.test_residents import people, sign_up  # noqa: F401 -- a fixture
from tests.conformance.conftest import free_port, serving
from tests.exchange.conftest import sender  # noqa: F401 -- a fixture
from tests.exchange.make import bundle, delivery, observation, patient
from tests.live.conftest import is_well
from xinglin.accounts.models import Account
from xinglin.exchange import processing
from xinglin.kernel import clock
from xinglin.record import database, notices

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def address(_record_database: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the live process beside it, when both are up."""
    port = free_port()
    home = tmp_path_factory.mktemp("live")
    same = {
        "XINGLIN_SECRET_KEY": settings.SECRET_KEY
    }  # what the test tells, the server's process understands
    with serving(home, XINGLIN_LIVE="true", XINGLIN_LIVE_PORT=str(port), **same) as base:
        while not is_well(port):
            time.sleep(0.1)
        yield base


def tell(to: str) -> None:
    notices.tell(
        database.connection(), to=[to], kind="share", about="", message="Somebody opened it.", now=clock.now()
    )


def test_what_is_new_comes_to_an_open_page_by_itself(open_window, people, sender, axe):  # noqa: F811 -- the fixture
    resident = open_window(width=390, theme="dark", language="en")
    sign_up(resident)
    resident.go("/my/readers/")
    page = resident.page
    page.locator("#id_words").fill("what is being written stays")
    doctors, nurses = (page.locator("xl-fresh li b", has_text=name) for name in ("黄志远", "覃美玲"))
    before = doctors.count(), nurses.count()

    doctor = open_window()
    doctor.sign_in("doctor")
    doctor.go("/residents/a/")
    doctors.nth(before[0]).wait_for()
    assert page.locator("xl-fresh [role=status]").inner_text().endswith("黄志远")
    assert page.locator("#id_words").input_value() == "what is being written stays"
    assert page.evaluate("() => document.activeElement.id") == "id_words"
    resident.picture("live-readers-390-dark-en")
    assert (violations(resident, axe), resident.overflow()) == ([], 0)

    row = page.locator("xl-fresh .xl-sittings summary").first
    row.click()
    kept = row.get_attribute("id")
    unfolded = page.locator(f"details:has(> #{kept})")
    unfolded.locator(".xl-looks li").first.wait_for()
    seen = unfolded.locator(".xl-looks li").count()
    nurse = open_window()
    nurse.sign_in("nurse")
    nurse.go("/residents/a/")
    nurses.nth(before[1]).wait_for()
    assert kept
    assert (
        page.evaluate("() => document.activeElement.id") == kept
    )  # the same row, which stands further down now
    assert unfolded.evaluate("row => row.open")
    assert unfolded.locator(".xl-looks li").count() == seen

    doctor.go("/residents/a/")
    page.wait_for_function(
        "([id, seen]) => document.getElementById(id).parentElement.querySelectorAll('.xl-looks li').length > seen",
        arg=[kept, seen],
    )  # the row's own looks, the new one among them
    assert unfolded.evaluate("row => row.open")

    tell("patient/a")
    page.locator(".xl-bell b", has_text="1").wait_for()
    tell(f"account/{Account.objects.get(username='doctor').pk}")
    doctor.page.locator(".xl-bell b", has_text="1").wait_for()

    steward = open_window()
    steward.sign_in("steward")
    steward.go("/exchange/")
    assert steward.page.locator("xl-fresh tbody tr").count() == 0
    processing.deliver(delivery(sender, bundle(patient(), observation(), control="c1")))
    steward.page.locator("xl-fresh tbody tr").first.wait_for()
    steward.picture("live-monitor-1440-light-zh-hans")
    assert violations(steward, axe) == []

    other = steward.page.context.new_page()
    other.goto(steward.address + "/account/")
    other.get_by_role("button", name="退出登录").click()
    other.wait_for_url("**/sign-in/")
    steward.page.wait_for_selector("xl-live[data-state=over]", state="attached")
