"""Whether a cell says what its column asks for, and what would be right.

Cells are put into one form first: codes for their meanings, dates as the set has them, wide digits narrow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.mapping import functions
from xinglin.exchange.mapping.functions import Unusable
from xinglin.exchange.tables import codes
from xinglin.kernel import checkdigits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xinglin.exchange.tables.sets import Column, Set

    _Work = Callable[[str], tuple[str, "Finding | None"]]

_MOST_REMEMBERED = 2048  # cells a column
_BIG_TABLE = 1000  # with more codes than that, an unknown one is a doubt: institutions extend them


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a cell; ``is_doubt`` where the row is used all the same."""

    column: int
    message: str
    code: str = "value"
    params: dict[str, Any] = field(default_factory=dict)
    is_doubt: bool = False


class Checker:
    """All columns of a set, ready to be applied to rows."""

    def __init__(self, set_: Set) -> None:
        self._works = [_remembering(at, _work(at, column)) for at, column in enumerate(set_.columns)]
        self._required = [at for at, column in enumerate(set_.columns) if column.required]
        self._kind = set_.names.get("身份证件类别代码", -1)
        self._number = set_.names.get("身份证件号码", -1)
        self._birth = set_.names.get("出生日期", -1)
        self._sex = set_.names.get("性别代码", -1)

    def check(self, cells: Sequence[str]) -> tuple[list[str], list[Finding]]:
        """The cells in the set's own form, and what is wrong with them."""
        found: list[Finding] = []
        done = []
        for text, work in zip(cells, self._works, strict=True):
            text = text.strip()  # noqa: PLW2901 -- what is worked with
            if text:
                text, finding = work(text)  # noqa: PLW2901 -- as above
                if finding is not None:
                    found.append(finding)
            done.append(text)
        found += [
            Finding(at, gettext_noop("A value is required here."), "required")
            for at in self._required
            if not done[at]
        ]
        if self._number >= 0 and done[self._number] and done[self._kind] in {"", "01"}:
            found += self._identity(done)
        return done, found

    def _identity(self, cells: list[str]) -> list[Finding]:
        """An identity number proves itself, and says birth and sex."""
        number = cells[self._number] = cells[self._number].upper()
        if len(number) == 15 and number.isdigit():
            return []
        if not _holds(number):
            return [
                Finding(
                    self._number,
                    gettext_noop(
                        "The identity number is wrong: its check digit does not fit. Compare it with the card."
                    ),
                )
            ]
        found = []
        birth = cells[self._birth]
        if birth and birth != number[6:14]:
            found.append(
                Finding(
                    self._birth,
                    gettext_noop("The date of birth differs from the identity number, which says %(right)s."),
                    params={"right": number[6:14]},
                    is_doubt=True,
                )
            )
        sex = "1" if int(number[16]) % 2 else "2"
        if cells[self._sex] in {"1", "2"} and cells[self._sex] != sex:
            found.append(
                Finding(
                    self._sex,
                    gettext_noop("The sex differs from the identity number, which says %(right)s."),
                    params={"right": sex},
                    is_doubt=True,
                )
            )
        return found


def _remembering(at: int, work: _Work) -> _Work:
    """Cells of a column repeat: what was said of one is said again. What cannot be used at all is a finding too."""

    @lru_cache(maxsize=_MOST_REMEMBERED)
    def said(text: str) -> tuple[str, Finding | None]:
        try:
            return work(text)
        except Unusable as unusable:
            return text, Finding(at, unusable.message, unusable.code, dict(unusable.params))

    return said


def _work(at: int, column: Column) -> _Work:
    if column.table:
        return _coded(at, column)
    if column.datatype == "D":
        return lambda text: (_compact(functions.to_date(text)), None)
    if column.datatype == "DT":
        return lambda text: (_compact(functions.to_datetime(text)), None)
    if column.datatype == "L":
        return lambda text: ("T" if functions.to_boolean(text) else "F", None)
    if column.datatype == "N":
        return _numeric(at, column)
    return _texts(at, column)


@lru_cache(maxsize=8192)
def _compact(text: str) -> str:
    """A FHIR date or time as data sets write it: YYYYMMDD, YYYYMMDDThhmmss; zones are China's."""
    day, _, clock = text.partition("T")
    day = day.replace("-", "")
    if not clock:
        return day
    if not clock.endswith("+08:00"):
        return text
    return f"{day}T{clock[:8].replace(':', '')}"


def _coded(at: int, column: Column) -> _Work:
    known, meanings = codes.table(column.table), codes.meanings(column.table)
    width = len(next(iter(known), "")) if len({len(code) for code in known}) == 1 else 0
    is_open = len(known) > _BIG_TABLE

    def work(text: str) -> tuple[str, Finding | None]:
        if text in known:
            return text, None
        if text in meanings:
            return meanings[text], None
        if width and text.isdigit() and text.zfill(width) in known:  # 1 for 01, as spreadsheets make of it
            return text.zfill(width), None
        if is_open and not text.isascii():
            return text, Finding(
                at, gettext_noop("This is no code of the table."), "code-invalid", is_doubt=True
            )
        if is_open:
            return text, Finding(
                at,
                gettext_noop("The code is not in the table; it is kept as it is."),
                "code-invalid",
                is_doubt=True,
            )
        return text, Finding(at, gettext_noop("This is no code of the table. Right would be: %(right)s."),
                             "code-invalid", {"right": _right(text, known, meanings)})  # fmt: skip

    return work


def _right(text: str, known: Any, meanings: Any) -> str:
    """The codes that may have been meant, or the first ones."""
    near = get_close_matches(text, meanings, 3, 0.4)
    some = [meanings[display] for display in near] or list(known)[:8]
    said = "；".join(f"{code} {known[code]}" for code in some)
    return said if near or len(known) <= len(some) else f"{said} …"


def _numeric(at: int, column: Column) -> _Work:
    limits = column.limits

    def work(text: str) -> tuple[str, Finding | None]:
        number = functions.to_decimal(text)
        said = functions.written(number)
        if limits is None:
            return said, None
        whole, _, fraction = said.lstrip("-").partition(".")
        room = limits.most - (limits.decimals or 0)
        if len(whole) > max(room, 1):
            return said, Finding(at, gettext_noop("The number is too large for the format %(format)s."),
                                 params={"format": column.format})  # fmt: skip
        if limits.fewest and not fraction and len(whole) < limits.fewest:
            return said, Finding(at, gettext_noop("The number is too small for the format %(format)s."),
                                 params={"format": column.format}, is_doubt=True)  # fmt: skip
        if len(fraction) > limits.decimals:
            return said, Finding(at, gettext_noop("More decimals than the format %(format)s has."),
                                 params={"format": column.format}, is_doubt=True)  # fmt: skip
        return said, None

    return work


def _texts(at: int, column: Column) -> _Work:
    limits = column.limits

    def work(text: str) -> tuple[str, Finding | None]:
        if limits is None:
            return text, None
        if len(text) > limits.most:
            return text, Finding(at, gettext_noop("%(count)s characters are too many: the format is %(format)s."),
                                 params={"count": len(text), "format": column.format})  # fmt: skip
        if limits.kind == "AN" and not text.isascii():
            return text, Finding(at, gettext_noop("The format %(format)s has letters and digits only."),
                                 params={"format": column.format})  # fmt: skip
        return text, None

    return work


@lru_cache(maxsize=8192)
def _holds(number: str) -> bool:
    """Whether the check digit of an identity number fits (GB 11643)."""
    return (
        len(number) == 18
        and number[:17].isascii()
        and number[:17].isdigit()
        and (checkdigits.resident(number[:17]) == number[17])
    )
