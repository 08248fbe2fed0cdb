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
        (
            "doctor",
            [
                "/",
                "/persons/find/",
                "/cards/",
                "/directory/",
                "/tcm/",
                "/tcm/differentiation/",
                "/recognition/",
                "/quality/",
                "/codes/",
                "/exchange/studies/",
                "/ledger/",
                "/signing/verify/",
                "/exchange/nodes/visitors/",
            ],
        ),
        (
            "nurse",
            [
                "/",
                "/cards/",
                "/directory/",
                "/tcm/",
                "/quality/",
                "/codes/",
                "/exchange/studies/",
                "/ledger/",
                "/signing/verify/",
                "/exchange/nodes/visitors/",
            ],
        ),
        (
            "steward",
            [
                "/",
                "/persons/",
                "/cards/",
                "/directory/",
                "/tcm/",
                "/recognition/",
                "/exchange/",
                "/quality/",
                "/reminders/",
                "/codes/",
                "/ledger/",
                "/signing/verify/",
            ],
        ),
        (
            "client",
            ["/", "/directory/", "/tcm/", "/codes/", "/exchange/studies/", "/ledger/", "/signing/verify/"],
        ),
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

    assert names == [
        "居民档案",
        "居民主索引",
        "健康卡",
        "机构目录",
        "中医",
        "结果互认",
        "数据交换",
        "数据质量",
        "诊疗提醒",
        "术语",
        "存证",
        "电子签名",
        "账号",
        "安全审计",
        "应用",
    ]


@pytest.mark.parametrize(("role", "first", "more"), [("client", 5, 2), ("nurse", 5, 5), ("doctor", 5, 8)])
def test_what_does_not_fit_the_bar_is_in_its_menu(role: str, first: int, more: int) -> None:
    found = navigation.bar(Actor("account/1", "somebody", frozenset([role])), "/signing/verify/")

    assert (len(found.first), len(found.more)) == (first, more)
    assert [*found.first, *found.more] == shown(role, path="/signing/verify/")
    assert found.within is (more > 0)


def test_the_innermost_place_is_the_current_one() -> None:
    found = [
        place.address for place in shown("doctor", path="/tcm/differentiation/measured/") if place.current
    ]
    assert found == ["/tcm/differentiation/"]
    assert [place.address for place in shown("doctor", path="/tcm/term/H0001/") if place.current] == ["/tcm/"]


@pytest.mark.parametrize(
    ("role", "addresses"),
    [
        ("doctor", ["/quality/", "/recognition/board/"]),
        ("steward", ["/quality/", "/recognition/board/", "/exchange/", "/reminders/"]),
        ("client", []),
    ],
)
def test_boards_for_walls_are_those_that_one_may_open(role: str, addresses: list[str]) -> None:
    boards = navigation.boards(Actor("account/1", "somebody", frozenset([role])), "/quality/")

    assert [board.address for board in boards] == addresses
    assert [board.address for board in boards if board.current] == addresses[:1]
