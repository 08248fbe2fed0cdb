"""A policy and an actor, made into a condition on resource rows.

The condition asks a row's type, its tokens (labels, institutions) and, by one index look-up each, the open relations
of its patient. Nothing is cached: a relation that is closed is closed for the next statement.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from xinglin.fhir import definitions
from xinglin.fhir.index import keys
from xinglin.record.policy import terms
from xinglin.record.policy.terms import Policy, Rule, Scope
from xinglin.record.search.fragments import FALSE, TRUE, Fragment, both, either, joined, negated, tokens_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.kernel.actor import Actor
    from xinglin.record.database import Connection
    from xinglin.record.search.scope import Access

DATA = _DATA = Path(__file__).with_name("data")
LABEL_PATH = "Policy label"  # the seed of the tokens of labels; no element has such a path
EMERGENCY = "emergency"
RESIDENT = "resident"  # the role that an open policy does not open everything to
SEVERAL = "several patients"  # a label: an open relation with one of them does not show a row about others
_NOT_OVER = "o.since <= statement_timestamp() AND (o.until IS NULL OR o.until > statement_timestamp())"
_NO_POLICIES = frozenset({"sensitivity", "consent", "beside"})  # other files among the data
_RELATED = frozenset({Scope.RELATION, Scope.OWN, Scope.EMERGENCY})

Denial = Callable[["Actor", str, tuple[str, ...]], Fragment | None]
"""For an actor, an alias and the types its rows may have (none: any): the condition of rows that are denied whatever
the rules say; None for none of them."""

Idle = Callable[["Connection | None"], bool]
"""Whether a denial has nothing to say at this moment, to anybody."""

_denials: dict[str, tuple[Denial, Idle]] = {}
_kindred: list[str] = []


def _never(_: Connection | None) -> bool:
    return False


def deny(name: str, denial: Denial, idle: Idle = _never) -> None:
    """Have ``denial`` asked in every statement (a resident's consent, say); said when the application starts.

    Where everything is open ``idle`` is asked first, so that what denies nothing costs no condition.
    """
    _denials[name] = denial, idle


def kindred(table: str) -> None:
    """Say which table has the Patients (``number``) of each ``person``: a relation opens all Patients of a person."""
    _kindred[:] = [table]


def tables_of_kin() -> tuple[str, ...]:
    """The tables that ``kindred`` has said."""
    return tuple(_kindred)


def in_force() -> Policy:
    """The policy that ``XINGLIN_POLICY`` names: a shipped one, or the path of a TOML file."""
    return named(name_in_force())


def name_in_force() -> str:
    """What ``XINGLIN_POLICY`` says."""
    return settings.SETTINGS.policy


@cache
def named(name: str) -> Policy:
    """The policy of that name or path."""
    path = Path(name) if name.endswith(".toml") else _DATA / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in _DATA.glob("*.toml") if p.stem not in _NO_POLICIES))
        raise SystemExit(f"XINGLIN_POLICY={name!r} should be one of {known}, or the path of a TOML file.")
    labels = path.with_name("sensitivity.toml")
    text = (labels if labels.is_file() else _DATA / "sensitivity.toml").read_text(encoding="utf-8")
    return terms.read(path.read_text(encoding="utf-8"), text, path.stem)


def access_of(actor: Actor, connection: Connection | None = None) -> Access | None:
    """The rows that the account itself may see, as the record's search understands it; None if all of them.

    ``connection``: of the transaction whose writes are to be seen already.
    """
    name = name_in_force()
    policy = named(name)
    if actor.has("system"):
        return None
    everything = _opens_all(policy, actor) or any(rule.is_unlimited for rule in rules_for(policy, actor))
    denials = [denial for denial, idle in _denials.values() if not everything or not idle(connection)]
    if everything and not denials:
        return None
    tables = tables_of_kin()

    def access(alias: str, types: tuple[str, ...]) -> Fragment:
        shown = TRUE if everything else _shown(name, actor, alias, types, tables)
        denied = [f for denial in denials if (f := denial(actor, alias, types)) is not None]
        return both([shown, *map(negated, denied)]) if denied else shown

    return access


def _opens_all(policy: Policy, actor: Actor) -> bool:
    return policy.open and not actor.has(RESIDENT)


def shown_and_denied(actor: Actor, alias: str, type_name: str) -> tuple[Fragment, Fragment]:
    """The two halves of the condition: what the rules show, and what is denied of it."""
    name = name_in_force()
    policy = named(name)
    if actor.has("system"):
        return TRUE, FALSE
    shown = TRUE if _opens_all(policy, actor) else _shown(name, actor, alias, (type_name,), tables_of_kin())
    denied = [f for denial, _ in _denials.values() if (f := denial(actor, alias, ())) is not None]
    return shown, either(denied)


def rules_for(policy: Policy, actor: Actor) -> list[Rule]:
    """The rules that speak of the actor with that purpose."""
    return [rule for rule in policy.rules if rule.is_for(actor.roles, actor.purpose)]


@lru_cache(maxsize=1 << 14)
def _shown(name: str, actor: Actor, alias: str, types: tuple[str, ...], _tables: tuple[str, ...]) -> Fragment:
    """What all the rules show; kept, since it holds no moment and no row."""
    policy = named(name)
    alike: dict[tuple[Any, ...], list[Rule]] = {}
    for rule in rules_for(policy, actor):
        by = "" if rule.scope in _RELATED else rule.scope
        alike.setdefault((rule.types, rule.withhold, by, rule.qualified), []).append(rule)
    found = [shown_by(policy, rules, actor, alias, types) for rules in alike.values()]
    return either([f for f in found if f is not None])


def shown_by(
    policy: Policy, rules: Sequence[Rule], actor: Actor, alias: str, types: tuple[str, ...]
) -> Fragment | None:
    """The rows ``alias`` of ``types`` (none: any) that rules show; None if they have nothing to say of these types.

    The rules have the same types and labels; if they are several, all ask for a relation or for a department.
    """
    first = rules[0]
    parts = []
    if first.types is not None and not (types and first.types.issuperset(types)):
        meant = first.types.intersection(types) if types else first.types
        if not meant:
            return None
        numbers = sorted(map(definitions.type_number, meant))
        parts.append(Fragment(f"{alias}.type = ANY(%s::smallint[])", (numbers,)))
    if first.qualified:
        parts.append(_qualified(policy, actor))
    if first.withhold:  # the cheapest first
        hashes = [label_hash(code) for code in sorted(first.withhold)]
        parts.append(negated(tokens_any(alias, hashes)))
    if first.scope in _RELATED:
        parts.append(_related(rules, actor, alias))
    elif first.scope is Scope.DEPARTMENT:
        parts.append(_of_department(policy, rules, actor, alias))
    elif first.scope is Scope.NOBODY:
        parts.append(Fragment(f"{alias}.patient = 0"))
    elif first.scope is not Scope.REGION:
        parts.append(_made_by(policy, first, actor.institution, alias) if actor.institution else FALSE)
    return both(parts)


def label_hash(code: str) -> int:
    """The token of a row that has the sensitivity label."""
    return keys.code_hash(LABEL_PATH, code)


def _related(rules: Sequence[Rule], actor: Actor, alias: str) -> Fragment:
    """The row's patient, or another Patient of the same person, has an open relation that one of the rules asks for."""
    wanted = []
    for rule in rules:
        kinds = [EMERGENCY] if rule.scope is Scope.EMERGENCY else sorted(rule.kinds)
        if rule.scope is not Scope.RELATION:
            wanted.append(Fragment("(o.actor = %s AND o.kind = ANY(%s))", (actor.id, kinds)))
        elif actor.institution:
            wanted.append(Fragment("(o.institution = %s AND o.kind = ANY(%s))", (actor.institution, kinds)))
    if not wanted:
        return FALSE
    return both([_of_one_patient(alias), _open_relation(either(wanted), alias, tables_of_kin())])


def related_to(actor: Actor, kinds: Iterable[str], alias: str, tables: tuple[str, ...]) -> Fragment:
    """The row's patient has an open relation of one of the kinds with the actor himself."""
    wanted = Fragment("(o.actor = %s AND o.kind = ANY(%s))", (actor.id, sorted(kinds)))
    return _open_relation(wanted, alias, tables)


def _open_relation(wanted: Fragment, alias: str, tables: tuple[str, ...]) -> Fragment:
    """The patient of the row, or another of the same person, has an open relation ``o`` that fits."""
    open_ = joined("", (wanted, Fragment(f" AND {_NOT_OVER}")))
    ways = [
        Fragment(
            f"EXISTS (SELECT FROM record_relation o WHERE o.patient = {alias}.patient AND {open_.sql})",
            open_.values,
        )
    ]
    ways += [
        Fragment(
            f"EXISTS (SELECT FROM {table} me JOIN {table} kin ON kin.person = me.person"
            f" JOIN record_relation o ON o.patient = kin.number WHERE me.number = {alias}.patient AND {open_.sql})",
            open_.values,
        )
        for table in tables
    ]
    return either(ways)


def _of_department(policy: Policy, rules: Sequence[Rule], actor: Actor, alias: str) -> Fragment:
    """Made by the actor's department, or of a patient whom it cares for."""
    if not actor.department:
        return FALSE
    type_, _, id_ = (
        actor.department if "/" in actor.department else f"Organization/{actor.department}"
    ).partition("/")
    made = tokens_any(alias, [keys.reference_hash(path, type_, id_) for path in policy.makers])
    kinds = sorted(frozenset().union(*(rule.kinds for rule in rules)))
    wanted = Fragment("(o.institution = %s AND o.kind = ANY(%s))", (actor.department, kinds))
    cared = both([_of_one_patient(alias), _open_relation(wanted, alias, tables_of_kin())])
    return either([made, cared])


def _qualified(policy: Policy, actor: Actor) -> Fragment:
    """The actor's registration holds at this moment; asked once a statement."""
    if not actor.practitioner:
        return TRUE if policy.practice.unbound else FALSE
    return Fragment(
        "EXISTS (SELECT FROM record_practice q WHERE q.practitioner = %s AND NOT q.suspended"
        " AND q.since <= statement_timestamp() AND q.until > statement_timestamp())"
        " AND NOT EXISTS (SELECT FROM record_practice q WHERE q.practitioner = %s AND q.suspended)",
        (actor.practitioner, actor.practitioner),
    )


def is_qualified(connection: Connection, actor: Actor) -> bool:
    """Whether the actor's registration holds, as far as a rule about the actor asks for it."""
    policy = in_force()
    if policy.open or not any(rule.qualified for rule in rules_for(policy, actor)):
        return True
    asked = _qualified(policy, actor)
    return connection.execute(f"SELECT {asked.sql}", asked.values).fetchone() == (True,)


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
            [theirs, both([_of_one_patient(alias), kept]), kept_or_made(policy, institution, alias)]
        )
    return kept_or_made(policy, institution, alias)


def kept_or_made(policy: Policy, institution: str, alias: str) -> Fragment:
    """The row is the institution's by one of its references, or about a Patient that it keeps."""
    made = tokens_any(
        alias, [keys.reference_hash(path, "Organization", institution) for path in policy.makers]
    )
    kept = Fragment(
        f"EXISTS (SELECT FROM record_relation o WHERE o.patient = {alias}.patient"
        " AND o.kind = 'registered' AND o.institution = %s)",
        (institution,),
    )
    return either([made, both([_of_one_patient(alias), kept])])
