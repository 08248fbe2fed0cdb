"""A system on its way in: samples dropped, the report, letting in, in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_audit import sign_in
from tests.browser.test_pages import violations
from tests.exchange.onboarding.test_onboarding import GOOD, oru

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def newcomer(demo: str) -> Iterator[None]:
    from tests.exchange.conftest import _empty
    from tests.exchange.make import STEWARD
    from xinglin.exchange import senders
    from xinglin.kernel import clock
    from xinglin.record import database

    _empty()
    connection = database.connection()
    connection.execute("DELETE FROM exchange_onboarding_trial; DELETE FROM exchange_onboarding_onboarding")
    details = senders.Details("检验系统", organization="h1")
    senders.register(connection, code="new", details=details, actor=STEWARD, now=clock.now())
    senders.set_active(connection, code="new", active=False, actor=STEWARD, now=clock.now())
    yield
    connection.execute("DELETE FROM exchange_onboarding_trial; DELETE FROM exchange_onboarding_onboarding")
    _empty()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme", "language"), [(1440, "light", "zh-hans"), (390, "dark", "en")])
def test_a_vendor_is_let_in(
    open_window: Any, axe: str, newcomer: None, tmp_path: Path, width: int, theme: str, language: str
) -> None:
    window = open_window(width=width, theme=theme, language=language)
    page, look = window.page, f"{width}-{theme}-{language}"
    wrong: dict[str, list[str]] = {}

    def look_at(name: str) -> None:
        window.settle()
        window.picture(f"onboarding-{name}-{look}")
        seen = violations(window, axe)
        if seen or window.overflow() > 0:
            wrong[name] = [*seen, f"wider by {window.overflow()}"]

    sign_in(window, "administrator")
    window.go("/exchange/onboarding/")
    look_at("empty")
    window.go("/exchange/onboarding/begin/")
    page.select_option("#sender", "new")
    page.select_option("#door", "hl7v2")
    page.fill("#kinds", "ORU^R01")
    look_at("begin")
    page.click("main .btn-primary")
    page.fill("#text", oru(1, birth="").replace("\r", "\n"))
    page.click(".xl-onboarding-form .btn-primary")
    page.wait_for_selector(".xl-onboarding-findings")
    look_at("red")
    good = tmp_path / "good.hl7"
    good.write_bytes(GOOD.encode())
    page.set_input_files("#files", str(good))
    page.click(".xl-onboarding-form .btn-primary")
    page.wait_for_selector(".xl-onboarding-decide .btn-primary")
    look_at("green")
    page.click(".xl-onboarding-decide .btn-primary")
    page.wait_for_selector(".xl-done")
    window.go("/exchange/onboarding/")
    look_at("listing")
    assert wrong == {}
