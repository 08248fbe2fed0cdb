"""A Patient that is being written, as matching sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from xxhash import xxh3_64_intdigest

from xinglin.identity import blocking, names, store, traits
from xinglin.record import sealing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.identity.store import Link
    from xinglin.identity.traits import Traits

_SAME_PERSON = frozenset({"replaced-by", "replaces", "refer", "seealso"})  # all that FHIR has


@dataclass(frozen=True, slots=True)
class Arrival:
    """``old`` is its link so far; ``declared`` the Patients that its sender says are the same person."""

    number: int
    shard: int
    id: str
    actor: str
    known: Traits
    packed: bytes
    keys: tuple[int, ...]
    source: int
    active: bool
    declared: tuple[str, ...]
    old: Link | None

    @property
    def unchanged(self) -> bool:
        """Whether nothing has changed by which it is matched."""
        old = self.old
        return (
            old is not None
            and not self.declared
            and old.traits == self.packed
            and (old.keys, old.source, old.active) == (self.keys, self.source, self.active)
        )

    @property
    def looks(self) -> dict[int, bool]:
        """The keys by which it looks for candidates, and whether each is telling.

        A newborn without a name also looks as its mother would.
        """
        found = _looks(self.keys, self.known)
        if self.known.newborn_of:
            name = names.take_apart(self.known.newborn_of)
            mother = msgspec.structs.replace(self.known, name=name, births=(), documents=())
            found = _looks(blocking.keys(mother), mother) | found
        return found

    def link(self, person: int, home: int) -> Link:
        """Its row, as a Patient of that person."""
        held = self.old.held if self.old is not None else 0
        return store.Link(
            self.number,
            person,
            self.source,
            self.shard,
            home,
            held,
            self.active,
            self.id,
            self.keys,
            self.packed,
        )


def _looks(keys: tuple[int, ...], known: Traits) -> dict[int, bool]:
    telling = blocking.telling(known)
    return {key: place < telling for place, key in enumerate(keys)}


def read(place: tuple[int, int], id_: str, actor: str, resource: dict[str, Any], old: Link | None) -> Arrival:
    """From the resource; ``place`` is the Patient's number and shard."""
    sealing.settle()
    known = traits.from_patient(resource)
    return Arrival(
        *place, id_, actor, known, traits.pack(known), blocking.keys(known), source(known.scope),
        resource.get("active") is not False, tuple(declared(resource)), old,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def source(scope: str) -> int:
    """The number of an institution; 0 for a Patient that names none."""
    return xxh3_64_intdigest(scope.encode()) - (1 << 63) if scope else 0


def declared(resource: dict[str, Any]) -> Iterator[str]:
    """The ids of the Patients of this record that are declared to be the same person."""
    for link in resource.get("link") or ():
        reference = str((link.get("other") or {}).get("reference") or "")
        if link.get("type") in _SAME_PERSON and reference.startswith("Patient/"):
            yield reference[8:].partition("/")[0]
