"""Counting right and wrong links between records whose persons are known."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of records: linked and of one person, linked wrongly, of one person and not linked."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.wrong + self.missed) if self.right else 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "precision": round(self.precision, 6),
            "recall": round(self.recall, 6),
            "f1": round(self.f1, 6),
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.missed,
        }


def _two(n: int) -> int:
    return n * (n - 1) // 2


def pairs(truth: Sequence[object], group: Callable[[int], object]) -> Pairs:
    """All pairs of records, by the groups into which they were put."""
    groups: Counter[object] = Counter()
    both: Counter[tuple[object, object]] = Counter()
    for record, person in enumerate(truth):
        found = group(record)
        groups[found] += 1
        both[found, person] += 1
    right = sum(map(_two, both.values()))
    linked = sum(map(_two, groups.values()))
    true = sum(map(_two, Counter(truth).values()))
    return Pairs(right, linked - right, true - right)


def split(
    truth: Sequence[object], group: Callable[[int], object], kinds: Sequence[Iterable[str]]
) -> dict[str, Pairs]:
    """The pairs seen from the records of each kind: every record of the kind with each of its others.

    A pair of two records of one kind counts twice there.
    """
    groups: Counter[object] = Counter()
    both: Counter[tuple[object, object]] = Counter()
    true = Counter(truth)
    for record, person in enumerate(truth):
        found = group(record)
        groups[found] += 1
        both[found, person] += 1
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for record, person in enumerate(truth):
        found = group(record)
        right = both[found, person] - 1
        for kind in kinds[record]:
            total = sums[kind]
            total[0] += right
            total[1] += groups[found] - 1 - right
            total[2] += true[person] - 1 - right
    return {kind: Pairs(*total) for kind, total in sorted(sums.items())}


def table(named: dict[str, Pairs]) -> str:
    """Lines for people."""
    lines = [f"{'':<26}{'precision':>10}{'recall':>10}{'F1':>10}{'right':>12}{'wrong':>8}{'missed':>9}"]
    lines += [
        f"{name:<26}{p.precision:>10.5f}{p.recall:>10.5f}{p.f1:>10.5f}{p.right:>12,}{p.wrong:>8,}{p.missed:>9,}"
        for name, p in named.items()
    ]
    return "\n".join(lines)
