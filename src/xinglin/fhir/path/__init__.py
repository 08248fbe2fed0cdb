"""FHIRPath: one tree, its parser, and an evaluator that works on FHIR JSON as it is.

* ``parse(text)`` gives the tree (``tree``), which other readers of expressions walk, too.
* ``evaluate(expression, resource)`` gives the values that an expression selects; ``compile_expression`` the
  program to apply again and again (``evaluate`` keeps the latest ones itself).
* ``locate(expression, resource)`` gives the places of the values instead, for those who change them.

Start reading at ``tree``, then ``elements`` (how JSON is seen) and ``compiler``.

https://hl7.org/fhirpath/N1 with the additions of https://hl7.org/fhir/R4/fhirpath.html
"""

from xinglin.fhir.path.elements import Element
from xinglin.fhir.path.evaluation import (
    Location,
    Options,
    Program,
    compile_expression,
    evaluate,
    locate,
    location,
    path_of,
)
from xinglin.fhir.path.parser import parse
from xinglin.fhir.path.quantity import Quantity
from xinglin.fhir.path.temporal import Temporal
from xinglin.fhir.path.tree import Node

__all__ = [
    "Element",
    "Location",
    "Node",
    "Options",
    "Program",
    "Quantity",
    "Temporal",
    "compile_expression",
    "evaluate",
    "locate",
    "location",
    "parse",
    "path_of",
]
