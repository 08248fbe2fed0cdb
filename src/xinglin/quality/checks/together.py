"""Checks that ask rows together: pairs, sums, repetitions, histories, counts. Each gives the failing rows itself."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_noop

from xinglin.quality.checks.arithmetic import Arithmetic
from xinglin.quality.checks.language import (
    DAY,
    NOW,
    Asked,
    Check,
    Type,
    among,
    both,
    chosen,
    column,
    conditions,
    hours,
    known,
    listed,
    literal,
    number,
    other_table,
    text,
    word,
    wrong,
)
from xinglin.quality.columns import TABLES

_LETTER = re.compile(r"[a-z][a-z0-9_]{0,11}")


def _table(rule: Asked) -> str:
    return TABLES[rule.table].sql


def _code(rule: Asked, name: str) -> str:
    return text(str(listed(rule, name)[0]))


def _pair(rule: Asked) -> Check:
    """The value of one code is greater than that of another, in the same resource or visit."""
    tie = {"resource": "self", "encounter": "encounter"}[
        word(rule, "within", ("resource", "encounter"), "resource")
    ]
    applies = both(chosen(rule), f"t.code = {_code(rule, 'greater')}", "t.value IS NOT NULL")
    rows = (
        f"SELECT DISTINCT t.self, t.part FROM {_table(rule)} t JOIN {_table(rule)} o ON o.{tie} = t.{tie}"
        f" AND o.code = {_code(rule, 'lesser')} WHERE {applies} AND t.value <= o.value"
    )
    return Check(applies, rows=rows)


def _computed(rule: Asked) -> Check:
    """A result equals what is computed from others of the same visit."""
    inputs = rule.params.get("inputs")
    if not isinstance(inputs, dict) or not inputs or not all(_LETTER.fullmatch(str(one)) for one in inputs):
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name="inputs")
    letters = {letter: f"i_{letter}.value" for letter in inputs}
    formula = Arithmetic(rule, str(rule.params.get("expression") or ""), letters).read()
    joins = " ".join(
        f"JOIN {_table(rule)} i_{letter} ON i_{letter}.encounter = t.encounter AND i_{letter}.code = {text(str(code))}"
        for letter, code in inputs.items()
    )
    applies = both(chosen(rule), f"t.code = {_code(rule, 'result')}", "t.value IS NOT NULL")
    rows = (
        f"SELECT DISTINCT t.self, t.part FROM {_table(rule)} t {joins}"
        f" WHERE {applies} AND abs(t.value - {formula}) > {number(rule, 'tolerance')}"
    )
    return Check(applies, rows=rows)


def _total(rule: Asked) -> Check:
    """A total is the sum of its parts in the same visit, or at least that."""
    parts = listed(rule, "parts")
    relation = word(rule, "relation", ("equal", "least"), "equal")
    slack = number(rule, "tolerance", 0)
    applies = both(chosen(rule), f"t.code = {_code(rule, 'total')}", "t.value IS NOT NULL")
    fails = f"abs(t.value - q.sum) > {slack}" if relation == "equal" else f"q.sum > t.value + {slack}"
    rows = (
        f"SELECT t.self, t.part FROM {_table(rule)} t JOIN (SELECT encounter, event, sum(value) AS sum"
        f" FROM {_table(rule)} o WHERE {among('o.code', parts)} AND o.value IS NOT NULL AND encounter IS NOT NULL"
        f" GROUP BY encounter, event HAVING count(*) = {len(parts)} AND count(DISTINCT code) = {len(parts)}) q"
        f" ON q.encounter = t.encounter AND q.event = t.event WHERE {applies} AND {fails}"
    )
    return Check(applies, rows=rows)


def _duplicate(rule: Asked) -> Check:
    """The same again: equal in all the columns; the first that came is no duplicate."""
    by = [known(rule, str(one), "by") for one in listed(rule, "by")]
    applies = both(chosen(rule), *(f"t.{name} IS NOT NULL" for name in by))
    key = f"hash_record_extended(ROW({', '.join(f't.{name}' for name in by)}), 0)"
    rows = (
        f"SELECT d.self, d.part FROM (SELECT t.self, t.part,"
        f" row_number() OVER (PARTITION BY {', '.join(f't.{name}' for name in by)}"
        " ORDER BY t.received, t.vid, t.self) AS n"
        f" FROM {_table(rule)} t WHERE {applies} AND {key} IN"
        f" (SELECT {key} FROM {_table(rule)} t WHERE {applies} GROUP BY 1 HAVING count(*) > 1)) d WHERE d.n > 1"
    )
    return Check(applies, rows=rows)


def _repeated(rule: Asked) -> Check:
    """The same set of values visit after visit, so often in a row: as if it had been copied."""
    codes, least = listed(rule, "codes"), int(number(rule, "times", 3))
    applies = both(chosen(rule), f"t.code = {text(str(codes[0]))}", "t.value IS NOT NULL")
    rows = (
        "WITH visit AS (SELECT t.encounter, min(t.person) AS person, min(t.event) AS event,"
        f" array_agg(t.value ORDER BY t.code) AS said FROM {_table(rule)} t"
        f" WHERE {both(chosen(rule), among('t.code', codes), 't.value IS NOT NULL AND t.encounter IS NOT NULL')}"
        f" GROUP BY t.encounter HAVING count(*) = {len(codes)} AND count(DISTINCT t.code) = {len(codes)}),"
        " run AS (SELECT encounter, person, said, row_number() OVER (PARTITION BY person ORDER BY event, encounter)"
        " - row_number() OVER (PARTITION BY person, said ORDER BY event, encounter) AS run FROM visit),"
        " long AS (SELECT encounter, count(*) OVER (PARTITION BY person, said, run) AS times FROM run)"
        f" SELECT t.self, t.part FROM {_table(rule)} t JOIN long USING (encounter)"
        f" WHERE {applies} AND long.times >= {least}"
    )
    return Check(applies, rows=rows)


def _history(rule: Asked) -> Check:
    """Far from the person's own values: more than so many times their median absolute deviation."""
    name = f"t.{column(rule)}"
    applies = both(chosen(rule), f"{name} IS NOT NULL", "t.person IS NOT NULL")
    floor, factor, least = number(rule, "floor"), number(rule, "factor", 4), int(number(rule, "visits", 5))
    rows = (
        f"WITH own AS (SELECT t.person, t.code, percentile_cont(0.5) WITHIN GROUP (ORDER BY {name}) AS middle"
        f" FROM {_table(rule)} t WHERE {applies} GROUP BY t.person, t.code HAVING count(*) >= {least}),"
        f" spread AS (SELECT t.person, t.code, min(o.middle) AS middle,"
        f" percentile_cont(0.5) WITHIN GROUP (ORDER BY abs({name} - o.middle)) AS mad"
        f" FROM {_table(rule)} t JOIN own o USING (person, code) WHERE {applies} GROUP BY t.person, t.code)"
        f" SELECT t.self, t.part FROM {_table(rule)} t JOIN spread s USING (person, code)"
        f" WHERE {applies} AND abs({name} - s.middle) > greatest({factor} * s.mad, {floor})"
    )
    return Check(applies, rows=rows)


