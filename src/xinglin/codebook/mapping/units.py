"""Whether two units measure the same thing. Pure; what is known of units comes from the code system of UCUM."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_POWER = re.compile(r"[x×*]?10(?:\^|\*|e|\*\*)?(\d+)")


class Agreement(StrEnum):
    SAME = "same"
    CONVERTIBLE = "convertible"  # of one kind, as mg/dL and mmol/L
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Units:
    """``codes``: UCUM codes by how they are written; ``kinds``: what each code measures."""

    codes: Mapping[str, str]
    kinds: Mapping[str, str]

    def code(self, written: str) -> str:
        """The UCUM code of a unit as it is written, empty if it is not known."""
        return self.codes.get(fold(written), "")

    def agreement(self, one: str, other: str) -> Agreement:
        if not one or not other:
            return Agreement.UNKNOWN
        first, second = self.code(one), self.code(other)
        if fold(one) == fold(other) or (first and first == second):
            return Agreement.SAME
        if not first or not second:
            return Agreement.UNKNOWN
        return Agreement.CONVERTIBLE if self.kinds[first] == self.kinds[second] else Agreement.OTHER


def fold(written: str) -> str:
    """``×10⁹/L``, ``10^9/L`` and ``10*9/L`` are one; so are ``μmol/L`` and ``umol/l``."""
    text = unicodedata.normalize("NFKC", written).lower().replace("μ", "u").replace(" ", "")
    text = text.replace("international unit", "iu").replace("／", "/")
    return _POWER.sub(r"10*\1", text)


def units_of(rows: Iterable[tuple[str, Iterable[str], str]]) -> Units:
    """From (UCUM code, ways to write it, what it measures)."""
    codes: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for code, ways, kind in rows:
        kinds[code] = kind
        for way in (code, *ways):
            if way:
                codes.setdefault(fold(way), code)
    return Units(codes, kinds)
