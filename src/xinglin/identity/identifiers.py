"""The numbers by which people are known: what kind one is, whether it is right, what it says of its bearer.

Institutions name the kind in many ways; ``read`` goes by the system, then the type's code, then the words
of the type, then the shape of the number. ``data/identifier-systems.toml`` holds what is recognised.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from operator import ne
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from collections.abc import Mapping

IDENTITY_SYSTEMS = ("urn:oid:2.16.156.10011.1.3", "urn:oid:2.16.840.1.113883.2.23.1.19.1")
PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
_NEW = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD = re.compile(r"[1-8][0-9]{14}")
_STRIPPED = re.compile(r"[\s\-_./·:()（）]+")
_HONGKONG = re.compile(r"([HM][0-9]{8})(?:[0-9]{2})?")
_TAIWAN = re.compile(r"([0-9]{8})(?:[0-9]{2})?(?:[A-Z])?")
_PASSPORT = re.compile(r"(?=.*[0-9])[A-Z0-9]{6,12}")
_PERMANENT_OLD = re.compile(r"[A-Z]{3}[0-9]{12}")
_BIRTH = re.compile(r"[A-Z][0-9]{9}")
_FILE = re.compile(r"[1-9][0-9]{16}")


class Kind(StrEnum):
    """Kinds of document. ``record`` is an institution's own number, ``file`` that of the health file."""

    RESIDENT = "resident"  # GB 11643, also the residence permits of Hong Kong, Macao and Taiwan people
    HONGKONG = "hongkong"  # 港澳居民来往内地通行证
    TAIWAN = "taiwan"  # 台湾居民来往大陆通行证
    PASSPORT = "passport"
    PERMANENT = "permanent"  # 外国人永久居留身份证
    BIRTH = "birth"  # 出生医学证明
    CARD = "card"
    FILE = "file"
    SOCIAL = "social"
    RECORD = "record"
    OTHER = "other"


class Proof(StrEnum):
    """How far a number proves itself."""

    PROVEN = "p"  # its check digit is right
    PLAIN = "u"  # it has none to check
    BROKEN = "b"  # its check digit or its shape is wrong


class Document(msgspec.Struct, frozen=True, array_like=True):
    """A number as it is compared. ``scope`` says within what an own number is unique; ``birth`` is yyyymmdd or 0."""

    kind: str
    number: str
    proof: str
    birth: int = 0
    sex: str = ""
    scope: str = ""


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(
        (Path(__file__).parent / "data" / "identifier-systems.toml").read_text(encoding="utf-8")
    )


@cache
def _words() -> tuple[tuple[str, str], ...]:
    return tuple(sorted(_table()["words"].items(), key=lambda pair: -len(pair[0])))


@cache
def _placeholders() -> frozenset[str]:
    return frozenset(_table()["placeholders"]["values"])


def plain(text: str) -> str:
    """Capital letters and digits of ASCII, without spaces, hyphens and stops."""
    if text.isascii() and text.isalnum():
        return text.upper()
    folded = "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text)
    return _STRIPPED.sub("", folded).upper()