def _monotone(rule: Asked) -> Check:
    """The person's value does not fall with time by more than so much."""
    name = f"t.{column(rule)}"
    applies = both(chosen(rule), f"{name} IS NOT NULL", "t.person IS NOT NULL AND t.event IS NOT NULL")
    rows = (
        f"SELECT f.self, f.part FROM (SELECT t.self, t.part, {name} AS value,"
        f" lag({name}) OVER (PARTITION BY t.person, t.code ORDER BY t.event, t.self) AS before"
        f" FROM {_table(rule)} t WHERE {applies}) f WHERE f.value < f.before - {number(rule, 'tolerance')}"
    )
    return Check(applies, rows=rows)


def _gap(rule: Asked) -> Check:
    """The next came within so many days; ``unsatisfied_days`` where the last follow-up was not satisfied."""
    days = number(rule, "days")
    allowed = literal(days)
    if "unsatisfied_days" in rule.params:
        allowed = (
            f"CASE WHEN before.satisfied IS FALSE THEN {number(rule, 'unsatisfied_days')} ELSE {days} END"
        )
        former = "lag(t.satisfied)"
    else:
        former = "NULL::boolean"
    applies = both(chosen(rule), "t.person IS NOT NULL AND t.event IS NOT NULL")
    order = "OVER (PARTITION BY t.person ORDER BY t.event, t.self)" if former.startswith("lag") else ""
    rows = (
        f"SELECT before.self, before.part FROM (SELECT t.self, t.part, t.event, {former} {order} AS satisfied,"
        f" lag(t.event) OVER (PARTITION BY t.person ORDER BY t.event, t.self) AS last"
        f" FROM {_table(rule)} t WHERE {applies}) before"
        f" WHERE before.event - before.last > ({allowed}) * interval '1 day'"
    )
    return Check(applies, rows=rows)


