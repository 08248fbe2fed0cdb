"""What the kit promises on every page: failures say what to do, forms lose nothing; paper, own colours, narrowness."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations
from tests.portal import make

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Window

RECORD = "/residents/a/"
PROXY = "<html><body><h1>504 Gateway Time-out</h1></body></html>"
OWN = "<!doctype html><html><main><section class='xl-message'><h1>出错了</h1><p>稍后再试。</p></section></main></html>"
BUSY = "<p class='xl-empty' role='alert'><span><b>平台繁忙</b><br>7 秒后再试。</span></p>"


def answering(status: int, body: str) -> Any:
    """A way to answer a request in the platform's place."""

    def answer(route: Route) -> None:
        route.fulfill(status=status, body=body, content_type="text/html; charset=utf-8")

    return answer


def said(page: Page, part: str) -> str:
    """What stands in a part of the record, on one line."""
    return re.sub(r"\s+", " ", page.locator(part).inner_text()).strip()


def forgive(window: Window) -> None:
    """The browser's own words on what was made to fail are expected here."""
    assert window.complaints
    window.complaints.clear()


@pytest.mark.parametrize(("width", "theme", "language"), [(1440, "light", "zh-hans"), (390, "dark", "en")])
def test_a_card_that_fails_says_so_and_asks_again(open_window, axe, width, theme, language):
    window = open_window(width=width, theme=theme, language=language)
    window.sign_in()
    page = window.page
    page.route("**/results/?card=1", lambda route: route.abort())
    page.route("**/documents/?card=1", answering(504, PROXY))
    page.route("**/medicines/?card=1", answering(500, OWN))
    page.route("**/problems/?card=1", answering(503, ""))
    page.route("**/changes/?card=1", answering(429, BUSY))

    window.go(RECORD)
    page.locator("#changes .xl-failed").wait_for()

    assert page.locator(".xl-failed").count() == 5
    assert page.locator("[aria-busy=true]").count() == 0
    assert "504" not in page.locator("main").inner_text()
    assert "出错了. 稍后再试。" in said(page, "#medicines")
    assert "平台繁忙 7 秒后再试。" in said(page, "#changes")
    assert ("没有收到应答" if language == "zh-hans" else "No answer came") in said(page, "#results")
    assert violations(window, axe) == []
    window.picture(f"kit-failed-{width}-{theme}-{language}")

    page.unroute_all()
    for part in ("results", "documents", "medicines", "problems", "changes"):
        page.locator(f"#{part} [data-failing=again]").click()
        page.locator(f"#{part}:not(:has(.xl-failed)):not(:has([aria-busy]))").wait_for()
    assert page.locator(".xl-failed").count() == 0
    assert page.locator("#results table").is_visible()
    forgive(window)


def test_what_an_act_meets_stands_at_the_edge_and_leaves_the_page(open_window):
    window = open_window()
    window.sign_in()
    page = window.page
    window.go(RECORD)
    page.context.set_offline(True)

    page.fill("xl-search input", "wgl")
    page.locator(".xl-failed-edge").wait_for()

    assert page.locator("#results table").is_visible()
    page.context.set_offline(False)
    page.click(".xl-failed-edge [data-failing=again]")
    page.locator(".xl-found a").first.wait_for()
    assert page.locator(".xl-failed-edge").count() == 0
    forgive(window)


