"""Medicines that are being ordered, or are taken already: against allergies, other medicines, kidneys and age."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from xinglin.reminders import knowledge
from xinglin.reminders.asking import daily, day, finding, in_use, named, number, since, starts, without
from xinglin.reminders.values import Both

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.reminders.asking import Case
    from xinglin.reminders.knowledge import Allergen, Kind
    from xinglin.reminders.rulebook import Rule
    from xinglin.reminders.values import Allergy, Finding, Medicine, Suggestion

_OPEN_AGE = 200


def _asked(rule: Rule, case: Case) -> list[Medicine]:
    """The medicines that a rule is about: those being ordered, or with ``of = "taken"`` those taken, each once.

    A medicine that several institutions have ordered is the order that was made last.
    """
    if rule.params.get("of") != "taken":
        return case.focus
    latest = sorted(case.taken, key=lambda one: one.since or date.min)
    return list({one.codes: one for one in latest}.values())


def _place(rule: Rule, medicine: Medicine) -> str:
    """What tells findings of a medicine apart: the order, or the substance of what is taken."""
    return "/".join(medicine.codes) if rule.params.get("of") == "taken" else medicine.ref


def _backed(rule: Rule, medicine: Medicine, name: Both) -> list[Suggestion]:
    """An order that is not signed can be taken back; what is taken is for the doctor to talk over."""
    return [] if rule.params.get("of") == "taken" else [without(medicine, name)]


def _since(rule: Rule, case: Case, medicine: Medicine) -> Both:
    return in_use(case, medicine) if rule.params.get("of") == "taken" else since(medicine)


def allergy(rule: Rule, case: Case) -> Iterator[Finding]:
    """A medicine of a group that the patient is allergic to."""
    for drafted in _asked(rule, case):
        for noted, group in _groups(case):
            if starts(drafted.codes, group.prefixes):
                yield _of_allergy(rule, case, drafted, noted, group)
                break


def allergy_cross(rule: Rule, case: Case) -> Iterator[Finding]:
    """A medicine that may cross-react, where it is not itself of the group."""
    for drafted in case.focus:
        found = list(_groups(case))
        if any(starts(drafted.codes, group.prefixes) for _, group in found):
            continue
        for noted, group in found:
            if group.cross and starts(drafted.codes, group.cross):
                yield _of_allergy(rule, case, drafted, noted, group)
                break


def _groups(case: Case) -> Iterator[tuple[Allergy, Allergen]]:
    for noted in case.chart.allergies:
        for id_ in noted.groups:
            yield noted, case.known.allergens[id_]


def _of_allergy(rule: Rule, case: Case, drafted: Medicine, noted: Allergy, group: Allergen) -> Finding:
    name = named(case, drafted)
    words: dict[str, Both | str | float] = {
        "allergen": group.name,
        "drug": name,
        "noted": noted.name,
        "effect": group.cross_words,
        "since": _since(rule, case, drafted),
    }
    return finding(
        rule, f"{group.id}/{_place(rule, drafted)}", words, about=[noted.ref, drafted.ref],
        suggestions=_backed(rule, drafted, name),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _sides(codes: tuple[str, ...]) -> tuple[tuple[int, bool], ...]:
    """The pairs that a medicine stands in: which, and whether on the first side."""
    found = []
    for number_, pair in enumerate(knowledge.shipped().pairs):
        if starts(codes, pair.a.prefixes):
            found.append((number_, True))
        if starts(codes, pair.b.prefixes):
            found.append((number_, False))
    return tuple(found)


def interaction(rule: Rule, case: Case) -> Iterator[Finding]:
    """Two medicines of which at least one is being ordered."""
    level, said = rule.params["level"], set()
    others = [*case.drafts.medicines, *case.taken]
    for drafted in case.focus:
        for number_, first in _sides(drafted.codes):
            pair = case.known.pairs[number_]
            if pair.level != level:
                continue
            prefixes = pair.b.prefixes if first else pair.a.prefixes
            for other in others:
                same = other.ref == drafted.ref or other.codes == drafted.codes
                key = "/".join(sorted((*drafted.codes[:1], *other.codes[:1])))
                if same or key in said or not starts(other.codes, prefixes):
                    continue
                said.add(key)
                name = named(case, drafted)
                words: dict[str, Both | str | float] = {
                    "drug": name, "other": named(case, other), "effect": pair.effect, "advice": pair.advice,
                    "since": since(other),
                }  # fmt: skip
                basis = Both(f"{pair.source}（{pair.confidence}）", f"{pair.source} ({pair.confidence})")
                yield finding(
                    rule, key, words, about=[other.ref], basis=basis, suggestions=[without(drafted, name)]
                )


def duplicate(rule: Rule, case: Case) -> Iterator[Finding]:
    """The same substance, or another of a class of which one is enough."""
    said = set()
    for drafted in case.focus:
        for other in (*case.drafts.medicines, *case.taken):
            if other.ref == drafted.ref or (shared := _shared(drafted, other)) is None:
                continue
            key = "/".join(sorted((*drafted.codes[:1], *other.codes[:1])))
            if key in said:
                continue
            said.add(key)
            name = named(case, drafted)
            words: dict[str, Both | str | float] = {
                "drug": name, "other": named(case, other), "class": shared, "since": since(other),
            }  # fmt: skip
            yield finding(rule, key, words, about=[other.ref], suggestions=[without(drafted, name)])


def _shared(one: Medicine, other: Medicine) -> Both | None:
    return _same_kind(one.codes, other.codes)


@lru_cache(maxsize=8192)
def _same_kind(one: tuple[str, ...], other: tuple[str, ...]) -> Both | None:
    known = knowledge.shipped()
    same = set(one) & set(other)
    if same:
        return known.called(min(same))
    for kind in known.kinds.values():
        if kind.duplicate and starts(one, kind.prefixes) and starts(other, kind.prefixes):
            return kind.name
    return None


def renal(rule: Rule, case: Case) -> Iterator[Finding]:
    """A medicine, or its dose, against the estimated filtration; of several limits the lowest that is passed counts."""
    asked = _asked(rule, case)
    filtered = case.filtration() if asked else None
    if filtered is None:
        return
    for drafted in asked:
        found = [
            one
            for one in case.known.renal
            if filtered.value < one.below and starts(drafted.codes, one.kind.prefixes)
        ]
        limit = min(found, key=lambda one: one.below, default=None)
        if limit is None or limit.action != rule.params["action"] or _is_enough(drafted, limit.most):
            continue
        name = named(case, drafted)
        computed = (
            Both("由肌酐估算", "computed from creatinine")
            if filtered.computed
            else Both("报告值", "reported")
        )
        when = day(filtered.day)
        words: dict[str, Both | str | float] = {
            "drug": name, "egfr": number(round(filtered.value, 0)), "effect": limit.words, "dose": daily(drafted),
            "below": number(limit.below),
            "measured": Both(f"{when.zh}，{computed.zh}", f"{when.en}, {computed.en}"),
            "since": _since(rule, case, drafted),
        }  # fmt: skip
        basis = Both(f"{limit.source}（{limit.confidence}）", f"{limit.source} ({limit.confidence})")
        yield finding(
            rule, f"{limit.kind.id}/{_place(rule, drafted)}", words, about=[filtered.ref, drafted.ref], basis=basis,
            suggestions=_backed(rule, drafted, name) if limit.action == "avoid" else [],
        )  # fmt: skip


def _is_enough(drafted: Medicine, most: float | None) -> bool:
    """Whether the ordered dose is within what the limit lets pass."""
    return most is not None and drafted.daily is not None and drafted.daily <= most


def age(rule: Rule, case: Case) -> Iterator[Finding]:
    """A medicine, or its dose, for the age."""
    years = case.age
    if years is None:
        return
    for drafted in case.focus:
        for one in case.known.aged:
            if one.action != rule.params["action"] or not one.since <= years < one.until:
                continue
            if starts(drafted.codes, one.kind.prefixes) is None or _unproved(drafted, one.most):
                continue
            name = named(case, drafted)
            words: dict[str, Both | str | float] = {
                "drug": name, "age": str(years), "effect": one.words, "dose": daily(drafted),
                "range": _range(one.kind, one.since, one.until),
            }  # fmt: skip
            basis = Both(f"{one.source}（{one.confidence}）", f"{one.source} ({one.confidence})")
            yield finding(
                rule, f"{one.kind.id}/{drafted.ref}", words, basis=basis,
                suggestions=[without(drafted, name)] if one.action == "avoid" else [],
            )  # fmt: skip
            break


def _unproved(drafted: Medicine, most: float | None) -> bool:
    """Whether the limit is one of dose, and the ordered dose is not known to be above it."""
    return most is not None and (drafted.daily is None or drafted.daily <= most)


def _range(kind: Kind, since_: int, until: int) -> Both:
    if until >= _OPEN_AGE:
        return Both(f"{kind.name.zh}：{since_}岁及以上", f"{kind.name.en}: from {since_} years on")
    return Both(f"{kind.name.zh}：{until}岁以下", f"{kind.name.en}: below {until} years")
