"""FHIRPath: one tree, its parser, and an evaluator that works on FHIR JSON as it is.

https://hl7.org/fhirpath/N1 with the additions of https://hl7.org/fhir/R4/fhirpath.html
"""

from xinglin.fhir.path.parser import parse
from xinglin.fhir.path.tree import Node

__all__ = ["Node", "parse"]
