"""What is wrong with a person whose Patients were joined: contradictions that somebody has to look at. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from xinglin.identity import scoring, stewardship
from xinglin.identity.identifiers import Kind, Proof, distance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.identity.traits import Traits

_TYPO = 2  # digits by which two numbers may differ and still be one


def findings(members: Sequence[Traits], sources: Sequence[int], *, living: Traits | None = None) -> list[str]:
    """Names of what is wrong, in order of weight; ``sources`` are the institutions, 0 where it is not told.

    ``living``: a Patient that was registered just now, and so was alive when others already said dead.
    """
    if len(members) < 2:
        return []
    rules = stewardship.rules()
    found = []
    numbers = {
        d.number for t in members for d in t.documents if d.kind == Kind.RESIDENT and d.proof == Proof.PROVEN
    }
    if len(numbers) > 1 and any(distance(a, b) > _TYPO for a in numbers for b in numbers if a < b):
        found.append("two-documents")
    if len({t.sex for t in members if t.sex}) > 1:
        found.append("two-sexes")
    if living is not None and not living.deceased and any(t.deceased for t in members):
        found.append("dead-and-alive")
    if len(members) > rules.cluster_patients:
        found.append("many-patients")
    most = Counter(source for source in sources if source).most_common(1)
    if most and most[0][1] > rules.cluster_one_institution:
        found.append("one-institution")
    return found


def is_mother(child: Traits, other: Traits, score: scoring.Score) -> bool:
    """Whether ``other`` is the mother after whom the newborn ``child`` is called: by name, and by something besides."""
    if not child.newborn_of or child.newborn_of not in {other.name.name, *(a.name for a in other.aliases)}:
        return False
    levels = score.levels
    return levels[scoring.PHONE] == 1 or levels[scoring.ADDRESS] in (1, 2) or levels[scoring.CONTACT] == 1