def is_placeholder(number: str) -> bool:
    """Whether this is what people type when there is no number: 000000, 123456789, 无."""
    if number in _placeholders() or len(number) < 3:
        return True
    body = number[:-1]
    if len(set(body)) == 1 or (len(number) >= 12 and body[6:].strip("0") == ""):
        return True
    if (
        len(number) >= 12
        and len(set(body)) == 2
        and body[:2] * (len(body) // 2) == body[: len(body) // 2 * 2]
    ):
        return True
    counting = "0123456789" * 3
    return len(number) >= 5 and number.isdigit() and (number in counting or number in counting[::-1])


def _day(text: str) -> int:
    """``19800102`` as a number if the calendar has it and somebody may have been born then, else 0."""
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return 0
    return int(text) if "18500101" <= text <= "21000101" else 0


def normal_identity(text: str) -> str | None:
    """The eighteen characters of an identity number, also from the older fifteen; None if it is none."""
    document = resident(plain(text))
    return document.number if document and document.proof != Proof.BROKEN else None


def identity_forms(number: str) -> tuple[str, ...]:
    """The texts under which institutions may have kept this number of eighteen characters."""
    older = (number[:6] + number[8:17],) if number[6:8] == "19" else ()
    return (number, *older, *((number.lower(),) if number.endswith("X") else ()))


def to_eighteen(fifteen: str) -> str:
    """The number of eighteen characters that replaced one of fifteen: the century and the check digit come in."""
    first17 = f"{fifteen[:6]}19{fifteen[6:]}"
    return first17 + checkdigits.resident(first17)


def to_fifteen(eighteen: str) -> str:
    """The fifteen digits that somebody born in the twentieth century had before."""
    return eighteen[:6] + eighteen[8:17]


@lru_cache(maxsize=1 << 12)
def resident(number: str) -> Document | None:
    """An identity number of GB 11643, or None for what has not its shape.

    One that lies only in its check digit, its province or its birth date is ``BROKEN`` but still compared.
    Fifteen digits are turned into eighteen; they prove nothing, having no check digit of their own.
    """
    older = _OLD.fullmatch(number) is not None
    if older:
        number = to_eighteen(number)
    elif not _NEW.fullmatch(number):
        return None
    birth = _day(number[6:14])
    good = birth and number[:2] in PROVINCES and (older or number[17] == checkdigits.resident(number[:17]))
    if older and not good:
        return None
    sex = "male" if int(number[16]) % 2 else "female"
    proof = Proof.PLAIN if older else Proof.PROVEN
    return (
        Document(Kind.RESIDENT, number, proof, birth, sex)
        if good
        else Document(Kind.RESIDENT, number, Proof.BROKEN, 0, "")
    )


@lru_cache(maxsize=1 << 10)
def permanent(number: str) -> Document | None:
    """A foreigner's permanent residence permit: eighteen digits from 9 on, or three letters and twelve digits."""
    if _NEW.fullmatch(number) and number[0] == "9":
        good = number[17] == checkdigits.resident(number[:17])
        birth = _day(number[6:14])
        sex = "male" if int(number[16]) % 2 else "female"
        if good and birth:
            return Document(Kind.PERMANENT, number, Proof.PROVEN, birth, sex)
        return Document(Kind.PERMANENT, number, Proof.BROKEN)
    return Document(Kind.PERMANENT, number, Proof.PLAIN) if _PERMANENT_OLD.fullmatch(number) else None


def _shaped(pattern: re.Pattern[str], kind: Kind, number: str) -> Document | None:
    found = pattern.fullmatch(number)
    if found is None:
        return None
    return Document(kind, found[1] if pattern.groups else number, Proof.PLAIN)


def of_kind(kind: str, number: str) -> Document | None:  # noqa: PLR0911 -- a table of kinds
    """The number read as that kind; None where it has not the kind's shape."""
    match kind:
        case Kind.RESIDENT:
            return resident(number) or permanent(number) or _shaped(_HONGKONG, Kind.HONGKONG, number)
        case Kind.HONGKONG:
            return _shaped(_HONGKONG, Kind.HONGKONG, number) or resident(number)
        case Kind.TAIWAN:
            return _shaped(_TAIWAN, Kind.TAIWAN, number) or resident(number)
        case Kind.PASSPORT:
            return resident(number) if len(number) > 12 else _shaped(_PASSPORT, Kind.PASSPORT, number)
        case Kind.PERMANENT:
            return permanent(number)
        case Kind.BIRTH:
            return _shaped(_BIRTH, Kind.BIRTH, number)
        case Kind.FILE:
            return _shaped(_FILE, Kind.FILE, number) or Document(Kind.FILE, number, Proof.PLAIN)
        case Kind.CARD | Kind.SOCIAL:
            found = resident(number) if len(number) == 18 else None
            proven = found is not None and found.proof == Proof.PROVEN
            return found if proven else Document(kind, number, Proof.PLAIN)
        case _:
            return None


def by_shape(number: str) -> Document | None:
    """A number of which nothing else is known: only shapes that nothing else has are trusted."""
    found = resident(number)
    if found is not None and found.proof == Proof.PROVEN:
        return found
    if len(number) == 18 and number[0] == "9":
        found = permanent(number)
        return found if found is not None and found.proof == Proof.PROVEN else None
    return _shaped(_HONGKONG, Kind.HONGKONG, number) or _shaped(_PERMANENT_OLD, Kind.PERMANENT, number)


@lru_cache(maxsize=1 << 14)
def _named(text: str) -> str:
    low = text.lower()
    return next((kind for word, kind in _words() if word in low), "")


def kind_of(identifier: Mapping[str, Any]) -> str:
    """The kind that the identifier's system, type code or words name; empty if they name none."""
    system = str(identifier.get("system") or "")
    if found := _table()["systems"].get(system.removeprefix("urn:oid:")):
        return str(found)
    type_ = identifier.get("type")
    text = ""
    if isinstance(type_, dict):
        text = str(type_.get("text") or "")
        codings = type_.get("coding")
        for coding in codings if isinstance(codings, list) else ():
            if not isinstance(coding, dict):
                continue
            if found := _table()["types"].get(str(coding.get("code"))):
                return str(found)
            text += str(coding.get("display") or "")
    return _named(text + system) if text or system else ""


def read(identifier: Mapping[str, Any], organization: str = "") -> Document | None:
    """An element of ``Patient.identifier`` as a document; None for placeholders and what tells nothing.

    ``organization`` names the institution whose own numbers are unique only within it.
    """
    number = plain(str(identifier.get("value") or ""))
    if not number or is_placeholder(number):
        return None
    kind = kind_of(identifier)
    if kind not in {"", Kind.RECORD, Kind.OTHER}:
        found = of_kind(kind, number) or by_shape(number)
        if found is not None:
            return found
    if kind != Kind.RECORD and (found := by_shape(number)) is not None:
        return found
    if not identifier.get("system") and not kind and (found := resident(number)) is not None:
        return found
    return _own(identifier, kind, number, organization)


def _own(identifier: Mapping[str, Any], kind: str, number: str, organization: str) -> Document | None:
    """An institution's own number, if it says within what it is unique."""
    system = str(identifier.get("system") or "")
    assigner = identifier.get("assigner")
    given_by = (
        str(assigner.get("reference") or assigner.get("display") or "") if isinstance(assigner, dict) else ""
    )
    scope = "|".join((system, given_by or organization))
    if scope == "|":
        return None
    return Document(kind if kind == Kind.RECORD else Kind.OTHER, number, Proof.PLAIN, scope=scope)


def distance(a: str, b: str) -> int:
    """How many slips of the hand lie between two numbers, counted to 3: wrong, swapped, lost or extra characters."""
    if a == b:
        return 0
    if len(a) == len(b):
        wrong = unlike(a, b)
        if wrong <= 2:
            return 1 if wrong == 2 and _swapped(a, b) else wrong
        return 2 if _within(a, b, 2) else 3
    if _within(a, b, 1):
        return 1
    return 2 if _within(a, b, 2) else 3


def unlike(a: str, b: str) -> int:
    """At how many places two numbers of one length differ."""
    return sum(map(ne, a, b))


def _swapped(a: str, b: str) -> bool:
    """Whether the two places at which the numbers differ are neighbours that were exchanged."""
    at = next(i for i in range(len(a)) if a[i] != b[i])
    return a[at] == b[at + 1] and a[at + 1] == b[at]


def _within(a: str, b: str, slips: int) -> bool:
    """Whether so many wrong, lost or extra characters turn the one into the other."""
    at, least = 0, min(len(a), len(b))
    while at < least and a[at] == b[at]:
        at += 1
    a, b = a[at:], b[at:]
    if not a or not b:
        return len(a) + len(b) <= slips
    if slips == 0 or abs(len(a) - len(b)) > slips:
        return False
    return _within(a[1:], b[1:], slips - 1) or _within(a[1:], b, slips - 1) or _within(a, b[1:], slips - 1)


def mask_identity(number: str) -> str:
    """``450103 ******** 2046``: enough to tell namesakes apart."""
    return f"{number[:6]} ******** {number[14:]}" if len(number) == 18 else mask_middle(number)


def mask_phone(number: str) -> str:
    """``138 **** 5678``."""
    digits = number.strip()
    return f"{digits[:3]} **** {digits[-4:]}" if len(digits) >= 11 else mask_middle(digits)


def mask_middle(text: str) -> str:
    """Keep the ends of any other number."""
    keep = 0 if len(text) < 5 else min(4, len(text) // 4)
    return f"{text[:keep]}****{text[len(text) - keep :]}"
