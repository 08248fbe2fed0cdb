"""Families and lodgers: who lives in the region, sixty residents to a block.

A block is drawn from (seed, block number) alone: it is the same in a region of any size and on any process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TYPE_CHECKING

from xinglin.synth import identifiers, names, places
from xinglin.synth.names import Name

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 60
_HAN = "01"
_TWINS = 0.03
_NAMESAKES = 0.02


@dataclass(slots=True)
class Person:
    """A resident as they truly are. ``birth`` is a proleptic ordinal day."""

    index: int
    name: Name
    sex: str
    birth: int
    ethnicity: str
    identity_number: str
    phone: str
    place: places.Community
    line: str
    household: int
    local: bool
    role: str  # head | spouse | child | parent | lodger
    mother: Person | None = None
    twin: int = 0  # 1 or 2 for twins

    def age_on(self, day: int) -> int:
        return int((day - self.birth) // 365.2425)


@dataclass(slots=True)
class _Household:
    """What the members of one household share while it is being filled."""

    dice: Random
    number: int
    place: places.Community
    line: str
    local: bool
    until: int
    first_index: int
    members: list[Person]

    def add(self, role: str, sex: str, age: float, surname: str, ethnicity: str) -> Person:
        """A new member of about that age, with name and numbers."""
        dice, index = self.dice, self.first_index + len(self.members)
        birth = min(int(self.until - age * 365.2425 - dice.random() * 365), self.until - 1)
        born = date.fromordinal(birth)
        if ethnicity == _HAN:
            name = Name(surname, names.given(dice, born.year, sex))
        else:
            name = names.minority_name(dice, ethnicity, sex)
        district = self.place.township.district
        native = self.local and dice.random() < 0.9
        division = identifiers.home_division(district, index) if native else identifiers.other_division(index)
        number = identifiers.identity_number(division, born, sex, index)
        person = Person(
            index, name, sex, birth, ethnicity, number, identifiers.phone(index),
            self.place, self.line, self.number, self.local, role,
        )  # fmt: skip
        self.members.append(person)
        return person

    def couple(self, age: float) -> tuple[Person, Person]:
        """A man and a woman of about that age."""
        man = self.head("male", age)
        woman = self.head("female", max(19.0, age - self.dice.gauss(1.8, 2.2)), role="spouse")
        return man, woman

    def head(self, sex: str, age: float, role: str = "head") -> Person:
        """An adult with a surname of their own."""
        ethnicity = names.minority(self.dice) or _HAN
        return self.add(role, sex, age, names.surname(self.dice) if ethnicity == _HAN else "", ethnicity)

    def child(self, mother: Person, father: Person, mothers_age: float) -> None:
        """A child (or twins) born when the mother was of that age, if that day has come."""
        dice = self.dice
        age = (self.until - mother.birth) / 365.2425 - mothers_age
        if age <= 0.02 or age > 26:
            return
        twins = dice.random() < _TWINS
        first = self._born(mother, father, age)
        if twins:
            second = self._born(mother, father, age)
            _make_twins(first, second)

    def _born(self, mother: Person, father: Person, age: float) -> Person:
        sex = "male" if self.dice.random() < 0.525 else "female"
        child = self.add("child", sex, max(age - 0.5, 0.01), father.name.surname, father.ethnicity)
        child.mother = mother
        if age < 16:
            child.phone = mother.phone
        return child


def _make_twins(first: Person, second: Person) -> None:
    """The second was born on the day of the first and shares the first character of the given name."""
    first.twin, second.twin = 1, 2
    second.birth = first.birth
    if first.name.surname and len(first.name.given) == 2 and len(second.name.given) == 2:
        second.name = Name(first.name.surname, first.name.given[0] + second.name.given[1])
    if second.name == first.name and first.name.surname:
        second.name = names.another(first.name, date.fromordinal(first.birth).year, second.sex)
    division, born = second.identity_number[:6], date.fromordinal(second.birth)
    second.identity_number = identifiers.identity_number(division, born, second.sex, second.index)


def _children(home: _Household, man: Person, woman: Person) -> None:
    first = 22 + home.dice.random() * 8
    home.child(woman, man, first)
    if home.dice.random() < 0.5:
        home.child(woman, man, first + 2 + home.dice.random() * 5)


def _old_couple(home: _Household) -> None:
    home.couple(60 + home.dice.random() ** 1.5 * 30)


def _old_single(home: _Household) -> None:
    home.head("female" if home.dice.random() < 0.68 else "male", 66 + home.dice.random() * 27)


def _nuclear(home: _Household) -> None:
    man, woman = home.couple(25 + home.dice.random() * 29)
    _children(home, man, woman)


def _three_generations(home: _Household) -> None:
    man, woman = home.couple(25 + home.dice.random() * 20)
    age = (home.until - man.birth) / 365.2425 + 22 + home.dice.random() * 7
    father = home.add("parent", "male", age + 1, man.name.surname, man.ethnicity)
    if home.dice.random() < 0.85:
        home.head("female", age, role="parent")
    _children(home, man, woman)
    if home.dice.random() < _NAMESAKES and man.ethnicity == _HAN:
        father.name = Name(man.name.surname, man.name.given)


def _young(home: _Household) -> None:
    age = 20 + home.dice.random() * 14
    if home.dice.random() < 0.5:
        home.couple(age)
    else:
        home.head("male" if home.dice.random() < 0.5 else "female", age)


def _empty_nest(home: _Household) -> None:
    home.couple(46 + home.dice.random() * 15)


def _lodgers(home: _Household) -> None:
    for _ in range(home.dice.randrange(2, 5)):
        home.head(
            "male" if home.dice.random() < 0.6 else "female", 18 + home.dice.random() * 28, role="lodger"
        )


_KINDS: tuple[tuple[Callable[[_Household], None], float, float], ...] = (
    # household, cumulative share, share of them that came from elsewhere
    (_old_couple, 0.17, 0.02),
    (_old_single, 0.23, 0.01),
    (_nuclear, 0.56, 0.15),
    (_three_generations, 0.70, 0.05),
    (_young, 0.82, 0.35),
    (_empty_nest, 0.94, 0.08),
    (_lodgers, 1.01, 1.0),
)


def _place(dice: Random, block: int) -> places.Community:
    """A community that the city had when the block was settled."""
    known = places.communities_for(block * BLOCK)
    if dice.random() < 0.1:
        return places.community(dice.randrange(4))
    return places.community(dice.randrange(known))


def block(seed: int, number: int, until: int) -> list[Person]:
    """The sixty residents of a block, household by household. ``until`` is the ordinal of the last day."""
    dice = Random(f"{seed}/block/{number}")  # noqa: S311 -- not for secrets: it has to be repeatable
    place = _place(dice, number)
    people: list[Person] = []
    while len(people) < BLOCK:
        drawn = dice.random()
        fill, _, strangers = next(kind for kind in _KINDS if drawn < kind[1])
        index = number * BLOCK + len(people)
        near = place if dice.random() < 0.8 else _place(dice, number)
        line = places.street_line(near, dice.randrange(4000))
        home = _Household(dice, index, near, line, dice.random() >= strangers, until, index, [])
        fill(home)
        people.extend(home.members)
    return people[:BLOCK]
