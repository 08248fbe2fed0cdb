"""What is wrong with two things together: herbs that clash, the same twice, herbs beside Western medicines."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from xinglin.tcm.safety.cases import finding, whole
from xinglin.tcm.safety.values import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.tcm.safety.cases import Case, Item
    from xinglin.tcm.safety.rulebook import Rule

_ON_THE_SKIN = {"clash": Level.SECOND, "fear": Level.NOTE}


def pairs(case: Case) -> Iterator[Finding]:
    """Herbs that clash or fear each other; less grave where one of them is only put on the skin."""
    known = [(item, case.about(item)) for item in case.items]
    concerned = [(item, about) for item, about in known if about.left or about.right]
    for (one, first), (other, second) in combinations(concerned, 2):
        forward, backward = first.left & second.right, first.right & second.left
        if not (forward or backward) or _is_apart(one, other):
            continue
        for rule in _rules(case, forward):
            yield finding(rule, [one, other], _level(rule, one, other))
        for rule in _rules(case, backward & ~forward):
            yield finding(rule, [other, one], _level(rule, one, other))


def _is_apart(one: Item, other: Item) -> bool:
    """Whether they are in one medicine as it is sold, or both taken besides."""
    return (one.line == other.line) or (one.patent is not None and one.patent is other.patent)


def _rules(case: Case, bits: int) -> Iterator[Rule]:
    while bits:
        lowest = bits & -bits
        yield case.book.pairs[lowest.bit_length() - 1]
        bits ^= lowest


def _level(rule: Rule, one: Item, other: Item) -> Level:
    if (one.is_oral and other.is_oral) or rule.level is Level.NOTE:
        return rule.level
    return _ON_THE_SKIN[rule.kind]


def duplicates(case: Case) -> Iterator[Finding]:
    """The same herb in two lines, two forms of one, and a toxic herb in two medicines."""
    rule = case.book.single["duplicate"]
    for one, other in combinations(case.items, 2):
        if one.herb.root != other.herb.root or _is_apart(one, other):
            continue
        if one.patent is None and other.patent is None:
            level = rule.extra["same"] if one.herb == other.herb else rule.extra["forms"]
            yield finding(rule, [one, other], Level(level))
        elif _is_toxic(one, other):
            words = (rule.extra["zh_contains"], rule.extra["en_contains"])
            yield _contained(rule, one, other, words)


def _is_toxic(one: Item, other: Item) -> bool:
    return any(mark in item.herb.marks for item in (one, other) for mark in ("大毒", "有毒"))


def _contained(rule: Rule, one: Item, other: Item, words: tuple[str, str]) -> Finding:
    said = {"a": one.written, "b": other.written, "c": one.herb.root}
    return finding(rule, [one, other], Level(rule.extra["toxic"]), words, **said)


def western(case: Case) -> Iterator[Finding]:
    """Herbs, also those in patent medicines, beside what the person takes."""
    if not case.taken:
        return
    for item in case.items:
        about = case.about(item)
        if item.line < 0 or not item.is_oral or not about.western:
            continue
        for name, classes, _ in case.taken:
            rules = {rule.id: rule for drug in classes for rule in about.western.get(drug, ())}
            for rule in rules.values():
                yield finding(rule, [item], b=name)


def patents_western(case: Case) -> Iterator[Finding]:
    """A Western medicine twice through a patent medicine, and alcohol beside what does not bear it."""
    for number, name, patent in case.patents:
        item = whole(number, name)
        for other, classes, taken in case.taken:
            twice = classes & set(patent.western) or set(taken.western if taken else ()) & set(patent.western)
            if twice:
                yield _same_western(case, item, other)
            alcohol = case.book.single["alcohol"]
            if patent.alcohol and classes & set(alcohol.extra["drugs"]):
                yield finding(alcohol, [item], b=other)
    for (n1, name1, first), (n2, name2, second) in combinations(case.patents, 2):
        if first is not second and set(first.western) & set(second.western):
            yield _same_western(case, whole(n1, name1), name2, whole(n2, name2))
    yield from _wine(case)


def _same_western(case: Case, item: Item, other: str, second: Item | None = None) -> Finding:
    rule = case.book.single["duplicate"]
    items = [item, second] if second else [item]
    return finding(rule, items, Level(rule.extra["western"]), b=other)


def _wine(case: Case) -> Iterator[Finding]:
    rule = case.book.single["alcohol"]
    for item in case.herbs:
        if item.route == "wine":
            for name, classes, _ in case.taken:
                if classes & set(rule.extra["drugs"]):
                    yield finding(rule, [item], b=name)


def injections(case: Case) -> Iterator[Finding]:
    """Two injections of Chinese medicine in one prescription."""
    injected = [(number, name) for number, name, patent in case.patents if patent.injection]
    for (n1, one), (n2, other) in combinations(injected, 2):
        yield finding(case.book.single["injection"], [whole(n1, one), whole(n2, other)])
