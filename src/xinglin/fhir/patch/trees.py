"""JSON trees: copying them, comparing them, and naming what is in them."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container


def copied(value: Any) -> Any:
    """A copy of the containers; the leaves are the same objects, so an exact decimal stays exact."""
    if isinstance(value, dict):
        return {name: copied(child) for name, child in value.items()}
    if isinstance(value, list):
        return [copied(child) for child in value]
    return value


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: numbers numerically, and ``true`` is not 1.

    https://www.rfc-editor.org/rfc/rfc6902#section-4.6
    """
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def described(value: Any) -> str:
    """A value in few words, for a message."""
    if isinstance(value, dict):
        names = ", ".join(list(value)[:6])
        return f"an object with {names or 'no members'}"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str):
        return f"the string {value[:40]!r}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else f"the number {value}"


def without(value: Any, emptied: Container[int]) -> Any:
    """The tree without the empty containers whose identity is in ``emptied``, and without what that empties.

    In the array beside a repeating primitive (``_given``) null takes the place of what goes.
    """
    if isinstance(value, dict):
        kept = {name: _kept(name, child, emptied) for name, child in value.items()}
        left = {name: child for name, child in kept.items() if not _gone(child, value[name], emptied)}
        return value if len(left) == len(value) and all(left[name] is value[name] for name in left) else left
    if isinstance(value, list):
        pairs = [(without(child, emptied), child) for child in value]
        items = [new for new, old in pairs if not _gone(new, old, emptied)]
        return value if len(items) == len(value) and all(map(operator.is_, items, value)) else items
    return value


def _kept(name: str, child: Any, emptied: Container[int]) -> Any:
    if not name.startswith("_") or not isinstance(child, list):
        return without(child, emptied)
    pairs = [(without(item, emptied), item) for item in child]
    items = [None if _gone(new, old, emptied) else new for new, old in pairs]
    if all(map(operator.is_, items, child)):
        return child
    return [] if all(item is None for item in items) else items


def _gone(new: Any, old: Any, emptied: Container[int]) -> bool:
    return isinstance(new, dict | list) and not new and (id(old) in emptied or bool(old))
