"""The knowledge of Chinese medicine in a real browser: a herb in a few keys, its web, a change, in two looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS = [(1440, "light", "zh-hans"), (390, "dark", "en")]
TYPED = ("hq", "huangq", "danggui", "gc", "fuzi", "黄芪", "丹皮", "zhigancao", "cx", "yl", "chaib", "sanqi")
_TIMED = """(typed) => { const found = []; const search = document.querySelector("herb-search");
  search.addEventListener("herb:found", (event) => found.push(event.detail.milliseconds));
  const field = search.querySelector("input");
  for (let round = 0; round < 5; round += 1) for (const word of typed) for (let n = 1; n <= word.length; n += 1) {
    field.value = word.slice(0, n); field.dispatchEvent(new Event("input", { bubbles: true })); }
  field.value = ""; field.dispatchEvent(new Event("input", { bubbles: true }));
  return found; }"""


@pytest.fixture
def filled(demo: str, django_db_blocker: Any) -> Iterator[None]:
    """The knowledge on the server, and no change of it left afterwards."""
    from xinglin.kernel import clock
    from xinglin.tcm.knowledge import loading
    from xinglin.tcm.knowledge.models import Change

    with django_db_blocker.unblock():
        loading.load(now=clock.now())
    yield
    with django_db_blocker.unblock():
        Change.objects.all().delete()


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_a_herb_is_found_read_and_proposed_to_change(filled, open_window, axe, width, theme, language):
    window = open_window(width=width, theme=theme, language=language)
    window.sign_in("doctor")
    page, look = window.page, f"{width}-{theme}-{language}"
    wrong: dict[str, list[str]] = {}

    def seen(name: str) -> None:
        window.settle()
        window.picture(f"tcm-{name}-{look}")
        wrong[name] = violations(window, axe)
        if window.overflow() > 0:
            wrong[name].append(f"wider than the window by {window.overflow()} px")

    window.go("/tcm/")
    page.wait_for_selector("herb-search[data-ready]")
    times = sorted(page.evaluate(_TIMED, list(TYPED)))
    print(  # noqa: T201 -- a measurement for whoever runs the test
        f"herb search, {len(times)} keystrokes: median {times[len(times) // 2]:.1f} ms,"
        f" 95% {times[int(len(times) * 0.95)]:.1f} ms, slowest {times[-1]:.1f} ms"
    )
    page.locator("herb-search input").focus()
    page.keyboard.type("fuzi")
    page.wait_for_selector("herb-search [role=option]")
    seen("typing")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tcm/term/H*/")
    assert page.locator("h1").inner_text().startswith("附子")
    assert page.locator(".tcm-web a").count() > 5
    seen("term")
    page.locator("a[href*='propose/?fact=']").first.click()
    page.select_option("#id_act", "confirm")
    page.fill("#id_reason", "核对原文无误")
    seen("propose")
    page.click("main form .btn-primary")
    page.wait_for_url("**/tcm/term/H*/")
    window.go("/tcm/changes/")
    seen("changes")
    window.go("/tcm/?by=signs&q=恶寒发热")
    seen("found")
    window.go("/tcm/peoples/zhuang/zh-x-thread/")
    seen("entry")

    assert {name: found for name, found in wrong.items() if found} == {}
