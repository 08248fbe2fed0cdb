"""The region's institutions, by the code that is also their Organization's id.

``xc-h01`` … general hospitals, ``xc-q01`` … district hospitals, ``xc-z01`` TCM hospital, ``xc-f01``
maternal and child hospital, ``xc-j01`` CDC, ``xc-c000`` … centres (one a township),
``xc-v0000`` … stations and village rooms (one a community), ``xc-k000`` … TCM clinics (one for two towns).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from xinglin.synth import places
from xinglin.synth.tables import by_key

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = "urn:xinglin:institution:"
"""``meta.source`` of what an institution sent is this and its code."""

_CITY_SEAT = 0
_RESIDENTS_PER_GENERAL = 1_500_000
_NUMERALS = "一二三四五六七八九十"
_BRANDS = ("杏春堂", "济和堂", "百草轩", "同德堂", "仁心堂", "岐伯堂", "本草堂", "回春堂")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Institution:
    """One institution. ``kind`` is a key of ``data/institution_kinds.csv``, ``seat`` a community's number."""

    code: str
    kind: str
    name: str
    seat: int

    @property
    def departments(self) -> tuple[str, ...]:
        return _departments(self.kind)

    @property
    def staff(self) -> int:
        """How many practitioners work there."""
        return int(by_key("institution_kinds")[self.kind]["practitioners"])


@cache
def _departments(kind: str) -> tuple[str, ...]:
    return tuple(by_key("institution_kinds")[kind]["departments"].split("|"))


def generals_for(residents: int) -> int:
    """How many tertiary general hospitals a region of that many residents has."""
    return 1 + residents // _RESIDENTS_PER_GENERAL


@cache
def general(number: int) -> Institution:
    title = _NUMERALS[number] if number < len(_NUMERALS) else str(number + 1)
    name = f"{places.CITY}第{title}人民医院"
    return Institution(f"xc-h{number + 1:02d}", "general", name, _CITY_SEAT)


@cache
def district_hospital(district: int) -> Institution:
    seat = district * places.COMMUNITIES_PER_TOWNSHIP
    return Institution(f"xc-q{district + 1:02d}", "district", f"{places.DISTRICTS[district]}人民医院", seat)


TCM = Institution("xc-z01", "tcm", f"{places.CITY}中医医院", 1)
MATERNAL = Institution("xc-f01", "maternal", f"{places.CITY}妇幼保健院", 2)
CDC = Institution("xc-j01", "cdc", f"{places.CITY}疾病预防控制中心", 3)


@cache
def centre(township: int) -> Institution:
    town = places.township(township)
    kind, word = ("community", "社区卫生服务中心") if town.urban else ("township", "中心卫生院")
    name = f"{places.DISTRICTS[town.district]}{town.name}{word}"
    return Institution(f"xc-c{township:03d}", kind, name, township * places.COMMUNITIES_PER_TOWNSHIP)


@cache
def station(community: int) -> Institution:
    place = places.community(community)
    kind, word = ("station", "社区卫生服务站") if place.township.urban else ("village", "卫生室")
    return Institution(f"xc-v{community:04d}", kind, f"{place.township.name}{place.name}{word}", community)


@cache
def clinic(number: int) -> Institution:
    seat = number * 2 * places.COMMUNITIES_PER_TOWNSHIP + 1
    town = places.community(seat).township
    name = f"{town.name[:-1].removesuffix('街')}{_BRANDS[number % len(_BRANDS)]}中医诊所"
    return Institution(f"xc-k{number:03d}", "clinic", name, seat)


def everywhere(residents: int) -> Iterator[Institution]:
    """All institutions of a region of that many residents, the greater first."""
    yield from (general(n) for n in range(generals_for(residents)))
    yield from (TCM, MATERNAL, CDC)
    yield from (district_hospital(n) for n in range(len(places.DISTRICTS)))
    townships = places.townships_for(residents)
    yield from (centre(n) for n in range(townships))
    yield from (clinic(n) for n in range((townships + 1) // 2))
    yield from (station(n) for n in range(places.communities_for(residents)))


def credit_code(institution: Institution) -> str:
    """A unified social credit code (GB 32100) with a right check character, of a body that does not exist."""
    serial = sum(ord(c) * 31**i for i, c in enumerate(institution.code)) % 10**8
    body = f"12{places.DISTRICT_CODES[0]}{serial:08d}0"
    total = sum(_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + _ALPHABET[(31 - total % 31) % 31]
