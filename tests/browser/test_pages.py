"""Every page in both languages, light and dark, wide and narrow: it fits, it is accessible, nothing is blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Window

PAGES = {
    "home": "/",
    "found": "/residents/?q=wgl",
    "record": "/residents/a/",
    "timeline": "/residents/a/timeline/",
    "visits": "/residents/a/encounters/",
    "problems": "/residents/a/problems/",
    "allergies": "/residents/a/allergies/",
    "medicines": "/residents/a/medicines/",
    "results": "/residents/a/results/",
    "grid": "/residents/a/results/?view=grid",
    "trend": "/residents/a/results/trend/?test=4548-4~%25",
    "documents": "/residents/a/documents/",
    "report": "/residents/a/documents/DiagnosticReport/r2/",
    "immunisations": "/residents/a/immunisations/",
    "sources": "/residents/a/sources/",
    "account": "/account/",
    "kit": "/ui/",
}
LOOKS = [(1440, "light", "zh-hans"), (390, "dark", "en")]  # each width, theme and language once
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(window: Window, axe: str) -> list[str]:
    """What axe finds wrong on the page."""
    window.page.evaluate(axe)
    found: dict[str, Any] = window.page.evaluate(
        "(rules) => axe.run(document, {runOnly: {type: 'tag', values: rules}})", _RULES
    )
    return [
        f"{v['id']}: {n['target']} {n['failureSummary']}" for v in found["violations"] for n in v["nodes"]
    ]


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_fits_and_is_accessible(open_window, axe, width, theme, language):
    window = open_window(width=width, theme=theme, language=language)
    look = f"{width}-{theme}-{language}"
    wrong: dict[str, list[str]] = {}

    window.go("/sign-in/")
    window.picture(f"sign-in-{look}")
    wrong["sign-in"] = violations(window, axe)
    window.sign_in()
    for name, path in PAGES.items():
        window.go(path)
        window.picture(f"{name}-{look}")
        wrong[name] = violations(window, axe)
        if window.overflow() > 0:
            wrong[name].append(f"wider than the window by {window.overflow()} px")

    assert {name: found for name, found in wrong.items() if found} == {}


def test_page_that_does_not_exist_says_what_to_do(open_window, axe):
    window = open_window()
    window.sign_in()

    window.go("/nowhere/")

    assert window.page.locator("h1").inner_text() == "页面不存在"
    assert violations(window, axe) == []
    assert len(window.complaints) == 1  # the browser's own word on the 404
    window.complaints.clear()


def test_paper_shows_the_record_without_tools(open_window):
    window = open_window()
    window.sign_in()
    window.go("/residents/a/results/")

    window.page.emulate_media(media="print")

    assert not window.page.locator(".xl-bar").is_visible()
    assert not window.page.locator(".xl-index").is_visible()
    assert window.page.locator(".xl-banner h1").is_visible()
    assert window.page.locator("#results table").is_visible()
