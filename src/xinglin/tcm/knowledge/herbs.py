"""The list of herbs that a browser keeps, so that a keystroke asks nobody: small, versioned, cacheable."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max

from xinglin.tcm.knowledge import HERB_SYSTEM
from xinglin.tcm.knowledge.models import Fact, Name, Release, Term

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORM = 1  # of the rows
KINDS = ("herb", "piece")
_PREFERRED = ("chp", "national", "ministry", "label", "local", "textbook", "literature", "project")


def standing() -> str:
    """What the list depends on: it changes whenever a fact is added."""
    newest = Fact.objects.aggregate(newest=Max("id"))["newest"] or 0
    loaded = Release.objects.aggregate(loaded=Max("loaded"))["loaded"]
    return hashlib.sha256(f"{_FORM}|{newest}|{loaded}".encode()).hexdigest()[:16]


def index(version: str) -> bytes:
    """The list as JSON, of the knowledge as it is in ``version``."""
    return _index(version)


@lru_cache(maxsize=2)
def _index(version: str) -> bytes:
    said = {"system": HERB_SYSTEM, "version": version, "herbs": rows()}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def rows() -> list[list[Any]]:
    """One row a herb, those first that more formulas contain.

    Code, name, pinyin, low, high (grams a day; null if none is said), decoction, other names: pairs of a name and its
    initials; a name that also means other herbs has ``?`` before it.
    """
    doses = _facts("dose")
    ways = _facts("decoction")
    contained = Fact.objects.filter(current=True, predicate="contains", object__kind__in=KINDS)
    formulas = dict(contained.values_list("object_id").annotate(Count("id")))
    aliases: dict[str, list[str]] = defaultdict(list)
    for name in Name.objects.filter(term__kind__in=KINDS, alias=True).order_by("unclear", "text"):
        aliases[name.term_id] += [("?" if name.unclear else "") + name.text, name.initials]
    found = []
    for term in sorted(
        Term.objects.filter(kind__in=KINDS, retired=False), key=lambda one: (-formulas.get(one.id, 0), one.id)
    ):
        dose = _best(doses[term.id])
        data = dose.data if dose else {}
        way = _best(ways[term.id])
        found.append(
            [
                term.id, term.name, term.pinyin, data.get("low"), data.get("high"), way.value if way else "",
                aliases[term.id],
            ]
        )  # fmt: skip
    return found


def _facts(predicate: str) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    facts = Fact.objects.filter(current=True, predicate=predicate, term__kind__in=KINDS)
    for fact in facts.exclude(state__in=["withdrawn", "disputed"]).order_by("id"):
        found[fact.term_id].append(fact)
    return found


def _best(facts: Iterable[Fact]) -> Fact | None:
    """The fact on the highest authority; reviewed ones before others."""
    return min(facts, key=lambda fact: (fact.state != "reviewed", _rank(fact.basis), fact.id), default=None)


def _rank(basis: str) -> int:
    return _PREFERRED.index(basis) if basis in _PREFERRED else len(_PREFERRED)
