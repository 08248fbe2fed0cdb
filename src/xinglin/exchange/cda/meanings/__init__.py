"""What data elements mean: a diagnosis, a medicine, a result … made resources of, by the table ``data/meanings.csv``.

Elements of a section that belong together make one resource: another begins where a part of it comes again. What an
element says is kept as it stands in the section's Observation, whatever is made of it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.exchange.cda.meanings.findings import (
    ICD,
    TCM,
    make_allergy,
    make_condition,
    make_dose,
    make_plan,
    make_procedure,
    tell_visit,
)
from xinglin.exchange.cda.meanings.orders import make_medicine, make_order
from xinglin.exchange.cda.meanings.results import REPORTS, make_measured, make_result, report
from xinglin.exchange.cda.meanings.table import Group, Meaning, Measure, groups, meaning_of, measure_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.cda.documents import Section
    from xinglin.exchange.cda.making import Making

__all__ = ["REPORTS", "Group", "Meaning", "Measure", "groups", "meaning_of", "measure_of", "report", "told"]


def told(making: Making, section: Section, number: int) -> list[dict[str, str]]:
    """The resources of meaning in a section; references to them."""
    found = []
    for place, group in enumerate(groups(section.all())):
        reference = _MAKERS[group.target](making, group, f"{number}.{place}")
        if reference is not None:
            found.append(reference)
    for place, one in enumerate(section.all()):
        reference = make_measured(making, one, f"{number}.{place}")
        if reference is not None:
            found.append(reference)
    return found


def _nothing(_: Making, __: Group, ___: str) -> None:
    """Reports are made of the whole document: ``report``."""


_MAKERS: dict[str, Callable[[Making, Group, str], dict[str, str] | None]] = {
    "condition": make_condition(ICD),
    "tcm": make_condition(TCM),
    "syndrome": make_condition(TCM),
    "history": make_condition("urn:xinglin:codes:cv02.10.005", lasting=True),
    "allergy": make_allergy,
    "procedure": make_procedure,
    "plan": make_plan,
    "order": make_order,
    "medicine": make_medicine,
    "result": make_result,
    "dose": make_dose,
    "visit": tell_visit,
    "report": _nothing,
}
