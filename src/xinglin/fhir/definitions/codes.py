"""The value sets that elements are bound to with strength ``required``.

https://hl7.org/fhir/R4/terminologies.html#required
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from xinglin.fhir.definitions import files

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def _all() -> dict[str, dict[str, tuple[str, ...]]]:
    found = files.read("codes")
    return {url: {system: tuple(codes) for system, codes in parts.items()} for url, parts in found.items()}


def value_set(url: str) -> Mapping[str, tuple[str, ...]] | None:
    """The codes of the value set by code system, in the order of their definition.

    None for a value set that no element requires or that cannot be listed (UCUM, mime types, currencies).
    """
    return _all().get(url)
