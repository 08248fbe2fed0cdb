"""Differentiation in a browser: a text is read, proposed for, treatment looked at, and a choice kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.test_pages import violations
from tests.tcm.test_differentiation import LIVER


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme", "language"), [(1440, "light", "zh-hans"), (390, "dark", "en")])
def test_a_doctor_differentiates(
    open_window: Any, axe: str, width: int, theme: str, language: str, django_db_blocker: Any
) -> None:
    from xinglin.tcm.differentiation.models import Choice

    window = open_window(width=width, theme=theme, language=language)
    page, look = window.page, f"{width}-{theme}-{language}"
    wrong: dict[str, list[str]] = {}

    def look_at(name: str) -> None:
        window.settle()
        window.picture(f"differentiation-{name}-{look}")
        seen = violations(window, axe)
        if seen or window.overflow() > 0:
            wrong[name] = [*seen, f"wider by {window.overflow()}"]

    window.sign_in("doctor")
    window.go("/tcm/differentiation/")
    look_at("empty")
    page.fill("#text", "头晕")
    page.click(".xl-sdt-form .btn-primary")
    page.wait_for_selector(".xl-note.amber")
    look_at("few")
    page.fill("#text", LIVER)
    page.click(".xl-sdt-form .btn-primary")
    page.wait_for_selector(".xl-sdt-finding.denied")
    look_at("proposal")
    page.click(".xl-sdt-syndromes li:nth-child(2) form:nth-of-type(2) button")
    page.wait_for_selector(".xl-done")
    window.go("/tcm/differentiation/measured/")
    look_at("measured")
    with django_db_blocker.unblock():
        assert Choice.objects.latest("id").rank == 2
        Choice.objects.all().delete()
    assert wrong == {}
