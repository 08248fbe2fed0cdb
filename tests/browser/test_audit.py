"""The audit's pages in a browser: accessible in every look, and an alert that is traced and decided."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import LOOKS, violations
from xinglin.kernel import clock

if TYPE_CHECKING:
    from collections.abc import Iterator


PAGES = {
    "board": "/audit/board/",
    "lines": "/audit/",
    "wrong": "/audit/?since=2026-11-20&until=2026-11-01",
    "alerts": "/audit/alerts/",
    "alert": "/audit/alerts/{alert}/",
    "line": "/audit/lines/{place}/",
    "rules": "/audit/rules/",
    "resident": "/audit/patient/a/?about={place}",
}


@pytest.fixture
def looked(demo: str, django_db_blocker: Any) -> Iterator[dict[str, int]]:
    """A nurse who was refused again and again and read the resident's record; the numbers of the alert and a line."""
    from tests.audit import make
    from tests.audit.conftest import _empty
    from xinglin.accounts.models import Account
    from xinglin.accounts.queries import actor_of
    from xinglin.record import access, database

    access.flush()
    _empty()
    now = clock.now()
    with django_db_blocker.unblock():
        nurse = actor_of(Account.objects.get(username="nurse"))
        make.write(
            *make.reads(nurse, 12, now - timedelta(minutes=1), outcome="deny"),
            make.line(nurse, now, patient=make.number("a"), address="10.1.2.3", device="Chrome / Windows"),
        )
        make.find(now)
    number = next(one.number for one in make.alerts() if one.rule == "refusals")
    place = database.connection().execute("SELECT max(place) FROM record_access").fetchone()
    assert place is not None
    yield {"alert": number, "place": place[0]}
    access.flush()
    _empty()


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_page_of_the_audit_fits_and_is_accessible(
    open_window: Any, axe: str, looked: dict[str, int], width: int, theme: str, language: str
) -> None:
    window = open_window(width=width, theme=theme, language=language)
    window.sign_in("administrator")
    wrong: dict[str, list[str]] = {}
    for name, path in PAGES.items():
        window.go(path.format(**looked))
        window.picture(f"audit-{name}-{width}-{theme}-{language}")
        found = violations(window, axe)
        if found or window.overflow() > 0:
            wrong[name] = [*found, f"wider by {window.overflow()}"]
    window.complaints = [
        one for one in window.complaints if "422" not in one
    ]  # the page that says what is wrong

    assert wrong == {}


def test_an_alert_is_traced_from_the_board_and_decided(open_window: Any, looked: dict[str, int]) -> None:
    from playwright.sync_api import expect

    window = open_window()
    window.sign_in("administrator")
    page = window.page
    window.go("/audit/board/")
    page.get_by_role("link", name="反复被拒绝").first.click()
    page.get_by_role("link", name="反复被拒绝").first.click()
    expect(page.locator(".xl-audit-time circle")).to_have_count(12)
    page.get_by_label("已说明：属正当使用").check()
    page.get_by_label("查明的情况").fill("新员工，权限尚未开通")
    page.get_by_role("button", name="保存结论").click()

    expect(page.locator(".xl-audit-steps")).to_contain_text("新员工，权限尚未开通")
    page.locator(".xl-audit-lines a.xl-row-link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("条审计记录")


def test_a_complaint_is_taken_down_at_the_counter(open_window: Any, looked: dict[str, int]) -> None:
    from playwright.sync_api import expect

    window = open_window()
    window.sign_in("steward")
    page = window.page
    window.go("/residents/a/")
    with page.expect_navigation():
        page.locator("select[name=purpose]").first.select_option("PATRQT")
    window.settle()
    window.go("/audit/patient/a/")
    page.get_by_role("link", name="投诉").first.click()
    page.get_by_label("居民投诉的内容").fill("我没有去过这家医院")
    page.get_by_role("button", name="提交审计管理员").click()

    expect(page.get_by_role("status").first).to_contain_text("投诉已受理")
    expect(page.locator(".xl-audit-steps")).to_contain_text("我没有去过这家医院")
