"""The types of checks: what each asks of a row or of rows together, as SQL. Pure; nothing here is executed.

A check of single rows is two conditions over ``t`` (its flat table) and what is joined to it: to which rows it applies,
and which of these fail. A check of rows together is a condition and a statement that gives the failing rows.
``made`` turns a rule into a ``Check``; it raises ``invalid`` for wrong parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.quality.checks import joined, single, together
from xinglin.quality.checks.language import Check, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinglin.quality.checks.language import Asked

__all__ = ["TYPES", "Check", "made"]

TYPES: Mapping[str, Type] = {one.name: one for one in (*single.TYPES, *joined.TYPES, *together.TYPES)}
"""Every type of check by its name."""


def made(rule: Asked) -> Check:
    """The SQL of a rule."""
    return TYPES[rule.check].make(rule)
