"""Composites: what the components of one element make together; the scheme is in the package's docstring.

https://hl7.org/fhir/R4/search.html#composite
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

from xinglin.fhir.index import keys
from xinglin.fhir.index.generate import Function, Place
from xinglin.fhir.index.leaves import Filing

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.fhir.index.branches import Branch, Composite
    from xinglin.fhir.index.values import RangeRow, StringRow, Tokens

    Found: TypeAlias = tuple[Tokens, list[RangeRow], list[StringRow]]

DISCRETE = frozenset({"token", "reference", "uri"})


def is_discrete(component: tuple[Branch, ...]) -> bool:
    """Whether a component is filed by hashes, and not by rows."""
    return all(branch.kind in DISCRETE for branch in component)


def row_path(composite: Composite, number: int) -> str:
    """The path of the rows of the ``number``-th component that is not discrete, counted from 1."""
    others = sum(not is_discrete(component) for component in composite.components)
    return f"{composite.path}#{number}" if others > 1 else composite.path


class Elements:
    """Files the elements of a composite one by one."""

    def __init__(self, composite: Composite, parts: list[Callable[..., Found]]) -> None:
        self._path = composite.path
        discrete = [is_discrete(component) for component in composite.components]
        self._discrete = [part for part, is_hash in zip(parts, discrete, strict=True) if is_hash]
        others = [part for part, is_hash in zip(parts, discrete, strict=True) if not is_hash]
        self._others = [(row_path(composite, n), part) for n, part in enumerate(others, start=1)]

    def __call__(
        self,
        element: dict[str, Any],
        resource: dict[str, Any],
        number: int,
        tokens: Tokens,
        ranges: list[RangeRow],
        strings: list[StringRow],
    ) -> None:
        """File ``element``, the ``number``-th of its resource, unless a component has no value in it."""
        hashes = [set(part(element, resource)[0]) for part in self._discrete]
        found = [(path, part(element, resource)) for path, part in self._others]
        if not all(hashes) or not all(rows or texts for _, (_, rows, texts) in found):
            return
        for combination in product(*hashes):
            if not found:
                tokens.append(keys.composite_hash(self._path, *combination))
            for path, (_, rows, texts) in found:
                key = keys.composite_key(path, *combination)
                ranges += [(key, number if len(found) > 1 else unit, lo, hi) for _, unit, lo, hi in rows]
                strings += [(key, text) for _, text in texts]


def elements(composite: Composite) -> Elements:
    """What files an element of ``composite``, whose components all have routes."""
    whole = all(map(is_discrete, composite.components))
    return Elements(
        composite, [_part(component, composite, systems=whole) for component in composite.components]
    )


def _part(component: tuple[Branch, ...], composite: Composite, *, systems: bool) -> Callable[..., Found]:
    """A function of an element and its resource: hashes and rows of the component's values."""
    function = Function(None)
    starts = {"x": Place(), "r": Place()}
    for branch in component:
        filing = Filing(branch.path, branch.kind, branch.routes or (), part=True, systems=systems)
        starts["r" if branch.origin == composite.origin else "x"].add(filing)
    for variable, place in starts.items():
        function.walk(place, variable)
    return function.compile("def extract(x, r):", ["t, g, s = [], [], []"], "return t, g, s")
