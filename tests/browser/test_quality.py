"""The pages of data quality in a browser: they fit and are accessible in every look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_pages import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = {
    "board": "/quality/",
    "institution": "/quality/institutions/h1/",
    "rules": "/quality/rules/",
    "rule": "/quality/rules/CP-SX-1/",
    "edit": "/quality/rules/CP-SX-1/edit/",
    "problems": "/quality/problems/",
    "problem": "/quality/problems/{problem}/",
    "notice": "/quality/problems/{problem}/notice/",
    "row": "/quality/rows/person/{row}/0/",
    "tasks": "/quality/tasks/",
    "months": "/quality/months/",
    "month": "/quality/months/2026-10/",
}


@pytest.fixture
def found(demo: str, django_db_blocker: Any) -> Iterator[dict[str, int]]:
    """An institution with a problem, and the board of a month; the numbers of the problem and of a row."""
    from datetime import date

    from tests.quality import make
    from tests.quality.conftest import _empty
    from xinglin.kernel import clock
    from xinglin.kernel.ids import self_number
    from xinglin.quality import loop, queries, running
    from xinglin.record import database

    _empty()
    with django_db_blocker.unblock():
        people = [make.patient(f"quality-{n}") for n in range(30)]
        for one in people[:4]:
            del one["gender"]
        make.store(make.hospital(), *people, make.visit("quality-visit", "quality-1"))
        make.flatten()
        now = clock.now()
        running.run(now=now)
        loop.settle(database.connection(), now)
        connection = database.connection()
        (problem,) = queries.problems(connection, queries.Cases(rule="CP-SX-1"))
        connection.execute("UPDATE quality_week SET week = %s", [queries.week_number(date(2026, 10, 12))])
        loop.keep_month(connection, date(2026, 10, 1), now)
        running.run(now=now)
    yield {"problem": problem.number, "row": self_number("Patient", "quality-1")}
    _empty()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "theme", "language"), [(1440, "light", "zh-hans"), (390, "dark", "en")])
def test_every_page_of_quality_fits_and_is_accessible(
    open_window: Any, axe: str, found: dict[str, int], width: int, theme: str, language: str
) -> None:
    window = open_window(width=width, theme=theme, language=language)
    window.sign_in("steward")
    wrong: dict[str, list[str]] = {}
    for name, path in PAGES.items():
        window.go(path.format(**found))
        window.picture(f"quality-{name}-{width}-{theme}-{language}")
        seen = violations(window, axe)
        if seen or window.overflow() > 0:
            wrong[name] = [*seen, f"wider by {window.overflow()}"]
    assert wrong == {}
