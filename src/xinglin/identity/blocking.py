"""The keys under which somebody is looked for: Patients that share none are never compared.

A key is a signed 64-bit hash of a kind and a value; with a secret key, where ``hash_with`` has given one, so that
nobody can try values until one fits. Each kind forgives some mistakes and not others; together they find a Patient
with two or three mistakes. Documents, telephones, and mother with birth date are *telling*: who shares one of them is
looked at. Of the others (a name that sounds alike with a year, a birth date with a surname) dozens of strangers share
one in a region of millions, and hardly anybody who is meant: so two are asked for, or one that few have.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from xinglin.identity.births import is_vague

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.identity.names import Parts
    from xinglin.identity.traits import Traits

MOST = 14
TOO_MANY = 100
"""A key that more Patients have than this tells too little to look under it."""
FEW = 4
"""A key that no more Patients have than this is enough, of whichever kind."""
_SIGN = 1 << 63
_TWO_64 = 1 << 64
_SOUNDEX = str.maketrans("bfpvcgjkqsxzdtlmnr", "111122222222334556", "aeiouyhw")


def keys(traits: Traits) -> tuple[int, ...]:
    """At most ``MOST`` keys, the telling ones first; placeholder values make none."""
    first = dict.fromkeys(map(_hash, _telling(traits)))
    return tuple(dict.fromkeys([*first, *map(_hash, _vague(traits))]))[:MOST]


def telling(traits: Traits) -> int:
    """How many of the keys, from the first on, are telling."""
    return min(len(set(_telling(traits))), MOST)


class _Keyed:
    secret: bytes | None = None


def hash_with(secret: bytes | None) -> None:
    """Make the hashes with this key from now on, or without one."""
    _Keyed.secret = secret


def _hash(value: str) -> int:
    if _Keyed.secret is not None:
        made = blake2b(value.encode(), key=_Keyed.secret, digest_size=8)
        return int.from_bytes(made.digest(), signed=True)
    return _unkeyed(value)


def _unkeyed(value: str) -> int:
    number = xxh3_64_intdigest(value.encode())
    return number if number < _SIGN else number - _TWO_64


def _telling(traits: Traits) -> Iterator[str]:
    """The keys before they are hashed, a letter for the kind, then the value: few strangers share one."""
    for document in traits.documents:
        yield f"d{document.kind}|{document.scope}|{document.number}"
    for number in traits.phones[:2]:
        yield f"p{number}"
    if traits.mother and traits.births:
        yield f"c{traits.mother}|{traits.births[0]}"
    for contact in traits.contacts[:1]:
        if contact.phone:
            yield f"p{contact.phone}"
    if traits.name.latin:  # is misspelt in more ways: one key may be all that is left
        yield from _vague(traits)


def _vague(traits: Traits) -> Iterator[str]:
    """Those that many share."""
    solid = [n for n in traits.births if not is_vague(n)]
    name, spoken = traits.name, _spoken(traits.name)
    if spoken:
        yield from _of_birth(traits, spoken, solid)
    yield from _of_place(traits, spoken)
    if name.given and solid:
        yield f"g{solid[0]}|{_code(name.syllables[-1]) if name.latin else name.syllables[-1]}"
    if name.latin:
        yield from _foreign(traits, spoken, solid)


def _of_birth(traits: Traits, spoken: str, solid: list[int]) -> Iterator[str]:
    for birth in solid[:2]:
        yield f"b{_unturned(birth)}|{_front(traits.name)}"
    for year in dict.fromkeys(n // 10000 for n in traits.births[:2]):
        yield f"n{spoken}|{year}"
    for birth in solid[:1]:
        yield f"m{spoken}|{birth % 10000}"


def _of_place(traits: Traits, spoken: str) -> Iterator[str]:
    for place in traits.addresses[:1]:
        narrow = place.road or place.village
        if spoken and (where := narrow or place.town or place.district):
            yield f"a{spoken}|{where.split(' ')[0]}"
        if narrow and place.numbers:
            yield f"h{narrow}|{'-'.join(place.numbers)}|{_front(traits.name)}"
        elif narrow and traits.births:
            yield f"l{narrow}|{traits.births[0]}"


def _foreign(traits: Traits, spoken: str, solid: list[int]) -> Iterator[str]:
    """Names and streets in Latin letters are misspelt in more ways than sound alone forgives: postal codes are not."""
    for place in traits.addresses[:1]:
        area = place.district or place.town
        if area:
            yield f"z{spoken}|{area}"
            yield f"w{area}|{place.numbers[0] if place.numbers else place.road.partition(' ')[0]}"
            for birth in solid[:1]:
                yield f"x{birth}|{area}"


def _unturned(birth: int) -> str:
    """The date with month and day in order of size: the same when they were exchanged."""
    month, day = birth // 100 % 100, birth % 100
    return f"{birth // 10000}{min(month, day):02d}{max(month, day):02d}"


def _spoken(name: Parts) -> str:
    """The syllables of the name in alphabetical order: the same for homophones and exchanged characters."""
    if not name.name:
        return ""
    if name.latin:
        return " ".join(sorted(map(_code, name.syllables)))
    return " ".join(sorted(name.syllables))


def _front(name: Parts) -> str:
    if not name.syllables:
        return ""
    return _code(name.syllables[0])[:2] if name.latin else name.syllables[0]


def _code(word: str) -> str:
    """Soundex without the limit to four: the first letter, then the classes of the consonants."""
    classes = word[1:].translate(_SOUNDEX)
    kept = "".join(c for i, c in enumerate(classes) if i == 0 or c != classes[i - 1])
    return word[:1] + kept[:4]
