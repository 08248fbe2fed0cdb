"""Birth dates as numbers (yyyymmdd, zeros where unknown), and how near two are.

A date is *solid* when it names a day that somebody will have meant, *vague* when it is not to the day, or the first of
January, which is typed for want of a better one. A date of the lunar calendar equals no other.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum

PLACEHOLDERS = frozenset({19000101, 19000000, 18000101, 17530101, 20990101, 99991231, 10101, 19010101})


class BirthLevel(IntEnum):
    """How near two birth dates are; the names of the levels are those of the weights file."""

    MISSING = 0
    SAME = 1
    VAGUE = 2  # they agree as far as the vaguer of them goes
    BOTH_VAGUE = 3
    TURNED = 4  # day and month the other way round
    DIGIT = 5  # one figure is wrong, or two neighbours swapped
    YEAR_OFF = 6  # a year or ten years apart, on the same day
    MONTH = 7  # the same month
    YEAR = 8  # the same year
    DIFFERENT = 9


def read(text: str) -> int:
    """``1980-01-02``, ``1980-01``, ``1980`` or ``19800102`` as a number; 0 for none, nonsense and placeholders."""
    parts = text[:10].split("-")
    if len(parts) == 1 and len(text) == 8:
        parts = [text[:4], text[4:6], text[6:]]
    if not parts[0].isdigit() or not all(p.isdigit() for p in parts):
        return 0
    year, month, day = (*(int(p) for p in parts), 0, 0)[:3]
    if not 1850 <= year <= 2100 or month > 12:
        return 0
    if day:
        try:
            date(year, month, day)
        except ValueError:
            day = 0
    number = year * 10000 + month * 100 + day
    return 0 if number in PLACEHOLDERS else number


def is_vague(number: int) -> bool:
    """Whether the date may stand for want of a better one."""
    return number % 100 == 0 or number % 10000 == 101


def compare(a: int, b: int) -> BirthLevel:
    """How near two solid dates are."""
    if a == b:
        return BirthLevel.SAME
    (year_a, rest_a), (year_b, rest_b) = divmod(a, 10000), divmod(b, 10000)
    if a // 100 == b // 100:  # the first of a month may stand for any of its days
        return BirthLevel.VAGUE if 1 in {a % 100, b % 100} else _same_month(a, b)
    if year_a == year_b and rest_a == rest_b % 100 * 100 + rest_b // 100:
        return BirthLevel.TURNED
    if rest_a == rest_b and abs(year_a - year_b) in {1, 10}:
        return BirthLevel.YEAR_OFF
    if _one_slip(str(a), str(b)):
        return BirthLevel.DIGIT
    return BirthLevel.YEAR if year_a == year_b else BirthLevel.DIFFERENT


def _same_month(a: int, b: int) -> BirthLevel:
    return BirthLevel.DIGIT if _one_slip(str(a), str(b)) else BirthLevel.MONTH


def _one_slip(a: str, b: str) -> bool:
    unlike = [i for i in range(8) if a[i] != b[i]]
    if len(unlike) == 1:
        return True
    if len(unlike) != 2 or unlike[1] != unlike[0] + 1:
        return False
    i, j = unlike
    return a[i] == b[j] and a[j] == b[i]


def compare_vague(a: int, b: int) -> BirthLevel:
    """How near two dates are of which one at least is vague; the first of January may be any day."""
    if a // 10000 != b // 10000:
        return (
            BirthLevel.YEAR_OFF
            if abs(a // 10000 - b // 10000) == 1 and a % 10000 == b % 10000
            else BirthLevel.DIFFERENT
        )
    if a == b and a % 100:
        return BirthLevel.BOTH_VAGUE
    months = {n // 100 % 100 for n in (a, b) if n % 10000 != 101 and n // 100 % 100}
    if len(months) == 2:
        return BirthLevel.YEAR
    return BirthLevel.BOTH_VAGUE if is_vague(a) and is_vague(b) else BirthLevel.VAGUE


def _least(a: list[int], b: list[int]) -> BirthLevel:
    return min(compare(x, y) for x in a for y in b)


def nearest(a: tuple[int, ...], b: tuple[int, ...]) -> BirthLevel:
    """The best that two lists of dates can say: solid dates among themselves, vague ones where there are no others.

    The first of a list is the one to go by; agreement with a date that its own bearer's number contradicts is little.
    """
    if not a or not b:
        return BirthLevel.MISSING
    if len(a) == 1 and a == b and not is_vague(a[0]):
        return BirthLevel.SAME
    if len(a) == len(b) == 1 and not is_vague(a[0]) and not is_vague(b[0]):
        return compare(a[0], b[0])
    solid_a, solid_b = [n for n in a if not is_vague(n)], [n for n in b if not is_vague(n)]
    if solid_a and solid_b:
        return min(compare(solid_a[0], solid_b[0]), max(_least(solid_a, solid_b), BirthLevel.DIGIT))
    return min(compare_vague(x, y) for x in (solid_a or a) for y in (solid_b or b))
