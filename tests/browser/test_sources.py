"""A doctor's first minute: the numbers, a resident by the end of the phone, results apart from the rest, the source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations
from tests.portal.test_groups import document_part, scores
from xinglin.kernel.actor import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Window


def judged(window: Window, axe: str, name: str) -> None:
    """The page is within its window, reads well to a machine, and is kept as a picture."""
    window.page.evaluate("() => scrollTo(0, 0)")  # what lies below the banner that stays is judged there too
    assert window.overflow() <= 0, name
    assert violations(window, axe) == [], name
    window.picture(name)


@pytest.mark.parametrize(
    "look", [{}, {"width": 390, "theme": "dark", "language": "en"}], ids=["zh-light", "en-dark-phone"]
)
def test_the_source_of_a_result_is_found_from_the_end_of_a_phone(
    open_window: Callable[..., Window], axe: str, look: dict[str, Any]
) -> None:
    from xinglin.record.door import open_as

    door = open_as(SYSTEM)
    door.update(document_part())
    door.update(scores())
    name = "-".join(map(str, look.values())) or "zh-light"
    window = open_window(**look).sign_in()
    page = window.page
    page.locator(".xl-numbers li").first.wait_for()
    judged(window, axe, f"home-numbers-{name}")

    page.fill("main input[type=search]", "5678")
    page.locator(".xl-found a").first.click()
    page.wait_for_url(re.compile(r"/residents/[^/]+/$"))
    window.settle()
    assert page.locator("#results", has_text="中医病名代码").count() == 0
    page.locator("#results .xl-card-foot a").click()
    window.settle()
    assert page.locator("#other").is_visible()
    judged(window, axe, f"results-groups-{name}")

    page.locator("#results tbody th a").first.click()
    page.locator("#xl-dialog[open] .xl-origin").first.click()
    page.locator("#xl-dialog #origin").wait_for()
    page.locator("#xl-dialog summary").click()
    assert "4548-4" in page.locator("#xl-dialog").inner_text()
    judged(window, axe, f"source-{name}")
    page.keyboard.press("Escape")
    assert page.locator("#xl-dialog[open]").count() == 0
