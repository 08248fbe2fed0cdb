"""The made-up city of 杏川 (Xingchuan): districts, townships, communities, and how it grows.

Every code starts with 4598, a prefecture number that GB/T 2260 has not given to anybody, under the province
number of Guangxi so that checks of the first two digits pass. Codes are the twelve digits of the statistical
division code: county (6), township (3), community (3; villages from 201).

The city grows as it is settled: resident ``k`` finds the townships that the first ``k`` residents needed, so
what a resident's address is does not depend on how many come later.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

PROVINCE = "桂南省"
CITY = "杏川市"
CITY_CODE = "459800"
DISTRICTS = ("杏林区", "临江区", "桂庭区", "云溪区", "青石县", "禾洛县")
DISTRICT_CODES = ("459802", "459803", "459804", "459805", "459821", "459822")
COMMUNITIES_PER_TOWNSHIP = 6
_FIRST_TOWNSHIPS = 12
_RESIDENTS_PER_TOWNSHIP = 30_000
_FRONT = "东西南北和新安永福长青清白金玉石竹松梅兰"
_BACK = "门桥塘坡湾园岭河山井江田溪林城潭泉沙渡浦"
_STREETS = (
    "杏林路",
    "人民路",
    "解放路",
    "建设路",
    "和平路",
    "新华街",
    "文化路",
    "滨江大道",
    "学府路",
    "中山路",
)


@dataclass(frozen=True, slots=True)
class Township:
    """A street office (urban) or a town."""

    number: int
    district: int
    code: str
    name: str
    urban: bool


@dataclass(frozen=True, slots=True)
class Community:
    """A residents' community (urban) or a village."""

    number: int
    township: Township
    code: str
    name: str


def townships_for(residents: int) -> int:
    """How many townships a region of that many residents has."""
    return _FIRST_TOWNSHIPS + residents // _RESIDENTS_PER_TOWNSHIP


def communities_for(residents: int) -> int:
    return townships_for(residents) * COMMUNITIES_PER_TOWNSHIP


@cache
def township(number: int) -> Township:
    district, order = number % len(DISTRICTS), number // len(DISTRICTS)
    urban = district < 3 or (district == 3 and order % 2 == 0)
    stem = _FRONT[number * 7 % 20] + _BACK[(number * 3 + number // 20) % 20]
    code = f"{DISTRICT_CODES[district]}{order + 1 if urban else order + 100:03d}"
    return Township(number, district, code, stem + ("街道" if urban else "镇"), urban)


@cache
def community(number: int) -> Community:
    town = township(number // COMMUNITIES_PER_TOWNSHIP)
    order = number % COMMUNITIES_PER_TOWNSHIP
    stem = _FRONT[(number * 11 + 3) % 20] + _BACK[(number * 13 + number // 20 + 5) % 20]
    code = f"{town.code}{order + 1 if town.urban else order + 201:03d}"
    return Community(number, town, code, stem + ("社区" if town.urban else "村"))


def street_line(place: Community, number: int) -> str:
    """The last line of an address: house and room in a community, house in a village."""
    if place.township.urban:
        street = _STREETS[(place.number + number) % len(_STREETS)]
        block, stair, floor = number // 7 % 30 + 1, number % 4 + 1, number // 3 % 18 + 1
        return f"{street}{number % 280 + 1}号{block}栋{stair}单元{floor}0{stair}室"
    return f"{number // 5 % 12 + 1}组{number % 200 + 1}号"


def address_text(place: Community, line: str) -> str:
    town = place.township
    return f"{PROVINCE}{CITY}{DISTRICTS[town.district]}{town.name}{place.name}{line}"
