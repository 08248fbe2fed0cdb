"""Numbers by which residents are known: identity numbers (GB 11643), phones, record numbers, opaque ids.

No number can belong to a living person: the identity numbers carry division codes that were never given out,
the phones a prefix (154) that no operator serves.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from datetime import date

ID_SYSTEM = "urn:oid:2.16.156.10011.1.3"
CARD_SYSTEM = "urn:oid:2.16.156.10011.1.19"
_ELSEWHERE = ("4398", "4498", "5298", "5398", "3698", "5198", "4298", "3498")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_MASK = (1 << 40) - 1


def identity_number(division: str, birth: date, sex: str, serial: int) -> str:
    """Six digits of division, eight of birth, a serial number odd for males, and the check digit."""
    order = serial * 419 % 500 * 2 + (sex == "male")  # why 419: neighbours get unlike numbers, none twice
    first17 = f"{division}{birth:%Y%m%d}{order:03d}"
    return first17 + checkdigits.resident(first17)


def home_division(district: int, index: int) -> str:
    """A division code of somebody born in the city: some counties have since been renumbered."""
    return f"4598{10 * (district + 3) + index // 500 % 10:02d}"


def other_division(index: int) -> str:
    """A division code of somebody who came from another city."""
    return f"{_ELSEWHERE[index // 500 % len(_ELSEWHERE)]}{index // 4000 % 80 + 10:02d}"


def old_number(number: str) -> str:
    """The fifteen digits by which the same person was known before 1999."""
    return number[:6] + number[8:17]


def phone(serial: int) -> str:
    """A mobile number; one-to-one for serial numbers below a hundred million."""
    x = serial * 61_803_399 % 10**8
    return f"154{(x % 10**4 * 10**4 + x // 10**4) * 76_543_217 % 10**8:08d}"


@cache
def _salt(code: str) -> int:
    return xxh3_64_intdigest(code.encode()) & _MASK


def opaque(code: str, index: int) -> str:
    """Eight characters for resident ``index`` at the institution: one-to-one there, meaningless elsewhere."""
    x = ((index + 1) * 0x9E3779B97F ^ _salt(code)) & _MASK
    x ^= x >> 19
    x = x * 0xBF58476D1CE5 & _MASK
    x ^= x >> 23
    p = _PAIRS
    return p[x >> 30] + p[x >> 20 & 1023] + p[x >> 10 & 1023] + p[x & 1023]


def record_number(code: str, index: int) -> str:
    """The institution's own nine-digit medical record number, one-to-one there."""
    return f"{(index * 387_420_489 + _salt(code)) % 10**9:09d}"
