"""A prescription and a person set against the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.tcm.safety import amounts, people, together
from xinglin.tcm.safety.cases import Case, Item
from xinglin.tcm.safety.rulebook import Rulebook, shipped
from xinglin.tcm.safety.values import Level, Person, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.tcm.safety.values import Finding, Line, Prescription

_GRAVITY = {level: number for number, level in enumerate(Level)}
CHECKS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    together.pairs, together.duplicates, together.western, together.patents_western, together.injections,
    people.states, people.labels, people.allergies,
    amounts.limits, amounts.usual, amounts.supply, amounts.narcotics, amounts.totals,
    amounts.routes, amounts.preparations, amounts.banned,
)  # fmt: skip


def check(prescription: Prescription, person: Person | None = None, rules: Rulebook | None = None) -> Report:
    """Everything the rules say of it, the gravest first; each finding once."""
    book = rules or shipped()
    case = _case(prescription, person or Person(), book)
    found = {finding.key: finding for each in CHECKS for finding in each(case)}
    ordered = tuple(
        sorted(found.values(), key=lambda one: (_GRAVITY[one.level], one.lines, one.rule, one.about))
    )
    unknown = tuple(dict.fromkeys(case.unknown))
    return Report(ordered, unknown, book.version)


def _case(prescription: Prescription, person: Person, book: Rulebook) -> Case:
    case = Case(prescription, person, book)
    for number, line in enumerate(prescription.lines):
        _add(case, number, line)
    for name in person.medicines:
        patent = book.patent(name)
        case.taken.append((name, frozenset(book.drug_classes(name)), patent))
        for herb in patent.herbs if patent else ():
            case.items.append(Item(-1, herb, name, patent=patent, route="taken"))
    return case


def _add(case: Case, number: int, line: Line) -> None:
    """A line's herb, or the herbs in its patent medicine."""
    herb = None if line.patent else case.book.names.resolve(line.name, line.processing)
    if herb is not None:
        case.items.append(
            Item(number, herb, line.name, line.grams, _route(case.prescription, line), line.preparation)
        )
        return
    patent = case.book.patent(line.name)
    if patent is None:
        case.unknown.append(line.name)
        return
    case.patents.append((number, line.name, patent))
    for each in patent.herbs:
        case.items.append(Item(number, each, line.name, patent=patent, route="patent"))


def _route(prescription: Prescription, line: Line) -> str:
    """A herb that is swallowed beside a decoction is a powder."""
    given = line.route or prescription.route
    return "powder" if given == "decoction" and "powder" in line.preparation else given
