"""The members of value sets: worked out once by SQL, kept as rows, and dropped when what they rest on changes.

``Expander`` works them out, ``Members`` is what it gives; ``implied`` are value sets that nobody has stored.
https://hl7.org/fhir/R4/valueset.html#compositions
"""

from xinglin.terminology.expansion.expander import Expander
from xinglin.terminology.expansion.members import Members

__all__ = ["Expander", "Members"]
