"""The rules that are shipped, read from ``data/rules.toml`` and refused where something is missing. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from xinglin.reminders import knowledge
from xinglin.reminders.values import Both, Hook, Indicator, Reason, State

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

KINDS = (
    "allergy", "allergy-cross", "interaction", "duplicate", "renal", "age", "examination", "critical-result",
    "abnormal-result", "programme", "elderly", "notifiable", "discharged", "discharging", "when",
)  # fmt: skip
TOPICS = {
    "allergy": Both("过敏", "Allergy"),
    "interaction": Both("药物相互作用", "Interaction"),
    "duplicate": Both("重复用药", "Duplicate therapy"),
    "dose": Both("剂量与禁忌", "Dose and contraindication"),
    "examination": Both("检查互认", "Examination"),
    "result": Both("结果随访", "Result"),
    "care": Both("随访与公卫", "Follow-up"),
    "notifiable": Both("传染病报告", "Notifiable disease"),
}
"""What rules are about, by the code of a card's topic."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in one version. ``begins`` is the state that the version has until somebody decides."""

    id: str
    version: int
    kind: str
    topic: str
    hooks: frozenset[Hook]
    indicator: Indicator
    begins: State
    title: Both
    summary: Both
    detail: Both
    why: Both
    source: str
    source_url: str
    confidence: str
    effective: date
    reasons: tuple[Reason, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    when: Mapping[str, Any] = field(default_factory=dict)
    suggests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules by id, and the LOINC codes of the results that they ask for."""

    rules: Mapping[str, Rule]
    results: frozenset[str]

    def of_hook(self, hook: Hook) -> list[Rule]:
        return [rule for rule in self.rules.values() if hook in rule.hooks]


def _words(entry: dict[str, Any], name: str) -> Both:
    return Both(str(entry[f"{name}_zh"]), str(entry[name]))


def reasons_of(set_: str) -> tuple[Reason, ...]:
    """The reasons of one set of ``reasons.toml``."""
    found = knowledge.shipped().reasons
    return tuple(
        Reason(code, Both(found["reason"][code]["zh"], found["reason"][code]["en"]))
        for code in found["sets"][set_]
    )


def read(entry: dict[str, Any], effective: date) -> Rule:
    """A rule of the file; raises ``ValueError`` or ``KeyError`` for one that says too little."""
    if entry["kind"] not in KINDS or entry["topic"] not in TOPICS:
        message = f"rule {entry['id']}: the kind {entry['kind']} or topic {entry['topic']} is not known"
        raise ValueError(message)
    if (entry["kind"] == "when") != bool(entry.get("when")):
        message = f"rule {entry['id']}: conditions belong to the kind when, and to no other"
        raise ValueError(message)
    return Rule(
        id=entry["id"], version=int(entry["version"]), kind=entry["kind"], topic=entry["topic"],
        hooks=frozenset(map(Hook, entry["hooks"])), indicator=Indicator(entry["indicator"]),
        begins=State(entry["state"]), title=_words(entry, "title"), summary=_words(entry, "summary"),
        detail=_words(entry, "detail"), why=_words(entry, "why"), source=entry["source"],
        source_url=entry.get("source_url", ""), confidence=entry["confidence"],
        effective=entry.get("effective", effective), reasons=reasons_of(entry["reasons"]),
        params=entry.get("params", {}), when=entry.get("when", {}), suggests=entry.get("suggests", {}),
    )  # fmt: skip


@cache
def shipped() -> Rulebook:
    """The rules that are shipped."""
    found = knowledge.toml("rules.toml")
    rules = {entry["id"]: read(entry, found["effective"]) for entry in found["rule"]}
    asked = {
        code
        for rule in rules.values()
        for part in ("result", "lacks")
        for code in rule.when.get(part, {}).get("codes", ())
    }
    return Rulebook(rules, knowledge.shipped().results | asked)
