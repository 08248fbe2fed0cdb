"""``_include`` and ``_revinclude``: what results refer to, and what refers to them.

https://hl7.org/fhir/R4/search.html#revinclude. ``:iterate`` goes on from what was included, up to
``MAX_ROUNDS`` times; a page never carries more than ``MAX_INCLUDED`` included resources.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, index, path
from xinglin.fhir import references as literal
from xinglin.fhir.index import keys
from xinglin.kernel.errors import Issue
from xinglin.kernel.ids import self_number
from xinglin.record.search import references, statements
from xinglin.record.search.fragments import Fragment, Int2, Int4, both, tokens_any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from xinglin.fhir.definitions import SearchParameter
    from xinglin.fhir.index import Branch
    from xinglin.record.queries import Stored
    from xinglin.record.search.criteria import Include
    from xinglin.record.search.scope import Scope

MAX_INCLUDED = 2_000
MAX_ROUNDS = 8

Name = tuple[str, str]  # type and id


def expand(
    scope: Scope, wanted: Sequence[Include], matches: Sequence[Stored]
) -> tuple[list[Stored], list[Issue]]:
    """The resources to send beside ``matches``, none of them twice, and what has to be said about them."""
    if not wanted or not matches:
        return [], []
    seen = {(found.type, found.id) for found in matches}
    included: list[Stored] = []
    frontier, due = list(matches), list(wanted)
    for _ in range(MAX_ROUNDS):
        fresh: dict[Name, Stored] = {}
        for found in _round(scope, due, frontier):
            name = (found.type, found.id)
            if name not in seen and name not in fresh:
                if len(included) + len(fresh) >= MAX_INCLUDED:
                    return [*included, *fresh.values()], [_too_many()]
                fresh[name] = found
        included += fresh.values()
        seen.update(fresh)
        frontier, due = list(fresh.values()), [include for include in wanted if include.iterate]
        if not frontier or not due:
            return included, []
    return included, [_too_deep()]


def _too_many() -> Issue:
    return Issue(
        "too-costly",
        "Of more than %(limit)d resources to include on this page the rest is left out. Ask for fewer with _count.",
        {"limit": MAX_INCLUDED},
        severity="warning",
    )


def _too_deep() -> Issue:
    return Issue(
        "too-costly",
        "Includes were followed %(limit)d times; what lies beyond is left out.",
        {"limit": MAX_ROUNDS},
        severity="warning",
    )


def _round(scope: Scope, wanted: Iterable[Include], frontier: Sequence[Stored]) -> Iterator[Stored]:
    for include in wanted:
        if include.reverse:
            yield from _referring(scope, include, frontier)
        else:
            yield from _referred(scope, include, frontier)


# -- forwards


def _referred(scope: Scope, include: Include, frontier: Iterable[Stored]) -> Iterator[Stored]:
    """What the frontier refers to."""
    names: dict[Name, None] = {}
    addresses: dict[str, None] = {}
    for found in frontier:
        if include.type not in (None, found.type):
            continue
        for text in _references(include, found):
            named = literal.parse(text, scope.base)
            if named is None:
                addresses[text] = None
            elif _is_meant(include, named.type):
                names[named.type, named.id] = None
    yield from _by_name(scope, names)
    yield from _by_url(scope, include, list(addresses))


def _is_meant(include: Include, type_: str) -> bool:
    targets = include.parameter.target if include.parameter else ()
    return include.target in (None, type_) and (not targets or type_ in targets)


def _references(include: Include, found: Stored) -> Iterator[str]:
    if include.parameter is None:
        yield from (holder["reference"] for holder in literal.holders(found.resource))
        return
    for branch in index.branches(found.type, include.parameter):
        for value in path.evaluate(branch.node, found.resource):
            text = value.get("reference") if isinstance(value, dict) else value
            named = literal.parse(text) if isinstance(text, str) else None
            if isinstance(text, str) and (named is None or references.allows(branch, named.type)):
                yield text


def _by_name(scope: Scope, names: Iterable[Name]) -> Iterator[Stored]:
    wanted = set(names)
    if wanted:
        numbers = sorted(self_number(type_, id_) for type_, id_ in wanted)
        for found in _rows(scope, (), Fragment("r.self = ANY(%s::bigint[])", (numbers,))):
            if (found.type, found.id) in wanted:
                yield found


def _by_url(scope: Scope, include: Include, addresses: Sequence[str]) -> Iterator[Stored]:
    """Resources known by a canonical URL, perhaps with ``|version``."""
    if not addresses or include.parameter is None:
        return
    targets = [include.target] if include.target else list(include.parameter.target)
    paths = [f"{type_}.url" for type_ in targets if "url" in definitions.search_parameters(type_)]
    hashes = [keys.uri_hash(place, address.partition("|")[0]) for place in paths for address in addresses]
    if hashes:
        for found in _rows(scope, tuple(targets), tokens_any("r", hashes)):
            url, version = found.resource.get("url"), found.resource.get("version")
            if url in addresses or f"{url}|{version}" in addresses:
                yield found


# -- backwards


def _referring(scope: Scope, include: Include, frontier: Sequence[Stored]) -> Iterator[Stored]:
    """What refers to the frontier; the targets' numbers XOR the branches' seeds lead to it."""
    if include.target is not None:
        frontier = [found for found in frontier if found.type == include.target]
    by_type: dict[str, list[int]] = defaultdict(list)
    for found in frontier:
        by_type[found.type].append(self_number(found.type, found.id))
    types = (include.type,) if include.type else ()
    hashes = {
        number ^ seed
        for target, numbers in by_type.items()
        for seed in _seeds(include, target)
        for number in numbers
    }
    if hashes:
        yield from _rows(scope, types, tokens_any("r", sorted(hashes)))


def _seeds(include: Include, target: str) -> Iterator[int]:
    for type_ in (include.type,) if include.type else definitions.RESOURCE_TYPES:
        for branch in _reference_branches(type_, include.parameter):
            if references.allows(branch, target):
                yield keys.seed(branch.path)


def _reference_branches(type_: str, parameter: SearchParameter | None) -> Iterator[Branch]:
    known = definitions.search_parameters(type_).values()
    for each in [parameter] if parameter else [p for p in known if p.type == "reference"]:
        yield from index.branches(type_, each)


def _rows(scope: Scope, types: tuple[str, ...], condition: Fragment) -> list[Stored]:
    """Rows that the asker may see, the newest first."""
    conditions = [condition]
    if len(types) == 1:
        conditions.append(Fragment("r.type = %s", (Int2(definitions.type_number(types[0])),)))
    allowed = scope.allowed("r", types)
    if allowed is not None:
        conditions.append(Fragment(f"({allowed.sql})", allowed.values))
    source, where = scope.source("r"), both(conditions)
    columns = ", ".join(f"r.{column}" for column in statements.COLUMNS)
    rows: list[tuple[Any, ...]] = scope.connection.execute(
        f"SELECT {columns} FROM {source.sql} WHERE {where.sql} ORDER BY r.vid DESC LIMIT %s",
        (*source.values, *where.values, Int4(MAX_INCLUDED + 1)),
        prepare=False,
        binary=True,
    ).fetchall()
    return [statements.stored(row) for row in rows]
