"""How strongly two Patients look like one person: a Fellegi–Sunter score against three explanations.

That two Patients agree may have four reasons: they are one person; chance, between *strangers*; one household,
between *relatives*, who share surname, address and phone; birth, between *twins*, who share the birth date besides.
Each field adds the logarithm of how much likelier its level is for one person than for each of the other three. The
score is the smallest of the three sums: as long as one other explanation holds, agreement that it explains counts
for nothing. This is what keeps twins and families apart, where weights that take the fields as independent would
join them.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from operator import getitem
from typing import TYPE_CHECKING, NamedTuple

from xinglin.identity import births, identifiers, names
from xinglin.identity.births import BirthLevel
from xinglin.identity.frequencies import Frequencies, shipped
from xinglin.identity.identifiers import Kind, Proof
from xinglin.identity.names import NameLevel
from xinglin.identity.weights import FIELDS, LEVELS, Weights, against_strangers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.identity.contacts import Address
    from xinglin.identity.identifiers import Document
    from xinglin.identity.traits import Traits

AGAINST = ("stranger", "relative", "twin")
DOCUMENT, RECORD, NAME, BIRTH, SEX, PHONE, ADDRESS, MOTHER, CONTACT, ETHNICITY = range(len(FIELDS))
_SAME, _NEAR, _CLOSE, _DOUBTED, _OTHER, _CONFLICT = range(1, 7)
_OWN = frozenset({Kind.RECORD, Kind.OTHER})
_MANY = frozenset({Kind.CARD, Kind.FILE, Kind.BIRTH})  # one person may have several
_NARROW = 2  # levels of address that mean one dwelling


class Rule(StrEnum):
    """What stands above the score."""

    NONE = "none"
    VETO = "veto"  # two proven identity numbers: two persons
    CLOSE = "close"  # two proven numbers, nearly the same
    TWINS = "twins"
    NAMESAKE = "namesake"  # one name in one household, another birth date
    BORROWED = "borrowed"  # one number, another name
    NEWBORN = "newborn"  # a child that is called after the other one


class FieldWeight(NamedTuple):
    """What one field adds. ``comparable``: both Patients have a value."""

    name: str
    level: str
    bits: float
    comparable: bool


class Score(NamedTuple):
    """``bits`` is minus the logarithm of the odds that it is somebody else; ``against`` who that would most likely be.

    ``levels`` and ``stranger`` (bits against a stranger) go by ``weights.FIELDS``; ``prior`` is that against a
    stranger.
    """

    bits: float
    rule: Rule
    against: str
    levels: tuple[int, ...]
    stranger: tuple[float, ...]
    prior: float
    weights: Weights

    @property
    def fields(self) -> tuple[FieldWeight, ...]:
        """The weight of every field against the likeliest other explanation; with the prior they add up to ``bits``."""
        which = AGAINST.index(self.against)
        prior = (self.prior, *self.weights.prior)[which]
        result = [FieldWeight("prior", self.against, prior, comparable=False)]
        for field, level, bits in zip(range(len(FIELDS)), self.levels, self.stranger, strict=True):
            row = self.weights.levels[field][level]
            said = (bits, row.relative, row.twin)[which]
            result.append(
                FieldWeight(FIELDS[field], LEVELS[FIELDS[field]][level], said, comparable=level > 0)
            )
        return tuple(result)


def score(a: Traits, b: Traits, weights: Weights, frequencies: Frequencies | None = None) -> Score:
    """Compare two Patients; the order does not matter."""
    common = frequencies or shipped()
    name_level, name_rarity = _names(a, b, common)
    phone_level, phone_rarity = _phones(a, b, weights, common)
    address_level, address_rarity = _addresses(a, b, common)
    levels = (
        _documents(a.documents, b.documents),
        _records(a.documents, b.documents),
        name_level,
        births.nearest(a.births, b.births),
        _equal(a.sex, b.sex),
        phone_level,
        address_level,
        _mothers(a, b),
        _contacts(a, b),
        _equal(a.ethnicity, b.ethnicity),
    )
    stranger = list(map(getitem, weights.stranger, levels))
    caps = weights.caps
    if weights.levels[NAME][name_level].rare:
        stranger[NAME] += min(name_rarity, caps["name"])
    if phone_level == _SAME:
        stranger[PHONE] += min(phone_rarity, caps["phone"])
    if address_level == _SAME:
        stranger[ADDRESS] += min(address_rarity, caps["address"])
    prior = against_strangers(weights, common.total)
    return weigh(levels, tuple(stranger), prior, weights, rule=_pair_rule(a, b))


def weigh(
    levels: tuple[int, ...],
    stranger: tuple[float, ...],
    prior: float,
    weights: Weights,
    *,
    rule: Rule = Rule.NONE,
) -> Score:
    """The score of what the fields say. ``rule`` is one that is known already."""
    relative, twin = weights.prior
    relative += sum(map(getitem, weights.relative, levels))
    twin += sum(map(getitem, weights.twin, levels))
    bits, against = sum(stranger, prior), "stranger"
    if relative < bits:
        bits, against = relative, "relative"
    if twin < bits:
        bits, against = twin, "twin"
    told = rule_of(levels)
    if rule is Rule.NONE or told is Rule.VETO:
        rule = told
    return Score(bits, rule, against, levels, stranger, prior, weights)


def rule_of(levels: Sequence[int]) -> Rule:
    """The rule that the levels call for."""
    document, name, birth = levels[DOCUMENT], levels[NAME], levels[BIRTH]
    if document == _CONFLICT:
        return Rule.VETO
    if document == _CLOSE and name != NameLevel.MISSING:
        return Rule.CLOSE
    if document in {_SAME, _DOUBTED} and name == NameLevel.DIFFERENT:
        return Rule.BORROWED
    if document == _SAME:
        return Rule.BORROWED if name == NameLevel.SURNAME and birth != BirthLevel.SAME else Rule.NONE
    together = levels[PHONE] == _SAME or 1 <= levels[ADDRESS] <= _NARROW
    if document == _NEAR or not together:
        return Rule.NONE
    if birth == BirthLevel.SAME and name in {NameLevel.ONE_OTHER, NameLevel.SURNAME}:
        return Rule.TWINS
    if birth >= BirthLevel.YEAR and NameLevel.EXACT <= name <= NameLevel.SPELT:
        return Rule.NAMESAKE
    return Rule.NONE


def _pair_rule(a: Traits, b: Traits) -> Rule:
    """What only the two Patients themselves can tell: mother and newborn, twins told apart by order or sex."""
    child_of_a, child_of_b = a.name.newborn_of, b.name.newborn_of
    if a.order and b.order and a.order != b.order and a.births == b.births:
        return Rule.VETO if child_of_a and child_of_b else Rule.TWINS
    if not child_of_a and not child_of_b:
        return Rule.NONE
    if (child_of_a and child_of_a == b.name.name) or (child_of_b and child_of_b == a.name.name):
        years = abs(a.births[0] - b.births[0]) // 10000 if a.births and b.births else 0
        return Rule.NEWBORN if not years or years >= 10 else Rule.NONE
    return Rule.NONE


def _equal(a: str, b: str) -> int:
    if not a or not b:
        return 0
    return 1 if a == b else 2


def _names(a: Traits, b: Traits, common: Frequencies) -> tuple[NameLevel, float]:
    """The nearest of all names, and how rare the commoner of the two is."""
    level, mine, yours = names.compare(a.name, b.name), a.name, b.name
    if level > NameLevel.EXACT and (a.aliases or b.aliases):
        for x in (a.name, *a.aliases):
            for y in (b.name, *b.aliases):
                if 0 < (found := names.compare(x, y)) < level:
                    level, mine, yours = found, x, y
    if level == NameLevel.MISSING or level >= NameLevel.ONE_OTHER:
        return level, 0.0
    rarity = common.of_name(mine)
    return level, rarity if level == NameLevel.EXACT else min(rarity, common.of_name(yours))


def _phones(a: Traits, b: Traits, weights: Weights, common: Frequencies) -> tuple[int, float]:
    if not a.phones or not b.phones:
        return 0, 0.0
    if len(a.phones) == len(b.phones) == 1:
        mine, yours = a.phones[0], b.phones[0]
        both = mine if mine == yours else ""
    else:
        both = next((n for n in a.phones if n in b.phones), "")
    if both:
        if common.count("phone", both) >= weights.shared:
            return 0, 0.0
        return 1, common.of_phone(both)
    near = any(
        identifiers.distance(x, y) == 1
        for x in a.phones
        for y in b.phones
        if x[-2:] == y[-2:] or x[:5] == y[:5]
    )
    return (2 if near else 3), 0.0


def _addresses(a: Traits, b: Traits, common: Frequencies) -> tuple[int, float]:
    if not a.addresses or not b.addresses:
        return 0, 0.0
    level = min(_places(x, y) for x in a.addresses for y in b.addresses)
    if level != _SAME:
        return level, 0.0
    return level, max(
        common.of_spot(x.spot) for x in a.addresses for y in b.addresses if _places(x, y) == _SAME
    )


def _places(a: Address, b: Address) -> int:
    """The level of two addresses: 1 same, 2 near, 3 place, 4 town, 5 district, 6 different."""
    if a == b:
        return 1 if a.numbers else (3 if a.road or a.village or a.town else 5)
    same_road = _alike(a.road, b.road)
    same_village = _alike(a.village, b.village)
    if same_road and a.village and b.village and not same_village:  # a road runs through many villages
        same_road = bool(a.numbers and b.numbers) and _numbers(a.numbers, b.numbers) <= _NARROW
    if same_road or (same_village and not (a.road and b.road)):
        if (
            a.town
            and b.town
            and a.district
            and b.district
            and a.district != b.district
            and not _alike(a.town, b.town)
        ):
            return 6
        if a.numbers and b.numbers:
            return _numbers(a.numbers, b.numbers)
        return 3
    if same_village:
        return 3
    if _alike(a.town, b.town):
        return 4 if not (a.village and b.village and a.road and b.road) else 5
    return 5 if a.district == b.district or not a.district or not b.district else 6


def _alike(a: str, b: str) -> bool:
    if not a or not b:
        return False
    if a == b:
        return True
    if a.isascii() and b.isascii():
        return _words_alike(a, b)
    return (
        len(a) >= 2 and len(b) >= 2 and (a.startswith(b) or b.startswith(a) or a.endswith(b) or b.endswith(a))
    )


@lru_cache(maxsize=1 << 14)
def _words_alike(a: str, b: str) -> bool:
    """Whether half of the words of the shorter are in the longer, spelt a little differently perhaps."""
    if names.jaro_winkler(a, b) >= 0.9:
        return True
    short, long = sorted((a.split(), b.split()), key=len)
    found = sum(any(names.jaro_winkler(word, other) >= 0.9 for other in long) for word in short)
    return found * 2 >= len(short) and found > 0


def _numbers(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """Figures of one road: all the same, one list left some out, or others."""
    if a == b:
        return 1
    if a[0] != b[0]:
        return 2 if len(a) > 1 and len(b) > 1 and a[1:] == b[1:] else 3
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    rest = iter(long)
    if all(n in rest for n in short):
        return 1 if len(short) > 1 else 2
    return 2 if len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1 else 3


def _documents(a: Sequence[Document], b: Sequence[Document]) -> int:
    """The best that documents of one kind say, but for two proven numbers that contradict each other."""
    if not a or not b:
        return 0
    best = 0
    for x in a:
        for y in b:
            if x.kind != y.kind or x.kind in _OWN:
                continue
            level = _two_documents(x, y)
            if level == _CONFLICT:
                return _CONFLICT
            if level and (not best or level < best):
                best = level
    return best


def _two_documents(x: Document, y: Document) -> int:
    if x.number == y.number:
        return _DOUBTED if Proof.BROKEN in {x.proof, y.proof} else _SAME
    if x.kind in _MANY:
        return 0
    if x.proof == y.proof == Proof.PROVEN:
        return _CLOSE if identifiers.unlike(x.number, y.number) <= 2 else _CONFLICT
    far = identifiers.distance(x.number, y.number)
    if x.kind == Kind.RESIDENT and Proof.PLAIN in {x.proof, y.proof}:
        return _unproven(x.number, y.number)
    if far == 1:
        return _NEAR
    return _CLOSE if far == 2 else _OTHER


def _unproven(a: str, b: str) -> int:
    """Of two numbers one of which had fifteen digits: its last digit was reckoned and says nothing.

    Nothing checks the order number, so another one may be somebody born on the same day.
    """
    far = identifiers.distance(a[:17], b[:17])
    if far <= 1:
        return _CLOSE if a[:14] == b[:14] else _NEAR
    return _CLOSE if far == 2 else _OTHER


def _records(a: Sequence[Document], b: Sequence[Document]) -> int:
    for x in a:
        if x.kind in _OWN:
            for y in b:
                if y.number == x.number and y.kind in _OWN and y.scope == x.scope:
                    return 1
    return 0


def _mothers(a: Traits, b: Traits) -> int:
    mine, yours = a.mother, b.mother
    if not mine or not yours:
        return 0
    if mine == yours:
        return 1
    level = names.compare(names.take_apart(mine), names.take_apart(yours))
    return 2 if level <= NameLevel.PART else 3


def _contacts(a: Traits, b: Traits) -> int:
    """Whether the contact of the one is reached at the number of the other, or both have one contact."""
    if not a.contacts and not b.contacts:
        return 0
    of_a, of_b = {c.phone for c in a.contacts if c.phone}, {c.phone for c in b.contacts if c.phone}
    if not of_a and not of_b:
        return 0
    return int(bool(of_a & of_b or of_a.intersection(b.phones) or of_b.intersection(a.phones)))
