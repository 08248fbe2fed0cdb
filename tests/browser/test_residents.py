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
    "summary": "/my/record/a/summary/",
    "measurements": "/my/measurements/",
    "measured": "/my/measurements/pressure/",
    "remind": "/my/reminders/?medicine=%E9%98%BF%E5%8F%B8%E5%8C%B9%E6%9E%97&how=%E4%B8%80%E6%97%A52%E6%AC%A1",
    "self-tests": "/my/self-tests/",
    "self-test": "/my/self-tests/diabetes/",
    "shares": "/my/shares/",
    "messages": "/my/messages/",
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
    "choices": "/my/choices/",
    "family": "/my/family/",
    "account": "/my/account/",
    "leave": "/my/account/leave/",
}
ELDER = {
    "home",
    "readers",
    "choices",
    "results",
    "trend",
    "medicines",
    "measured",
    "card",
    "messages",
    "shares",
    "family",
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


def test_what_is_missing_in_a_decision_is_told_once_for_each_question(open_window, people):
    from tests.browser.test_kit import forgive

    window = open_window(width=390)
    sign_up(window)
    window.go("/my/record/a/problems/")
    assert "起始" in window.page.evaluate(
        "() => getComputedStyle(document.querySelector('#problems td'), '::before').content"
    )
    window.go("/my/choices/")
    window.page.evaluate(
        "() => document.querySelectorAll('main form').forEach((f) => { f.noValidate = true })"
    )
    window.page.click("main .btn-primary >> nth=-1")
    window.page.locator(".xl-wrong-summary").wait_for()

    told = window.page.locator(".xl-wrong-summary a").all_inner_texts()
    assert len(told) == 2
    assert len(set(told)) == 2
    forgive(window)


def test_a_resident_signs_up_on_a_phone_and_acts_for_a_child(open_window, people):
    from xinglin.kernel import clock
    from xinglin.record import database
    from xinglin.residents import authorities, queries

    window = open_window(width=390)
    sign_up(window)
    window.page.click(".xl-my-tiles a[href$='/results/']")
    window.settle()
    window.page.click("#results .xl-plain a >> nth=0")
    window.settle()
    assert "什么时候该看医生" in window.page.locator("main").inner_text()

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


def too_small(window: Window) -> list[str]:
    """Type below 18 pixels, keys below 60 by 60, lines nearer than 1.3: what the rule for older people forbids."""
    found: list[str] = window.page.evaluate(
        """() => {
          const wrong = [];
          const named = (one) => `${one.tagName}.${one.className} ${one.textContent.slice(0, 20)}`;
          const keys = "button, .btn, .xl-my-tiles a, .xl-my-foot a, select, .form-control";
          const seen = (one) => one.getClientRects().length && getComputedStyle(one).visibility !== "hidden"
            && !one.closest(".visually-hidden, .xl-skip, dialog, svg, .xl-demo-list");
          for (const one of document.querySelectorAll("body *")) {
            const said = [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
            if (!said || !seen(one)) continue;
            const style = getComputedStyle(one);
            const size = parseFloat(style.fontSize);
            if (size < 17.9) wrong.push(`type ${size} ${named(one)}`);
            if (parseFloat(style.lineHeight) / size < 1.29) wrong.push(`lines ${named(one)}`);
          }
          for (const one of document.querySelectorAll(keys)) {
            if (!seen(one)) continue;
            const box = one.getBoundingClientRect();
            if (box.width < 59.5 || box.height < 59.5)
              wrong.push(`key ${box.width}x${box.height} ${named(one)}`);
          }
          return wrong;
        }"""
    )
    return found


def measure(window: Window, figures: str) -> None:
    """Type a blood pressure by the big keys; the second field follows by itself."""
    for figure in figures:
        window.page.click(f".xl-keypad-keys button:text-is('{figure}')")
    window.page.click("main .xl-wide")
    window.settle()


def share(window: Window) -> tuple[str, str]:
    """Make a code: its address and the PIN."""
    window.go("/my/shares/")
    window.page.click("main .xl-wide")
    window.settle()
    address = window.page.locator("#xl-share-address").input_value()
    return address, window.page.locator(".xl-my-number").inner_text()


def kept_by_the_browser(window: Window) -> list[str]:
    """The paths of everything in the caches of the browser, when its worker is ready."""
    found: list[str] = window.page.evaluate(
        """async () => {
          await navigator.serviceWorker.ready;
          const kept = [];
          for (const name of await caches.keys())
            for (const request of await (await caches.open(name)).keys()) kept.push(new URL(request.url).pathname);
          return kept.sort();
        }"""
    )
    return found


@pytest.mark.parametrize(("theme", "language"), [("light", "zh-hans"), ("dark", "en")])
def test_a_resident_measures_takes_medicines_and_shows_the_record(open_window, people, axe, theme, language):
    from xinglin.residents.views import shell

    window = open_window(width=390, theme=theme, language=language)
    look, wrong = f"{theme}-{language}", {}
    window.go("/my/sign-in/")
    if theme == "dark":
        window.page.click(".xl-elder")
        window.settle()
    sign_up(window)

    window.go("/my/measurements/pressure/")
    measure(window, "18595")
    assert "185/95" in window.page.locator("main").inner_text()
    window.picture(f"my-measured-{look}")
    wrong["measured"] = violations(window, axe)

    window.go("/my/reminders/?medicine=Aspirin&how=qd")
    window.page.fill("#id_time1", "00:00")
    window.page.click("main .btn-primary")
    window.settle()
    window.page.click(".xl-doses .btn-primary >> nth=0")
    window.settle()
    assert window.page.locator(".xl-doses .taken").count() == 1
    window.picture(f"my-medicines-{look}")
    wrong["medicines"] = violations(window, axe)

    address, pin = share(window)
    window.picture(f"my-share-{look}")
    wrong["share"] = violations(window, axe)
    doctor = open_window(width=1440, theme=theme, language=language)
    doctor.page.goto(address)
    doctor.page.fill("#id_pin", pin)
    doctor.page.click("main .btn-primary")
    doctor.settle()
    assert "185/95" in doctor.page.locator(".xl-sheet").inner_text()
    doctor.picture(f"my-shown-{look}")
    wrong["shown"] = violations(doctor, axe)
    window.go("/my/messages/")
    assert window.page.locator(".xl-new").count() == 1
    wrong["messages"] = violations(window, axe)

    if theme == "dark":
        for size in ("large", "largest"):
            window.go("/my/account/")
            window.page.click(f".xl-sizes button[value={size}]")
            window.settle()
            for name, path in {"home": "/my/", **PAGES, "medicines": "/my/record/a/medicines/"}.items():
                if name in ELDER:
                    window.go(path)
                    window.picture(f"my-{size}-{name}")
                    found = [*too_small(window), *violations(window, axe)]
                    over = window.overflow()
                    wrong[f"{size} {name}"] = [*found, *([f"wider by {over} px"] if over > 0 else [])]

    expected = sorted(["/my/offline/", *(f"/static/{name}" for name in shell.SHELL)])
    assert kept_by_the_browser(window) == expected
    window.page.context.set_offline(True)
    window.page.goto(window.address + "/my/measurements/")
    assert "没有网络" in window.page.locator("main").inner_text()
    assert "185" not in window.page.content()
    window.picture(f"my-offline-{look}")
    window.page.context.set_offline(False)
    window.complaints.clear()  # the browser's own words on the network that was off
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


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_a_resident_sees_who_looked_and_decides_who_may(open_window, people, axe, width, theme, language):
    from tests.residents.test_looking import SENDER, look
    from xinglin.accounts.models import Account
    from xinglin.kernel.actor import Actor

    doctor = Account.objects.get(username="doctor")
    reader = Actor(f"account/{doctor.pk}", doctor.display_name, frozenset({"doctor"}), institution="hospital")
    for minutes, actor in ((0, reader), (1, reader), (2, reader), (0, SENDER)):
        look(actor, minutes=minutes)
    window = open_window(width=width, theme=theme, language=language)
    kept, wrong = f"{width}-{theme}-{language}", {}
    sign_up(window)

    window.page.click(".xl-my-tiles a[href='/my/readers/']")
    window.settle()
    first = window.page.locator(".xl-sittings summary").first
    assert doctor.display_name in first.inner_text()
    first.click()
    window.page.wait_for_selector(".xl-sittings .xl-looks li >> nth=2")
    window.page.click(".xl-machines > summary")
    window.picture(f"my-who-looked-{kept}")
    wrong["who looked"] = violations(window, axe)

    window.go("/my/choices/")
    window.page.check("input[name=act][value=deny]")
    window.page.check("input[name=kinds][value=medicines]")
    window.page.click(".xl-choice .btn-primary")
    window.settle()
    window.picture(f"my-decided-{kept}")
    wrong["decided"] = violations(window, axe)
    window.page.click(".xl-choice-rows button[value=withdraw]")
    window.settle()
    assert window.page.locator(".xl-choice-rows button[value=withdraw]").count() == 0

    window.go("/my/family/")
    window.page.select_option("#invite_relation", "child")
    window.page.click("#invite .btn-primary")
    window.settle()
    window.picture(f"my-invitation-{kept}")
    wrong["invitation"] = violations(window, axe)
    assert re.fullmatch(r"\d{4}", window.page.locator(".xl-my-number").inner_text())
    assert window.overflow() == 0
    window.page.click(".xl-my-acts .xl-danger")
    window.settle()

    assert {name: found for name, found in wrong.items() if found} == {}
