"""Hashes by which studies are found: of numbers whole, of names each beginning, so that ``张*`` finds.

They are keyed as the record's are; where the record's are not, neither are these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xxhash import xxh3_64_intdigest

from xinglin.exchange.dicom import facts as said
from xinglin.record import sealing

if TYPE_CHECKING:
    from xinglin.exchange.dicom.facts import Facts

_USE = "imaging"
_LONGEST = 12  # characters of a beginning
NUMBERS = {"00100020": "patient", "00080050": "accession", "00200010": "study"}  # matched as they stand
NAME = "00100010"


def of_study(facts: Facts) -> list[int]:
    """All keys of a study."""
    found = {number(tag, said.text(facts, tag)) for tag in NUMBERS if said.text(facts, tag)}
    for name in said.names(facts, NAME):
        plain = folded(name)
        found |= {_hash("name", plain[:count]) for count in range(1, min(len(plain), _LONGEST) + 1)}
    return sorted(found)


def number(tag: str, value: str) -> int:
    """The key of an exact value."""
    return _hash(NUMBERS[tag], value.strip())


def beginning(name: str) -> int | None:
    """The key of how a name begins, of a pattern up to its first wildcard; None where that is nothing."""
    literal = folded(name).split("*")[0].split("?")[0][:_LONGEST]
    return _hash("name", literal) if literal else None


def folded(name: str) -> str:
    """Case, and which signs separate the parts of a name, make no difference (PS3.4 C.2.2.2.1).

    Between Chinese characters they are left out, since 张^三 is asked for as 张三.
    """
    parts = name.replace("^", " ").casefold().split()
    return (" " if name.isascii() else "").join(parts)


def _hash(kind: str, value: str) -> int:
    text = f"{kind}\0{value}"
    keyed = sealing.hash64(_USE, text)
    if keyed is not None:
        return keyed
    plain = xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
    return plain - (1 << 64) if plain >> 63 else plain
