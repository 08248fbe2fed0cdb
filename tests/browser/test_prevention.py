"""A doctor checks a prescription as it is typed and examines a constitution; a resident answers on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import violations
from tests.browser.test_residents import people, sign_up  # noqa: F401 -- a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS = [(1440, "light", "zh-hans"), (390, "dark", "en")]
SAID = {
    "zh-hans": ("十八反：甘草反甘遂", "细辛 6 g/日"),
    "en": ("Eighteen clashes: 甘草 with 甘遂", "细辛 6 g a day"),
}


@pytest.fixture
def programmes(people) -> Iterator[None]:  # noqa: F811 -- the fixture
    from xinglin.record import database

    yield
    with database.connect() as connection:
        connection.execute("TRUNCATE tcm_constitution_enrolment, tcm_constitution_service")


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_a_prescription_and_a_constitution_from_the_first_key_to_paper(
    open_window, programmes, axe, width, theme, language
):
    window = open_window(width=width, theme=theme, language=language)
    page, look, wrong = window.page, f"{width}-{theme}-{language}", {}

    def look_at(name: str) -> None:
        window.picture(f"tcm-{name}-{look}")
        wrong[name] = violations(window, axe) + ["too wide"] * (window.overflow() > 0)

    window.sign_in()
    window.go("/tcm/safety/")
    page.locator("#id_text").press_sequentially("甘草 6\n细辛 6\n甘遂 1", delay=5)
    for said in SAID[language]:
        expect(page.locator("#findings")).to_contain_text(said)
    expect(page.locator("#findings li.red")).to_have_count(1)
    page.fill("#id_medicines", "地高辛")
    expect(page.locator("#findings")).to_contain_text("地高辛")
    look_at("desk")
    for name in ("rules", "figures"):
        window.go(f"/tcm/safety/{name}/")
        look_at(name)

    window.go("/tcm/constitution/a/interview/")
    look_at("interview")
    page.evaluate(
        "() => document.querySelectorAll('.xl-constitution-options').forEach((options, number) =>"
        " options.querySelectorAll('input')[number % 4 === 1 ? 2 : 0].click())"
    )
    page.click("main .btn-primary")
    window.settle()
    expect(page.locator(".xl-radar-shape")).to_have_count(1)
    page.click("button[name=programme] >> nth=0")
    window.settle()
    expect(page.locator("button[name=step]").first).to_be_visible()
    look_at("result")
    page.click("a[href*='/print/'] >> nth=0")
    window.settle()
    look_at("paper")
    window.go("/tcm/constitution/due/?programme=elderly")
    look_at("due")
    window.go("/tcm/constitution/rates/?programme=elderly")
    look_at("rates")

    if width < 500:
        own = open_window(width=width, theme=theme, language=language)
        sign_up(own)
        own.go("/my/constitution/ask/")
        for _ in range(3):
            own.page.click("button[name=answer] >> nth=1")
            own.settle()
        own.page.click("button[name=back]")
        own.settle()
        expect(own.page.locator("input[name=given]")).to_have_value("22")
        window, page = own, own.page
        look_at("question")
        own.go("/my/constitution/")
        look_at("my-result")
    assert {name: found for name, found in wrong.items() if found} == {}
