"""What the checks share: one prescription, taken apart into herbs, and how they say what they found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinglin.tcm.safety.names import Herb
from xinglin.tcm.safety.values import Finding, Level

if TYPE_CHECKING:
    from xinglin.tcm.safety.rulebook import About, Patent, Rule, Rulebook
    from xinglin.tcm.safety.values import Person, Prescription


@dataclass(frozen=True, slots=True)
class Item:
    """A herb of a line, or in its patent medicine; ``line`` is -1 for what the person takes besides."""

    line: int
    herb: Herb
    written: str
    grams: float | None = None
    route: str = ""
    preparation: tuple[str, ...] = ()
    patent: Patent | None = None

    @property
    def said(self) -> str:
        """As the prescription says it, with the herb meant where it is within."""
        return f"{self.written}（{self.herb.name}）" if self.patent else self.written

    @property
    def is_oral(self) -> bool:
        return self.route != "topical"


def whole(line: int, name: str) -> Item:
    """A line as it is written, where the rule is not about a herb in it."""
    return Item(line, Herb(name, ""), name)


@dataclass(slots=True)
class Case:
    """One prescription for one person."""

    prescription: Prescription
    person: Person
    book: Rulebook
    items: list[Item] = field(default_factory=list)
    patents: list[tuple[int, str, Patent]] = field(default_factory=list)
    taken: list[tuple[str, frozenset[str], Patent | None]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def about(self, item: Item) -> About:
        return self.book.about[item.herb.name]

    @property
    def herbs(self) -> list[Item]:
        """The herbs of lines of their own."""
        return [item for item in self.items if item.patent is None]


def finding(
    rule: Rule,
    items: list[Item],
    level: Level | None = None,
    words: tuple[str, str] | None = None,
    **values: object,
) -> Finding:
    """What a rule says of items; ``words`` where it is not the rule's own, ``values`` for their places."""
    said = {name: item.said for name, item in zip("ab", items, strict=False)} | values
    besides = [str(values["b"])] if "b" in values and len(items) < len("ab") else []
    zh, en = words or (rule.zh, rule.en)
    return Finding(
        rule=rule.id,
        kind=rule.kind,
        level=level or rule.level,
        lines=tuple(sorted({item.line for item in items if item.line >= 0})),
        about=tuple(dict.fromkeys([*(item.said for item in items), *besides])),
        zh=zh.format(**said),
        en=en.format(**said),
        basis=rule.basis,
        confidence=rule.confidence,
        final=rule.final,
    )


def grams(amount: float) -> str:
    """An amount without a zero at its end."""
    return f"{amount:.4f}".rstrip("0").rstrip(".")
