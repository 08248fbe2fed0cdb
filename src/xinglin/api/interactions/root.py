"""What stands at the root: a welcome that says where to go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinglin.api import outcomes
from xinglin.api.interactions import searching

if TYPE_CHECKING:
    from xinglin.api.answers import Answer
    from xinglin.api.requests import Request


def welcome(request: Request) -> Answer:
    """Where to go from here; with parameters, a search over all types."""
    if request.criteria:
        return searching.everywhere(request)
    return outcomes.of_success(
        "This is a FHIR R4 server. What it can do stands at %(metadata)s; resources are at %(example)s.",
        request.language,
        metadata=f"{request.base}/metadata",
        example=f"{request.base}/Patient",
    )
