"""Checks that ask a row together with what it refers to: its person, its visit, what should be beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.quality.checks.language import (
    AGE,
    ENCOUNTER,
    NOW,
    PERSON,
    Asked,
    Check,
    Type,
    both,
    chosen,
    column,
    conditions,
    hours,
    known,
    listed,
    number,
    other_table,
    word,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


def _reference(rule: Asked) -> Check:
    """``present`` says that the reference must be there at all."""
    name = column(rule)
    table = other_table(rule, rule.params.get("table"))
    if (name, table) in (("person", "person"), ("encounter", "encounter")):
        joins: Mapping[str, str] = PERSON if name == "person" else ENCOUNTER
        alias = next(iter(joins))
    else:
        alias = f"r_{name}_{table}"
        joins = {alias: f"LEFT JOIN quality_{table} {alias} ON {alias}.self = t.{name} AND {alias}.part = 0"}
    lost = f"{alias}.self IS NULL"
    if rule.params.get("present", True):
        return Check(chosen(rule), f"t.{name} IS NULL OR {lost}", joins=joins)
    return Check(both(chosen(rule), f"t.{name} IS NOT NULL"), lost, joins=joins)


def _linked(rule: Asked) -> Check:
    """The person index knows the Patient."""
    joins = {"i": "LEFT JOIN identity_patient i ON i.number = t.person"}
    return Check(both(chosen(rule), "t.person IS NOT NULL"), "i.number IS NULL", joins=joins)


def _sex(rule: Asked) -> Check:
    sex = {"male": 1, "female": 2}[word(rule, "sex", ("male", "female"))]
    return Check(both(chosen(rule), "p.sex IN (1, 2)"), f"p.sex <> {sex}", joins=PERSON)


def _age(rule: Asked) -> Check:
    bounds = []
    if "from_age" in rule.params:
        bounds.append(f"{AGE} < {number(rule, 'from_age')}")
    if "to_age" in rule.params:
        bounds.append(f"{AGE} > {number(rule, 'to_age')}")
    if not bounds:
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name="from_age")
    return Check(
        both(chosen(rule), "p.birth IS NOT NULL", "t.event IS NOT NULL", "t.event::date >= p.birth"),
        " OR ".join(bounds), joins=PERSON,
    )  # fmt: skip


def _dead(rule: Asked) -> Check:
    slack = hours(number(rule, "slack_hours", 48))
    return Check(
        both(chosen(rule), "p.death IS NOT NULL", "t.event IS NOT NULL"),
        f"t.event > p.death + {slack}",
        joins=PERSON,
    )


def _beside(rule: Asked, need: Any, place: int) -> tuple[str, dict[str, str]]:
    """The condition that a row is there beside this one, and the join that tells."""
    if not isinstance(need, dict):
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name="needs")
    table = other_table(rule, need.get("table"))
    key = known(rule, str(need.get("key", "encounter")), "key", table=table)
    on = known(rule, str(need.get("on", "encounter")), "on")
    where = conditions(rule, need.get("where") or {}, table, "o")
    alias = f"b_{rule.id.lower().replace('-', '_')}_{place}"
    join = (
        f"LEFT JOIN (SELECT DISTINCT o.{key} AS key FROM quality_{table} o WHERE {both(where, f'o.{key} IS NOT NULL')})"
        f" {alias} ON {alias}.key = t.{on}"
    )
    return f"{alias}.key IS NULL", {alias: join}


def _accompanied(rule: Asked) -> Check:
    lost, joins = _beside(rule, rule.params, 0)
    return Check(both(chosen(rule), f"t.{rule.params.get('on', 'encounter')} IS NOT NULL"), lost, joins=joins)


def _computable(rule: Asked) -> Check:
    """Everything that an indicator counts with is there."""
    lost: list[str] = []
    joins: dict[str, str] = {}
    for place, need in enumerate(listed(rule, "needs")):
        one, join = _beside(rule, need, place)
        lost.append(one)
        joins.update(join)
    return Check(chosen(rule), " OR ".join(lost), joins=joins)


def _viewed(rule: Asked) -> Check:
    """Somebody has looked at the person's record since; ``elsewhere``: at another institution."""
    days = number(rule, "days", 30)
    joins = {
        "v": "LEFT JOIN (SELECT person, min(institution) AS least, max(institution) AS most, max(last) AS last"
        " FROM quality_view GROUP BY person) v ON v.person = t.person"
    }
    unseen = "v.person IS NULL OR v.last < t.received"
    if rule.params.get("elsewhere", False):
        unseen += " OR (v.least = t.institution AND v.most = t.institution)"
    return Check(both(chosen(rule), f"t.received < {NOW} - {hours(24 * days)}"), unseen, joins=joins)


_NEED = "table, key, on, where"
TYPES = (
    Type(
        "reference",
        gettext_noop("What the row refers to is there."),
        {"column": "key", "table": "table", "present": "true or false"},
        _reference,
    ),
    Type("linked", gettext_noop("The person index knows the person."), {}, _linked),
    Type("sex", gettext_noop("The codes are those of one sex."), {"sex": "male or female"}, _sex),
    Type(
        "age",
        gettext_noop("The codes are those of an age."),
        {"from_age": "number", "to_age": "number"},
        _age,
    ),
    Type("dead", gettext_noop("Nobody is served after death."), {"slack_hours": "number"}, _dead),
    Type(
        "accompanied",
        gettext_noop("A row of another table stands beside it."),
        {"table": "table", "key": "column", "on": "column", "where": "condition"},
        _accompanied,
    ),
    Type(
        "computable",
        gettext_noop("Everything that an indicator counts with is there."),
        {"needs": _NEED},
        _computable,
    ),
    Type(
        "viewed",
        gettext_noop("Somebody has looked at it."),
        {"days": "number", "elsewhere": "true or false"},
        _viewed,
    ),
)