def _agrees(rule: Asked) -> Check:
    """A judgement does not contradict the values of the same visit: satisfied, though a value reaches its limit."""
    limits = rule.params.get("limits")
    if not isinstance(limits, dict) or not limits:
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name="limits")
    over = " OR ".join(
        f"(o.code = {text(str(code))} AND o.value >= {float(limit)})" for code, limit in limits.items()
    )
    applies = both(chosen(rule), "t.satisfied IS NOT NULL")
    rows = (
        f"SELECT DISTINCT t.self, t.part FROM {_table(rule)} t JOIN {_table(rule)} o ON o.encounter = t.encounter"
        f" AND ({over}) WHERE {applies} AND t.satisfied"
    )
    return Check(applies, rows=rows)


def _crowd(rule: Asked) -> Check:
    """No more than so many in a day by the same hand."""
    by = known(rule, str(rule.params.get("by", "practitioner")), "by")
    applies = both(chosen(rule), f"t.{by} IS NOT NULL AND t.event IS NOT NULL")
    rows = (
        f"SELECT c.self, c.part FROM (SELECT t.self, t.part, count(*) OVER (PARTITION BY t.{by}, {DAY}) AS n"
        f" FROM {_table(rule)} t WHERE {applies}) c WHERE c.n > {int(number(rule, 'most'))}"
    )
    return Check(applies, rows=rows)


def _share(rule: Asked) -> Check:
    """Something that happens by chance happens too often at an institution: then all of them are doubtful."""
    flag = f"t.{column(rule)}"
    applies = chosen(rule)
    rows = (
        f"SELECT t.self, t.part FROM {_table(rule)} t JOIN (SELECT t.institution FROM {_table(rule)} t WHERE {applies}"
        f" GROUP BY 1 HAVING count(*) >= {int(number(rule, 'rows', 50))}"
        f" AND count(*) FILTER (WHERE {flag}) > {number(rule, 'most')} * count(*)) s"
        f" ON s.institution = t.institution WHERE {both(applies, flag)}"
    )
    return Check(applies, rows=rows)


def _due(rule: Asked) -> Check:
    """Persons of an age who are looked after have had what is due within so many days."""
    if rule.table != "person":
        raise wrong(rule, gettext_noop("%(place)s: %(name)s is %(value)s, but must be one of %(allowed)s."),
                    name="table", value=rule.table, allowed="person")  # fmt: skip
    among_rows, due_rows = _group(rule, "among"), _group(rule, "by")
    age = f"({NOW}::date - t.birth) / 365.25"
    applies = both(
        chosen(rule), f"t.birth IS NOT NULL AND NOT t.dead AND {age} >= {number(rule, 'from_age', 0)}",
        f"t.self IN (SELECT person FROM {among_rows})",
    )  # fmt: skip
    since = f"{NOW} - {hours(24 * number(rule, 'days'))}"
    rows = (
        f"SELECT t.self, t.part FROM {_table(rule)} t WHERE {applies} AND NOT EXISTS"
        f" (SELECT FROM {due_rows} AND o.person = t.self AND o.event >= {since})"
    )
    return Check(applies, rows=rows)


