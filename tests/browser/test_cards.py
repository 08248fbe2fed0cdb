"""Health cards at a counter, by scanner and keyboard; every page in both languages, light and dark, wide and narrow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import LOOKS, violations
from tests.healthcard import make
from tests.healthcard.conftest import forget_cards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.healthcard.queries import Card


@pytest.fixture
def cards(demo: str, django_db_blocker: Any) -> Iterator[dict[str, Card | str]]:
    """The resident of the demonstration with a virtual and a physical card, some uses, a child, a frozen card."""
    from xinglin.healthcard import actions, bindings, codes
    from xinglin.healthcard.rules import Act, Kind, Wish
    from xinglin.kernel import clock
    from xinglin.record import database

    now = clock.now()
    person = make.one_person("a", "b", "c")
    child = make.child("kid")
    virtual = make.issue(person, now=now)
    physical = make.issue(person, Kind.PHYSICAL, now=now)
    connection = database.connection()
    with connection.transaction():
        wish = Wish(child, person, "guardian", "household-register", "户口簿第 3 页", False, now.date(), None)
        bindings.bind(connection, wish=wish, actor=make.NURSE, now=now)
    kid = make.issue(child, now=now)
    with connection.transaction():
        actions.change(connection, card=kid.id, act=Act.FREEZE, reason="lost", actor=make.NURSE, now=now)
    make.present(make.show(virtual, now=now), now=now, counter="3号窗口", operation="registration")
    make.present(codes.printed(physical.number), now=now, counter="药房", operation="dispensing")
    make.present(make.show(kid, now=now), now=now)
    yield {"person": person, "virtual": virtual, "physical": physical, "child": child, "kid": kid}
    forget_cards()


def scan(window: Any, text: str) -> None:
    """What a keyboard wedge does: types, and ends with Enter; then the answer is there."""
    window.page.keyboard.type(text)
    window.page.keyboard.press("Enter")
    window.page.wait_for_selector("#xl-card-result .xl-verdict")
    window.settle()


@pytest.fixture
def counter(open_window, cards):
    window = open_window()
    window.sign_in("nurse")
    window.go("/cards/")
    return window


def shown_code(window: Any, card: Card) -> str:
    """The code that the holder's page shows."""
    window.go(f"/cards/{card.id}/show/")
    return str(window.page.locator(".xl-code").get_attribute("data-code"))


def test_scanner_types_into_the_box_wherever_the_focus_was(counter, cards):
    page = counter.page
    code = shown_code(counter, cards["virtual"])
    counter.go("/cards/")
    page.locator("h2").first.click()

    scan(counter, code)

    assert page.locator(".xl-verdict-name").inner_text() == "王桂兰"
    assert page.evaluate("() => [document.activeElement.name, document.activeElement.value]") == ["code", ""]


def test_second_scan_of_a_code_is_refused_and_the_next_card_accepted(counter, cards):
    from xinglin.healthcard import codes

    code = shown_code(counter, cards["virtual"])
    counter.go("/cards/")
    scan(counter, code)
    counter.page.evaluate("() => document.querySelector('#xl-card-result').replaceChildren()")

    scan(counter, code)
    assert "该码已使用过" in counter.page.locator(".xl-verdict.refused").inner_text()

    counter.page.evaluate("() => document.querySelector('#xl-card-result').replaceChildren()")
    scan(counter, codes.printed(cards["physical"].number))
    assert "印刷码可被复制" in counter.page.locator(".xl-warnings").inner_text()


def test_first_helpers_data_open_over_the_counter_and_close_with_escape(counter, cards):
    from xinglin.healthcard import codes

    scan(counter, codes.printed(cards["physical"].number))
    counter.page.get_by_role("button", name="急救信息").click()
    counter.page.wait_for_selector("#xl-dialog .xl-urgent")

    assert "青霉素" in counter.page.locator("#xl-dialog").inner_text()
    counter.page.keyboard.press("Escape")
    assert not counter.page.locator("#xl-dialog").is_visible()


def test_resident_without_card_is_found_and_the_lost_card_replaced(counter, cards):
    page = counter.page
    page.locator("input[name=q]").last.fill("王桂兰")
    page.keyboard.press("Enter")
    page.locator("#xl-card-result .xl-people a").first.click()
    page.wait_for_url("**/cards/person/*/")

    page.locator("summary", has_text="换发").first.click()
    page.locator("details[open] select[name=reason]").select_option("lost")
    page.locator("details[open] button").click()
    page.wait_for_selector(".xl-note.xl-done")

    assert "已换发" in page.locator(".xl-note").inner_text()
    assert page.locator(".xl-tag.green", has_text="有效").count() >= 2


