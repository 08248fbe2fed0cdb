"""How common a surname, a given name, a telephone number, an address is: the rarer, the more agreement says.

Before anything has been counted, ``data/frequencies-1.toml`` speaks; the more Patients have been counted, the
less it does.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from math import log2
from typing import TYPE_CHECKING, Any

from xinglin.identity.weights import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xinglin.identity.names import Parts
    from xinglin.identity.traits import Traits

KINDS = ("surname", "given", "phone", "spot")
"""What is counted. ``spot`` is the narrowest place of an address (``Address.spot``)."""


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((DATA / "frequencies-1.toml").read_text(encoding="utf-8"))


def told(traits: Traits) -> Iterator[tuple[str, str]]:
    """The kinds and values that a Patient adds to the counts."""
    if traits.name.surname:
        yield "surname", traits.name.surname
    if traits.name.given:
        yield "given", traits.name.given
    for number in traits.phones:
        yield "phone", number
    for place in traits.addresses:
        if place.spot:
            yield "spot", place.spot


class Frequencies:
    """Counts of values by kind, among ``total`` Patients. Values that occur once need not be in them."""

    __slots__ = ("_believed", "_bits", "_surnames", "counts", "total")

    def __init__(self, total: int = 0, counts: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self.total = total
        self.counts = {kind: Counter((counts or {}).get(kind, {})) for kind in KINDS}
        table = _table()
        self._believed: float = table["believed"]
        self._bits: dict[str, float] = table["bits"]
        self._surnames: dict[str, float] = table["surnames"]

    def note(self, traits: Traits) -> None:
        """Count one more Patient."""
        self.total += 1
        for kind, value in told(traits):
            self.counts[kind][value] += 1

    def count(self, kind: str, value: str) -> int:
        """How many Patients are known to have the value."""
        return self.counts[kind].get(value, 0)

    def rarity(self, kind: str, value: str, expected: float) -> float:
        """Minus the logarithm of the value's share, of which ``expected`` is known beforehand."""
        count = self.counts[kind].get(value, 0)
        share = (count + self._believed * 2.0**-expected) / (self.total + self._believed)
        return -log2(share)

    def of_name(self, name: Parts) -> float:
        """The rarity of the whole name, in bits."""
        return self.of_surname(name) + self.of_given(name)

    def of_surname(self, name: Parts) -> float:
        if not name.surname:
            return 0.0
        permille = self._surnames.get(name.surname)
        if permille is not None:
            expected = -log2(permille / 1000)
        else:
            expected = self._bits["latin_surname" if name.latin else "surname"]
        return self.rarity("surname", name.surname, expected)

    def of_given(self, name: Parts) -> float:
        if not name.given:
            return 0.0
        length = len(name.given)
        kind = "latin_given" if name.latin else ("given_1", "given_2", "given_long")[min(length, 3) - 1]
        return self.rarity("given", name.given, self._bits[kind])

    def of_phone(self, number: str) -> float:
        return self.rarity("phone", number, self._bits["phone"])

    def of_spot(self, spot: str) -> float:
        return self.rarity("spot", spot, self._bits["spot"])


@cache
def shipped() -> Frequencies:
    """What is known before anything has been counted. Not to be counted into."""
    return Frequencies()
