"""Conditions on texts: begins with, contains; https://hl7.org/fhir/R4/search.html#string"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.fhir.index import keys
from xinglin.record.search import refusals
from xinglin.record.search.fragments import Fragment, either, joined, keyed, tokens_all, tokens_any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SURROGATES = (0xD800, 0xDFFF)
_HIGHEST = 0x10FFFF
_LEAST = 2  # characters of a pair


def begins(alias: str, paths: Sequence[str], texts: Sequence[str]) -> Fragment:
    """A text filed under one of the paths begins with one of ``texts``, however written."""
    groups = [[path for path in paths if keys.is_sealed(path) is how] for how in (False, True)]
    return either(
        [
            begins_at(alias, sorted({keys.key(path) for path in group}), group[0], texts)
            for group in groups
            if group
        ]
    )


def begins_at(alias: str, places: Sequence[int], path: str, texts: Sequence[str]) -> Fragment:
    """As ``begins``, for rows under these keys that are filed as those of ``path`` are."""
    return _exists(alias, places, [_prefixed(keys.begun(path, keys.normalise(text))) for text in texts])


def shared_begins(alias: str, places: Sequence[int], texts: Sequence[str]) -> Fragment:
    """As ``begins``, for the texts of tokens: those that fit are looked up first, then their hashes are sought."""
    conditions = either([_prefixed(keys.normalise(text)) for text in texts])
    head = Fragment(f"{alias}.tokens && ARRAY(SELECT x.hash FROM record_text x WHERE ")
    return joined("", (head, keyed("x.key", places), Fragment(" AND "), conditions, Fragment(")")))


def contains(alias: str, paths: Sequence[str], texts: Sequence[str]) -> Fragment:
    """A text under one of the paths has one of ``texts`` in it.

    Pairs of characters in ``tokens`` lead to the candidates; a text too long for all its pairs to be filed
    has a token of its own. Raises ``unsupported`` for a single character of what is filed as codes.
    """
    return either([_contains(alias, path, keys.normalise(text)) for path in paths for text in texts])


def _contains(alias: str, path: str, text: str) -> Fragment:
    if keys.is_sealed(path) and len(text) < _LEAST:
        reason = f"{path} is encrypted, give at least {_LEAST} characters of it to :contains"
        raise refusals.unsupported(path, reason).fault()
    if keys.is_sealed(path):
        held = Fragment("strpos(split_part(x.value, '~', 2), %s) > 0", (keys.paired(text),))
    else:
        held = Fragment("strpos(x.value, %s) > 0", (text,))
    found = _exists(alias, [keys.key(path)], [held])
    pairs = [text[i : i + 2] for i in range(len(text) - 1)]
    if not pairs:
        return found
    likely = either(
        [
            tokens_all(alias, sorted({keys.gram_hash(path, pair) for pair in pairs})),
            tokens_any(alias, [keys.long_hash(path)]),
        ]
    )
    return joined("", (Fragment("("), likely, Fragment(" AND "), found, Fragment(")")))


def _exists(alias: str, places: Sequence[int], conditions: Sequence[Fragment]) -> Fragment:
    head = Fragment(f"EXISTS (SELECT FROM record_string x WHERE x.vid = {alias}.vid AND ")
    return joined("", (head, keyed("x.key", places), Fragment(" AND "), either(conditions), Fragment(")")))


def _prefixed(prefix: str) -> Fragment:
    """Spelt as a range, which the index serves in any plan."""
    after = _successor(prefix)
    if after is None:
        return Fragment("x.value >= %s", (prefix,))
    return Fragment("(x.value >= %s AND x.value < %s)", (prefix, after))


def _successor(prefix: str) -> str | None:
    """The least text, by code points, that is greater than every text with this prefix."""
    for i in range(len(prefix) - 1, -1, -1):
        point = ord(prefix[i]) + 1
        if _SURROGATES[0] <= point <= _SURROGATES[1]:
            point = _SURROGATES[1] + 1
        if point <= _HIGHEST:
            return prefix[:i] + chr(point)
    return None
