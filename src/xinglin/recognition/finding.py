"""Which earlier results are valid for an order: a pure function over a person's results."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from xinglin.recognition.values import EVERYTHING, LOINC, SCOPES, TIERS, Found, Judged, Place, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinglin.recognition.values import Asking, Item, Mark, Measures, Result

_NOTHING = timedelta(0)
_NEVER = datetime.min.replace(tzinfo=UTC)


def plain(name: str) -> str:
    """A name as names are compared: full-width made plain, without case, spaces and brackets' kinds."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def find(
    order: Sequence[Item], results: Iterable[Result], places: Mapping[str, Place], *, asking: Asking,
    measures: Measures, events: Sequence[datetime] = (),
) -> tuple[Found, ...]:  # fmt: skip
    """For each item of the order the earlier results that are valid, and why the others are not.

    ``places`` are the institutions of the results by id; ``events`` are when the person was admitted or came in an
    emergency. Results of other items are passed over.
    """
    items = list(dict.fromkeys(order))
    meaning = _Meaning(items)
    judge = _Judge(places, asking, measures, max(events, default=None))
    judged: dict[str, list[Judged]] = {item.code: [] for item in items}
    for result in results:
        for item in meaning.of(result):
            judged[item.code].append(judge.judge(item, result))
    return tuple(_sorted(item, judged[item.code]) for item in items)


class _Meaning:
    """Which items of the order a result is of."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.by_code: dict[str, list[Item]] = {}
        self.by_name: dict[str, list[Item]] = {}
        for item in items:
            for code in item.codes:
                self.by_code.setdefault(code, []).append(item)
            for name in (item.name, *item.names):
                self.by_name.setdefault(plain(name), []).append(item)
        self.systems = {code.rpartition("|")[0] for code in self.by_code} | {LOINC}
        self.known: dict[tuple[object, ...], list[Item]] = {}

    def of(self, result: Result) -> list[Item]:
        """What is said in the same codes and names is the same; it is looked for once."""
        said = result.kind, result.codes, result.names
        found = self.known.get(said)
        if found is None:
            found = self.known[said] = self._meant(result)
        return found

    def _meant(self, result: Result) -> list[Item]:
        """By its codes; by its names only where no code says what it is."""
        found = {item.code: item for code in result.codes for item in self.by_code.get(code, ())}
        if not found and not any(code.rpartition("|")[0] in self.systems for code in result.codes):
            found = {item.code: item for name in result.names for item in self.by_name.get(name, ())}
        return [item for item in found.values() if item.kind is result.kind]


class _Judge:
    """Sets results against items; what is the same for many results is looked for once."""

    def __init__(
        self, places: Mapping[str, Place], asking: Asking, measures: Measures, last: datetime | None
    ) -> None:
        self.places, self.asking, self.measures, self.last = places, asking, measures, last
        self.today = asking.today
        self.standing: dict[tuple[str, str], tuple[Place, Mark | None, tuple[str, ...]]] = {}
        self.flaws: dict[tuple[object, ...], tuple[str, ...]] = {}

    def judge(self, item: Item, result: Result) -> Judged:
        moment, institution = result.moment, result.institution
        own = bool(institution) and self.asking.institution == institution
        place, mark, unrecognised = self._stands(item, institution, own)
        days, aged = self._aged(item, moment)
        since = self.last is not None and moment is not None and self.last > moment
        reasons = aged + self._flawed(result) + unrecognised
        return Judged(result, place, days, reasons, ("event",) if since else (), own, mark)

    def _aged(self, item: Item, moment: datetime | None) -> tuple[int, tuple[str, ...]]:
        """Its age in whole days, -1 where it is not known, and whether that is too much."""
        if moment is None:
            return -1, ("undated",)
        age = self.asking.now - moment
        if age < _NOTHING:
            return -1, ("future",)
        return age.days, ("old",) if age > timedelta(days=item.days) else ()

    def _flawed(self, result: Result) -> tuple[str, ...]:
        said = result.status, not result.value, result.interpretation
        found = self.flaws.get(said)
        if found is None:
            found = self.flaws[said] = tuple(_flawed(result, self.measures))
        return found

    def _stands(self, item: Item, institution: str, own: bool) -> tuple[Place, Mark | None, tuple[str, ...]]:
        """The institution, its mark for the item, and what it lacks."""
        key = institution, item.code
        found = self.standing.get(key)
        if found is None:
            place = self.places.get(institution) or Place(institution, institution)
            mark = None if own else self._mark(item, place)
            lacks = () if own else tuple(_unrecognised(item, place, mark))
            found = self.standing[key] = place, mark, lacks
        return found

    def _mark(self, item: Item, place: Place) -> Mark | None:
        """The institution's mark for the item that reaches farthest, of those that reach to who asks.

        A mark counts by today and not by the day of the result: one taken away says that results are doubted.
        """
        wanted = (item.code, item.kind.value, f"group:{item.group}", EVERYTHING)
        found = [
            mark for mark in place.marks
            if mark.items in wanted and mark.since <= self.today
            and (mark.until is None or self.today < mark.until) and _reaches(mark, self.asking.division)
        ]  # fmt: skip
        return max(found, key=lambda mark: SCOPES[mark.scope], default=None)


def _flawed(result: Result, measures: Measures) -> Iterable[str]:
    """What of the result itself forbids to use it again."""
    if result.status in measures.preliminary:
        yield "preliminary"
    elif result.status not in measures.final:
        yield "withdrawn"
    if not result.value:
        yield "empty"
    if not measures.critical.isdisjoint(result.interpretation):
        yield "critical"
    if not measures.changed.isdisjoint(result.interpretation):
        yield "changed"


def _unrecognised(item: Item, place: Place, mark: Mark | None) -> Iterable[str]:
    """What the institution lacks."""
    if not place.id:
        yield "place"
        return
    if item.tier is not None and (place.tier is None or TIERS[place.tier] < TIERS[item.tier]):
        yield "tier"
    if item.mark is not None and (mark is None or SCOPES[mark.scope] < SCOPES[item.mark]):
        yield "mark"


def _reaches(mark: Mark, division: str) -> bool:
    """Whether it reaches a division; without an area it reaches the whole region."""
    return mark.scope is Scope.NATIONAL or not mark.area or division.startswith(mark.area)


def _sorted(item: Item, judged: list[Judged]) -> Found:
    judged.sort(key=lambda one: one.result.moment or _NEVER, reverse=True)
    valid = tuple(one for one in judged if not one.reasons)
    return Found(item, valid, tuple(one for one in judged if one.reasons))