def _group(rule: Asked, name: str) -> str:
    need: Any = rule.params.get(name)
    if not isinstance(need, dict):
        raise wrong(rule, gettext_noop("%(place)s: the parameter %(name)s is missing."), name=name)
    table = other_table(rule, need.get("table"), f"{name}.table")
    where = conditions(rule, need.get("where") or {}, table, "o")
    return f"quality_{table} o WHERE {both(where, 'o.person IS NOT NULL')}"


def _volume(rule: Asked) -> Check:
    """As many arrived as the institution says it made that day, or at least that share of them."""
    if rule.table != "declared":
        raise wrong(rule, gettext_noop("%(place)s: %(name)s is %(value)s, but must be one of %(allowed)s."),
                    name="table", value=rule.table, allowed="declared")  # fmt: skip
    applies = chosen(rule)
    counted = " UNION ALL ".join(
        f"SELECT t.institution, t.dataset, {DAY} AS day, count(*) AS got FROM {one.sql} t WHERE t.part = 0"
        " AND t.event >= (SELECT min(event) FROM quality_declared) GROUP BY 1, 2, 3"
        for one in TABLES.values()
        if one.type
    )
    rows = (
        f"SELECT t.self, t.part FROM quality_declared t LEFT JOIN ({counted}) g ON g.institution = t.institution"
        f" AND g.dataset = t.dataset AND g.day = {DAY} WHERE {both(applies)}"
        f" AND coalesce(g.got, 0) < {number(rule, 'share', 1)} * t.declared"
    )
    return Check(applies, rows=rows)


_GROUP = "table, where"
TYPES = (
    Type(
        "pair",
        gettext_noop("One value is greater than its companion."),
        {"greater": "code", "lesser": "code", "within": "resource or encounter"},
        _pair,
        together=True,
    ),
    Type(
        "computed",
        gettext_noop("A result equals what is computed from others."),
        {"result": "code", "inputs": "letter = code", "expression": "arithmetic", "tolerance": "number"},
        _computed,
        together=True,
    ),
    Type(
        "total",
        gettext_noop("A total is the sum of its parts, or at least that."),
        {"total": "code", "parts": "codes", "relation": "equal or least", "tolerance": "number"},
        _total,
        together=True,
    ),
    Type("duplicate", gettext_noop("Nothing is there twice."), {"by": "columns"}, _duplicate, together=True),
    Type(
        "repeated",
        gettext_noop("Values are not the same visit after visit, as if copied."),
        {"codes": "codes", "times": "number"},
        _repeated,
        together=True,
    ),
    Type(
        "history",
        gettext_noop("A value does not lie far from the person's own."),
        {"column": "column", "factor": "number", "floor": "number", "visits": "number"},
        _history,
        together=True,
    ),
    Type(
        "monotone",
        gettext_noop("A value does not fall with time."),
        {"column": "column", "tolerance": "number"},
        _monotone,
        together=True,
    ),
    Type(
        "gap",
        gettext_noop("The next came within so many days."),
        {"days": "number", "unsatisfied_days": "number"},
        _gap,
        together=True,
    ),
    Type(
        "agrees",
        gettext_noop("A judgement does not contradict the values."),
        {"limits": "code = number"},
        _agrees,
        together=True,
    ),
    Type(
        "crowd",
        gettext_noop("Not too many in a day by the same hand."),
        {"by": "column", "most": "number"},
        _crowd,
        together=True,
    ),
    Type(
        "share",
        gettext_noop("What happens by chance does not happen too often."),
        {"column": "flag", "most": "share", "rows": "number"},
        _share,
        together=True,
    ),
    Type(
        "due",
        gettext_noop("Who is looked after has had what is due."),
        {"from_age": "number", "days": "number", "among": _GROUP, "by": _GROUP},
        _due,
        together=True,
    ),
    Type(
        "volume",
        gettext_noop("As many arrived as were declared."),
        {"share": "share"},
        _volume,
        together=True,
    ),
)
