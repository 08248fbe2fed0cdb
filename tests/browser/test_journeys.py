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
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.activeElement === document.body")


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
    window.go("/residents/a/")
    page.keyboard.press("7")
    assert page.url.endswith("/residents/a/")


def test_last_value_and_its_trend_are_a_few_keys_away(window):
    page = window.page
    window.go("/residents/a/")

    with page.expect_navigation():
        page.keyboard.press("7")
    page.keyboard.press("f")
    page.keyboard.type("hba1c")
    shown = page.locator("#results tbody tr:visible th a").all_inner_texts()
    told = page.locator("xl-filter [role=status]").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_selector("#xl-dialog svg.xl-chart")

    assert page.url.endswith("/residents/a/results/")
    assert shown == ["糖化血红蛋白"]
    assert told.startswith("1 / ")
    assert "糖化血红蛋白" in page.locator("#xl-dialog h2").first.inner_text()


def test_tests_are_found_by_initials_too_and_escape_shows_all_again(window):
    page = window.page
    window.go("/residents/a/results/?view=grid")
    rows = page.locator("#results tbody tr:visible")
    before = rows.count()

    page.keyboard.press("f")
    page.keyboard.type("thxhdb")
    found = rows.count()
    page.keyboard.type("x")
    none = page.locator("xl-filter [role=status]").inner_text()
    page.keyboard.press("Escape")

    assert (found, rows.count()) == (1, before)
    assert before > 1
    assert none == "没有这样的项目。按 Esc 显示全部。"


def test_parts_of_a_record_have_keys_that_the_list_of_keys_tells(window):
    page = window.page
    window.go("/residents/a/")

    page.keyboard.press("?")
    told = page.locator("#xl-keys section dl > div").all_inner_texts()
    page.keyboard.press("7")  # not while the list is open
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("t")

    assert page.url.endswith("/residents/a/tcm/")
    assert len(told) == page.locator("#parts a").count()
    assert told[6].split() == ["7", "检验与测量"]


def test_parts_of_a_record_are_the_second_stop(window):
    page = window.page
    window.go("/residents/a/")

    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("() => document.activeElement.matches('#parts a:first-of-type')")


def test_part_that_is_shown_stands_in_view_on_a_phone(open_window):
    window = open_window(width=390)
    window.sign_in()

    window.go("/residents/a/documents/")

    place = window.page.locator("#parts [aria-current]").bounding_box()
    assert place["x"] >= 0
    assert place["x"] + place["width"] <= 390


def test_banner_is_short_on_a_phone_and_a_line_of_it_stays_in_sight(open_window):
    window = open_window(width=390)
    page = window.page
    window.sign_in()
    window.go("/residents/a/")
    line = page.locator(".xl-banner-line")
    toggle = page.locator(".xl-banner-toggle")

    assert not page.locator(".xl-banner dl").is_visible()
    assert page.locator(".xl-banner .xl-allergy").is_visible()
    assert not line.is_visible()
    toggle.click()
    assert toggle.get_attribute("aria-expanded") == "true"
    assert page.locator(".xl-banner select[name=purpose]").is_visible()
    page.evaluate("() => scrollTo(0, 1500)")
    line.wait_for()
    assert "青霉素" in line.inner_text()


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
