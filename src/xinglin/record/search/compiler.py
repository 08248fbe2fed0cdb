"""From criteria to SQL over resource rows.

Equality of every kind is a question to ``tokens``, so the tokens that must all be there make one ``@>`` and
one index scan. Dates, numbers and texts are semi-joins to the side tables by version number. What names a
single patient is also asked of ``patient``, so that the index on (patient, type, date) leads there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xinglin.fhir import definitions
from xinglin.kernel.ids import self_number
from xinglin.record.search import composites, predicates, references
from xinglin.record.search.criteria import Chain, Has, Match
from xinglin.record.search.fragments import FALSE, Fragment, Int2, Int8, both, either, tokens_all, tokens_any
from xinglin.record.search.predicates import Demand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.record.search.criteria import Compartment, Criterion, Link, Query
    from xinglin.record.search.scope import Scope


# A condition that no index serves and that the planner expects to hold for every second row. Of one patient's
# rows it would take the patient's own token for rare among them, and rather intersect indexes and sort than
# walk the patient's index in order.
_OPAQUE = "CASE WHEN {} THEN true END"


@dataclass(slots=True)
class Conjunction:
    """Conditions on one alias that all must hold.

    ``pointed``: few rows meet it whatever the values, so a generic plan will do. ``spread``: most rows of
    these types (by number) meet it, so the latest are best sought type by type.
    """

    alias: str
    tokens: list[int] = field(default_factory=list)
    parts: list[Fragment] = field(default_factory=list)
    patient: int | None = None
    pointed: bool = False
    spread: tuple[int, ...] = ()

    def fragment(self) -> Fragment:
        found = list(self.parts)
        if self.tokens:
            wanted = tokens_all(self.alias, self.tokens)
            found.append(
                wanted if self.patient is None else Fragment(_OPAQUE.format(wanted.sql), wanted.values)
            )
        return both(found)


def where(scope: Scope, alias: str, query: Query) -> Conjunction:
    """The rows that a query is after."""
    made = conjunction(scope, alias, query.types, query.criteria, query.compartment)
    if len(query.types) != 1 and query.compartment is None and all(map(_is_by_version, query.criteria)):
        made.spread = tuple(map(definitions.type_number, query.types or definitions.RESOURCE_TYPES))
    return made


def _is_by_version(criterion: Criterion) -> bool:
    return isinstance(criterion, Match) and criterion.parameter.code == "_lastUpdated"


def conjunction(
    scope: Scope,
    alias: str,
    types: Sequence[str],
    criteria: Iterable[Criterion],
    compartment: Compartment | None = None,
) -> Conjunction:
    """Rows of one of ``types`` (none: any) that the asker may see and that meet all the criteria."""
    demands = [_demand(scope, alias, criterion, types) for criterion in criteria]
    made = Conjunction(
        alias,
        tokens=[hash_ for demand in demands for hash_ in demand.tokens],
        patient=next((demand.patient for demand in demands if demand.patient is not None), None),
        pointed=any(demand.pointed for demand in demands),
    )
    if compartment is not None:
        _add_compartment(made, types, compartment)
    made.parts += [
        demand.fragment if made.patient is None else demand.within_patient or demand.fragment
        for demand in demands
        if demand.fragment is not None
    ]
    if made.patient is not None:  # the second condition lets any plan use the partial index
        made.parts.insert(
            0, Fragment(f"{alias}.patient = %s AND {alias}.patient <> 0", (Int8(made.patient),))
        )
        made.pointed = True
    if len(types) == 1:
        made.parts.insert(0, Fragment(f"{alias}.type = %s", (Int2(definitions.type_number(types[0])),)))
    elif types:
        numbers = [definitions.type_number(type_) for type_ in types]
        made.parts.insert(0, Fragment(f"{alias}.type = ANY(%s::smallint[])", (numbers,)))
    allowed = scope.allowed(alias, tuple(types))
    if allowed is not None:
        made.parts.append(Fragment(f"({allowed.sql})", allowed.values))
    return made


def _demand(scope: Scope, alias: str, criterion: Criterion, types: Sequence[str]) -> Demand:
    if isinstance(criterion, Chain):
        return Demand(fragment=_chain(scope, alias, criterion))
    if isinstance(criterion, Has):
        return Demand(fragment=_has(scope, alias, criterion, types))
    if criterion.parameter.type == "composite":
        return Demand(fragment=composites.condition(scope, alias, criterion))
    return predicates.match(scope, alias, criterion)


# -- along references and back

PROBED = 2_000  # rows at the far end of a reference up to which their numbers are put into the statement


def _chain(scope: Scope, alias: str, chain: Chain) -> Fragment:
    """Refers to a row that meets the criterion of one of the links."""
    return either([_refers(scope, alias, chain, link) for link in chain.links])


def _refers(scope: Scope, alias: str, chain: Chain, link: Link) -> Fragment:
    """Refers to a row of the link's type that meets its criterion.

    Few of those: their tokens are asked of the index. Many: each candidate's patient, or whatever its tokens
    turned back into numbers may name, is looked up.
    """
    seeds = references.seeds(chain.type, chain.parameter, link.type)
    if not seeds:
        return FALSE
    far = scope.alias()
    found = conjunction(scope, far, (link.type,), (link.criterion,)).fragment()
    numbers = _probe(scope, far, found)
    if numbers is not None:
        return tokens_any(alias, [number ^ seed for number in numbers for seed in seeds])
    source = scope.source(far)
    if link.type == "Patient" and references.by_patient(chain.type, chain.parameter):
        refers = _OPAQUE.format(f"{alias}.tokens @> ARRAY[{far}.self # %s]")
        tables = f"{source.sql} WHERE {far}.self = {alias}.patient AND {refers}"
    else:
        tables = (
            f"unnest({alias}.tokens) AS k{far}(h) JOIN {source.sql} ON {far}.self = k{far}.h # %s WHERE true"
        )
    sql = f"EXISTS (SELECT FROM {tables} AND {found.sql})"
    return either([Fragment(sql, (*source.values, Int8(seed), *found.values)) for seed in seeds])


def _has(scope: Scope, alias: str, has: Has, types: Sequence[str]) -> Fragment:
    """A row that meets the criterion refers to this one, of one of ``types``.

    Few such rows: whatever their tokens may name is looked up. Many: each candidate asks the index who
    refers to it.
    """
    seeds = references.seeds(has.type, has.parameter, types[0] if len(types) == 1 else None)
    far = scope.alias()
    found, source = conjunction(scope, far, (has.type,), (has.criterion,)).fragment(), scope.source(far)
    refers = f"{far}.tokens @> ARRAY[{alias}.self # %s]"
    if tuple(types) == ("Patient",) and references.by_patient(has.type, has.parameter):
        refers = f"{far}.patient = {alias}.self AND {far}.patient <> 0 AND {_OPAQUE.format(refers)}"
    elif _probe(scope, far, found) is not None:
        sql = (
            f"{alias}.self IN (SELECT k{far}.h # %s FROM {source.sql}, unnest({far}.tokens) AS k{far}(h)"
            f" WHERE {found.sql})"
        )
        return either([Fragment(sql, (Int8(seed), *source.values, *found.values)) for seed in seeds])
    sql = f"EXISTS (SELECT FROM {source.sql} WHERE {refers} AND {found.sql})"
    return either([Fragment(sql, (*source.values, Int8(seed), *found.values)) for seed in seeds])


def _probe(scope: Scope, alias: str, found: Fragment) -> list[int] | None:
    """The numbers of the rows that meet a condition, None if there are more than ``PROBED``."""
    source = scope.source(alias)
    rows = scope.connection.execute(
        f"SELECT {alias}.self FROM {source.sql} WHERE {found.sql} LIMIT {PROBED + 1}",
        (*source.values, *found.values),
        prepare=False,
        binary=True,
    ).fetchall()
    return [row[0] for row in rows] if len(rows) <= PROBED else None


# -- compartments


def _add_compartment(made: Conjunction, types: Sequence[str], compartment: Compartment) -> None:
    """Members of a compartment; https://hl7.org/fhir/R4/compartmentdefinition.html"""
    number = self_number(compartment.type, compartment.id)
    hashes: set[int] = set()
    own = False
    for type_ in types or definitions.RESOURCE_TYPES:
        hashes.update(number ^ seed for seed in references.compartment_seeds(compartment.type, type_))
        own = own or type_ == compartment.type
    alternatives = [tokens_any(made.alias, sorted(hashes))] if hashes else []
    if own:
        alternatives.append(
            Fragment(
                f"({made.alias}.self = %s AND {made.alias}.type = %s)",
                (Int8(number), Int2(definitions.type_number(compartment.type))),
            )
        )
    made.parts.append(either(alternatives))
    made.pointed = made.pointed or compartment.type == "Patient"
    if len(types) == 1 and compartment.type == "Patient" and references.always_by_patient(types[0]):
        made.patient = number
