"""A policy and an actor, made into a condition on resource rows.

The condition asks a row's type, its tokens (labels, institutions) and, by one index look-up each, the open relations
of its patient. Nothing is cached: a relation that is closed is closed for the next statement.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.fhir import definitions
from xinglin.fhir.index import keys
from xinglin.kernel import clock
from xinglin.record.policy import terms
from xinglin.record.policy.terms import Policy, Rule, Scope
from xinglin.record.search.fragments import FALSE, Fragment, both, either, negated, tokens_any

if TYPE_CHECKING:
    from datetime import datetime

    from xinglin.kernel.actor import Actor
    from xinglin.record.search.scope import Access

_DATA = Path(__file__).with_name("data")
LABEL_PATH = "Policy label"  # the seed of the tokens of labels; no element has such a path
EMERGENCY = "emergency"
SEVERAL = "several patients"  # a label: an open relation with one of them does not show a row about others
_NOT_OVER = "o.since <= %s AND (o.until IS NULL OR o.until > %s)"

Denial = Callable[["Actor", str], Fragment | None]
"""For an actor and an alias: the condition of rows that are denied whatever the rules say; None for none of them."""

_denials: dict[str, Denial] = {}
_kindred: list[str] = []


def deny(name: str, denial: Denial) -> None:
    """Have ``denial`` asked in every statement (a resident's consent, say); said when the application starts."""
    _denials[name] = denial


def kindred(table: str) -> None:
    """Say which table has the Patients (``number``) of each ``person``: a relation opens all Patients of a person."""
    _kindred[:] = [table]


def in_force() -> Policy:
    """The policy that ``XINGLIN_POLICY`` names: a shipped one, or the path of a TOML file."""
    return _read(settings.SETTINGS.policy)


@cache
def _read(name: str) -> Policy:
    path = Path(name) if name.endswith(".toml") else _DATA / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in _DATA.glob("*.toml") if p.stem != "sensitivity"))
        raise SystemExit(f"XINGLIN_POLICY={name!r} should be one of {known}, or the path of a TOML file.")
    labels = path.with_name("sensitivity.toml")
    text = (labels if labels.is_file() else _DATA / "sensitivity.toml").read_text(encoding="utf-8")
    return terms.read(path.read_text(encoding="utf-8"), text, path.stem)


def access_of(actor: Actor) -> Access | None:
    """The rows that the actor may see, as the record's search understands it; None if all of them."""
    policy = in_force()
    if policy.open or actor.has("system"):
        return None
    rules = rules_for(policy, actor)
    if any(rule.is_unlimited for rule in rules) and not _denials:
        return None
    now = clock.now()

    def access(alias: str, types: tuple[str, ...]) -> Fragment:
        shown = either([f for rule in rules if (f := shown_by(policy, rule, actor, alias, types, now))])
        denied = [f for denial in _denials.values() if (f := denial(actor, alias)) is not None]
        return both([shown, *map(negated, denied)])

    return access


def rules_for(policy: Policy, actor: Actor) -> list[Rule]:
    """The rules that speak of the actor with that purpose."""
    return [rule for rule in policy.rules if rule.is_for(actor.roles, actor.purpose)]


def shown_by(
    policy: Policy, rule: Rule, actor: Actor, alias: str, types: tuple[str, ...], now: datetime
) -> Fragment | None:
    """The rows ``alias`` of ``types`` (none: any) that a rule shows; None if it has nothing to say of these types."""
    parts = []
    if rule.types is not None and not (types and rule.types.issuperset(types)):
        meant = rule.types.intersection(types) if types else rule.types
        if not meant:
            return None
        numbers = sorted(map(definitions.type_number, meant))
        parts.append(Fragment(f"{alias}.type = ANY(%s::smallint[])", (numbers,)))
    scope = _scope(policy, rule, actor, alias, now)
    if scope is not None:
        parts.append(scope)
    if rule.withhold:
        parts.append(negated(tokens_any(alias, [label_hash(code) for code in sorted(rule.withhold)])))
    return both(parts)


def label_hash(code: str) -> int:
    """The token of a row that has the sensitivity label."""
    return keys.code_hash(LABEL_PATH, code)


def _scope(policy: Policy, rule: Rule, actor: Actor, alias: str, now: datetime) -> Fragment | None:
    if rule.scope is Scope.REGION:
        return None
    if rule.scope is Scope.NOBODY:
        return Fragment(f"{alias}.patient = 0")
    if rule.scope in (Scope.OWN, Scope.EMERGENCY):
        kinds = [EMERGENCY] if rule.scope is Scope.EMERGENCY else sorted(rule.kinds)
        return related(alias, "o.actor = %s", (actor.id,), kinds, now)
    if not actor.institution:
        return FALSE
    if rule.scope is Scope.RELATION:
        return related(alias, "o.institution = %s", (actor.institution,), sorted(rule.kinds), now)
    return _made_by(policy, rule, actor.institution, alias)


def related(alias: str, whose: str, values: tuple[Any, ...], kinds: list[str], now: datetime) -> Fragment:
    """The row's patient, or another Patient of the same person, has an open relation of one of the kinds."""
    condition = f"{whose} AND o.kind = ANY(%s) AND {_NOT_OVER}"
    bound = (*values, kinds, now, now)
    direct = Fragment(
        f"EXISTS (SELECT FROM record_relation o WHERE o.patient = {alias}.patient AND {condition})", bound
    )
    ways = [direct]
    ways += [
        Fragment(
            f"EXISTS (SELECT FROM {table} me JOIN {table} kin ON kin.person = me.person"
            f" JOIN record_relation o ON o.patient = kin.number WHERE me.number = {alias}.patient AND {condition})",
            bound,
        )
        for table in _kindred
    ]
    return both([_of_one_patient(alias), either(ways)])


def _of_one_patient(alias: str) -> Fragment:
    return Fragment(
        f"{alias}.patient <> 0 AND NOT {alias}.tokens @> ARRAY[%s::bigint]", (label_hash(SEVERAL),)
    )


def _made_by(policy: Policy, rule: Rule, institution: str, alias: str) -> Fragment:
    """Made or kept by the institution, or about one of its own Patients; of a consortium: by one of its members."""
    if rule.scope is Scope.CONSORTIUM:
        circle = "record_consortium mine JOIN record_consortium c USING (consortium)"
        theirs = Fragment(
            f"EXISTS (SELECT FROM {circle}, unnest(%s::bigint[]) s(seed) WHERE mine.institution = %s"
            f" AND {alias}.tokens @> ARRAY[c.number # s.seed])",
            ([keys.seed(path) for path in policy.makers], institution),
        )
        kept = Fragment(
            f"EXISTS (SELECT FROM {circle} JOIN record_relation o ON o.institution = c.institution"
            f" WHERE mine.institution = %s AND o.patient = {alias}.patient"
            " AND o.kind = 'registered')",
            (institution,),
        )
        return either(
            [theirs, both([_of_one_patient(alias), kept]), _kept_or_made(policy, institution, alias)]
        )
    return _kept_or_made(policy, institution, alias)


def _kept_or_made(policy: Policy, institution: str, alias: str) -> Fragment:
    made = tokens_any(
        alias, [keys.reference_hash(path, "Organization", institution) for path in policy.makers]
    )
    kept = Fragment(
        f"EXISTS (SELECT FROM record_relation o WHERE o.patient = {alias}.patient"
        " AND o.kind = 'registered' AND o.institution = %s)",
        (institution,),
    )
    return either([made, both([_of_one_patient(alias), kept])])
