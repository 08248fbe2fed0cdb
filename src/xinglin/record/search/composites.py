"""Composite parameters: several values that must stand in one and the same element.

https://hl7.org/fhir/R4/search.html#composite; how they are filed is told in ``xinglin.fhir.index``.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from xinglin.fhir import index
from xinglin.fhir.index import keys
from xinglin.record.search import predicates, ranges, references, refusals, strings, tokens, values
from xinglin.record.search.fragments import (
    Fragment,
    Int4,
    both,
    either,
    joined,
    tokens_all,
    tokens_any,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xinglin.fhir.index import Branch, Composite
    from xinglin.record.search.criteria import Match
    from xinglin.record.search.scope import Scope

_HASHED = ("token", "reference", "uri")


def condition(scope: Scope, alias: str, criterion: Match) -> Fragment:
    """``alias`` has an element that meets one of the tuples of values."""
    found = index.composites(criterion.type, criterion.parameter)
    wanted = [value for value in criterion.values if isinstance(value, values.Tuple)]
    make = {True: _of_resource, False: _of_element}
    return either(
        [
            make[composite.root](scope, alias, composite, value.parts)
            for composite in found
            for value in wanted
        ]
    )


def _of_resource(scope: Scope, alias: str, composite: Composite, parts: Sequence[values.Value]) -> Fragment:
    """The element is the resource: each part is a condition on branches of its own."""
    conditions = []
    for branches, part in zip(composite.components, parts, strict=True):
        demand = predicates.by_kind(branches[0].kind, scope, alias, (part,), branches)
        if demand.tokens:
            conditions.append(tokens_all(alias, demand.tokens))
        if demand.fragment is not None:
            conditions.append(demand.fragment)
    found = both(conditions)
    return Fragment(f"({found.sql})", found.values)


def _of_element(scope: Scope, alias: str, composite: Composite, parts: Sequence[values.Value]) -> Fragment:
    hashed: list[list[int]] = []
    others: list[tuple[Branch, values.Value]] = []
    for branches, part in zip(composite.components, parts, strict=True):
        if branches[0].kind in _HASHED:
            hashed.append([hash_ for branch in branches for hash_ in _hashes(scope, branch, part)])
        else:
            others += [(branches[0], part)]
    if not others:
        return tokens_any(
            alias, [keys.composite_hash(composite.path, *combination) for combination in product(*hashed)]
        )
    if any(isinstance(part, values.Token) and part.code is None for part in parts):
        raise refusals.wrong_value(
            composite.path, "system|", "a code: the system alone is not filed together"
        ).fault()
    paths = (
        [composite.path] if len(others) == 1 else [f"{composite.path}#{n}" for n in range(1, len(others) + 1)]
    )
    return either(
        [_side_rows(scope, alias, (paths, combination), others) for combination in product(*hashed)]
    )


def _hashes(scope: Scope, branch: Branch, part: values.Value) -> Iterator[int]:
    if isinstance(part, values.Token):
        yield from tokens.hashes(branch, part)
    elif isinstance(part, values.Reference):
        yield from references.hashes(branch, part, scope.base)
    elif isinstance(part, values.Text):
        yield keys.uri_hash(branch.path, part.text)


def _side_rows(
    scope: Scope,
    alias: str,
    filed: tuple[Sequence[str], Sequence[int]],
    others: Sequence[tuple[Branch, values.Value]],
) -> Fragment:
    """Rows for each other component; of one element, told by their ``unit`` where there are several."""
    paths, combination = filed
    places = [keys.composite_key(path, *combination) for path in paths]
    if isinstance(others[0][1], values.Text):
        return strings.begins_at(alias, places, others[0][0].path, [others[0][1].text])
    if len(others) == 1:
        return ranges.exists(alias, Fragment("x.key = %s", (Int4(places[0]),)), [_range(scope, others[0][1])])
    tables, conditions = [], []
    for n, (place, (_, part)) in enumerate(zip(places, others, strict=True)):
        amount = part.number if isinstance(part, values.Quantity) else part
        asked = _range(scope, amount)
        link = "" if n == 0 else f" AND x{n}.unit = x0.unit"
        tables.append(f"record_range x{n}")
        conditions.append(
            joined(
                "",
                (
                    Fragment(f"x{n}.vid = {alias}.vid AND x{n}.key = %s{link} AND ", (Int4(place),)),
                    Fragment(asked.sql.replace("x.", f"x{n}."), asked.values),
                ),
            )
        )
    found = both(conditions)
    return Fragment(f"EXISTS (SELECT FROM {', '.join(tables)} WHERE {found.sql})", found.values)


def _range(scope: Scope, part: values.Value) -> Fragment:
    if isinstance(part, values.Moment):
        return ranges.date_condition(part, scope.now)
    if isinstance(part, values.Quantity):
        return ranges.quantity_condition(part)
    assert isinstance(part, values.Number)
    return ranges.number_condition(part)
