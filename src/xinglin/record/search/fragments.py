"""Pieces of SQL with the values bound to their places, in the order of their places.

A place is psycopg's ``%s``; the text itself is made of constants of this package only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.numeric import Float8, Int2, Int4, Int8

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Fragment(NamedTuple):
    """SQL and what is bound to its ``%s`` places."""

    sql: str
    values: tuple[Any, ...] = ()


FALSE = Fragment("false")
TRUE = Fragment("true")


def joined(separator: str, fragments: Iterable[Fragment]) -> Fragment:
    texts: list[str] = []
    values: list[Any] = []
    for fragment in fragments:
        texts.append(fragment.sql)
        values += fragment.values
    return Fragment(separator.join(texts), tuple(values))


def both(fragments: Sequence[Fragment]) -> Fragment:
    """All of them; true if there are none."""
    if len(fragments) == 1:
        return fragments[0]
    return joined(" AND ", fragments) if fragments else TRUE


def either(fragments: Sequence[Fragment]) -> Fragment:
    """Any of them; false if there are none."""
    if len(fragments) == 1:
        return fragments[0]
    inner = joined(" OR ", fragments)
    return Fragment(f"({inner.sql})", inner.values) if fragments else FALSE


def negated(fragment: Fragment) -> Fragment:
    return Fragment(f"NOT ({fragment.sql})", fragment.values)


def tokens_any(alias: str, hashes: Sequence[int]) -> Fragment:
    """Has one of the tokens."""
    operator = "@>" if len(hashes) == 1 else "&&"
    return Fragment(f"{alias}.tokens {operator} %s::bigint[]", (list(hashes),)) if hashes else FALSE


def tokens_all(alias: str, hashes: Sequence[int]) -> Fragment:
    """Has every one of the tokens."""
    return Fragment(f"{alias}.tokens @> %s::bigint[]", (list(hashes),))


def keyed(column: str, keys: Sequence[int]) -> Fragment:
    if len(keys) == 1:
        return Fragment(f"{column} = %s", (Int4(keys[0]),))
    return Fragment(f"{column} = ANY(%s::integer[])", (list(keys),))


__all__ = [
    "FALSE",
    "TRUE",
    "Float8",
    "Fragment",
    "Int2",
    "Int4",
    "Int8",
    "both",
    "either",
    "joined",
    "keyed",
    "negated",
    "tokens_all",
    "tokens_any",
]
