"""Checks that ask one row: filled, shaped, in a set, in a range, in order, in time."""

from __future__ import annotations

import re
import warnings
from typing import Any

from django.utils.translation import gettext_noop

from xinglin.quality import vocabulary
from xinglin.quality.checks.language import (
    AGE,
    PERSON,
    UNIT,
    Asked,
    Check,
    Type,
    among,
    anywhere,
    both,
    chosen,
    column,
    columns,
    hours,
    known,
    listed,
    number,
    text,
    word,
    wrong,
)
from xinglin.quality.columns import COUNTS, TABLES


def _empty(rule: Asked, name: str) -> str:
    """A flag that says whether something is filled is empty where it is false."""
    if TABLES[rule.table].columns[name] == "flag":
        return f"t.{name} IS NOT TRUE"
    return f"t.{name} IS NULL OR t.{name} = 0" if name in COUNTS else f"t.{name} IS NULL"


def _required(rule: Asked) -> Check:
    return Check(chosen(rule), _empty(rule, column(rule)))


def _least(rule: Asked) -> Check:
    return Check(chosen(rule), f"coalesce(t.{column(rule)}, 0) < {number(rule, 'least')}")


def _verdict(rule: Asked) -> Check:
    name = f"t.{column(rule)}"
    good = rule.params.get("good", True)
    return Check(both(chosen(rule), f"{name} IS NOT NULL"), f"NOT {name}" if good else name)


def _companions(rule: Asked) -> Check:
    """If one is filled, all are."""
    names = columns(rule, "columns")
    some = " OR ".join(f"t.{name} IS NOT NULL" for name in names)
    return Check(both(chosen(rule), some), " OR ".join(_empty(rule, name) for name in names))


def _usable(rule: Asked) -> Check:
    """All of these, and one of each of those."""
    needed = [_empty(rule, name) for name in columns(rule, "columns")]
    needed += [
        " AND ".join(f"({_empty(rule, name)})" for name in _checked(rule, group))
        for group in rule.params.get("any_of") or ()
    ]
    return Check(chosen(rule), " OR ".join(f"({one})" for one in needed))


def _checked(rule: Asked, group: Any) -> list[str]:
    return [known(rule, str(one), "any_of") for one in group]


def _format(rule: Asked) -> Check:
    name, pattern = f"t.{column(rule)}", str(rule.params.get("pattern") or "")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # the database's patterns are not quite Python's
            re.compile(pattern)
    except re.error as fault:
        raise wrong(
            rule, gettext_noop("%(place)s: the pattern is wrong at character %(at)s: %(why)s"),
            at=(fault.pos or 0) + 1, why=fault.msg,
        ) from None  # fmt: skip
    if not pattern:
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name="pattern")
    return Check(both(chosen(rule), f"{name} IS NOT NULL"), f"{name} !~ {text(f'^(?:{pattern})$')}")


def _value_set(rule: Asked) -> Check:
    """In a list, or in a code system that is loaded whole; without the system nothing is judged."""
    name = f"t.{column(rule)}"
    system = rule.params.get("code_system")
    if system is None:
        return Check(both(chosen(rule), f"{name} IS NOT NULL"), f"NOT {among(name, listed(rule, 'values'))}")
    urls = vocabulary.system_urls()
    word(rule, "code_system", list(urls))
    loaded = f"SELECT id FROM terminology_system WHERE url = {text(urls[system])} AND content = 'complete'"
    join = {
        f"c_{system}": "LEFT JOIN (SELECT DISTINCT code FROM terminology_concept"
        f" WHERE system IN ({loaded})) c_{system}"
        f" ON c_{system}.code = {name}"
    }
    return Check(
        both(chosen(rule), f"{name} IS NOT NULL", f"EXISTS ({loaded})"),
        f"c_{system}.code IS NULL",
        joins=join,
    )


def _placeholder(rule: Asked) -> Check:
    name = f"t.{column(rule)}"
    return Check(both(chosen(rule), f"{name} IS NOT NULL"), among(name, listed(rule, "values")))


def _outside(name: str, low: Any, high: Any) -> str:
    return " OR ".join(
        [
            *([f"{name} < {low}"] if low is not None else []),
            *([f"{name} > {high}"] if high is not None else []),
        ]
    )


def _range(rule: Asked) -> Check:
    name = f"t.{column(rule)}"
    low = number(rule, "low") if "low" in rule.params else None
    high = number(rule, "high") if "high" in rule.params else None
    if low is None and high is None:
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name="low")
    return Check(both(chosen(rule), f"{name} IS NOT NULL"), _outside(name, low, high))


