"""What all types of checks are written in: parameters that are checked, and pieces of SQL made of them.

Values stand in the statements as literals, for a statement is made once for a whole table and never of what somebody
typed into a page without going through here: names are those of known columns, numbers are numbers, texts are quoted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext_noop

from xinglin.kernel.errors import Fault, Issue, Kind
from xinglin.quality import vocabulary
from xinglin.quality.columns import TABLES
from xinglin.quality.places import word_number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Asked(Protocol):
    """A rule, as far as checks know of it."""

    @property
    def id(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def check(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def where(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Check:
    """``fails`` is None where ``rows`` gives the failing rows as (self, part). ``joins``: alias → SQL."""

    applies: str
    fails: str | None = None
    rows: str | None = None
    joins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Type:
    """A type of check: its name, what it asks in words, its parameters in words, what makes it."""

    name: str
    says: str
    params: Mapping[str, str]
    make: Callable[[Asked], Check]
    together: bool = False


def wrong(rule: Asked, message: str, **params: object) -> Fault:
    return Fault(Kind.INVALID, [Issue("value", message, {"place": rule.id, **params}, rule.id)])


# -- literals


def text(value: str) -> str:
    """A quoted text; NUL cannot stand in one."""
    return "'" + value.replace("\0", "").replace("'", "''") + "'"


def literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return text(str(value))


def among(column: str, values: Sequence[Any]) -> str:
    """Whether a column holds one of the values."""
    if len(values) == 1:
        return f"{column} = {literal(values[0])}"
    return f"{column} IN ({', '.join(map(literal, values))})"


def both(*conditions: str) -> str:
    kept = [f"({one})" for one in conditions if one]
    return " AND ".join(kept) or "true"


# -- parameters


def column(rule: Asked, name: str = "column", *, table: str | None = None) -> str:
    """A parameter that names a column."""
    return known(rule, str(rule.params.get(name) or ""), name, table=table)


def known(rule: Asked, value: str, name: str, *, table: str | None = None) -> str:
    columns = TABLES[table or rule.table].columns
    if value not in columns:
        raise wrong(
            rule, gettext_noop("%(place)s: %(name)s is %(value)s, but must be one of %(allowed)s."),
            name=name, value=value or "?", allowed=", ".join(columns),
        )  # fmt: skip
    return value


def columns(rule: Asked, name: str) -> list[str]:
    return [known(rule, str(one), name) for one in listed(rule, name)]


def listed(rule: Asked, name: str) -> list[Any]:
    """A parameter that is a list with something in it; a single value is a list of one."""
    value = rule.params.get(name)
    found = list(value) if isinstance(value, list | tuple) else [value] if value not in (None, "") else []
    if not found:
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name=name)
    return found


def number(rule: Asked, name: str, default: float | None = None) -> float:
    value = rule.params.get(name, default)
    if value is None:
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name=name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong(
            rule,
            gettext_noop("%(place)s: %(name)s is %(value)s, but must be a number."),
            name=name,
            value=value,
        )
    return value


def word(rule: Asked, name: str, allowed: Sequence[str], default: str = "") -> str:
    value = str(rule.params.get(name, default))
    if value not in allowed:
        raise wrong(
            rule, gettext_noop("%(place)s: %(name)s is %(value)s, but must be one of %(allowed)s."),
            name=name, value=value or "?", allowed=", ".join(allowed),
        )  # fmt: skip
    return value


def other_table(rule: Asked, value: Any, name: str = "table") -> str:
    if value not in TABLES:
        raise wrong(
            rule, gettext_noop("%(place)s: %(name)s is %(value)s, but must be one of %(allowed)s."),
            name=name, value=value or "?", allowed=", ".join(TABLES),
        )  # fmt: skip
    return str(value)


# -- which rows


def chosen(rule: Asked, alias: str = "t") -> str:
    """The condition of the rule's ``where``."""
    return conditions(rule, rule.where, rule.table, alias)


