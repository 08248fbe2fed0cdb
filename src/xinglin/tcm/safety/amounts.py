"""How much of a herb, how it is taken, how it is boiled, and what nobody may prescribe."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xinglin.tcm.safety.cases import finding, grams
from xinglin.tcm.safety.values import Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.tcm.safety.cases import Case, Item
    from xinglin.tcm.safety.rulebook import Limit
    from xinglin.tcm.safety.values import Finding

_A_HAIR = 1e-9  # what adding of decimal fractions may be off by
_ROUTES = {
    "decoction": ("煎服", "decoction"), "powder": ("研末吞服", "powder"), "pill": ("丸剂", "pills"),
    "wine": ("酒剂", "wine"), "topical": ("外用", "on the skin"),
}  # fmt: skip


def _daily(case: Case, item: Item) -> float:
    """Grams a day; 0 where the amount is not written yet."""
    return (item.grams or 0) * case.prescription.per_day


def limits(case: Case) -> Iterator[Finding]:
    """More in a day than the most of its route; what several lines give of one herb is added."""
    given: dict[tuple[Limit, str], list[Item]] = {}
    for item in case.herbs:
        for limit in case.about(item).limits:
            if item.route in limit.routes:
                given.setdefault((limit, item.route), []).append(item)
    rule = case.book.single["limit"]
    for (limit, route), items in given.items():
        daily = sum(_daily(case, item) for item in items)
        if daily <= limit.most + _A_HAIR:
            continue
        stopped = limit.stop is not None and daily > limit.stop + _A_HAIR
        words = (rule.extra["zh_stop"], rule.extra["en_stop"]) if stopped else (rule.zh, rule.en)
        zh, en = (text.replace("{route}", name) for text, name in zip(words, _ROUTES[route], strict=True))
        level = Level.STOP if stopped else Level.SECOND
        values = {"g": grams(daily), "max": grams(limit.most)}
        yield finding(replace(rule, level=level), items, level, (zh, en), **values)


def usual(case: Case) -> Iterator[Finding]:
    """More than the pharmacopoeia's daily amount of a herb that has no limit of its own."""
    rule = case.book.single["overdose"]
    for item in case.herbs:
        most = case.about(item).usual
        if most is not None and item.is_oral and _daily(case, item) > most + _A_HAIR:
            yield finding(rule, [item], g=grams(_daily(case, item)), max=grams(most))


def supply(case: Case) -> Iterator[Finding]:
    """A toxic medicine by law is given for two days at its maximum at most."""
    rule = case.book.single["supply"]
    for item in case.herbs:
        if rule.extra["mark"] not in item.herb.marks or not item.is_oral:
            continue
        most = [limit.most for limit in case.about(item).limits if item.route in limit.routes]
        total = (item.grams or 0) * case.prescription.doses
        if most and total > rule.extra["days"] * most[0] + _A_HAIR:
            yield finding(rule, [item], g=grams(total), max=grams(rule.extra["days"] * most[0]))


def narcotics(case: Case) -> Iterator[Finding]:
    """A narcotic is never alone and never for long."""
    rule = case.book.single["narcotic"]
    for item in case.herbs:
        if rule.extra["mark"] in item.herb.marks:
            alone = len(case.prescription.lines) == 1
            if alone or case.prescription.days > rule.extra["days"]:
                yield finding(rule, [item], g=grams(case.prescription.days), max=rule.extra["days"])


def totals(case: Case) -> Iterator[Finding]:
    """Very many herbs, very much of them, very many doses."""
    rule, herbs = case.book.single["amount"], case.herbs
    weight = sum(item.grams or 0 for item in herbs if item.is_oral)
    said = [
        (len(case.prescription.lines), rule.extra["lines"], "药味 {g} 味，多于 {max} 味", "{g} herbs, more than {max}"),
        (weight, rule.extra["grams"], "每剂 {g} g，多于 {max} g", "{g} g a dose, more than {max} g"),
        (case.prescription.doses, rule.extra["doses"], "{g} 剂，多于 {max} 剂", "{g} doses, more than {max}"),
    ]  # fmt: skip
    for number, (value, most, zh, en) in enumerate(said):
        if value > most:
            values = {"g": grams(value), "max": grams(most)}
            yield finding(replace(rule, id=f"{rule.id}-{number}"), [], Level.NOTE, (zh, en), **values)


def routes(case: Case) -> Iterator[Finding]:
    """Herbs that must not be swallowed, or boiled, in this form."""
    for item in case.herbs:
        for rule in case.about(item).routes.get(item.route, ()):
            yield finding(rule, [item])


def preparations(case: Case) -> Iterator[Finding]:
    """What the prescription must say about boiling and does not."""
    for item in case.herbs:
        if item.route == "decoction":
            for rule in case.about(item).prepare:
                if not set(rule.extra["want"]) & set(item.preparation):
                    yield finding(rule, [item])


def banned(case: Case) -> Iterator[Finding]:
    """Herbs that nobody may prescribe, or not without saying why."""
    for item in case.items:
        if item.line >= 0:
            for rule in case.about(item).banned:
                yield finding(rule, [item])
