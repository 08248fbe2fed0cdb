"""Changes to a resource: JSON Patch, FHIRPath Patch and JSON Merge Patch, all pure.

A change is applied to a copy of the containers it may touch; what was handed in is never altered, and what
the change does not name is the same object in the result, decimals and all. A patch is applied whole or
refused whole. None may change ``id`` or ``resourceType``.

Start at ``operations`` (RFC 6902, over ``pointers``, RFC 6901), then ``parameters`` (FHIRPath Patch, over
``spots``), and ``merging`` (RFC 7396). https://hl7.org/fhir/R4/http.html#patch
"""

from xinglin.fhir.patch.limits import NUMBERED
from xinglin.fhir.patch.merging import merge_patch
from xinglin.fhir.patch.operations import json_patch
from xinglin.fhir.patch.parameters import fhirpath_patch

__all__ = ["NUMBERED", "fhirpath_patch", "json_patch", "merge_patch"]
