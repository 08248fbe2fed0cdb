"""The directory in a real browser: by keyboard, by file, in every look."""

from __future__ import annotations

import csv

import pytest

from tests.browser.test_pages import LOOKS, violations
from tests.directory.make import credit
from xinglin.kernel.actor import SYSTEM

PAGES = {
    "home": "/directory/?at=Organization/xc-h01",
    "found": "/directory/find/?q=rmyy",
    "institution": "/directory/institutions/xc-h01/",
    "departments": "/directory/institutions/xc-h01/departments/",
    "people": "/directory/institutions/xc-h01/people/",
    "beds": "/directory/institutions/xc-h01/beds/",
    "history": "/directory/institutions/xc-h01/history/",
    "practitioner": "/directory/practitioners/xc-h01-p00/",
    "division": "/directory/divisions/459802001/",
    "edit": "/directory/institutions/xc-h01/edit/",
    "imports": "/directory/import/",
}


@pytest.fixture
def region(demo):
    """The first hospital of the demonstration region in its tree, beside what ``demo`` has."""
    from xinglin.record.door import open_as
    from xinglin.record.steps import Step, Verb
    from xinglin.synth import directory as made
    from xinglin.synth import institutions

    some = [r for r in made.resources(1000) if r["id"].startswith("xc-45")]
    for one in (institutions.general(0), institutions.district_hospital(0)):
        some += made.of_institution(one)
    open_as(SYSTEM).transaction([Step(Verb.UPDATE, r["resourceType"], r["id"], r) for r in some])


@pytest.fixture
def steward(region, open_window):
    """A window in which a data steward is signed in."""

    def opening(**look):
        window = open_window(**look)
        window.sign_in("steward")
        return window

    return opening


def test_institution_is_found_by_initials_with_the_keyboard_alone(steward):
    window = steward()
    window.go("/directory/")

    window.page.keyboard.press("F2")
    window.page.keyboard.type("xcsdyrmyy")
    window.page.wait_for_selector(".xl-found a")
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("Enter")

    window.page.wait_for_url("**/directory/institutions/xc-h01/")
    assert window.page.locator("h1").inner_text() == "杏川市第一人民医院"


def focused(page) -> str:
    return page.evaluate("() => document.activeElement.querySelector(':scope > .xl-branch > a')?.textContent")


def test_tree_is_opened_and_walked_by_keyboard(steward):
    window = steward()
    window.go("/directory/")
    page = window.page
    page.locator("[role=treeitem][tabindex='0']").focus()

    page.keyboard.press("ArrowRight")
    page.wait_for_selector("[data-key='459800000000'] > [role=group] > li")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "杏林区"

    page.keyboard.type("qsx")  # initials
    assert focused(page) == "青石县"
    page.keyboard.press("Home")
    assert focused(page) == "杏川市"
    page.keyboard.press("End")
    assert page.evaluate("() => document.activeElement.dataset.key") == "loose"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "禾洛县"
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "杏川市"
    page.keyboard.press("ArrowLeft")
    assert page.locator("[data-key='459800000000']").get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    page.wait_for_url("**/directory/divisions/459800000000/")


def test_a_file_with_errors_is_mended_and_loaded(steward, tmp_path):
    window = steward()
    page = window.page
    head = ["统一社会信用代码", "机构名称", "机构类别", "行政区划代码"]
    good, bad = (
        [credit(1), "新桥医院", "综合医院", "459802001001"],
        [credit(2), "坏桥医院", "综合", "459899"],
    )
    path = tmp_path / "机构.csv"

    def upload(*lines):
        with path.open("w", encoding="gbk", newline="") as file:
            csv.writer(file).writerows([head, *lines])
        page.set_input_files("#file", path)
        page.click("text=检查文件")
        page.wait_for_selector(".xl-tallies")

    window.go("/directory/import/?kind=institutions")
    upload(good, bad)
    told = page.locator("section:has(h2:text('错误的行')) tbody tr").all_inner_texts()
    assert [line.split("\t")[:2] for line in told] == [["3", "C 机构类别"], ["3", "D 行政区划代码"]]
    window.picture("directory-import-errors")

    page.click("text=选择改正后的文件")
    page.wait_for_selector("#file")
    assert page.locator("input[name=kind]:checked").get_attribute("value") == "institutions"
    upload(good, [bad[0], bad[1], "综合医院", "459802001001"])
    page.click("text=导入 2 行")
    page.wait_for_selector(".xl-note.green")

    window.go("/directory/find/?q=qyy")
    window.go("/directory/find/?q=坏桥")
    assert page.locator(".xl-entries b").all_inner_texts() == ["坏桥医院"]


def test_a_name_is_changed_and_brought_back(steward):
    window = steward()
    page = window.page
    window.go("/directory/departments/xc-h01-d00/edit/")
    page.fill("#name", "心血管病科")
    page.click("main .btn-primary")
    page.wait_for_url("**/departments/xc-h01-d00/")
    assert page.locator("h1").inner_text() == "心血管病科"

    page.click(".xl-tabs >> text=历史")
    page.click(".xl-versions >> text=恢复")
    page.wait_for_selector(".xl-note.green")
    assert page.locator("h1").inner_text() == "心血管内科"


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_fits_and_is_accessible(steward, axe, width, theme, language):
    window = steward(width=width, theme=theme, language=language)
    wrong = {}
    for name, path in PAGES.items():
        window.go(path)
        window.picture(f"directory-{name}-{width}-{theme}-{language}")
        said = violations(window, axe)
        if window.overflow() > 0:
            said.append(f"wider than the window by {window.overflow()} pixels")
        if said:
            wrong[name] = said

    assert wrong == {}
