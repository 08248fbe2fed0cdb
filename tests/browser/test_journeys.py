"""What a doctor does, by keyboard and by mouse."""

from __future__ import annotations

import pytest

from tests.portal import make


@pytest.fixture
def window(open_window):
    window = open_window()
    window.sign_in()
    return window


def test_resident_is_found_by_initials_with_the_keyboard_alone(window):
    page = window.page

    page.keyboard.press("F2")
    page.keyboard.type("wgl")
    page.wait_for_selector(".xl-found a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url("**/residents/*/")
    assert page.locator(".xl-banner h1").inner_text() == "王桂兰"


def test_escape_closes_what_was_found(window):
    page = window.page
    page.keyboard.press("/")
    page.keyboard.type("wgl")
    page.wait_for_selector(".xl-found a")

    page.keyboard.press("Escape")

    assert page.locator(".xl-found a").count() == 0
    assert page.evaluate("() => document.activeElement.name") == "q"


def test_question_mark_shows_the_keys_unless_it_is_typed(window):
    page = window.page
    page.locator(".xl-search-large input").focus()
    page.keyboard.type("?")
    assert not page.locator("#xl-keys").is_visible()

    page.locator("h1").first.click()
    page.keyboard.press("?")
    assert page.locator("#xl-keys").is_visible()

    page.keyboard.press("Escape")
    assert not page.locator("#xl-keys").is_visible()


def test_keys_of_one_character_can_be_switched_off(window):
    page = window.page
    page.keyboard.press("?")
    page.locator("[data-xl=single-keys]").uncheck()
    page.keyboard.press("Escape")

    page.keyboard.press("?")

    assert not page.locator("#xl-keys").is_visible()


def test_overview_loads_every_card(window):
    window.go("/residents/a/")

    assert window.page.locator("[aria-busy]").count() == 0
    for card in ("timeline", "results", "medicines", "problems", "documents", "immunisations"):
        assert window.page.locator(f"#{card} h2").count() == 1


def test_timeline_is_walked_with_arrow_keys(window):
    page = window.page
    window.go("/residents/a/timeline/")
    lanes = page.locator(".xl-lanes")

    lanes.locator("a[tabindex='0']").focus()
    first = page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("ArrowDown")
    second = page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    with page.expect_navigation():
        page.keyboard.press("Enter")

    assert first
    assert second
    assert first != second
    assert "/timeline/" not in page.url


def test_timeline_of_one_year_holds_less(window):
    page = window.page
    window.go("/residents/a/")
    before = page.locator("#timeline .xl-events a").count()

    page.locator("#timeline").get_by_text("1 年", exact=True).click()
    page.wait_for_selector("#timeline a[aria-current]:has-text('1 年')")

    assert 0 < page.locator("#timeline .xl-events a").count() < before


def test_timeline_is_a_list_on_a_phone(open_window):
    window = open_window(width=390)
    window.sign_in()

    window.go("/residents/a/timeline/")

    assert window.page.locator(".xl-events").is_visible()
    assert not window.page.locator(".xl-lanes").is_visible()


def test_trend_opens_over_the_table_and_closes_with_escape(window):
    page = window.page
    window.go("/residents/a/results/")

    page.get_by_role("link", name="糖化血红蛋白").click()
    page.wait_for_selector("#xl-dialog svg.xl-chart")
    assert page.locator("#xl-dialog .xl-chart circle").count() == 8
    assert page.locator("#xl-dialog tbody tr").count() == 8

    page.keyboard.press("Escape")
    assert not page.locator("#xl-dialog").is_visible()


def test_identity_number_is_shown_on_request(window):
    page = window.page
    window.go("/residents/a/")
    assert make.WANG not in page.locator(".xl-banner").inner_text()

    page.locator(".xl-reveal").click()

    page.wait_for_selector(f"text={make.WANG}")


def test_theme_and_size_stay_chosen(window):
    page = window.page

    page.locator("[data-xl=theme]").click()
    page.locator("[data-xl=size]").click()
    window.go("/residents/a/")

    root = page.locator("html")
    assert (root.get_attribute("data-bs-theme"), root.get_attribute("data-xl-size")) == ("dark", "large")
    assert page.locator("[data-xl=size]").get_attribute("aria-pressed") == "true"


def test_language_is_switched_where_one_is(window):
    page = window.page
    window.go("/residents/a/results/")

    with page.expect_navigation():
        page.get_by_role("button", name="English").click()

    assert page.url.endswith("/residents/a/results/")
    assert page.locator("#results h2").inner_text() == "Results"


def test_purpose_is_sent_when_it_is_chosen(window):
    page = window.page
    window.go("/residents/a/")

    with page.expect_navigation():
        page.select_option("select[name=purpose]", "PUBHLTH")

    assert page.locator("select[name=purpose]").input_value() == "PUBHLTH"


def test_wrong_password_is_told_and_the_name_kept(open_window):
    window = open_window()
    page = window.page
    window.go("/sign-in/")
    page.fill("#id_username", "doctor")
    page.fill("#id_password", "wrong")

    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]")

    assert page.locator("#id_username").input_value() == "doctor"
    window.complaints.clear()  # the browser's own word on the 422


def test_signing_out_ends_at_the_sign_in_page(window):
    page = window.page

    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/sign-in/")

    window.go("/residents/a/")
    assert "/sign-in/" in page.url
