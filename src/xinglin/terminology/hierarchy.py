"""Hierarchies: who stands above whom, and at what distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.terminology.values import Concept

_SHOWN = 12  # codes of a cycle that a message shows
FARTHEST = 32_000


class Hierarchy:
    """The parents of every concept by number, and the issues that keep it from being a hierarchy."""

    def __init__(self, concepts: Sequence[Concept], *, lenient: bool = False) -> None:
        numbers = {concept.code: place for place, concept in enumerate(concepts)}
        self.issues: list[Issue] = []
        self.parents: list[tuple[int, ...]] = []
        for concept in concepts:
            found = []
            for parent in concept.parents:
                if parent in numbers:
                    found.append(numbers[parent])
                elif not lenient:
                    self.issues.append(_unknown_parent(concept, parent))
            self.parents.append(tuple(dict.fromkeys(found)))
        self.order = self._sorted(concepts)

    def _sorted(self, concepts: Sequence[Concept]) -> list[int]:
        """The concepts with every parent before its children; what cannot be sorted so is a cycle."""
        children: list[list[int]] = [[] for _ in concepts]
        waiting = [len(above) for above in self.parents]
        for place, above in enumerate(self.parents):
            for parent in above:
                children[parent].append(place)
        order = [place for place, count in enumerate(waiting) if not count]
        for place in order:  # grows while it is walked
            for child in children[place]:
                waiting[child] -= 1
                if not waiting[child]:
                    order.append(child)
        if len(order) < len(concepts):
            self.issues.append(self._cycle(concepts, {p for p, count in enumerate(waiting) if count}))
        return order

    def _cycle(self, concepts: Sequence[Concept], left: set[int]) -> Issue:
        """One cycle among those left over, told from a code back to itself."""
        place, path = min(left), [min(left)]
        while True:
            place = next(parent for parent in self.parents[place] if parent in left)
            if place in path:
                path = [*path[path.index(place) :], place]
                break
            path.append(place)
        codes = [concepts[one].code for one in path]
        shown = codes if len(codes) <= _SHOWN else [*codes[: _SHOWN - 1], "…", codes[-1]]
        return Issue(
            "business-rule",
            gettext_noop("%(line)sThe hierarchy goes in a circle: %(path)s. A code cannot be above itself."),
            {"line": concepts[path[0]].line, "path": " → ".join(shown)},
        )

    def closure(self) -> Iterator[tuple[int, int, int]]:
        """(above, below, distance) for every pair, the shortest way counting; not for a code and itself."""
        above: list[dict[int, int]] = [{} for _ in self.parents]
        for place in self.order:
            reached = above[place]
            for parent in self.parents[place]:
                reached[parent] = 1
                for farther, distance in above[parent].items():
                    if distance + 1 < reached.get(farther, FARTHEST):
                        reached[farther] = distance + 1
            for ancestor, distance in reached.items():
                yield ancestor, place, distance


def _unknown_parent(concept: Concept, parent: str) -> Issue:
    return Issue(
        "code-invalid",
        gettext_noop("%(line)sThe code %(code)s has the parent %(parent)s, which is no code of this system."),
        {"line": concept.line, "code": concept.code, "parent": parent},
    )
