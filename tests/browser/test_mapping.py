"""Mapping an institution's codes by keyboard, and the pages around it."""

from __future__ import annotations

import io
import time

import pytest
from django.core.management import call_command

from tests.codebook import mapping_make as make
from xinglin.codebook.mapping import queries
from xinglin.record import database


@pytest.fixture
def book(demo):
    """A book of four lines, ranked against what comes with the platform."""
    connection = database.connection()
    call_command("terminology", "load", stdout=io.StringIO())
    yield make.book(connection)
    make.empty(connection)


def line_named(page, name: str) -> None:
    page.wait_for_function("(name) => document.getElementById('xl-map-line')?.textContent === name", arg=name)


def states(book) -> dict[str, tuple[str, str | None]]:
    return {one.code: (one.state, one.target) for one in queries.every_line(database.connection(), book.id)}


def test_lines_are_decided_and_taken_back_with_keys_alone(open_window, book):
    window = open_window()
    window.sign_in("steward")
    page = window.page
    window.go(f"/codes/mapping/{book.id}/")
    line_named(page, "谷丙转氨酶测定")

    began = time.perf_counter()
    page.keyboard.press("1")
    line_named(page, "白细胞总数WBC")
    print(f"from key to next line: {(time.perf_counter() - began) * 1000:.0f} ms")  # noqa: T201 -- measured, not asserted
    page.keyboard.press("Enter")
    line_named(page, "血清肌酐(酶法)")
    page.keyboard.press("ArrowDown")
    line_named(page, "院内质控样本")
    page.keyboard.press("n")
    line_named(page, "血清肌酐(酶法)")
    page.keyboard.press("l")
    page.wait_for_selector("#xl-desk .xl-map-list .xl-empty")

    assert states(book) == {
        "L001": ("mapped", "1742-6"),
        "L002": ("mapped", "6690-2"),
        "L003": ("later", None),
        "L004": ("none", None),
    }
    page.keyboard.press("u")
    line_named(page, "血清肌酐(酶法)")
    assert states(book)["L003"] == ("open", None)


def test_another_code_is_searched_by_initials(open_window, book):
    window = open_window()
    window.sign_in("steward")
    page = window.page
    window.go(f"/codes/mapping/{book.id}/")

    page.keyboard.press("s")
    page.keyboard.type("gcza")
    page.wait_for_selector("#xl-map-hits button")
    page.locator("#xl-map-hits button", has_text="1920-8").click()
    line_named(page, "白细胞总数WBC")

    assert states(book)["L001"] == ("mapped", "1920-8")


def test_many_are_confirmed_then_published(open_window, book):
    window = open_window()
    window.sign_in("steward")
    page = window.page
    window.go(f"/codes/mapping/{book.id}/bulk/?least=0.70")
    page.click("main form .btn-primary")
    page.wait_for_url("**/codes/mapping/*/")
    window.settle()

    window.go(f"/codes/mapping/{book.id}/publish/")
    page.click("main form .btn-primary")
    page.wait_for_url("**shown=mapped")
    window.go(f"/codes/mapping/{book.id}/history/")

    assert queries.book(database.connection(), book.id).version == 1
    assert page.locator(".xl-map-version").count() == 1
    window.picture("mapping-history")


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_pages_look_right_and_are_accessible(open_window, book, axe, width, theme):
    window = open_window(width=width, theme=theme)
    window.sign_in("steward")
    where = {
        "books": "/codes/mapping/",
        "new": "/codes/mapping/new/",
        "desk": f"/codes/mapping/{book.id}/",
        "bulk": f"/codes/mapping/{book.id}/bulk/?least=0.70",
        "publish": f"/codes/mapping/{book.id}/publish/",
    }
    for name, path in where.items():
        window.go(path)
        window.picture(f"mapping-{name}-{width}-{theme}")

        assert window.overflow() <= 0, name
        window.page.evaluate(axe)
        found = window.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found["violations"]] == [], name
