"""The main navigation shows each what they may open, and where they are."""

from __future__ import annotations

import pytest
from django.utils import translation

from xinglin.kernel.actor import Actor
from xinglin.ui import navigation


def shown(*roles: str, path: str = "/") -> list[navigation.Shown]:
    return navigation.places(Actor("account/1", "somebody", frozenset(roles)), path)


@pytest.mark.parametrize(
    ("role", "addresses"),
    [
        ("doctor", ["/", "/persons/find/", "/cards/", "/directory/", "/codes/", "/ledger/"]),
        ("nurse", ["/", "/cards/", "/directory/", "/codes/", "/ledger/"]),
        ("steward", ["/", "/persons/", "/cards/", "/directory/", "/codes/", "/ledger/"]),
        ("client", ["/", "/directory/", "/codes/", "/ledger/"]),
    ],
)
def test_everybody_sees_what_they_may_open(role: str, addresses: list[str]) -> None:
    assert [place.address for place in shown(role)] == addresses


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/", "/"),
        ("/residents/p1/", "/"),
        ("/persons/reviews/", "/persons/"),
        ("/codes/system/", "/codes/"),
        ("/sign-in/", None),
    ],
)
def test_one_place_is_current_at_most(path: str, address: str | None) -> None:
    current = [place.address for place in shown("steward", path=path) if place.current]

    assert current == ([address] if address else [])


def test_places_are_named_in_the_reader_s_language() -> None:
    with translation.override("zh-hans"):
        names = [str(place.name) for place in shown("administrator")]

    assert names == ["居民档案", "居民主索引", "健康卡", "机构目录", "术语", "存证", "账号", "安全审计"]
