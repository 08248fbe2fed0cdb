"""Changes to a resource: JSON Patch and FHIRPath Patch, both pure.

A change is applied to a copy of the containers it may touch; what was handed in is never altered, and what
the change does not name is the same object in the result, decimals and all. A patch is applied whole or
refused whole. Neither may change ``id`` or ``resourceType``.

Start at ``operations`` (RFC 6902, over ``pointers``, RFC 6901), then ``parameters`` (FHIRPath Patch, over
``spots``). https://hl7.org/fhir/R4/http.html#patch
"""

from xinglin.fhir.patch.operations import json_patch
from xinglin.fhir.patch.parameters import fhirpath_patch

__all__ = ["fhirpath_patch", "json_patch"]
