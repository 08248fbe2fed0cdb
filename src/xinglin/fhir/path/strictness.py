"""A check of an expression against the definitions, before it is evaluated.

It infers which types each part can have and refuses what can never be: elements that a type does not have,
functions on values they do not work on, order where there is none. Where a type is open (any resource, an
external constant) nothing is refused.
"""

from __future__ import annotations

from xinglin.fhir.path import tree


def check(node: tree.Node, type_name: str) -> None:
    """Raises ``invalid`` if ``node`` makes no sense for a focus of that type."""
