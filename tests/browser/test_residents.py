"""A resident on a phone: signs up, acts for a child, takes the record along; every page in every look; the desk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import LOOKS, violations
from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.conftest import forget_residents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Window

PHONE = "13812345678"  # of the demonstration's resident; made up
PAGES = {
    "home": "/my/",
    "record": "/my/record/a/",
    "results": "/my/record/a/results/",
    "grid": "/my/record/a/results/?view=grid",
    "trend": "/my/record/a/results/trend/?test=4548-4~%25",
    "medicines": "/my/record/a/medicines/",
    "problems": "/my/record/a/problems/",
    "visits": "/my/record/a/encounters/",
    "documents": "/my/record/a/documents/",
    "report": "/my/record/a/documents/DiagnosticReport/r2/",
    "allergies": "/my/record/a/allergies/",
    "immunisations": "/my/record/a/immunisations/",
    "print": "/my/record/a/print/",
    "card": "/my/card/",
    "readers": "/my/readers/",
    "family": "/my/family/",
    "account": "/my/account/",
    "leave": "/my/account/leave/",
}
DESK = ("/desk/residents/", "/desk/residents/bind/", "/desk/residents/accounts/", "/desk/residents/kiosk/")


@pytest.fixture
def people(demo: str, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The demonstration's resident with a card and a child, without an account."""
    from xinglin.accounts.models import Account, Hindrance
    from xinglin.kernel import clock

    with django_db_blocker.unblock():
        person = cards.one_person("a", "b", "c")
        make.person("boy", "王小宝", "2020-06-01", make.BOY)
        cards.store(make.observation("o-boy", "boy"))
        yield {"person": person, "card": cards.issue(person, now=clock.now())}
        forget_residents()
        Account.objects.filter(roles=["resident"]).delete()
        Hindrance.objects.all().delete()


def code_shown(window: Window) -> str:
    found = re.search(r"\d{6}", window.page.locator("#demo-text").inner_text())
    assert found is not None
    return found[0]


def sign_up(window: Window) -> None:
    """By phone, name and number, as the pages ask."""
    window.go("/my/")
    window.page.fill("#id_phone", PHONE)
    window.page.click("main .btn-primary")
    window.settle()
    window.page.fill("#id_code", code_shown(window))
    window.page.click("main .btn-primary")
    window.settle()
    window.page.fill("#id_name", "王桂兰")
    window.page.fill("#id_document", make.WANG)
    window.page.check("#id_agreed")
    window.page.click("main .btn-primary")
    window.page.wait_for_url(window.address + "/my/")
    window.settle()


def test_a_resident_signs_up_on_a_phone_and_acts_for_a_child(open_window, people):
    from xinglin.kernel import clock
    from xinglin.record import database
    from xinglin.residents import authorities, queries

    window = open_window(width=390)
    sign_up(window)
    window.page.click(".xl-my-tiles a[href$='/results/']")
    window.settle()
    window.page.click("#results .xl-row-link >> nth=0")
    window.page.wait_for_selector("#xl-dialog[open] #trend")
    window.page.click("#xl-dialog [data-xl=close]")

    window.go("/my/family/")
    window.page.select_option("#id_relation", "parent")
    window.page.fill("#id_name", "王小宝")
    window.page.fill("#id_document", make.BOY)
    window.page.select_option("#id_evidence", "household-register")
    picture = {"name": "hukou.png", "mimeType": "image/png", "buffer": make.PNG}
    window.page.set_input_files("#id_file", files=[picture])
    window.page.click("#ask .btn-primary")
    window.settle()
    connection = database.connection()
    (asked,) = queries.asked(connection)
    seen = authorities.Seen("第 3 页", consent=False)
    authorities.approve(connection, number=asked.id, seen=seen, actor=make.CLERK, now=clock.now())

    window.go("/my/family/")
    window.page.click("button[name=authority]")
    window.page.wait_for_url(window.address + "/my/")
    assert "王小宝" in window.page.locator(".xl-my-acting").inner_text()
    window.page.click(".xl-my-foot a[href='/my/record/boy/']")
    window.settle()
    assert window.page.locator("main h1").inner_text() == "王小宝"
    assert window.overflow() == 0


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_of_a_resident_fits_and_is_accessible(open_window, people, axe, width, theme, language):
    window = open_window(width=width, theme=theme, language=language)
    look, wrong = f"{width}-{theme}-{language}", {}
    window.go("/my/sign-in/")
    window.picture(f"my-sign-in-{look}")
    wrong["sign-in"] = violations(window, axe)
    sign_up(window)
    for name, path in PAGES.items():
        window.go(path)
        window.picture(f"my-{name}-{look}")
        wrong[name] = violations(window, axe)
        if window.overflow() > 0:
            wrong[name].append(f"wider than the window by {window.overflow()} px")

    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_of_the_desk_fits_and_is_accessible(open_window, people, axe, width, theme, language):
    from xinglin.kernel import clock
    from xinglin.record import database
    from xinglin.residents import authorities

    own = make.registered("王桂兰", make.WANG, PHONE)
    wish = make.wish("王小宝")
    number = authorities.ask(database.connection(), registration=own, wish=wish, now=clock.now())
    window = open_window(width=width, theme=theme, language=language)
    look, wrong = f"{width}-{theme}-{language}", {}
    window.go("/sign-in/")
    window.page.fill("#id_username", "nurse")
    window.page.fill("#id_password", "xinglin-demo")
    window.page.click("main .btn-primary")
    window.settle()
    for path in (*DESK, f"/desk/residents/requests/{number}/"):
        window.go(path)
        window.picture(f"desk{path.replace('/', '-')}{look}")
        wrong[path] = violations(window, axe)
        if window.overflow() > 0:
            wrong[path].append(f"wider than the window by {window.overflow()} px")
    window.go("/my/kiosk/")
    assert {name: found for name, found in wrong.items() if found} == {}
    window.complaints.clear()  # a kiosk is for nobody who is signed in


def test_a_kiosk_opens_when_the_clerk_has_scanned_the_card(open_window, people):
    from xinglin.healthcard import codes
    from xinglin.kernel import clock

    kiosk, desk = open_window(width=1440), open_window(width=1440)
    kiosk.go("/my/kiosk/")
    kiosk.picture("my-kiosk")
    number = kiosk.page.locator(".xl-my-number").inner_text()
    desk.go("/sign-in/")
    desk.page.fill("#id_username", "nurse")
    desk.page.fill("#id_password", "xinglin-demo")
    desk.page.click("main .btn-primary")
    desk.settle()
    desk.go("/desk/residents/kiosk/")
    desk.page.fill("#id_number", number)
    desk.page.fill("#id_code", codes.shown(people["card"].id, now=clock.now()))
    desk.page.click("main .btn-primary")
    desk.settle()

    kiosk.page.wait_for_url(kiosk.address + "/my/", timeout=15_000)

    assert kiosk.page.locator("main h1").inner_text() == "王桂兰"
