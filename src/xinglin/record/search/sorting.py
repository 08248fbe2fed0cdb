"""``_sort``: which keys SQL can order by, and the order of the others, read from the resources themselves.

Versions, ids, dates, numbers, quantities and texts lie in columns. Of codes, references and URIs the
database only holds hashes, of encrypted texts only codes: to order by those, all results are read, up to
``MAX_SORTED``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, index, json, path
from xinglin.fhir.index import keys
from xinglin.record import packing
from xinglin.record.search import ordering, references, statements
from xinglin.terminology import pinyin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xinglin.record.search.criteria import Query, SortKey
    from xinglin.record.search.ordering import Order, Scalar

MAX_SORTED = 10_000
_READ = ("token", "reference", "uri")


def orders(query: Query) -> list[Order | SortKey]:
    """The keys in order, ``SortKey`` where the resources must be read; the last is always the version."""
    if not query.sort:
        return [ordering.by_version(descending=True)]
    type_ = query.types[0] if len(query.types) == 1 else "Resource"
    made = [_order(type_, key, place) for place, key in enumerate(query.sort)]
    last = query.sort[-1]
    if last.parameter.code != "_lastUpdated":
        made.append(ordering.by_version(descending=query.sort[0].descending))
    return made


def _order(type_: str, key: SortKey, place: int) -> Order | SortKey:
    parameter, descending = key.parameter, key.descending
    if parameter.code == "_lastUpdated":
        return ordering.by_version(descending=descending)
    if parameter.code == "_id":
        return ordering.by_id(descending=descending)
    if parameter.type in _READ:
        return key
    branches = index.branches(type_, parameter)
    if references.is_main_date(branches):
        return ordering.by_main_date(descending=descending)
    places = sorted({keys.key(branch.path) for branch in branches})
    if parameter.type == "string":
        if any(keys.is_sealed(branch.path) for branch in branches):
            return key
        return ordering.by_string(place, places, descending=descending)
    return ordering.by_range(place, places, descending=descending)


def text_of(key: SortKey, resource: dict[str, Any]) -> str | None:
    """What a resource is sorted by for a parameter without a column of its own; None if it has no value."""
    values = path.evaluate(key.parameter.expression, resource)
    if key.parameter.type == "string":
        found = [text for value in values for text in index.comparable(value, pinyin.name_keys)]
    else:
        found = [text for value in values for text in _texts(value)]
    return (max if key.descending else min)(found, default=None)


def _texts(value: Any) -> Iterable[str]:
    """The code of a code, the value of an identifier or contact, the target of a reference."""
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if not isinstance(value, dict):
        return [str(value)]
    if "coding" in value:
        return [text for coding in value["coding"] for text in _texts(coding)] or _texts(
            {"code": value.get("text")}
        )
    found = next(
        (value[name] for name in ("code", "value", "reference", "text", "display") if value.get(name)), None
    )
    return [str(found)] if found is not None else []


def columns(
    wanted: Sequence[Order | SortKey], rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Sequence[Scalar], bool]]:
    """For each key its values, row by row, and whether it is descending."""
    resources = [_resource(row) for row in rows]
    made: list[tuple[Sequence[Scalar], bool]] = []
    in_sql = [order for order in wanted if isinstance(order, ordering.Order)]
    cursors = [statements.cursor(row, in_sql) for row in rows]
    for key in wanted:
        if isinstance(key, ordering.Order):
            place = in_sql.index(key)
            made.append(([cursor[place] for cursor in cursors], key.descending))
        else:
            made.append(([text_of(key, resource) for resource in resources], key.descending))
    return made


def _resource(row: tuple[Any, ...]) -> dict[str, Any]:
    type_, id_, version, vid, _, body = row[: statements.KEYS_FROM]
    parsed: dict[str, Any] = json.parse(
        packing.text(definitions.RESOURCE_TYPES[type_ - 1], id_, version, vid, body)
    )
    return parsed


def sorted_rows(
    rows: Sequence[tuple[Any, ...]], wanted: Sequence[tuple[Sequence[Scalar], bool]]
) -> list[tuple[Any, ...]]:
    """``rows`` by columns of keys, the most significant first; a missing value counts as the lowest."""
    places = list(range(len(rows)))
    for values, descending in reversed(wanted):
        places.sort(key=[_comparable(value) for value in values].__getitem__, reverse=descending)
    return [rows[place] for place in places]


def _comparable(value: Scalar) -> tuple[bool, Any]:
    return (value is not None, 0 if value is None else value)
