"""Codes as tokens: the hashes by which ``code``, ``system|code``, ``|code`` and ``system|`` are found.

https://hl7.org/fhir/R4/search.html#token
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from xinglin.fhir import definitions
from xinglin.fhir.index import keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xinglin.fhir.index import Branch
    from xinglin.record.search.values import Token

_WITH_SYSTEM = frozenset({"CodeableConcept", "Coding", "Identifier", "ContactPoint"})


def hashes(branch: Branch, wanted: Token) -> Iterator[int]:
    """The tokens under which ``wanted`` is filed in a branch; any of them will do."""
    path, system, code = branch.path, wanted.system, wanted.code
    if any(type_ in _WITH_SYSTEM for type_ in branch.types):
        yield plain(path, wanted)
    if all(type_ in _WITH_SYSTEM for type_ in branch.types):
        return
    if system is None and code is not None:
        yield keys.code_hash(path, code)
        return
    implied = _implied(path) if "code" in branch.types else {}
    if not system:  # a code whose system is implied does not lack one
        if code is not None and not implied:
            yield keys.code_hash(path, code)
    elif code is None:
        yield from (keys.code_hash(path, each) for each in implied.get(system, ()))
    elif code in implied.get(system, ()):
        yield keys.code_hash(path, code)


def plain(path: str, wanted: Token) -> int:
    """The token of a value that states its own system."""
    if wanted.system is None:
        return keys.code_hash(path, wanted.code or "")
    if wanted.code is None:
        return keys.system_hash(path, wanted.system)
    return keys.token_hash(path, wanted.system, wanted.code)


def allowed(branches: Sequence[Branch]) -> frozenset[str] | None:
    """The only codes that branches can have, None where they can have any."""
    codes: set[str] = set()
    for branch in branches:
        if branch.types == ("boolean",):
            codes.update(("true", "false"))
        elif branch.types == ("code",) and (implied := _implied(branch.path)):
            codes.update(code for each in implied.values() for code in each)
        else:
            return None
    return frozenset(codes) if branches else None


@lru_cache(maxsize=1024)
def _implied(path: str) -> Mapping[str, tuple[str, ...]]:
    """The codes by system that an element of type code is bound to; none if they cannot be listed."""
    try:
        binding = definitions.element(path.partition(":")[0]).binding
    except KeyError:
        return {}
    return (definitions.value_set(binding[1].partition("|")[0]) if binding else None) or {}