def test_typed_words_outlive_the_session_and_are_not_sent_twice(open_window):
    window = open_window()
    window.sign_in()
    page = window.page
    window.go("/account/")
    page.evaluate(
        """() => {
          const form = document.querySelector(".xl-bar-tools form").cloneNode(true);
          form.id = "made";
          form.className = "";
          form.append(Object.assign(document.createElement("textarea"), { name: "words" }));
          document.querySelector("main").prepend(form);
        }"""
    )
    page.fill("#made textarea", "阵发性胸闷三天")
    asked = page.evaluate("() => !dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    assert asked is True

    kept = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 300000 }")
    page.click("#made button")
    page.locator("#xl-ended[open]").wait_for()

    assert page.input_value("#made textarea") == "阵发性胸闷三天"
    assert page.evaluate("() => document.activeElement.closest('dialog')?.id") == "xl-ended"
    page.context.add_cookies(kept)
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    page.locator("#xl-ended:not([open])").wait_for(state="attached")

    sent: list[str] = []
    page.route(
        "**/language/", lambda route: (sent.append(route.request.post_data or ""), route.fulfill(status=204))
    )
    page.click("#made button")
    page.click("#made button")
    page.wait_for_function("() => document.querySelector('#made button[aria-busy]')")

    assert len(sent) == 1
    assert page.evaluate("() => !dispatchEvent(new Event('beforeunload', { cancelable: true }))") is False
    forgive(window)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_was_not_accepted_is_told_above_the_form_and_tied_to_its_fields(open_window, axe, theme):
    window = open_window(theme=theme)
    window.sign_in("administrator")
    page = window.page
    window.go("/accounts/new/")
    page.evaluate("() => { document.querySelector('main form').noValidate = true }")
    page.fill("#id_username", "not a name!")
    page.click("main form .btn-primary")
    page.locator(".xl-wrong-summary").wait_for()

    ways = page.locator(".xl-wrong-summary a")
    assert [text.split(":")[0] for text in ways.all_inner_texts()] == ["账号", "姓名"]
    assert page.input_value("#id_username") == "not a name!"
    assert page.evaluate("() => document.activeElement.id") == "id_username"
    told = page.get_attribute("#id_display_name", "aria-describedby")
    assert page.locator(f"#{told}").inner_text() in ways.nth(1).inner_text()
    ways.nth(1).click()
    assert page.evaluate("() => document.activeElement.id") == "id_display_name"
    assert violations(window, axe) == []
    forgive(window)


def test_a_dialog_is_named_by_what_is_in_it_and_gives_the_focus_back(open_window):
    window = open_window()
    window.sign_in()
    page = window.page
    window.go("/residents/a/results/")
    opener = page.locator("[hx-target='#xl-dialog-body']").first
    opener.focus()

    page.keyboard.press("Enter")
    page.locator("#xl-dialog[open] :is(h1, h2, h3)").first.wait_for()

    heading = page.locator("#xl-dialog :is(h1, h2, h3)").first.inner_text()
    assert page.get_attribute("#xl-dialog", "aria-label") == heading.strip()
    for _ in range(12):
        page.keyboard.press("Tab")
    outside = "() => !document.activeElement.closest('dialog') && document.activeElement !== document.body"
    assert page.evaluate(outside) is False
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert opener.evaluate("(link) => link === document.activeElement") is True


def test_columns_are_hidden_to_the_reader_s_taste_and_rows_copied_as_text(open_window, axe):
    window = open_window()
    window.sign_in()
    page = window.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    window.go("/residents/a/results/")

    page.click("#results .xl-drop summary")
    page.uncheck("#results .xl-columns label:has-text('机构') input")
    assert violations(window, axe) == []
    page.click("#results [data-table=copy]")
    page.locator("#results .xl-table-tools [role=status]").wait_for()

    copied = page.evaluate("() => navigator.clipboard.readText()").split("\n")
    assert copied[0].split("\t") == ["项目", "最近结果", "参考区间", "趋势"]
    assert len(copied) == page.locator("#results tbody tr").count() + 1
    window.go("/residents/a/results/")
    assert not page.locator("#results th:has-text('机构')").is_visible()


@pytest.mark.parametrize(("width", "room"), [(390, 110), (1440, 150)])
def test_a_report_of_many_words_leaves_its_name_room(open_window, width, room):
    from xinglin.kernel.actor import SYSTEM
    from xinglin.record.door import open_as

    words = (
        "双肺透亮度增高，可见多发肺大疱，右肺下叶见斑片状密度增高影，边缘模糊。纵隔居中，未见胸腔积液。" * 2
    )
    open_as(SYSTEM).update(
        make.resource(
            "Observation", "seen", "a", status="final", code=make.concept("检查所见"), valueString=words,
            effectiveDateTime="2025-09-01", category=[{"coding": [{"code": "imaging"}]}],
        )
    )  # fmt: skip
    window = open_window(width=width)
    window.sign_in()
    window.go("/residents/a/results/")
    row = window.page.locator("#results tbody tr", has_text="检查所见")

    assert row.locator("th").evaluate("(e) => e.getBoundingClientRect().width") >= room
    assert row.locator(".words").evaluate("(e) => e.getBoundingClientRect().width") <= 420
    assert window.overflow() <= 0


