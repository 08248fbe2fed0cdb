"""Decisions of the register. Pure."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import conflict, invalid

_DATA = Path(__file__).resolve().parent.parent / "data"
_CODE = re.compile(r"[0-9]{12}")
_NUMBER = re.compile(r"[0-9]{17}")
_SERIALS = 99_999
_HEADS = (2, 4, 6, 9, 12)
_SPACES = re.compile(r"[\s,，。、;；()（）#＃\-—·]+")
_COUNTRY_HEAD = 4  # digits of a city in a code


class Standing(StrEnum):
    """How somebody belongs to the place where they live (户籍、常住、流动)."""

    SETTLED = "settled"  # 户籍常住: registered here, lives here
    AWAY = "away"  # 户籍外出: registered here, lives elsewhere
    ARRIVED = "arrived"  # 非户籍常住: lives here for half a year or more, registered elsewhere
    PASSING = "passing"  # 短期流动: here for less than half a year
    LEFT = "left"  # 迁出: registered and living elsewhere
    UNKNOWN = "unknown"


FLOATING = frozenset({Standing.ARRIVED, Standing.PASSING})
PERMANENT = frozenset({Standing.SETTLED, Standing.ARRIVED})


class Reason(StrEnum):
    """Why an archive was closed."""

    DEATH = "death"
    MOVED = "moved"
    LOST = "lost"
    REFUSED = "refused"
    MERGED = "merged"
    OTHER = "other"


class Review(StrEnum):
    """How far the archive's contents have been looked through, and whether the resident may read them."""

    UNREVIEWED = "unreviewed"
    REVIEWED = "reviewed"
    OPENED = "opened"
    WITHDRAWN = "withdrawn"


REVIEWS: dict[Review, frozenset[Review]] = {
    Review.UNREVIEWED: frozenset({Review.REVIEWED}),
    Review.REVIEWED: frozenset({Review.OPENED, Review.UNREVIEWED}),
    Review.OPENED: frozenset({Review.WITHDRAWN}),
    Review.WITHDRAWN: frozenset({Review.OPENED, Review.UNREVIEWED}),
}
"""Which review may follow which."""


def require_review(now: Review, then: Review) -> None:
    if then not in REVIEWS[now]:
        raise conflict(
            gettext_noop("An archive that is “%(now)s” cannot become “%(then)s”."), now=now, then=then
        )


# -- divisions and numbers


def level(code: str) -> int:
    """1 province, 2 city, 3 county, 4 township, 5 village; of twelve digits that end in zeros."""
    for depth, length in enumerate(_HEADS, 1):
        if not code[length:].strip("0"):
            return depth
    return 5


def head(code: str) -> str:
    """The digits that all codes within the division begin with."""
    return code[: _HEADS[level(code) - 1]]


def parents(code: str) -> tuple[str, ...]:
    """The divisions above, the greatest first."""
    return tuple(code[:length].ljust(12, "0") for length in _HEADS[: level(code) - 1])


def require_code(code: str) -> str:
    """Twelve digits; shorter heads are filled up with zeros."""
    text = code.strip()
    if text.isdecimal() and len(text) in _HEADS:
        text = text.ljust(12, "0")
    if not _CODE.fullmatch(text):
        raise invalid(
            gettext_noop("“%(code)s” is no division code: it has 12 digits, or 2, 4, 6 or 9 of a greater division."),
            code=code[:40],
        )  # fmt: skip
    return text


def archive_number(division: str, serial: int) -> str:
    """Seventeen digits: county 6, township 3, village 3, and 5 that count within the village."""
    if level(division) != 5:
        raise invalid(
            gettext_noop("An archive is filed in a village or community; %(division)s is a greater division."),
            division=division,
        )  # fmt: skip
    if not 1 <= serial <= _SERIALS:
        raise conflict(
            gettext_noop("All 99,999 archive numbers of %(division)s have been given out."), division=division
        )
    return f"{division}{serial:05d}"


