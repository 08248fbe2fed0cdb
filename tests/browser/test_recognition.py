"""A result of another hospital is found, recognised and declined, disputed and counted, in both languages and looks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations
from tests.recognition import make
from tests.recognition.conftest import forget_recognition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Window

DARK = {"width": 390, "theme": "dark", "language": "en"}
CT = "胸部CT平扫"


@pytest.fixture
def region(demo: str, django_db_blocker: Any) -> Iterator[None]:
    """Two hospitals with marks, a person with results at the second, and a doctor at each."""
    from xinglin.accounts.models import Account
    from xinglin.kernel import clock
    from xinglin.record import database

    now = clock.now()
    make.region()
    make.store(
        make.observation("o1", 3, now=now), make.observation("o2", 60, now=now), make.report("r1", 5, now=now)
    )
    since = (now - timedelta(days=300)).date()
    for items in ("laboratory", "imaging"):
        make.marked(database.connection(), items=items, since=since)
    with django_db_blocker.unblock():
        Account.objects.filter(username="doctor").update(institution_id="h1")
        Account.objects.create_user(
            "doctor2", "xinglin-demo", display_name="覃芳", roles=["doctor"], institution_id="h2"
        )
    yield
    forget_recognition()
    with django_db_blocker.unblock():
        Account.objects.filter(username="doctor2").delete()


def check(window: Window) -> None:
    """By keyboard: whom, two items by initials, and look."""
    page = window.page
    window.go("/recognition/")
    page.fill("main input[name=q]", "p1")
    page.keyboard.press("Enter")
    window.settle()
    page.click(".xl-people a")
    window.settle()
    field = page.locator("xl-recognition-pick input[type=search]")
    for typed in ("kfxt", "xbct"):
        field.fill(typed)
        field.press("Enter")
    page.locator("xl-recognition-pick button").click()
    window.settle()


def test_a_result_is_recognised_another_declined_disputed_and_all_is_counted(
    open_window: Any, region: None, axe: str
) -> None:
    doctor = open_window().sign_in("doctor")
    check(doctor)
    found = [
        doctor.page.locator(f"#item-{code} .xl-recognition-value").all_inner_texts()
        for code in ("glucose", "chest-ct")
    ]
    wrong = {"check": violations(doctor, axe)}
    doctor.picture("recognition-check")
    doctor.page.click("#item-glucose button[value=recognised]")
    doctor.settle()
    doctor.page.click("#item-chest-ct summary")
    doctor.page.check("#item-chest-ct input[value=weighty]")
    doctor.page.click("#item-chest-ct button[value=declined]")
    doctor.settle()
    tags = doctor.page.locator(".xl-card > header .xl-tag").all_inner_texts()

    other = open_window(**DARK).sign_in("doctor2")
    other.go("/recognition/decisions/?source=h2")
    wrong["decisions"] = violations(other, axe)
    other.page.click("text=Object")
    other.settle()
    other.page.fill("textarea", "图像清楚，可供手术前使用")
    other.page.click("button[value=object]")
    other.settle()
    wrong["dispute"] = violations(other, axe)
    widths = {"dispute": other.overflow()}

    steward = open_window().sign_in("steward")
    steward.go("/recognition/disputes/")
    steward.page.click(f"text={CT}")
    steward.settle()
    steward.page.fill("textarea", "应予互认")
    steward.page.click("button[value=overturn]")
    steward.settle()
    steward.go("/recognition/board/")
    tiles = steward.page.locator(".xl-recognition-tiles b").all_inner_texts()
    for name in ("board", "catalogue", "catalogue/versions", "catalogue/upload", "institutions"):
        steward.go(f"/recognition/{name}/")
        wrong[name] = violations(steward, axe)
        steward.picture(f"recognition-{name.replace('/', '-')}")
    dark = open_window(**DARK).sign_in("steward")
    for name in ("board", "institutions", "catalogue"):
        dark.go(f"/recognition/{name}/")
        wrong[f"{name}, dark"] = violations(dark, axe)
        widths[name] = dark.overflow()
        dark.picture(f"recognition-{name}-dark")

    assert found == [["6.8 mmol/L", "6.8 mmol/L"], ["双肺未见明显异常。"]]
    assert tags == ["已互认", "未互认"]
    assert tiles == ["50.0 %", "1", "1", "6.00", "1", "0"]
    assert [(name, said) for name, said in wrong.items() if said] == []
    assert [(name, width) for name, width in widths.items() if width > 0] == []