def conditions(rule: Asked, where: Mapping[str, Any], table: str, alias: str) -> str:
    """``{column = value or list}``; ``…_prefix``; ``…_not``; ``…_least``; ``filled`` and ``empty`` list columns.

    Of persons also ``older_than_days``: how old they were at least when they came.
    """
    return both(*(_condition(rule, name, value, table, alias) for name, value in where.items()))


def _condition(rule: Asked, name: str, value: Any, table: str, alias: str) -> str:
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values:
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name=f"where.{name}")
    if name in ("filled", "empty"):
        verb = "IS NOT NULL" if name == "filled" else "IS NULL"
        return both(*(f"{alias}.{known(rule, str(one), name, table=table)} {verb}" for one in values))
    if name == "older_than_days" and table == "person":
        return f"{alias}.birth < {alias}.received::date - {int(value)}"
    if name.endswith("_not_prefix"):
        place = f"{alias}.{known(rule, name.removesuffix('_not_prefix'), name, table=table)}"
        return f"NOT {begins(place, values)}"
    if name.endswith("_prefix"):
        return begins(f"{alias}.{known(rule, name.removesuffix('_prefix'), name, table=table)}", values)
    if name.endswith("_least"):
        place = f"{alias}.{known(rule, name.removesuffix('_least'), name, table=table)}"
        return f"{place} >= {float(value)}"
    if name.endswith("_not"):
        place = f"{alias}.{known(rule, name.removesuffix('_not'), name, table=table)}"
        return f"({place} IS NULL OR NOT {among(place, _numbered(rule, name.removesuffix('_not'), values))})"
    place = f"{alias}.{known(rule, name, 'where', table=table)}"
    return among(place, _numbered(rule, name, values))


def begins(place: str, prefixes: Sequence[Any]) -> str:
    """Whether a text begins with one of the prefixes; those of one length are looked up together."""
    by_length: dict[int, list[str]] = {}
    for one in prefixes:
        by_length.setdefault(len(str(one)), []).append(str(one))
    return f"({' OR '.join(among(f'left({place}, {length})', found) for length, found in by_length.items())})"


def _numbered(rule: Asked, name: str, values: list[Any]) -> list[Any]:
    """Data sets and departments are named in rules and numbered in rows."""
    if name == "department":
        return [word_number(str(one)) for one in values]
    if name != "dataset":
        return values
    known_sets = vocabulary.datasets()
    for one in values:
        if one not in known_sets:
            raise wrong(
                rule, gettext_noop("%(place)s: %(name)s is %(value)s, but must be one of %(allowed)s."),
                name="where.dataset", value=one, allowed=", ".join(known_sets),
            )  # fmt: skip
    return [known_sets[one].number for one in values]


# -- what is joined

PERSON = {"p": "LEFT JOIN quality_person p ON p.self = t.person"}
ENCOUNTER = {"e": "LEFT JOIN quality_encounter e ON e.self = t.encounter"}
UNIT = {"u": "LEFT JOIN quality_unit u ON u.number = t.institution"}


def anywhere(rule: Asked, name: str) -> tuple[str, Mapping[str, str]]:
    """A column of the row, or of its person (``person.birth``) or visit (``encounter.event``); with the join."""
    value = str(rule.params.get(name) or "")
    table, dot, rest = value.rpartition(".")
    if not dot:
        return f"t.{known(rule, value, name)}", {}
    if table not in ("person", "encounter"):
        raise wrong(
            rule, gettext_noop("%(place)s: %(name)s is %(value)s, but must be one of %(allowed)s."),
            name=name, value=value, allowed="person.…, encounter.…",
        )  # fmt: skip
    known(rule, rest, name, table=table)
    return (f"p.{rest}", PERSON) if table == "person" else (f"e.{rest}", ENCOUNTER)


def hours(value: float) -> str:
    return f"interval '{round(value * 3600)} seconds'"


AGE = "((t.event::date - p.birth) / 365.25)"
"""The age in years of the row's person when it happened."""

NOW = "@now@"
"""The moment of the run; ``compiling`` puts it in."""
DAY = "(t.event AT TIME ZONE 'Asia/Shanghai')::date"
"""The day on which the row happened."""
