"""Which search parameters there are: those of the standard and those that were added."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from xinglin.fhir import definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xinglin.fhir.definitions import SearchParameter
    from xinglin.record.search.criteria import Criterion

_REMEMBERED = 2_000  # parameter names as asked for, so that a repeated one is not parsed again


class Catalogue:
    """The standard's search parameters with ``added`` ones by resource type; immutable."""

    def __init__(self, added: Mapping[str, Sequence[SearchParameter]] | None = None) -> None:
        self._added = {type_: tuple(found) for type_, found in (added or {}).items()}
        self._known: dict[str, Mapping[str, SearchParameter]] = {}
        self._names: OrderedDict[tuple[str, str], Criterion] = OrderedDict()

    def added(self, type_: str) -> tuple[SearchParameter, ...]:
        """The parameters of ``type_`` that are not the standard's."""
        return self._added.get(type_, ())

    def parameters(self, type_: str) -> Mapping[str, SearchParameter]:
        """The parameters of a resource type by code; of all types alike for ``Resource``."""
        found = self._known.get(type_)
        if found is None:
            found = dict(definitions.search_parameters(type_))
            found.update({parameter.code: parameter for parameter in self.added(type_)})
            self._known[type_] = found
        return found

    def resolved(
        self, type_: str, name: str, resolve: Callable[[Catalogue, str, str], Criterion]
    ) -> Criterion:
        """What ``resolve`` makes of ``name``, remembered."""
        key = (type_, name)
        found = self._names.get(key)
        if found is None:
            found = resolve(self, type_, name)
            if len(self._names) >= _REMEMBERED:
                self._names.popitem(last=False)
            self._names[key] = found
        return found


STANDARD = Catalogue()
