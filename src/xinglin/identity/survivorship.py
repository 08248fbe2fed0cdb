"""Which of several values is a person's own: rules per field, as data. Pure.

Values come from the person's Patients. Equal values are one choice; what decides between choices is the first
criterion of ``data/survivorship-N.toml`` in which the best differ.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from datetime import datetime

VERSION = 1


@dataclass(frozen=True, slots=True)
class Value:
    """What one Patient says. ``key``: equal for values that say the same."""

    value: Any
    key: Hashable
    patient: str
    institution: str
    moment: datetime
    valid: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """A value with all that say it; ``why`` the criterion by which it won, ``only`` without a rival."""

    best: Value
    said_by: tuple[Value, ...]
    why: str = "only"


@dataclass(frozen=True, slots=True)
class Rules:
    version: str
    fields: dict[str, tuple[str, ...]]
    trust: dict[str, int]


@cache
def rules(version: int = VERSION) -> Rules:
    text = files("xinglin.identity").joinpath(f"data/survivorship-{version}.toml").read_text()
    data: dict[str, Any] = tomllib.loads(text)
    return Rules(
        data["version"], {name: tuple(order) for name, order in data["fields"].items()}, data["trust"]
    )


def choose(field: str, values: Sequence[Value], asked: Rules | None = None) -> list[Choice]:
    """The choices, the winner first; empty without values."""
    asked = asked or rules()
    groups: dict[Hashable, list[Value]] = {}
    for value in values:
        groups.setdefault(value.key, []).append(value)
    order = asked.fields[field]
    ranked = sorted(
        ((_rank(group, order, asked), group) for group in groups.values()),
        key=lambda pair: pair[0],
        reverse=True,
    )
    choices = [
        Choice(max(group, key=lambda v: (v.valid, asked.trust.get(v.institution, 0), v.moment)), tuple(group))
        for _, group in ranked
    ]
    if len(ranked) > 1:
        first, second = ranked[0][0], ranked[1][0]
        why = next((name for name, a, b in zip(order, first, second, strict=False) if a != b), "tie")
        choices[0] = Choice(choices[0].best, choices[0].said_by, why)
    return choices


_CRITERIA: dict[str, Callable[[Sequence[Value], Rules], Any]] = {
    "valid": lambda group, _: any(v.valid for v in group),
    "agreed": lambda group, _: len(group),
    "trust": lambda group, asked: max(asked.trust.get(v.institution, 0) for v in group),
    "latest": lambda group, _: max(v.moment for v in group),
    "fuller": lambda group, _: max(len(str(v.value)) for v in group),
}


def _rank(group: Sequence[Value], order: Sequence[str], asked: Rules) -> tuple[Any, ...]:
    return (*(_CRITERIA[name](group, asked) for name in order), min(v.patient for v in group))
