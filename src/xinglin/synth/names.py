"""Chinese personal names as people of a year of birth have them, and how others misspell them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from xinglin.synth.tables import homophones, rows, surnames

if TYPE_CHECKING:
    from random import Random

_SINGLE = 0.13


@dataclass(frozen=True, slots=True)
class Name:
    """Surname and given name; a minority name stands whole in ``given`` with an empty surname."""

    surname: str
    given: str

    @property
    def text(self) -> str:
        return self.surname + self.given


@cache
def _pools() -> tuple[tuple[int, dict[str, dict[str, str]]], ...]:
    by_year: dict[int, dict[str, dict[str, str]]] = {}
    for row in rows("given_names"):
        by_year.setdefault(int(row["from_year"]), {}).setdefault(row["sex"], {})[row["position"]] = row[
            "characters"
        ]
    return tuple(sorted(by_year.items(), reverse=True))


@cache
def _pool(year: int, sex: str) -> dict[str, str]:
    return next(pools[sex] for start, pools in _pools() if year >= start)


@cache
def _minorities() -> tuple[tuple[float, str, dict[str, tuple[str, ...]]], ...]:
    """Cumulative share, ethnic code (GB 3304) and names by sex."""
    pools: dict[str, dict[str, tuple[str, ...]]] = {}
    shares: dict[str, float] = {}
    for row in rows("minority_names"):
        pools.setdefault(row["ethnic_code"], {})[row["sex"]] = tuple(row["pool"].split("|"))
        shares[row["ethnic_code"]] = float(row["share_per_mille"]) / 1000
    result, total = [], 0.0
    for code, pool in pools.items():
        total += shares[code]
        result.append((total, code, pool))
    return tuple(result)


def surname(dice: Random) -> str:
    values, weights = surnames()
    return dice.choices(values, cum_weights=weights)[0]


def given(dice: Random, year: int, sex: str) -> str:
    """A given name that was usual in that year."""
    pool = _pool(year, sex)
    if dice.random() < _SINGLE:
        return dice.choice(pool["single"])
    first, second = dice.choice(pool["first"]), dice.choice(pool["second"])
    return first + second


def minority(dice: Random) -> str | None:
    """The ethnic code of a family that keeps its own naming, or None for most."""
    drawn = dice.random()
    return next((code for share, code, _ in _minorities() if drawn < share), None)


def minority_name(dice: Random, code: str, sex: str) -> Name:
    pool = next(pool for _, found, pool in _minorities() if found == code)
    return Name("", dice.choice(pool[sex]))


def misheard(name: Name, dice: Random) -> Name | None:
    """The name with one character replaced by one of the same sound; None if no such character is known."""
    table = homophones()
    places = [i for i, c in enumerate(name.given) if c in table]
    if not places:
        return None
    at = dice.choice(places)
    return Name(name.surname, name.given[:at] + table[name.given[at]] + name.given[at + 1 :])


def mistyped(name: Name, dice: Random) -> Name:
    """The name as hasty hands leave it: a character dropped, two swapped, or a space inside."""
    kind = dice.randrange(3)
    if kind == 0 and len(name.given) > 1:
        return Name(name.surname, name.given[:-1])
    if kind == 1 and len(name.given) == 2 and name.given[0] != name.given[1]:
        return Name(name.surname, name.given[::-1])
    if "·" in name.given:
        return Name(name.surname, name.given.replace("·", "."))
    return Name(name.surname, " ".join(name.given) if len(name.given) > 1 else f" {name.given}")


def miswritten(name: Name, dice: Random) -> Name:
    """The name with the last character replaced by any other that is usual in names."""
    other = dice.choice(_pool(1980, "male" if dice.random() < 0.5 else "female")["second"])
    if other == name.given[-1:]:
        return mistyped(name, dice)
    return Name(name.surname, name.given[:-1] + other)


def another(name: Name, year: int, sex: str) -> Name:
    """The name that a brother or sister would have had instead: the next of the usual last characters."""
    pool = _pool(year, sex)["second"]
    at = pool.find(name.given[-1])
    return Name(name.surname, name.given[:-1] + pool[(at + 1) % len(pool)])