def read_number(text: str) -> tuple[str, int]:
    """The division and the serial in an archive's number."""
    number = text.strip()
    if not _NUMBER.fullmatch(number) or number.endswith("00000") or level(number[:12]) != 5:
        raise invalid(
            gettext_noop("“%(number)s” is no archive number: 12 digits of a village and 5 of the archive."),
            number=text[:40],
        )  # fmt: skip
    return number[:12], int(number[12:])


def family_number(division: str, serial: int) -> str:
    """A household's record number: its division, a hyphen, five digits; the hyphen tells it from an archive's."""
    return f"{archive_number(division, serial)[:12]}-{serial:05d}"


def standing(home: str, present: str) -> Standing:
    """What the county in an identity number and the place of living say: a guess, until people state it.

    The first six digits are where the number was given out, mostly the first registration. A move of the
    registration does not change them.
    """
    if not home or not present:
        return Standing.UNKNOWN
    same = home[:_COUNTRY_HEAD] == present[:_COUNTRY_HEAD]
    return Standing.SETTLED if same else Standing.ARRIVED


# -- addresses


@dataclass(frozen=True, slots=True)
class Place:
    """The smallest division that an address names, and what is left below it."""

    code: str
    door: str


class Tree:
    """The divisions by name, to find where an address is."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names
        self._below: dict[str, list[tuple[str, str]]] = {}
        by_name: dict[str, list[str]] = {}
        for code, name in names.items():
            above = next((p for p in reversed(parents(code)) if p in names), "")
            self._below.setdefault(above, []).append((name, code))
            by_name.setdefault(name, []).append(code)
        self._only = {name: codes[0] for name, codes in by_name.items() if len(codes) == 1}

    def find(self, address: str) -> Place | None:
        """Where the address is; None when it names no division that is known."""
        text = unicodedata.normalize("NFKC", address)
        code, at = "", 0
        while True:
            found = self._next(code, text, at)
            if found is None:
                break
            code, at = found
        if not code:
            return self._unique(text)
        return Place(code, door(text[at:]))

    def _next(self, above: str, text: str, at: int) -> tuple[str, int] | None:
        hits = [
            (where, -len(name), code, where + len(name))
            for name, code in self._below.get(above, ())
            if (where := text.find(name, at)) >= 0
        ]
        if not hits:
            return None
        _, _, code, end = min(hits)
        return code, end

    def _unique(self, text: str) -> Place | None:
        """An address that begins below the top: by a name that only one division has."""
        hits = [(len(n), n, c) for n, c in self._only.items() if len(n) > 2 and n in text and level(c) >= 3]
        if not hits:
            return None
        code = max(hits, key=lambda hit: (level(hit[2]), hit[0]))[2]
        return Place(code, door(text[text.find(self.names[code]) + len(self.names[code]) :]))

    def name(self, code: str) -> str:
        return self.names.get(code, code)

    def path(self, code: str) -> tuple[tuple[str, str], ...]:
        """``(code, name)`` from the greatest known division down to this one."""
        return tuple((c, self.names[c]) for c in (*parents(code), code) if c in self.names)


def door(rest: str) -> str:
    """One dwelling's part of an address in a form that can be compared; empty when it names no number."""
    text = _SPACES.sub("", unicodedata.normalize("NFKC", rest)).upper()
    return text if any(c.isdigit() for c in text) else ""


# -- relations and rates


@cache
def relations() -> dict[str, tuple[str, str]]:
    """The codes of GB/T 4761 that the register uses, with their Chinese and English names."""
    with (_DATA / "relations.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: (row["name"], row["name_en"]) for row in csv.DictReader(file)}


@cache
def filing_kinds() -> tuple[str, ...]:
    """Codes of the kinds of institution that keep archives, or what such codes begin with."""
    with (_DATA / "filing_institutions.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row["prefix"] for row in csv.DictReader(file))


HEAD = "02"
UNSTATED = "99"


def require_relation(code: str) -> str:
    if code not in relations():
        raise invalid(
            gettext_noop("“%(code)s” is no relation of GB/T 4761. Choose one from the list."), code=code[:10]
        )
    return code


def rate(part: int, whole: int | None) -> float | None:
    """A share in percent; None where there is nothing to divide by."""
    return 100 * part / whole if whole else None
