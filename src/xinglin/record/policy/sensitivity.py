"""Sensitivity labels: found in a resource as it is written, kept as tokens of its row, never put into the resource.

A quick look for the codes and words in the stored text decides for nearly all resources that there is nothing; only
where it finds something is the resource walked, since a code counts in its system and a prefix at the code's beginning.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from xinglin.record.policy import compiling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.record.policy.terms import Label

ANY_SYSTEM = "*"


def tokens(resource: dict[str, Any], text: bytes = b"", *, several: bool = False) -> list[int]:
    """The tokens of the labels that the policy in force gives the resource.

    ``text``: its JSON without spaces, where it is at hand. ``several``: it is about more than one patient, which is a
    label too.
    """
    known = compiling.in_force().labels
    codes = labels(known, resource) if not text or may_have(text) else []
    return [compiling.label_hash(code) for code in ([*codes, compiling.SEVERAL] if several else codes)]


def may_have(text: bytes) -> bool:
    """Whether a code or a word in the stored text could make a label; the quick look."""
    words, codes = _quick(compiling.name_in_force())
    for word in words:  # a loop, since this is asked of every resource that is written
        if word in text:
            return True
    return codes.search(text) is not None


@lru_cache(maxsize=8)
def _quick(name: str) -> tuple[tuple[bytes, ...], re.Pattern[bytes]]:
    """The words and the codes of all labels of the policy of that name."""
    known = compiling.named(name).labels
    words = tuple(word.encode() for label in known for word in label.words)
    prefixes = {prefix for label in known for each in label.codes.values() for prefix in each}
    whole = {code for label in known for _, code in label.security}
    ways = sorted(map(re.escape, prefixes)) + [f'{re.escape(code)}"' for code in sorted(whole)]
    return words, re.compile(f'"code":"(?:{"|".join(ways) or "(?!)"})'.encode())


def labels(known: tuple[Label, ...], resource: dict[str, Any]) -> list[str]:
    """The codes of the labels that fit the resource, in the order of the data."""
    codes, texts = [], []
    for name, value, holder in _strings(resource):
        if name == "code":
            codes.append((str(holder.get("system", "")), value))
        else:
            texts.append(value)
    said = "\n".join(texts)
    return [label.code for label in known if _fits(label, codes, said)]


def _fits(label: Label, codes: list[tuple[str, str]], said: str) -> bool:
    for system, code in codes:
        if (system, code) in label.security:
            return True
        prefixes = label.codes.get(system, ()) + label.codes.get(ANY_SYSTEM, ())
        if prefixes and _looks_like_icd(code) and code.startswith(prefixes):
            return True
    pattern = _pattern(label.words)
    return pattern is not None and pattern.search(said) is not None


_ICD = re.compile(r"[A-Z]\d\d(?![\d-])")


def _looks_like_icd(code: str) -> bool:
    """A letter, two digits, and then no third digit or hyphen: no loinc, no administrative code."""
    return _ICD.match(code) is not None


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, words))) if words else None


def _strings(
    value: Any, name: str = "", holder: dict[str, Any] | None = None
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every string in the resource with the name of its member and the object it stands in."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key not in _SKIPPED:
                yield from _strings(child, key, value)
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child, name, holder)
    elif isinstance(value, str) and holder is not None:
        yield name, value, holder


_SKIPPED = frozenset({"id", "system", "reference", "data", "url", "profile", "lastUpdated"})
