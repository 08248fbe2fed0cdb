"""Herbs that are not for everybody: pregnancy, breast-feeding, age, illness, allergies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.tcm.safety.cases import finding, whole
from xinglin.tcm.safety.rulebook import Rule
from xinglin.tcm.safety.values import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from xinglin.tcm.safety.cases import Case, Item
    from xinglin.tcm.safety.values import Person

_FEMALE = {"female", "F", "f", "女", "2"}
_NONE_KNOWN = {"无", "否认", "无过敏史", "none", "no"}


def pregnancy(person: Person, ages: dict[str, Any]) -> str | None:
    """The state of pregnancy that the rules have levels for; None where there is nothing to fear."""
    if person.pregnancy:
        return None if person.pregnancy == "no" else person.pregnancy
    first, last = ages["asked"]
    if person.age is not None and not first <= person.age < last + 1:
        return None
    if not person.sex or person.sex == "unknown":
        return "unsexed"
    return "unasked" if person.sex in _FEMALE else None


def _states(case: Case) -> list[tuple[str, str, str]]:
    """The states of the person: key of the rules, key of the level, key of the words."""
    person, ages = case.person, case.book.people["ages"]
    found = []
    expecting = pregnancy(person, ages)
    if expecting:
        found.append(("pregnancy", expecting, expecting))
    if person.lactating:
        found.append(("lactating", "lactating", "lactating"))
    if person.age is not None and person.age < ages["child"]:
        found.append(("child", "child", "child"))
    if person.age is not None and person.age >= ages["elderly"]:
        found.append(("elderly", "elderly", "elderly"))
    return [*found, *((each, "condition", each) for each in person.conditions)]


def states(case: Case) -> Iterator[Finding]:
    """Herbs not for what the person is; of several rules of one state the gravest, labels before contents."""
    for state, level_key, word in _states(case):
        for item in case.items:
            if item.line < 0 or (item.patent is not None and state == "pregnancy" and item.patent.pregnancy):
                continue
            rules = case.about(item).states.get(state, ())
            levels = [(rule.extra["levels"].get(level_key), rule) for rule in rules]
            graded = [(Level(level), rule) for level, rule in levels if level]
            if graded:
                level, rule = min(graded, key=lambda one: list(Level).index(one[0]))
                if not item.is_oral and state != "pregnancy":
                    level = Level.NOTE
                yield _not_for(case, rule, item, level, word)


def _not_for(case: Case, rule: Rule, item: Item, level: Level, word: str) -> Finding:
    said = case.book.people["words"].get(word, {"zh": word, "en": word})
    if rule.extra.get("grade") == "forbidden":
        words = (f"{{a}}：{said['zh']}禁用", f"{{a}} is forbidden: {said['en']}")
    else:
        words = (f"{{a}}：{said['zh']}慎用", f"{{a}} with caution: {said['en']}")
    return finding(rule, [item], level, words)


def labels(case: Case) -> Iterator[Finding]:
    """What the labels of patent medicines say of pregnancy."""
    state = pregnancy(case.person, case.book.people["ages"])
    if state is None:
        return
    for number, name, patent in case.patents:
        if not patent.pregnancy:
            continue
        found = case.book.people["levels"][patent.pregnancy][state]
        if not found:
            continue
        level = Level(found)
        rule = Rule(
            f"label-{patent.pregnancy}", "pregnancy", level, basis=patent.basis, confidence=patent.confidence,
            extra={"grade": patent.pregnancy},
        )  # fmt: skip
        yield _not_for(case, rule, whole(number, name), level, state)


def allergies(case: Case) -> Iterator[Finding]:
    """What the person is allergic to, in a line or within it; then what is akin to it."""
    rule = case.book.single["allergy"]
    for said in case.person.allergies:
        text = said.strip().removesuffix("过敏").removeprefix("对").strip()
        if not text or text.casefold() in _NONE_KNOWN:
            continue
        yield from _direct(case, rule, text)
        akin = [roots for names, roots in case.book.kindred if text in names]
        words = (rule.extra["zh_kindred"], rule.extra["en_kindred"])
        for item in case.items:
            if item.line >= 0 and any(item.herb.root in roots for roots in akin):
                yield finding(rule, [item], Level(rule.extra["kindred"]), words, b=text)


def _direct(case: Case, rule: Rule, text: str) -> Iterator[Finding]:
    herb = case.book.names.resolve(text)
    patent = None if herb else case.book.patent(text)
    level = Level(rule.extra["direct"])
    for item in case.items:
        if item.line >= 0 and herb is not None and item.herb.root == herb.root:
            yield finding(rule, [item], level, b=text)
    for number, name, contained in case.patents:
        if contained is patent or name == text:
            yield finding(rule, [whole(number, name)], level, b=text)
    for number, line in enumerate(case.prescription.lines):
        if herb is None and line.name == text and line.name in case.unknown:
            yield finding(rule, [whole(number, line.name)], level, b=text)