def test_shown_code_refreshes_by_itself_and_on_request(counter, cards):
    page = counter.page
    first = shown_code(counter, cards["virtual"])

    page.get_by_role("button", name="刷新").click()
    page.wait_for_function("(old) => document.querySelector('.xl-code').dataset.code !== old", arg=first)
    second = page.locator(".xl-code").get_attribute("data-code")
    page.evaluate("() => { document.querySelector('xl-card-code').until = performance.now() + 1000; }")
    page.wait_for_function("(old) => document.querySelector('.xl-code').dataset.code !== old", arg=second)

    assert re.fullmatch(r"\d+", page.locator(".xl-code-left").inner_text())
    assert not page.locator(".xl-code-offline").is_visible()


def test_code_without_network_says_so_and_comes_back(counter, cards):
    page = counter.page
    first = shown_code(counter, cards["virtual"])

    page.context.set_offline(True)
    page.get_by_role("button", name="刷新").click()
    page.wait_for_selector(".xl-code-offline", state="visible")
    page.evaluate("() => { document.querySelector('xl-card-code').until = performance.now() - 1; }")
    page.wait_for_selector("xl-card-code[data-expired]")
    page.context.set_offline(False)
    page.wait_for_function("(old) => document.querySelector('.xl-code').dataset.code !== old", arg=first)

    assert not page.locator(".xl-code-offline").is_visible()
    counter.complaints.clear()  # the browser's own word on the network


def test_batch_shows_its_progress_until_it_is_done(open_window, cards):
    window = open_window()
    window.sign_in("administrator")
    window.go("/cards/batches/")
    page = window.page
    page.select_option("#id_institution", "clinic")
    page.get_by_role("button", name="开始").click()
    page.wait_for_selector("#xl-batch .xl-tag.green", timeout=20_000)

    assert "完成" in page.locator("#xl-batch").inner_text()


def test_paper_shows_the_card_alone(counter, cards):
    counter.go(f"/cards/{cards['physical'].id}/print/")
    counter.page.emulate_media(media="print")

    assert not counter.page.locator(".xl-bar").is_visible()
    assert not counter.page.locator(".xl-paper-tools").is_visible()
    box = counter.page.locator(".xl-cr80.front").bounding_box()
    assert (round(box["width"] / 96 * 25.4, 1), round(box["height"] / 96 * 25.4)) == (85.6, 54)


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_card_page_fits_and_is_accessible(open_window, cards, axe, width, theme, language):
    from xinglin.healthcard import codes

    window = open_window(width=width, theme=theme, language=language)
    look = f"{width}-{theme}-{language}"
    wrong: dict[str, list[str]] = {}

    def look_at(name: str) -> None:
        window.picture(f"cards-{name}-{look}")
        wrong[name] = violations(window, axe)
        if window.overflow() > 0:
            wrong[name].append(f"wider than the window by {window.overflow()} px")

    window.sign_in("nurse")
    window.go("/cards/")
    look_at("counter")
    scan(window, codes.printed(cards["physical"].number))
    look_at("accepted")
    window.go("/cards/")
    scan(window, codes.printed(cards["kid"].number))
    look_at("refused")
    person, virtual = cards["person"], cards["virtual"].id
    for name, path in {
        "person": f"/cards/person/{person}/", "child": f"/cards/person/{cards['child']}/",
        "show": f"/cards/{virtual}/show/", "print": f"/cards/{virtual}/print/",
        "receipt": f"/cards/{virtual}/receipt/", "emergency": f"/cards/{virtual}/emergency/",
        "find": "/cards/find/?q=wgl", "nobody": "/cards/find/?q=zzz",
    }.items():  # fmt: skip
        window.go(path)
        look_at(name)
    window.page.context.clear_cookies(name="sessionid")
    window.sign_in("administrator")
    for name, path in {
        "list": "/cards/list/", "empty-list": "/cards/list/?state=superseded", "uses": "/cards/uses/",
        "batches": "/cards/batches/",
    }.items():  # fmt: skip
        window.go(path)
        look_at(name)

    assert {name: found for name, found in wrong.items() if found} == {}
