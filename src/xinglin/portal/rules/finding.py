"""What a row of results is found by: its names, their initials, and the short names in use for its test."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from xinglin.terminology.spelling import term_keys

if TYPE_CHECKING:
    from collections.abc import Iterable


@cache
def _short_names() -> dict[str, str]:
    lines = (
        resources.files("xinglin.portal").joinpath("data/abbreviations-1.tsv").read_text("utf-8").splitlines()
    )
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {loinc: names.casefold() for loinc, names in rows[1:]}


@lru_cache(maxsize=1 << 12)
def _spelt(name: str) -> str:
    """A name in small letters with its initials and its syllables, each once: ``血钾 xj xuejia``."""
    first = min(term_keys("", name), key=lambda key: key.weight if key.initials else 1 << 30)
    words = (name.casefold(), first.initials or "", (first.spelt or "").replace(" ", ""))
    return " ".join(dict.fromkeys(filter(None, words)))


def words(names: Iterable[str], loinc: str = "") -> str:
    """What is looked in for what is typed, in small letters; ``loinc`` is the test's code, if it has one."""
    return " ".join(filter(None, [*map(_spelt, filter(None, names)), _short_names().get(loinc, "")]))
