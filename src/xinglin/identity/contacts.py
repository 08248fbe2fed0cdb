"""Telephone numbers and addresses as they are compared, read from whatever form the sender used."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from xinglin.identity.characters import fold
from xinglin.identity.identifiers import is_placeholder

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_TYPED_FOR_WANT = frozenset({"13800138000", "13900139000", "13888888888", "4008001234"})
_DIGITS = re.compile(r"[0-9]+")


@lru_cache(maxsize=1 << 14)
def phone(text: str) -> str:
    """The number's own digits: mobiles as eleven, landlines without area code's zero; empty for none and placeholders.

    ``+86 138-0000-1234``, ``0771-3456789``, ``(0771) 3456789 转 8``.
    """
    folded = unicodedata.normalize("NFKC", text)
    folded = re.split("转|ext|#", folded.lower())[0]
    foreign = folded.strip().startswith("+") and not folded.strip().startswith("+86")
    digits = "".join(_DIGITS.findall(folded))
    if not foreign:
        digits = re.sub(r"^(?:00)?86(?=1[3-9][0-9]{9}$|0?[1-9][0-9]{8,10}$)", "", digits)
        if len(digits) == 12 and digits.startswith("01") and _MOBILE.fullmatch(digits[1:]):
            digits = digits[1:]
    digits = digits.lstrip("0")
    if len(digits) < 7 or is_placeholder(digits) or _hollow(digits):
        return ""
    return digits


def _hollow(digits: str) -> bool:
    """13800000000, 13812345678, 13900000001, 8888888: numbers that are typed for want of one."""
    if digits in _TYPED_FOR_WANT:
        return True
    tail = digits[3:] if len(digits) >= 11 else digits
    if len(set(tail[:-1])) == 1 or len(set(digits)) <= 2:
        return True
    return tail in "01234567890123456789" or tail in "98765432109876543210"


class Address(msgspec.Struct, frozen=True, array_like=True):
    """Where somebody lives, in comparable parts without their kind words; each may be empty.

    ``district`` is county or city quarter, ``town`` township or street office, ``village`` village or community,
    ``road`` road, lane or housing estate, ``numbers`` the figures after it, the greater first.
    """

    district: str = ""
    town: str = ""
    village: str = ""
    road: str = ""
    numbers: tuple[str, ...] = ()

    @property
    def spot(self) -> str:
        """The narrowest named place, with the first figure: what a household shares; empty if too vague."""
        place = self.road or self.village
        return f"{place}{'-'.join(self.numbers)}" if place and self.numbers else ""


NOWHERE = Address()

_PROVINCE = re.compile(
    r"^(?:中国|中华人民共和国)?(?:[^省市县区路街]{2,6}?(?:省|自治区|特别行政区)|(?:北京|上海|天津|重庆)市?)"
)
_CITY = re.compile(r"^[^市县区旗镇乡路街村号]{2,8}?(?:市|自治州|地区|盟|州)(?!场)")
_DISTRICT = re.compile(
    r"^[^县区旗市镇乡路街村号]{1,8}?(?:自治县|自治旗|新区|开发区|高新区|林区|县|区|旗|市)(?!场)"
)
_TOWN = re.compile(r"^(.{1,10}?)(?:街道办事处|街道|地区办事处|民族乡|镇|乡|苏木)")
_VILLAGE = re.compile(
    r"^(.{1,12}?)(?:社区居委会|村民委员会|居民委员会|社区|居委会|村委会|行政村|嘎查|村(?![街路巷道镇]))"
)
_ROAD = re.compile(
    r"^(.{1,12}?(?:大道|大街|胡同|小区|花园|公寓|苑|路|街|巷|弄|里|坊|道|屯|庄|寨|城|府|园|湾)(?:小区|公寓)?)(?=[0-9第a-z]|$|.{0,12}[0-9])"
)
_CHINESE_NUMBER = re.compile("[〇零一二三四五六七八九十]{1,4}(?=[栋幢号楼单元组层排队室弄])")
_NUMBERS = re.compile(r"[0-9]+|(?<![a-z])[a-z](?=[栋幢座区])")
_MASKED = re.compile("x{2,}")
_JOINED = re.compile(r"(?<=[0-9a-zA-Z])\s*[-–—―‐#/·.、,]\s*(?=[0-9a-zA-Z])|#")
_FIGURES = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0}


def _figure(found: re.Match[str]) -> str:
    text = found[0]
    if "十" not in text:
        return "".join(str(_FIGURES[c]) for c in text)
    tens, _, ones = text.partition("十")
    return str((_FIGURES[tens] if tens else 1) * 10 + (_FIGURES[ones] if ones else 0))


def _cut(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """What the pattern takes from the beginning, and the rest."""
    found = pattern.match(text)
    return ("", text) if found is None else (found[1] if pattern.groups else found[0], text[found.end() :])


@lru_cache(maxsize=1 << 15)
def read_text(text: str) -> Address:
    """A Chinese address in one line. Parts may be missing anywhere."""
    rest = fold(_JOINED.sub("号", unicodedata.normalize("NFKC", text)))
    rest = _MASKED.sub("", rest.replace("市辖区", ""))
    rest = _CHINESE_NUMBER.sub(_figure, rest)
    _, rest = _cut(_PROVINCE, rest)
    _, rest = _cut(_CITY, rest)
    district, rest = _cut(_DISTRICT, rest)
    town, rest = _cut(_TOWN, rest)
    village, rest = _cut(_VILLAGE, rest)
    road, tail = _cut(_ROAD, rest)
    if not road:
        found = re.match(r"^[^0-9]{2,12}(?=[0-9])", rest)
        road, tail = (found[0], rest[found.end() :]) if found else ("", rest)
    road = re.sub("(?:第|附|门牌)$", "", road)
    return Address(
        _stem(district),
        town,
        village,
        road,
        tuple(n.lstrip("0") or "0" for n in _NUMBERS.findall(tail)),
    )


def _stem(name: str) -> str:
    """A district without its kind word: 青石县 and 青石区 are one place renamed."""
    stem = re.sub("(?:自治县|自治旗|新区|开发区|自治州|地区|县|区|旗|市|盟|州)$", "", name)
    return stem if len(stem) > 1 else name


@lru_cache(maxsize=1 << 14)
def _read_latin(lines: str, city: str, district: str) -> Address:
    words = re.findall(r"[a-z]+|[0-9]+", unicodedata.normalize("NFKD", lines).lower())
    numbers = tuple(w.lstrip("0") or "0" for w in words if w.isdigit())
    road = " ".join(w for w in words if not w.isdigit() and w not in _COMMON_WORDS)
    return Address(district.lower().strip(), city.lower().strip(), "", road, numbers)


_COMMON_WORDS = frozenset(
    [
        "street",
        "st",
        "road",
        "rd",
        "avenue",
        "ave",
        "place",
        "pl",
        "court",
        "ct",
        "crescent",
        "cr",
        "cres",
        "drive",
        "dr",
        "close",
        "circuit",
        "cct",
        "lane",
        "the",
        "of",
    ]
)


def address(element: Mapping[str, Any]) -> Address:
    """One element of ``Patient.address``: its text, else its lines and parts."""
    told = element.get("line")
    lines = told if isinstance(told, list) else [told] if told else []
    text = str(element.get("text") or "")
    district, city = str(element.get("district") or ""), str(element.get("city") or "")
    joined = "".join(str(line) for line in lines)
    if not _han(text or joined or city + district):
        spoken = " ".join(str(line) for line in lines) or text
        return (
            _read_latin(spoken, city, str(element.get("postalCode") or district))
            if spoken or city
            else NOWHERE
        )
    if not text:
        text = "".join((str(element.get("state") or ""), city, district, joined))
    found = read_text(text)
    if not found.district and district:
        found = msgspec.structs.replace(found, district=_stem(fold(district)))
    return found


def _han(text: str) -> bool:
    return any("\u3400" <= c <= "\u9fff" for c in text)
