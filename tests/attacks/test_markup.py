"""Markup in what institutions sent stays text on every page, in Chinese and in English."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_pages import PAGES
from xinglin.identity import queries
from xinglin.record import database

if TYPE_CHECKING:
    from django.test import Client

_OTHERS = (
    "/persons/",
    "/persons/find/?q=wgl",
    "/persons/reviews/",
    "/persons/register/",
    "/directory/",
    "/directory/find/?q=yy",
    "/directory/institutions/hospital/",
    "/cards/",
    "/cards/find/?q=wgl",
    "/cards/list/",
    "/codes/",
    "/codes/?q=gxy",
    "/ledger/",
)
_LIVE = re.compile(r"<script>alert|<img src=x|\bonerror=alert\(1\)>(?!&quot;)")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_markup_in_the_record_is_shown_as_text_on_every_page(steward: Client, language: str) -> None:
    steward.cookies["django_language"] = language
    person = queries.person_of(database.connection(), "a")
    seen, wrong = 0, []
    for path in (*PAGES.values(), *_OTHERS, f"/persons/{person}/", f"/cards/person/{person}/"):
        answer = steward.get(path)
        page = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200, path
        if _LIVE.search(page.decode()):
            wrong.append(path)
        seen += html.escape("<script>alert(1)") in page.decode()

    assert wrong == []
    assert seen > 12


@pytest.mark.parametrize(
    "path", ["/residents/", "/persons/find/", "/cards/find/", "/codes/", "/directory/find/"]
)
def test_what_is_typed_is_given_back_as_text(steward: Client, path: str) -> None:
    page = steward.get(path, {"q": '"><script>alert(1)</script>'}).content.decode()

    assert "<script>alert(1)" not in page
