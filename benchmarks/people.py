"""Somebody for each number: named and born as people are, so that the person index finds few who are alike."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧韦覃莫蒙农陆卢程曹袁邓许傅沈曾"
GIVEN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文华建国志玉春梅红宇欣子涵雨轩浩然思源佳怡晨阳嘉燕晓东雪辉鹏"
_FIRST, _DAYS = date(1930, 1, 1), 34_000  # births over 93 years


class Person(NamedTuple):
    """``sex`` by GB/T 2261.1: 1 male, 2 female."""

    surname: str
    given: str
    sex: str
    born: date
    phone: str

    @property
    def name(self) -> str:
        return self.surname + self.given


@lru_cache(maxsize=1 << 16)
def person(number: int) -> Person:
    """The person with that number: always the same."""
    chance = random.Random(number)
    return Person(
        chance.choice(SURNAMES),
        "".join(chance.choices(GIVEN, k=2)),
        chance.choice("12"),
        _FIRST + timedelta(days=chance.randrange(_DAYS)),
        f"1{chance.choice('35789')}{chance.randrange(10**9):09d}",
    )