_SEXES = {"male": 1, "female": 2}


def _range_by(rule: Asked) -> Check:
    """Bands of sex and age, each with its range."""
    name = f"t.{column(rule)}"
    within, outside = [], []
    for number_, band in enumerate(listed(rule, "bands")):
        if not isinstance(band, dict) or not {"low", "high"} <= set(band):
            raise wrong(
                rule, gettext_noop("%(place)s: each band needs low and high; number %(number)s does not have them."),
                number=number_ + 1,
            )  # fmt: skip
        values = {
            key: _figure(rule, band, key) for key in ("from_age", "to_age", "low", "high") if key in band
        }
        member = both(
            f"p.sex = {_SEXES[band['sex']]}" if band.get("sex") in _SEXES else "",
            f"{AGE} >= {values['from_age']}" if "from_age" in values else "",
            f"{AGE} < {values['to_age']}" if "to_age" in values else "",
        )
        within.append(f"({member})")
        outside.append(f"({member} AND ({_outside(name, values['low'], values['high'])}))")
    applies = both(chosen(rule), f"{name} IS NOT NULL", "p.birth IS NOT NULL", " OR ".join(within))
    return Check(applies, " OR ".join(outside), joins=PERSON)


def _figure(rule: Asked, band: dict[str, Any], key: str) -> float:
    value = band[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(
            rule,
            gettext_noop("%(place)s: %(name)s is %(value)s, but must be a number."),
            name=key,
            value=value,
        )
    return value


def _unit(rule: Asked) -> Check:
    return Check(
        both(chosen(rule), "t.value IS NOT NULL"),
        f"t.unit IS NULL OR NOT {among('t.unit', listed(rule, 'units'))}",
    )


def _order(rule: Asked) -> Check:
    first, joins = anywhere(rule, "first")
    second, more = anywhere(rule, "second")
    slack = hours(number(rule, "slack_hours", 0))
    return Check(
        both(chosen(rule), f"{first} IS NOT NULL", f"{second} IS NOT NULL"), f"{first} > {second} + {slack}",
        joins={**joins, **more},
    )  # fmt: skip


def _lag(rule: Asked) -> Check:
    """What happened before the institution began to send is history, not late."""
    since, joins = anywhere(rule, "since") if rule.params.get("since") else ("t.event", {})
    most = hours(number(rule, "hours"))
    return Check(
        both(chosen(rule), f"{since} IS NOT NULL", f"{since} >= u.since", f"{since} <= t.received"),
        f"t.received > {since} + {most}",
        joins={**joins, **UNIT},
    )


TYPES = (
    Type("required", gettext_noop("The column is filled."), {"column": "column"}, _required),
    Type(
        "least",
        gettext_noop("The number is at least so much; nothing counts as 0."),
        {"column": "column", "least": "number"},
        _least,
    ),
    Type(
        "verdict",
        gettext_noop("What was judged when the row was made holds."),
        {"column": "flag", "good": "true or false"},
        _verdict,
    ),
    Type(
        "companions",
        gettext_noop("If one of the columns is filled, all are."),
        {"columns": "columns"},
        _companions,
    ),
    Type(
        "usable",
        gettext_noop("Everything is there that a named use needs."),
        {"columns": "columns", "any_of": "lists of columns"},
        _usable,
    ),
    Type(
        "format",
        gettext_noop("The text fits a pattern."),
        {"column": "column", "pattern": "regular expression"},
        _format,
    ),
    Type(
        "value_set",
        gettext_noop("The code is in a list or in a loaded code system."),
        {"column": "column", "values": "list", "code_system": "name"},
        _value_set,
    ),
    Type(
        "placeholder",
        gettext_noop("The value is none that people type for want of one."),
        {"column": "column", "values": "list"},
        _placeholder,
    ),
    Type(
        "range",
        gettext_noop("The number lies in a range."),
        {"column": "column", "low": "number", "high": "number"},
        _range,
    ),
    Type(
        "range_by",
        gettext_noop("The number lies in the range for sex and age."),
        {"column": "column", "bands": "sex, from_age, to_age, low, high"},
        _range_by,
    ),
    Type("unit", gettext_noop("The value has one of the units."), {"units": "list"}, _unit),
    Type(
        "order",
        gettext_noop("One time is not after another."),
        {"first": "moment", "second": "moment", "slack_hours": "number"},
        _order,
    ),
    Type(
        "lag", gettext_noop("It arrived within so many hours."), {"hours": "number", "since": "moment"}, _lag
    ),
)
