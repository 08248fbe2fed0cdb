"""Validation of resources: structure, formats, codes, references and invariants.

``check(resource)`` says what is wrong with a resource, as issues; it is what every write goes through and
takes a few microseconds for a right one. ``check_fully`` adds, for ``$validate``, every other ``constraint`` of
the standard and warnings. ``schemas`` makes a strict JSON Schema of every type, whose *gate* lets
right resources pass; ``explanation`` looks at what a gate stops and says exactly what is wrong, if anything is.
``rules`` are the invariants both know, written as ``shapes`` and ``conditions``; ``containment`` those between
a resource and the ones it contains; ``primitives`` the forms of values; ``membership`` asks others of value sets
that the definitions cannot list.
"""

from xinglin.fhir.validation.checks import check
from xinglin.fhir.validation.constraints import check_fully

__all__ = ["check", "check_fully"]
