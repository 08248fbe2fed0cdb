"""The search parameters in force: those of R4, and those that were stored as SearchParameter resources.

A stored one counts when it is ``active``, has an expression, and its code is free for its type. Every
process looks for changes to them every few seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xinglin.fhir import definitions, index
from xinglin.fhir.definitions import Component, SearchParameter
from xinglin.kernel.errors import Fault
from xinglin.record import database, packing, sealing
from xinglin.record.search.catalogue import STANDARD, Catalogue
from xinglin.terminology import pinyin

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_AGAIN_SECONDS = 5.0
_log = logging.getLogger(__name__)

Definition = tuple[str, int, int]


@dataclass(slots=True)
class _InForce:
    """What one process knows; replaced as a whole when a stored parameter changes."""

    latest: int = -1  # the highest version number of a SearchParameter, living or not
    catalogue: Catalogue = STANDARD
    added: tuple[Definition, ...] = ()
    extractors: dict[str, Callable[[dict[str, Any]], index.Entries]] = field(default_factory=dict)


_state = _InForce()
_looked = 0.0
_lock = threading.Lock()


def extractor(type_name: str) -> Callable[[dict[str, Any]], index.Entries]:
    """What makes the index entries of a resource of that type."""
    state = _refreshed()
    found = state.extractors.get(type_name)
    if found is None:
        extra = state.catalogue.added(type_name)
        found = index.extractor(type_name, extra, name_keys=pinyin.name_keys)
        state.extractors[type_name] = found
    return found


def text_keys(type_name: str) -> frozenset[int]:
    """The keys of those string rows of a type that are filed as shared texts (``texts``)."""
    return index.text_keys(type_name, _state.catalogue.added(type_name))


def catalogue() -> Catalogue:
    """The parameters that a search may name."""
    return _refreshed().catalogue


def added() -> tuple[Definition, ...]:
    """What defines the parameters that are not the standard's: url, number of the type, version number."""
    return _refreshed().added


def look_again() -> None:
    """Forget when the stored parameters were last looked at; the next use looks."""
    global _looked  # noqa: PLW0603 -- one process-wide moment
    _looked = 0.0


def forget() -> None:
    """Forget all, extractors too; for when hashes are made with another key."""
    global _state  # noqa: PLW0603 -- one process-wide state, swapped whole
    _state = _InForce()
    look_again()


def _refreshed() -> _InForce:
    global _looked, _state  # noqa: PLW0603 -- one process-wide state, swapped whole
    sealing.settle()
    now = time.monotonic()
    if now - _looked > _LOOK_AGAIN_SECONDS and _lock.acquire(blocking=False):
        try:
            latest = _latest()
            if latest != _state.latest:
                _state = _InForce(latest, *_read())
            _looked = now
        finally:
            _lock.release()
    return _state


def _latest() -> int:
    row = (
        database.connection()
        .execute(
            "SELECT greatest((SELECT max(vid) FROM record_resource WHERE type = %(type)s),"
            " (SELECT max(vid) FROM record_history WHERE type = %(type)s))",
            {"type": definitions.type_number("SearchParameter")},
            prepare=True,
        )
        .fetchone()
    )
    return int(row[0] or 0) if row else 0


def _read() -> tuple[Catalogue, tuple[Definition, ...]]:
    added: dict[str, list[SearchParameter]] = {}
    definitions_: list[Definition] = []
    rows = database.connection().execute(
        "SELECT vid, body FROM record_resource WHERE type = %s ORDER BY vid",
        [definitions.type_number("SearchParameter")],
    )
    for vid, body in rows:
        parameter = custom(packing.parsed("SearchParameter", packing.unpack(body)))
        for base in parameter.base if parameter else ():
            if parameter and _is_usable(base, parameter):
                added.setdefault(base, []).append(parameter)
                definitions_.append((parameter.url, definitions.type_number(base), vid))
    return (Catalogue(added), tuple(definitions_)) if added else (STANDARD, ())


def _is_usable(base: str, parameter: SearchParameter) -> bool:
    """Whether the parameter adds to the type's own and can be compiled; one that cannot must not stop writing."""
    if not definitions.is_resource_type(base) or parameter.code in definitions.search_parameters(base):
        return False
    try:
        index.extractor(base, (parameter,), name_keys=pinyin.name_keys)
    except Fault as fault:
        _log.warning("SearchParameter %s is not in force for %s: %s", parameter.url, base, fault)
        return False
    return True


def custom(resource: dict[str, Any]) -> SearchParameter | None:
    """The parameter that a SearchParameter resource defines, None where it is not in force."""
    if resource.get("status") != "active" or not resource.get("expression"):
        return None
    return SearchParameter(
        code=resource["code"],
        type=resource["type"],
        expression=resource["expression"],
        base=tuple(resource["base"]),
        url=resource["url"],
        target=tuple(resource.get("target", ())),
        components=tuple(
            Component(part["definition"].rpartition("-")[2], part["definition"], part["expression"])
            for part in resource.get("component", ())
        ),
        usage="normal",
    )