def test_paper_and_the_reader_s_own_colours_keep_what_matters(open_window):
    window = open_window(theme="dark")
    window.sign_in()
    page = window.page
    window.go(RECORD)

    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    style = page.evaluate(
        """() => {
          const root = getComputedStyle(document.documentElement);
          const text = getComputedStyle(document.querySelector(".xl-lanes text"));
          const lanes = document.querySelector(".xl-lanes");
          return { head: root.getPropertyValue("--xl-print-head"), foot: root.getPropertyValue("--xl-print-foot"),
                   ink: text.fill, view: lanes.hasAttribute("viewBox") };
        }"""
    )
    assert style["head"].startswith('"王桂兰 · 1949-12-31')
    assert "黄志远" in style["foot"]
    assert style["ink"] == "rgb(51, 51, 51)"  # dark on paper though the screen is dark
    assert style["view"] is True
    assert page.locator(".xl-banner").evaluate("(e) => getComputedStyle(e).position") == "static"
    address = page.locator(".xl-banner .xl-address")
    assert address.evaluate("(e) => getComputedStyle(e).whiteSpace") == "normal"  # whole on paper

    page.emulate_media(media="screen", forced_colors="active")
    assert page.locator(".xl-tag").first.evaluate("(e) => getComputedStyle(e).borderTopStyle") == "solid"
    current = page.locator(".xl-index a[aria-current]").evaluate("(e) => getComputedStyle(e).outlineStyle")
    assert current == "solid"


LOOSE = """() => [...document.querySelectorAll(".visually-hidden")].filter((hidden) => {
  for (let box = hidden.parentElement; box && box !== document.body; box = box.parentElement) {
    const style = getComputedStyle(box);
    if (style.position !== "static") return false;
    if (/auto|scroll/.test(style.overflowX + style.overflowY)) return true;
  }
  return false;
}).length"""


def test_the_narrowest_window_needs_no_sideways_scrolling(open_window):
    window = open_window(width=320)
    window.sign_in()
    wrong: dict[str, list[int]] = {}
    for path in ("/", RECORD, "/residents/a/results/", "/ui/", "/account/"):
        window.go(path)
        # what is hidden from sight must not lengthen the page from inside a box that scrolls
        found = [max(window.overflow(), 0), window.page.evaluate(LOOSE)]
        if found != [0, 0]:
            wrong[path] = found

    assert wrong == {}


def test_a_board_hangs_on_a_wall_and_stays_there_without_a_line(open_window, axe):
    window = open_window(width=1920)
    window.sign_in("steward")
    page = window.page
    window.go("/quality/")

    page.click(".xl-bar-tools a[href$='look=wall']")
    page.locator("xl-wall time").wait_for()
    window.picture("kit-wall-1920")

    assert page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "20px"
    assert not page.locator(".xl-page form").first.is_visible()
    assert page.locator(".xl-wall-bar nav a").all_inner_texts() == [
        "数据质量",
        "结果互认",
        "数据交换",
        "诊疗提醒",
    ]
    assert violations(window, axe) == []

    page.set_viewport_size({"width": 3840, "height": 2160})
    assert page.evaluate("() => getComputedStyle(document.documentElement).fontSize") == "40px"
    assert window.overflow() <= 0
    page.click("[data-wall=turn]")
    page.evaluate("() => document.querySelector('xl-wall').go(document.querySelector('xl-wall').next())")
    page.wait_for_url("**/recognition/board/?look=wall")
    assert page.get_attribute("[data-wall=turn]", "aria-pressed") == "true"

    page.context.set_offline(True)
    page.evaluate("() => document.querySelector('xl-wall').go(location.href)")
    page.locator(".xl-wall-stale", has_text="页面已停止更新").wait_for()
    assert page.locator("main h1").is_visible()
    page.context.set_offline(False)
    forgive(window)
