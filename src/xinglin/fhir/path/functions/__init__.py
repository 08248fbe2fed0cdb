"""The functions of FHIRPath by theme; importing a module makes its functions known."""

from xinglin.fhir.path.functions import (
    conversion,
    existence,
    fhir,
    mathematics,
    precision,
    selection,
    strings,
    surroundings,
)
from xinglin.fhir.path.functions.registry import FUNCTIONS

__all__ = [
    "FUNCTIONS",
    "conversion",
    "existence",
    "fhir",
    "mathematics",
    "precision",
    "selection",
    "strings",
    "surroundings",
]
