"""Codes in a real browser: finding while typing, the tree by keys, loading a file, choosing one for a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.browser.test_pages import LOOKS, violations
from tests.codebook.conftest import fill
from tests.terminology import make

if TYPE_CHECKING:
    from collections.abc import Iterator

ICD = quote(make.ICD)
PAGES = {
    "codes": "/codes/",
    "codes-found": "/codes/?q=gxy",
    "codes-sets": "/codes/?kind=sets",
    "codes-system": f"/codes/system/?url={ICD}",
    "codes-concept": f"/codes/concept/?system={ICD}&code=I10",
    "codes-set": "/codes/set/?url=urn:test:hypertension",
    "codes-map": "/codes/map/?url=urn:test:map",
    "codes-compare": f"/codes/compare/?url={ICD}&old=1&new=2",
    "codes-load": "/codes/load/",
}
_HEARD = """() => { window.heard = [];
  document.addEventListener("xl:found", (e) => requestAnimationFrame(() => window.heard.push(e.detail))); }"""


@pytest.fixture
def shelf(demo: str, django_db_blocker: Any) -> Iterator[None]:
    """Some codes on the server."""
    from xinglin.record import database

    with django_db_blocker.unblock():
        connection = database.connection()
        make.empty(connection)
        fill(connection)
        yield
        make.empty(connection)


def sign_in_steward(window: Any) -> None:
    window.sign_in("steward")


def test_typing_finds_at_once_and_keys_open_what_was_found(shelf, open_window):
    window = open_window()
    window.sign_in()
    window.go("/codes/")
    page = window.page
    page.evaluate(_HEARD)

    page.locator("xl-codes input[type=search]").focus()
    for letter in "gaoxueya":
        page.keyboard.type(letter)
        page.wait_for_timeout(60)
    page.wait_for_selector("xl-codes [role=option]")
    times = sorted(one["milliseconds"] for one in page.evaluate("() => window.heard"))
    window.picture("codes-typing")
    print(  # noqa: T201 -- a measurement for whoever runs the test
        f"typing: {len(times)} answers shown, median {times[len(times) // 2]:.0f} ms, slowest {times[-1]:.0f} ms"
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    page.wait_for_url("**/codes/concept/**")
    assert page.locator("h1 code").inner_text() == "I10"


def test_a_code_is_chosen_for_a_form(shelf, open_window):
    window = open_window()
    window.sign_in()
    window.go("/codes/set/?url=urn:test:hypertension")
    page = window.page

    page.locator("xl-code-picker input[type=search]").focus()
    page.keyboard.type("gxyszb")
    page.wait_for_selector("xl-code-picker [role=option]")
    window.picture("codes-picker")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**code=urn**")

    assert page.locator("xl-code-picker ~ *, .xl-note").first.inner_text() == "高血压肾脏病 urn:test:icd|I12"


def test_a_digit_picks_while_letters_are_typed(shelf, open_window):
    window = open_window()
    window.sign_in()
    window.go("/codes/")
    page = window.page

    page.locator("xl-codes input[type=search]").focus()
    page.keyboard.type("gxyb")
    page.wait_for_selector("xl-codes [role=option]")
    page.keyboard.press("1")

    page.wait_for_url("**/codes/concept/**")
    assert page.locator("h1 code").inner_text() == "I10-I15"


def test_a_tree_is_walked_with_arrow_keys(shelf, open_window):
    window = open_window()
    window.sign_in()
    window.go(f"/codes/system/?url={ICD}")
    page = window.page

    page.locator("xl-tree li > a").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("xl-tree ul ul a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")

    focused = page.evaluate("() => document.activeElement.querySelector('code').textContent")
    assert focused == "I11"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("() => document.activeElement.querySelector('code').textContent") == "I10-I15"


def test_a_steward_loads_a_file(shelf, open_window, tmp_path):
    file = tmp_path / "local.csv"
    file.write_text("code,display\nA,甲\nA,又一个甲\n", encoding="utf-8")
    window = open_window()
    sign_in_steward(window)
    window.go("/codes/load/")
    page = window.page

    page.set_input_files("#id_file", file)
    page.fill("#id_url", "urn:test:local")
    page.click("form.xl-card .btn-primary")
    page.wait_for_selector(".xl-issues")
    window.picture("codes-tried")
    said = page.locator(".xl-issues").inner_text()
    page.click("text=略去问题行后再试")
    page.wait_for_url("**leave_out=1")
    page.click("form.xl-buttons .btn-primary")
    page.wait_for_url("**/codes/system/**")

    assert "local.csv:3: 编码 A 重复" in said
    assert page.locator("xl-tree li").count() == 1


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_of_codes_fits_and_is_accessible(shelf, open_window, axe, width, theme, language):
    window = open_window(width=width, theme=theme, language=language)
    sign_in_steward(window)
    wrong: dict[str, list[str]] = {}

    for name, path in PAGES.items():
        window.go(path)
        window.picture(f"{name}-{width}-{theme}-{language}")
        wrong[name] = violations(window, axe)
        if window.overflow() > 0:
            wrong[name].append(f"wider than the window by {window.overflow()} px")

    assert {name: found for name, found in wrong.items() if found} == {}
