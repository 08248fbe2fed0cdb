"""The ledger's pages on a platform that keeps one: what was done is proven, what was changed is shown."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import Window
from tests.browser.test_pages import LOOKS, violations
from tests.portal import region

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

PAGES = {
    "state": "/ledger/",
    "entries": "/ledger/entries/",
    "entry": "/ledger/entries/0/",
    "certificate": "/ledger/entries/0/certificate/",
    "own": "/ledger/own/",
    "verify": "/ledger/verify/?index=0",
    "audits": "/ledger/audits/",
}


@pytest.fixture
def platform(emptied: None, tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    """A server that keeps its ledger, with the resident of ``region`` and the demonstration's accounts."""
    from tests.ledger.conftest import _empty
    from xinglin.accounts import actions
    from xinglin.accounts.models import Account
    from xinglin.record import database

    region.store()
    with django_db_blocker.unblock():
        actions.create_demo_accounts()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "xinglin.config.command", "serve", "--port", str(port), "--workers", "1"],
        env={
            **os.environ,
            "DATABASE_URL": database.target(),
            "XINGLIN_HOME": str(tmp_path),
            "XINGLIN_DEMO": "true",  # no role needs a second factor
        },
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/ledger/log/checkpoint")
        yield address
    finally:
        process.terminate()
        process.wait(30)
        _wait_for_the_keeper()
        _empty()
        with django_db_blocker.unblock():
            Account.objects.filter(username__in=[a.username for a in actions.DEMO_ACCOUNTS]).delete()


def _wait(address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < until, "the platform did not come up, or signs no head"
            time.sleep(0.2)
        else:
            return


def _wait_for_the_keeper() -> None:
    """Until the process that kept the ledger has let go of it."""
    from xinglin.record import database
    from xinglin.record.locks import Lock

    with database.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [Lock.LEDGER])


@pytest.fixture
def window(platform: str, chromium: Browser) -> Iterator[Window]:
    """A steward who is signed in."""
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    opened = Window(context.new_page(), platform)
    opened.page.on(
        "console",
        lambda said: opened.complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.go("/sign-in/")
    opened.page.fill("#id_username", "steward")
    opened.page.fill("#id_password", "xinglin-demo")
    opened.page.click("main .btn-primary")
    opened.page.wait_for_url(platform + "/")
    opened.go("/residents/a/")
    time.sleep(1.5)  # until what was read is entered
    yield opened
    context.close()
    assert opened.complaints == []


def test_pages_fit_and_are_accessible_and_a_proof_is_verified(window: Window, axe: str) -> None:
    from playwright.sync_api import expect

    page = window.page
    wrong: dict[str, list[str]] = {}
    for width, theme, language in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        cookies = {"xl-theme": theme, "django_language": language}
        page.context.add_cookies([{"name": n, "value": v, "url": window.address} for n, v in cookies.items()])
        for name, path in PAGES.items():
            page.goto(window.address + path)
            if name == "verify":
                expect(page.locator(".xl-ledger-verdict.xl-ledger-right")).to_be_visible()
                expect(page.locator("[hx-get$='/own/'] table")).to_be_visible()
            look = f"ledger-{name}-{width}-{theme}-{language}"
            window.picture(look)
            found = violations(window, axe)
            if found or window.overflow() > 0:
                wrong[look] = [*found, f"wider by {window.overflow()}"]
    assert wrong == {}

    page.set_viewport_size({"width": 1440, "height": 900})
    page.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": window.address}])
    page.goto(window.address + "/ledger/verify/")
    page.locator("a[data-own]").first.click()
    expect(page.locator(".xl-ledger-verdict")).to_have_text("证明成立。")
    expect(page.locator(".xl-ledger-steps .right")).to_have_count(4)
    expect(page.locator(".xl-ledger-note").last).to_contain_text('"actor":"account/')
    text = page.locator("#proof").input_value()
    page.locator("#proof").fill(re.sub(r"index (\d+)", lambda m: f"index {int(m[1]) + 1}", text))
    page.locator("#proof").press("Control+Enter")
    expect(page.locator(".xl-ledger-verdict")).to_have_text("证明不成立。")
    page.locator("#proof").fill("")
    page.get_by_role("button", name="核验", exact=True).click()
    expect(page.locator(".xl-ledger-steps .wrong")).to_contain_text("首行应为")


def test_a_row_that_was_changed_is_shown_by_an_audit(window: Window) -> None:
    from playwright.sync_api import expect

    from xinglin.record import database

    page = window.page
    window.go("/ledger/own/")
    expect(page.locator("a[data-own]").first).to_be_visible()
    place = database.connection().execute("SELECT min(place) FROM record_access").fetchone()
    assert place is not None
    database.connection().execute("UPDATE record_access SET purpose = 'X' WHERE place = %s", [place[0]])

    window.go("/ledger/audits/")
    page.click(".xl-ledger-ask button")

    expect(page.locator("th code", has_text=f"access/{place[0]}")).to_be_visible(timeout=30_000)
    window.picture("ledger-audit-found")
    window.go("/ledger/")
    expect(page.get_by_role("alert")).to_contain_text(f"access/{place[0]}")
    page.get_by_label("查明的情况").fill("测试")
    page.click(".xl-ledger-settle button")
    expect(page.get_by_role("alert")).to_have_count(0)
